/* lookup.c - threads that ask the cache, and with it the disk, for files.  How long anybody waits for it is library.c's
 * affair.
 *
 * One thread does all, as long as disks answer, and another one stands by: more at a time would only get into each other's
 * way.  Once a file takes too long, the one that stands by goes on with the next, and so forth.
 */
#include "lookup.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "jukebox/clock.h"
#include "jukebox/decoder.h"
#include "jukebox/measure.h"
#include "jukebox/source.h"
#include "jukebox/thread.h"

enum { THREADS_MOST = 256 };

/* A disk answers sooner, unless it sleeps. */
static const int64_t SLOW_NS = 500000000;

struct lookup {
	struct lookups *all;
	struct lookup *next; /* of all that were asked and are not answered, oldest first */
	char *path;
	bool left; /* with the lock */
	int64_t since_ns; /* taken up then; 0: not yet.  With the lock */
	struct answer answer;
};

struct lookups {
	struct cache *cache;
	lookup_answered_fn *tell;
	void *user;
	bool opens;
	pthread_mutex_t lock; /* guards all below; a leaf */
	pthread_cond_t asked, ended;
	struct lookup *first;
	const struct lookup *newest; /* taken up last; NULL: nobody works on it any more */
	size_t n_threads, n_idle, n_waiting; /* idle: those that begin, too */
	bool is_guarded; /* one of the idle waits for the newest to become slow */
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
	clock_condition_init(&l->asked);
	clock_condition_init(&l->ended);
	return l;
}

void lookups_open_files(struct lookups *l)
{
	l->opens = true;
}

static void lookup_free(struct lookup *q)
{
	record_done(&q->answer.record);
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
	while (l->n_threads > 0 && clock_wait(&l->ended, &l->lock, deadline_ns))
		;
	bool all = l->n_threads == 0;
	pthread_mutex_unlock(&l->lock);
	if (!all)
		return false;
	pthread_cond_destroy(&l->asked);
	pthread_cond_destroy(&l->ended);
	pthread_mutex_destroy(&l->lock);
	free(l);
	return true;
}

/* ---- the threads ------------------------------------------------------------------------------------------ */

static void *run(void *user);

/* With the lock. */
static void start_thread(struct lookups *l)
{
	if (l->n_threads >= THREADS_MOST || !thread_start_detached(run, l))
		return;
	l->n_threads++;
	l->n_idle++;
}

/* With the lock: somebody takes up what waits, or stands by to. */
static void see_to_waiting(struct lookups *l)
{
	if (l->n_waiting == 0 || (l->newest && l->is_guarded))
		return;
	if (l->n_idle == 0)
		start_thread(l);
	else
		pthread_cond_signal(&l->asked);
}

/* With the lock, which is let go of meanwhile. */
static void stand_by(struct lookups *l)
{
	bool guards = l->n_waiting > 0 && !l->is_guarded;
	l->is_guarded |= guards;
	(void)clock_wait(&l->asked, &l->lock, guards ? l->newest->since_ns + SLOW_NS : INT64_MAX);
	if (guards)
		l->is_guarded = false;
}

/* With the lock. */
static bool may_take_up(const struct lookups *l)
{
	return l->n_waiting > 0 && (!l->newest || clock_now_ns() >= l->newest->since_ns + SLOW_NS);
}

/* With the lock; the oldest that nobody works on; NULL: the end. */
static struct lookup *take_up(struct lookups *l)
{
	while (!may_take_up(l) && !l->ending)
		stand_by(l);
	if (l->ending)
		return NULL;
	struct lookup *q = l->first;
	while (q->since_ns)
		q = q->next;
	q->since_ns = clock_now_ns();
	l->newest = q;
	l->n_waiting--;
	l->n_idle--;
	see_to_waiting(l);
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

static void try_to_open(struct answer *a)
{
	struct decoder *decoder;
	if (decoder_open(a->path, &decoder, &a->error) == STATUS_OK)
		decoder_close(decoder);
	else
		a->status = STATUS_BAD_DATA;
}

static void look(struct lookups *l, struct answer *a)
{
	a->status = cache_find(l->cache, a->path, &a->record, &a->error);
	if (a->status == STATUS_OK && l->opens)
		try_to_open(a);
	else if (a->status != STATUS_OK && a->status != STATUS_BAD_DATA)
		touch(a->path);
}

/* Until it is told, it is the asker's to leave. */
static void answer(struct lookups *l, struct lookup *q)
{
	look(l, &q->answer);
	pthread_mutex_lock(&l->lock);
	take_out(l, q);
	if (l->newest == q)
		l->newest = NULL;
	bool left = q->left;
	pthread_mutex_unlock(&l->lock);
	if (!left)
		l->tell(l->user, &q->answer);
	lookup_free(q);
}

static void *run(void *user)
{
	struct lookups *l = user;
	struct lookup *q;
	(void)pthread_setname_np(pthread_self(), "lookup");
	pthread_mutex_lock(&l->lock);
	while ((q = take_up(l)) != NULL) {
		pthread_mutex_unlock(&l->lock);
		answer(l, q);
		pthread_mutex_lock(&l->lock);
		l->n_idle++;
	}
	l->n_idle--;
	l->n_threads--;
	pthread_cond_signal(&l->ended);
	pthread_mutex_unlock(&l->lock);
	return NULL;
}

/* ---- who asks ---------------------------------------------------------------------------------------------- */

/* With the lock. */
static bool hangs_already(const struct lookups *l, const char *path)
{
	int64_t now_ns = clock_now_ns();
	for (const struct lookup *q = l->first; q; q = q->next)
		if (q->since_ns && now_ns >= q->since_ns + SLOW_NS && strcmp(q->path, path) == 0)
			return true;
	return false;
}

/* With the lock.  There must be a thread that will come to it. */
static bool append(struct lookups *l, struct lookup *q)
{
	struct lookup **end = &l->first;
	if (l->n_threads == 0)
		start_thread(l);
	if (l->n_threads == 0 || l->n_waiting >= THREADS_MOST)
		return false;
	while (*end)
		end = &(*end)->next;
	*end = q;
	l->n_waiting++;
	see_to_waiting(l);
	return true;
}

static struct lookup *lookup_new(struct lookups *l, size_t index, const char *path)
{
	struct lookup *q = calloc(1, sizeof *q);
	char *copy = q ? strdup(path) : NULL;
	if (!copy) {
		free(q);
		return NULL;
	}
	*q = (struct lookup){.all = l, .path = copy, .answer = {.index = index, .path = copy}};
	return q;
}

enum status lookups_ask(struct lookups *l, size_t index, const char *path, struct lookup **lookup,
        struct error *error)
{
	struct lookup *q = *lookup = lookup_new(l, index, path);
	if (!q)
		return error_set(error, STATUS_NO_MEMORY, "out of memory");
	pthread_mutex_lock(&l->lock);
	bool ok = !hangs_already(l, path) && append(l, q);
	pthread_mutex_unlock(&l->lock);
	if (ok)
		return STATUS_OK;
	*lookup = NULL;
	lookup_free(q);
	return error_set(error, STATUS_IO, "its disk does not answer");
}

void lookup_leave(struct lookup *lookup)
{
	if (!lookup)
		return;
	struct lookups *l = lookup->all;
	pthread_mutex_lock(&l->lock);
	lookup->left = true;
	bool begun = lookup->since_ns != 0;
	if (!begun) {
		take_out(l, lookup);
		l->n_waiting--;
	}
	pthread_mutex_unlock(&l->lock);
	if (!begun)
		lookup_free(lookup);
}
