/* pool.c - workers that measure files, each one file at a time.  Order of results is the order of finishing; who
 * stores them and what is played meanwhile is the callers' affair.
 *
 * Results are told by a thread of its own: who takes them writes them to a disk, and workers that waited for it would
 * leave cores idle (25 ms a file on a busy disk, beside 200 for measuring it).
 * One lock, a leaf: the callback runs without it and may call measure_pool_cancel. */
#include "jukebox/measure.h"

#include <pthread.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "jukebox/clock.h"
#include "jukebox/thread.h"

enum {
	QUEUE = 64, /* paths that wait: a worker never runs dry, memory does not follow the list's length */
	MOST_WORKERS = 256,
	MOST_RESULTS = 8, /* that wait to be told: more would only be memory */
	LOWEST_NICE = 19,
	/* linux/ioprio.h is in no libc header.  Best effort at its last level: the idle class could starve
	 * behind others' copying, and a mix waits for its next song. */
	IOPRIO_WHO_PROCESS = 1,
	IOPRIO_LAST_BEST_EFFORT = 2 << 13 | 7,
};

/* A file on its way: waiting, being measured, then waiting to be told. */
struct job {
	struct job *next;
	size_t index;
	char *path; /* owned */
	struct measured measured;
};

struct measure_pool {
	measure_done_fn *done;
	void *user;
	bool background;
	struct kept *kept; /* NULL: nothing is kept */
	atomic_bool cancelled;

	pthread_mutex_t lock; /* all below */
	pthread_cond_t job_came, room_came, all_done, result_came, result_told, worker_gone;
	struct job *queue[QUEUE];
	size_t first, n_waiting, n_running;
	struct job *first_result, *last_result;
	size_t n_results;
	bool ending, all_told; /* workers, and the teller, go when they have no more to do */
	int n_alive; /* workers that have not gone */

	/* constant once they run */
	pthread_t threads[MOST_WORKERS];
	int n_threads;
	pthread_t teller;
	bool has_teller;
};

/* ---- the worker's side --------------------------------------------------------------------- */

static void become_background(void)
{
	/* Of this thread alone (Linux gives each its own).  Refused: then it runs as it is. */
	(void)setpriority(PRIO_PROCESS, (id_t)syscall(SYS_gettid), LOWEST_NICE);
	(void)syscall(SYS_ioprio_set, IOPRIO_WHO_PROCESS, 0, IOPRIO_LAST_BEST_EFFORT);
}

/* NULL when the pool ends. */
static struct job *take_job(struct measure_pool *pool)
{
	struct job *job = NULL;

	pthread_mutex_lock(&pool->lock);
	while (pool->n_waiting == 0 && !pool->ending)
		pthread_cond_wait(&pool->job_came, &pool->lock);
	if (pool->n_waiting > 0) {
		job = pool->queue[pool->first];
		pool->first = (pool->first + 1) % QUEUE;
		pool->n_waiting--;
		pool->n_running++;
		pthread_cond_signal(&pool->room_came);
	}
	pthread_mutex_unlock(&pool->lock);
	return job;
}

static void free_job(struct job *job)
{
	record_done(&job->measured.record);
	free(job->path);
	free(job);
}

static void finish_job(struct measure_pool *pool, struct job *job)
{
	free_job(job);
	pthread_mutex_lock(&pool->lock);
	pool->n_running--;
	if (pool->n_running == 0 && pool->n_waiting == 0)
		pthread_cond_broadcast(&pool->all_done);
	pthread_mutex_unlock(&pool->lock);
}

static void hand_to_teller(struct measure_pool *pool, struct job *job)
{
	pthread_mutex_lock(&pool->lock);
	while (pool->n_results == MOST_RESULTS)
		pthread_cond_wait(&pool->result_told, &pool->lock);
	if (pool->first_result)
		pool->last_result->next = job;
	else
		pool->first_result = job;
	pool->last_result = job;
	pool->n_results++;
	pthread_cond_signal(&pool->result_came);
	pthread_mutex_unlock(&pool->lock);
}

static void run_job(struct measure_pool *pool, struct job *job)
{
	struct measured *m = &job->measured;

	*m = (struct measured){.index = job->index, .path = job->path};
	m->status =
	        measure_file_keeping(m->path, pool->kept, &m->record, &pool->cancelled, &m->error);
	if (m->status == STATUS_CANCELLED)
		finish_job(pool, job);
	else
		hand_to_teller(pool, job);
}

/* NULL when all are told and no more will come. */
static struct job *take_result(struct measure_pool *pool)
{
	pthread_mutex_lock(&pool->lock);
	while (!pool->first_result && !pool->all_told)
		pthread_cond_wait(&pool->result_came, &pool->lock);
	struct job *job = pool->first_result;
	if (job) {
		pool->first_result = job->next;
		pool->n_results--;
		pthread_cond_signal(&pool->result_told);
	}
	pthread_mutex_unlock(&pool->lock);
	return job;
}

static void *tell(void *user)
{
	struct measure_pool *pool = user;
	struct job *job;

	(void)pthread_setname_np(pthread_self(), "measured");
	while ((job = take_result(pool)) != NULL) {
		pool->done(pool->user, &job->measured);
		finish_job(pool, job);
	}
	return NULL;
}

static void *work(void *user)
{
	struct measure_pool *pool = user;
	struct job *job;

	(void)pthread_setname_np(pthread_self(), "measure");
	if (pool->background)
		become_background();
	while ((job = take_job(pool)) != NULL)
		run_job(pool, job);
	pthread_mutex_lock(&pool->lock);
	pool->n_alive--;
	pthread_cond_broadcast(&pool->worker_gone);
	pthread_mutex_unlock(&pool->lock);
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

static void start_threads(struct measure_pool *pool, int n_workers)
{
	pool->has_teller = thread_start(&pool->teller, tell, pool) == 0;
	pthread_mutex_lock(&pool->lock);
	while (pool->has_teller && pool->n_threads < n_workers && pool->n_threads < MOST_WORKERS &&
	        thread_start(&pool->threads[pool->n_threads], work, pool) == 0)
		pool->n_threads++;
	pool->n_alive = pool->n_threads;
	pthread_mutex_unlock(&pool->lock);
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
	pthread_cond_init(&pool->job_came, NULL);
	pthread_cond_init(&pool->room_came, NULL);
	pthread_cond_init(&pool->all_done, NULL);
	pthread_cond_init(&pool->result_came, NULL);
	pthread_cond_init(&pool->result_told, NULL);
	clock_condition_init(&pool->worker_gone);
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
	struct job *job = calloc(1, sizeof(*job));
	enum status status = STATUS_OK;

	if (!job)
		return STATUS_NO_MEMORY;
	job->index = index;
	job->path = strdup(path);
	if (!job->path) {
		free(job);
		return STATUS_NO_MEMORY;
	}
	pthread_mutex_lock(&pool->lock);
	while (pool->n_waiting == QUEUE && !atomic_load(&pool->cancelled))
		pthread_cond_wait(&pool->room_came, &pool->lock);
	if (atomic_load(&pool->cancelled)) {
		status = STATUS_CANCELLED;
		free_job(job);
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
		free_job(pool->queue[pool->first]);
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

bool measure_pool_end(struct measure_pool *pool, int64_t deadline_ns)
{
	measure_pool_cancel(pool);
	pthread_mutex_lock(&pool->lock);
	pool->ending = true;
	pthread_cond_broadcast(&pool->job_came);
	while (pool->n_alive > 0 && clock_wait(&pool->worker_gone, &pool->lock, deadline_ns))
		;
	bool all = pool->n_alive == 0;
	pthread_mutex_unlock(&pool->lock);
	return all;
}

static void join_threads(struct measure_pool *pool)
{
	pthread_mutex_lock(&pool->lock);
	pool->ending = true;
	pthread_cond_broadcast(&pool->job_came);
	pthread_mutex_unlock(&pool->lock);
	for (int i = 0; i < pool->n_threads; i++)
		pthread_join(pool->threads[i], NULL);
	pthread_mutex_lock(&pool->lock);
	pool->all_told = true;
	pthread_cond_signal(&pool->result_came);
	pthread_mutex_unlock(&pool->lock);
	if (pool->has_teller)
		pthread_join(pool->teller, NULL);
}

void measure_pool_free(struct measure_pool *pool)
{
	if (!pool)
		return;
	measure_pool_cancel(pool);
	join_threads(pool);
	pthread_mutex_destroy(&pool->lock);
	pthread_cond_destroy(&pool->job_came);
	pthread_cond_destroy(&pool->room_came);
	pthread_cond_destroy(&pool->all_done);
	pthread_cond_destroy(&pool->result_came);
	pthread_cond_destroy(&pool->result_told);
	pthread_cond_destroy(&pool->worker_gone);
	free(pool);
}
