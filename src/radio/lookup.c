/* lookup.c - threads that ask the cache, and with it the disk, for files.  How long anybody waits for it is library.c's
 * affair.
 *
 * One thread does all, as long as disks answer; for each that hangs there is another one.
 */
#include "lookup.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "jukebox/clock.h"
#include "jukebox/measure.h"
#include "jukebox/source.h"

enum { THREADS_MOST = 256 };

struct lookup {
	struct lookups *all;
	struct lookup *next; /* of all that were asked and are not answered, oldest first */
	char *path;
	bool taken_up, awaited, left; /* with the lock */
	atomic_bool answered;
	enum status status;
	struct record record;
	struct error error;
};

struct lookups {
	struct cache *cache;
	lookup_answered_fn *tell;
	void *user;
	pthread_mutex_t lock; /* guards all below; a leaf */
	pthread_cond_t asked, answered; /* or a thread has ended */
	struct lookup *first;
	size_t n_threads, n_idle, n_waiting;
	bool ending;
};

struct lookups *lookups_new(struct cache *cache, lookup_answered_fn *answered, void *user)
{
	struct lookups *l = calloc(1, sizeof *l);
	if (!l)
		return NULL;
	l->cache = cache;
	l->tell = answered;
	l->user = user;
	pthread_mutex_init(&l->lock, NULL);
	pthread_cond_init(&l->asked, NULL);
	clock_condition_init(&l->answered);
	return l;
}

static void lookup_free(struct lookup *q)
{
	record_done(&q->record);
	free(q->path);
	free(q);
}

/* With the lock. */
static void take_out(struct lookups *l, const struct lookup *q)
{
	struct lookup **at = &l->first;
	while (*at && *at != q)
		at = &(*at)->next;
	if (*at)
		*at = q->next;
}

bool lookups_try_free(struct lookups *l, int64_t deadline_ns)
{
	if (!l)
		return true;
	pthread_mutex_lock(&l->lock);
	l->ending = true;
	pthread_cond_broadcast(&l->asked);
	while (l->n_threads > 0 && clock_wait(&l->answered, &l->lock, deadline_ns))
		;
	bool all = l->n_threads == 0;
	pthread_mutex_unlock(&l->lock);
	if (!all)
		return false;
	pthread_cond_destroy(&l->asked);
	pthread_cond_destroy(&l->answered);
	pthread_mutex_destroy(&l->lock);
	free(l);
	return true;
}

/* ---- the threads ------------------------------------------------------------------------------------------ */

/* With the lock; the oldest that nobody works on; NULL: the end. */
static struct lookup *take_up(struct lookups *l)
{
	l->n_idle++;
	while (l->n_waiting == 0 && !l->ending)
		pthread_cond_wait(&l->asked, &l->lock);
	l->n_idle--;
	if (l->ending)
		return NULL;
	struct lookup *q = l->first;
	while (q->taken_up)
		q = q->next;
	q->taken_up = true;
	l->n_waiting--;
	return q;
}

/* What it says is found out again by who measures: here only that it says something. */
static void touch(const char *path)
{
	struct source *source;
	char byte;
	if (source_open(path, &source, NULL) != STATUS_OK)
		return;
	(void)!source_read(source, &byte, 1);
	source_close(source);
}

static void look(struct lookups *l, struct lookup *q)
{
	q->status = cache_find(l->cache, q->path, &q->record, &q->error);
	if (q->status != STATUS_OK && q->status != STATUS_BAD_DATA)
		touch(q->path);
}

static void *run(void *user)
{
	struct lookups *l = user;
	struct lookup *q;
	(void)pthread_setname_np(pthread_self(), "lookup");
	pthread_mutex_lock(&l->lock);
	while ((q = take_up(l)) != NULL) {
		pthread_mutex_unlock(&l->lock);
		look(l, q);
		pthread_mutex_lock(&l->lock);
		take_out(l, q);
		bool left = q->left, awaited = q->awaited;
		atomic_store(
		        &q->answered, true); /* if it is not left, it is the asker's from here on */
		pthread_cond_signal(&l->answered);
		pthread_mutex_unlock(&l->lock);
		if (left)
			lookup_free(q);
		else if (!awaited)
			l->tell(l->user);
		pthread_mutex_lock(&l->lock);
	}
	l->n_threads--;
	pthread_cond_signal(&l->answered);
	pthread_mutex_unlock(&l->lock);
	return NULL;
}

/* With the lock.  Signals are for the threads that wait for them. */
static void start_thread(struct lookups *l)
{
	sigset_t all, before;
	pthread_t thread;
	if (l->n_threads >= THREADS_MOST)
		return;
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	if (pthread_create(&thread, NULL, run, l) == 0) {
		pthread_detach(thread);
		l->n_threads++;
	}
	pthread_sigmask(SIG_SETMASK, &before, NULL);
}

/* ---- who asks ---------------------------------------------------------------------------------------------- */

/* With the lock. */
static bool hangs_already(const struct lookups *l, const char *path)
{
	for (const struct lookup *q = l->first; q; q = q->next)
		if (q->left && strcmp(q->path, path) == 0)
			return true;
	return false;
}

/* With the lock.  There must be a thread that will come to it. */
static bool append(struct lookups *l, struct lookup *q)
{
	struct lookup **end = &l->first;
	if (l->n_idle <= l->n_waiting)
		start_thread(l);
	if (l->n_threads == 0 || l->n_waiting >= THREADS_MOST)
		return false;
	while (*end)
		end = &(*end)->next;
	*end = q;
	l->n_waiting++;
	pthread_cond_signal(&l->asked);
	return true;
}

enum status lookups_ask(
        struct lookups *l, const char *path, struct lookup **lookup, struct error *error)
{
	struct lookup *q = calloc(1, sizeof *q);
	*lookup = NULL;
	if (q)
		q->path = strdup(path);
	if (!q || !q->path) {
		free(q);
		return error_set(error, STATUS_NO_MEMORY, "out of memory");
	}
	q->all = l;
	pthread_mutex_lock(&l->lock);
	bool ok = !hangs_already(l, path) && append(l, q);
	pthread_mutex_unlock(&l->lock);
	if (ok) {
		*lookup = q;
		return STATUS_OK;
	}
	lookup_free(q);
	return error_set(error, STATUS_IO, "its disk does not answer");
}

bool lookup_wait(struct lookup *lookup, int64_t deadline_ns)
{
	struct lookups *l = lookup->all;
	pthread_mutex_lock(&l->lock);
	lookup->awaited = true;
	while (!atomic_load(&lookup->answered) && clock_wait(&l->answered, &l->lock, deadline_ns))
		;
	lookup->awaited = false;
	bool answered = atomic_load(&lookup->answered);
	pthread_mutex_unlock(&l->lock);
	return answered;
}

bool lookup_is_answered(const struct lookup *lookup)
{
	return atomic_load(&lookup->answered);
}

enum status lookup_take(struct lookup *lookup, struct record *record, struct error *error)
{
	enum status status = lookup->status;
	*error = lookup->error;
	record_move(record, &lookup->record);
	lookup_leave(lookup);
	return status;
}

void lookup_leave(struct lookup *lookup)
{
	if (!lookup)
		return;
	struct lookups *l = lookup->all;
	pthread_mutex_lock(&l->lock);
	bool answered = atomic_load(&lookup->answered);
	lookup->left = true;
	if (!answered && !lookup->taken_up) {
		take_out(l, lookup);
		l->n_waiting--;
		answered = true;
	}
	pthread_mutex_unlock(&l->lock);
	if (answered)
		lookup_free(lookup);
}
