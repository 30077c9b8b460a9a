/* pool.c - workers that measure files, each one file at a time.  Order of results is the order of finishing; who
 * stores them and what is played meanwhile is the callers' affair.
 *
 * Two locks: `lock` for the queue and its counters, a leaf; `done_lock` around the callback, which may call
 * measure_pool_cancel. */
#include "jukebox/measure.h"

#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

enum {
	QUEUE = 64, /* paths that wait: a worker never runs dry, memory does not follow the list's length */
	MOST_WORKERS = 256,
	LOWEST_NICE = 19,
	/* linux/ioprio.h is in no libc header.  Best effort at its last level: the idle class could starve
	 * behind others' copying, and a mix waits for its next song. */
	IOPRIO_WHO_PROCESS = 1,
	IOPRIO_LAST_BEST_EFFORT = 2 << 13 | 7,
};

struct job {
	size_t index;
	char *path; /* owned */
};

struct measure_pool {
	measure_done_fn *done;
	void *user;
	bool background;
	struct kept *kept; /* NULL: nothing is kept */
	atomic_bool cancelled;

	pthread_mutex_t done_lock; /* the callback runs under it */

	pthread_mutex_t lock; /* all below */
	pthread_cond_t job_came, room_came, all_done;
	struct job queue[QUEUE];
	size_t first, n_waiting, n_running;
	bool ending;

	/* constant once they run */
	pthread_t threads[MOST_WORKERS];
	int n_threads;
};

/* ---- the worker's side --------------------------------------------------------------------- */

static void become_background(void)
{
	/* Of this thread alone (Linux gives each its own).  Refused: then it runs as it is. */
	(void)setpriority(PRIO_PROCESS, (id_t)syscall(SYS_gettid), LOWEST_NICE);
	(void)syscall(SYS_ioprio_set, IOPRIO_WHO_PROCESS, 0, IOPRIO_LAST_BEST_EFFORT);
}

/* False when the pool ends. */
static bool take_job(struct measure_pool *pool, struct job *job)
{
	bool taken = false;

	pthread_mutex_lock(&pool->lock);
	while (pool->n_waiting == 0 && !pool->ending)
		pthread_cond_wait(&pool->job_came, &pool->lock);
	if (pool->n_waiting > 0) {
		*job = pool->queue[pool->first];
		pool->first = (pool->first + 1) % QUEUE;
		pool->n_waiting--;
		pool->n_running++;
		taken = true;
		pthread_cond_signal(&pool->room_came);
	}
	pthread_mutex_unlock(&pool->lock);
	return taken;
}

static void finish_job(struct measure_pool *pool, struct job *job)
{
	free(job->path);
	pthread_mutex_lock(&pool->lock);
	pool->n_running--;
	if (pool->n_running == 0 && pool->n_waiting == 0)
		pthread_cond_broadcast(&pool->all_done);
	pthread_mutex_unlock(&pool->lock);
}

static void run_job(struct measure_pool *pool, const struct job *job)
{
	struct measured measured = {.index = job->index, .path = job->path};

	measured.status = measure_file_keeping(
	        job->path, pool->kept, &measured.record, &pool->cancelled, &measured.error);
	if (measured.status != STATUS_CANCELLED) {
		pthread_mutex_lock(&pool->done_lock);
		pool->done(pool->user, &measured);
		pthread_mutex_unlock(&pool->done_lock);
	}
	record_done(&measured.record);
}

static void *work(void *user)
{
	struct measure_pool *pool = user;
	struct job job;

	(void)pthread_setname_np(pthread_self(), "measure");
	if (pool->background)
		become_background();
	while (take_job(pool, &job)) {
		run_job(pool, &job);
		finish_job(pool, &job);
	}
	return NULL;
}

/* ---- the owner's side ---------------------------------------------------------------------- */

static int count_cores(void)
{
	cpu_set_t allowed;

	/* What this process may use, which in a container is less than what is there. */
	if (sched_getaffinity(0, sizeof(allowed), &allowed) == 0)
		return CPU_COUNT(&allowed);
	return (int)sysconf(_SC_NPROCESSORS_ONLN);
}

/* Signals are for the main thread. */
static void start_threads(struct measure_pool *pool, int n_workers)
{
	sigset_t all, before;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	while (pool->n_threads < n_workers && pool->n_threads < MOST_WORKERS &&
	        pthread_create(&pool->threads[pool->n_threads], NULL, work, pool) == 0)
		pool->n_threads++;
	pthread_sigmask(SIG_SETMASK, &before, NULL);
}

struct measure_pool *measure_pool_new(
        int n_workers, bool background, measure_done_fn *done, void *user)
{
	struct measure_pool *pool = calloc(1, sizeof(*pool));

	if (!pool)
		return NULL;
	pool->done = done;
	pool->user = user;
	pool->background = background;
	pthread_mutex_init(&pool->lock, NULL);
	pthread_mutex_init(&pool->done_lock, NULL);
	pthread_cond_init(&pool->job_came, NULL);
	pthread_cond_init(&pool->room_came, NULL);
	pthread_cond_init(&pool->all_done, NULL);
	start_threads(pool, n_workers > 0 ? n_workers : count_cores());
	if (pool->n_threads > 0)
		return pool;
	measure_pool_free(pool);
	return NULL;
}

void measure_pool_keep(struct measure_pool *pool, struct kept *kept)
{
	pool->kept = kept;
}

enum status measure_pool_add(struct measure_pool *pool, size_t index, const char *path)
{
	struct job job = {.index = index, .path = strdup(path)};
	enum status status = STATUS_OK;

	if (!job.path)
		return STATUS_NO_MEMORY;
	pthread_mutex_lock(&pool->lock);
	while (pool->n_waiting == QUEUE && !atomic_load(&pool->cancelled))
		pthread_cond_wait(&pool->room_came, &pool->lock);
	if (atomic_load(&pool->cancelled)) {
		status = STATUS_CANCELLED;
		free(job.path);
	} else {
		pool->queue[(pool->first + pool->n_waiting++) % QUEUE] = job;
		pthread_cond_signal(&pool->job_came);
	}
	pthread_mutex_unlock(&pool->lock);
	return status;
}

static void drop_waiting(struct measure_pool *pool)
{
	for (; pool->n_waiting > 0; pool->n_waiting--) {
		free(pool->queue[pool->first].path);
		pool->first = (pool->first + 1) % QUEUE;
	}
	pthread_cond_broadcast(&pool->room_came);
	if (pool->n_running == 0)
		pthread_cond_broadcast(&pool->all_done);
}

void measure_pool_cancel(struct measure_pool *pool)
{
	pthread_mutex_lock(&pool->lock);
	atomic_store(&pool->cancelled, true);
	drop_waiting(pool);
	pthread_mutex_unlock(&pool->lock);
	kept_cancel(pool->kept);
}

void measure_pool_wait(struct measure_pool *pool)
{
	pthread_mutex_lock(&pool->lock);
	while (pool->n_waiting > 0 || pool->n_running > 0)
		pthread_cond_wait(&pool->all_done, &pool->lock);
	pthread_mutex_unlock(&pool->lock);
}

static void join_threads(struct measure_pool *pool)
{
	pthread_mutex_lock(&pool->lock);
	pool->ending = true;
	pthread_cond_broadcast(&pool->job_came);
	pthread_mutex_unlock(&pool->lock);
	for (int i = 0; i < pool->n_threads; i++)
		pthread_join(pool->threads[i], NULL);
}

void measure_pool_free(struct measure_pool *pool)
{
	if (!pool)
		return;
	measure_pool_cancel(pool);
	join_threads(pool);
	pthread_mutex_destroy(&pool->lock);
	pthread_mutex_destroy(&pool->done_lock);
	pthread_cond_destroy(&pool->job_came);
	pthread_cond_destroy(&pool->room_came);
	pthread_cond_destroy(&pool->all_done);
	free(pool);
}
