/* relist.c - the thread that reads lists.  What becomes of them is mix.c's affair.
 *
 * It is there while something is read.  One that hangs stays behind, and what is asked for meanwhile waits for it: another one would
 * hang beside it.
 */
#include "relist.h"

#include <pthread.h>
#include <stdlib.h>

#include "jukebox/clock.h"
#include "jukebox/thread.h"
#include "settings.h"

static const int64_t LATE_NS = 5000000000;

struct relist {
	struct log *log;
	char **lists;
	int n_lists;
	pthread_mutex_t lock; /* guards all below; a leaf */
	pthread_cond_t done;
	bool is_busy, is_again, is_quiet; /* of the thread: there is one; it reads once more */
	bool is_there, is_taken_quietly; /* of what was read; the first is for relist_is_there */
	bool has_read;
	struct playlist *playlist; /* owned */
	size_t n_bad;
	int64_t asked_ns; /* INT64_MAX: nobody waits, or all was told */
};

struct relist *relist_new(struct log *log, char **lists, int n_lists)
{
	struct relist *r = calloc(1, sizeof *r);
	if (!r)
		return NULL;
	*r = (struct relist){.log = log, .lists = lists, .n_lists = n_lists, .asked_ns = INT64_MAX};
	pthread_mutex_init(&r->lock, NULL);
	clock_condition_init(&r->done);
	return r;
}

bool relist_try_free(struct relist *r, int64_t deadline_ns)
{
	if (!r)
		return true;
	if (!relist_wait(r, deadline_ns))
		return false;
	playlist_free(r->playlist);
	pthread_cond_destroy(&r->done);
	pthread_mutex_destroy(&r->lock);
	free(r);
	return true;
}

/* ---- the thread -------------------------------------------------------------------------------------- */

/* With the lock, which is given away meanwhile. */
static void read_once(struct relist *r)
{
	size_t n_bad;
	bool quietly = r->is_quiet;
	r->is_again = false;
	pthread_mutex_unlock(&r->lock);
	struct playlist *fresh =
	        session_read_lists(quietly ? NULL : r->log, r->lists, r->n_lists, &n_bad);
	pthread_mutex_lock(&r->lock);
	playlist_free(r->playlist);
	r->playlist = fresh;
	r->n_bad = n_bad;
	r->has_read = true;
	r->is_taken_quietly = quietly;
}

static void *run(void *user)
{
	struct relist *r = user;
	(void)pthread_setname_np(pthread_self(), "lists");
	pthread_mutex_lock(&r->lock);
	do
		read_once(r);
	while (r->is_again);
	r->is_there = !r->is_taken_quietly;
	r->asked_ns = INT64_MAX;
	r->is_busy = false;
	pthread_cond_broadcast(&r->done);
	pthread_mutex_unlock(&r->lock);
	return NULL;
}

/* ---- who asks ------------------------------------------------------------------------------------------ */

void relist_ask(struct relist *r, bool quietly)
{
	pthread_mutex_lock(&r->lock);
	if (!quietly && r->asked_ns == INT64_MAX)
		r->asked_ns = clock_now_ns();
	if (!quietly || !r->is_busy)
		r->is_quiet = quietly;
	r->is_again |= r->is_busy && !quietly;
	bool failed = !r->is_busy && !thread_start_detached(run, r);
	r->is_busy |= !failed;
	if (failed)
		r->asked_ns = INT64_MAX;
	pthread_mutex_unlock(&r->lock);
	if (failed && !quietly)
		log_print(r->log, LOG_WARNING, "reload: no thread to be had: try again");
}

bool relist_wait(struct relist *r, int64_t deadline_ns)
{
	pthread_mutex_lock(&r->lock);
	while (r->is_busy && clock_wait(&r->done, &r->lock, deadline_ns))
		;
	bool done = !r->is_busy;
	pthread_mutex_unlock(&r->lock);
	return done;
}

bool relist_take(struct relist *r, bool quietly, struct playlist **playlist, size_t *n_bad)
{
	pthread_mutex_lock(&r->lock);
	bool taken = r->has_read && !r->is_busy && r->is_taken_quietly == quietly;
	if (taken) {
		*playlist = r->playlist;
		*n_bad = r->n_bad;
		r->playlist = NULL;
		r->has_read = r->is_there = false;
	}
	pthread_mutex_unlock(&r->lock);
	return taken;
}

bool relist_is_there(struct relist *r)
{
	pthread_mutex_lock(&r->lock);
	bool is_there = r->is_there;
	r->is_there = false;
	pthread_mutex_unlock(&r->lock);
	return is_there;
}

bool relist_is_late(struct relist *r)
{
	pthread_mutex_lock(&r->lock);
	bool is_late =
	        r->is_busy && r->asked_ns < INT64_MAX && clock_now_ns() - r->asked_ns > LATE_NS;
	if (is_late)
		r->asked_ns = INT64_MAX;
	pthread_mutex_unlock(&r->lock);
	return is_late;
}
