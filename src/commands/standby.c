/* standby.c - what --fallback means for a run, and the thread that gets it.  When it plays is the mixer's affair.
 *
 * It has a library of its own, beside that of the programme, which may begin before the fallback is there.
 */
#include "standby.h"

#include <pthread.h>
#include <stdlib.h>

#include "jukebox/clock.h"
#include "jukebox/thread.h"

/* Outputs hold half a second or more.  A decoder may take as long as what is decoded ahead lasts, and no more. */
static const int64_t LIVE_PATIENCE_NS = 250000000, LIVE_STALL_NS = 2000000000;
/* A pipe or a file has no clock, but a fallback is asked for. */
static const int64_t PATIENCE_NS = 5000000000;
/* As long as a disk has that is asked whether a file is there (radio/library.c). */
static const int64_t STALL_NS = 120000000000;
/* What could not be had is tried again after so long. */
static const int64_t RETRY_NS = 30000000000;

struct standby {
	struct log *log;
	struct cache *cache;
	char *name;
	struct policy policy;
	struct mix_options options;
	int n_workers;
	atomic_bool is_over; /* nobody wants it any more */
	pthread_mutex_t lock; /* guards all below; a leaf */
	pthread_cond_t changed;
	bool is_busy; /* of the thread */
	bool has_failed; /* once or more (said) */
	bool goes_on; /* the programme, without it */
	struct library *library; /* of the thread; NULL: nothing to cancel */
	struct fallback *_Atomic fallback; /* owned */
};

void standby_set_patience(const struct settings *s, bool live, struct mix_options *options)
{
	options->patience_ns = live ? LIVE_PATIENCE_NS : s->fallback ? PATIENCE_NS : 0;
	options->stall_ns = live ? LIVE_STALL_NS : s->fallback ? PATIENCE_NS : STALL_NS;
}

bool standby_never_ends(const struct settings *s, bool live)
{
	return s->loop && s->rounds == 0 && (live || s->fallback);
}

/* ---- the thread -------------------------------------------------------------------------------------- */

static enum status mix_list(struct standby *s, struct library *library, struct log *log,
        const struct playlist *playlist, struct fallback **fallback, struct error *error)
{
	struct programme_options of_list = {.policy = s->policy, .rounds = 2};
	struct programme *programme = programme_new(playlist, library, &of_list, log);
	if (!programme)
		return error_set(error, STATUS_NO_MEMORY, "out of memory");
	enum status status =
	        fallback_new(programme, playlist_count(playlist), &s->options, fallback, error);
	programme_free(programme);
	return status;
}

static void set_library(struct standby *s, struct library *library)
{
	pthread_mutex_lock(&s->lock);
	s->library = library;
	if (library && atomic_load(&s->is_over))
		library_cancel(library);
	pthread_mutex_unlock(&s->lock);
}

static void publish(struct standby *s, struct fallback *fallback)
{
	pthread_mutex_lock(&s->lock);
	atomic_store(&s->fallback, fallback);
	if (s->goes_on)
		log_print(s->log, LOG_INFO, "--fallback: %s: it is there now", s->name);
	pthread_cond_broadcast(&s->changed);
	pthread_mutex_unlock(&s->lock);
}

/* What is freed at the end may hang as well; but then the fallback is known. */
static bool try_once(struct standby *s, struct log *log, struct error *error)
{
	size_t n_bad;
	struct fallback *fallback = NULL;
	struct playlist *playlist = session_read_lists(log, &s->name, 1, &n_bad);
	struct library *library =
	        playlist ? library_new(s->cache, s->n_workers, true, s->log) : NULL;
	enum status status;
	set_library(s, library);
	if (library)
		status = mix_list(s, library, log, playlist, &fallback, error);
	else
		status =
		        error_set(error, STATUS_NO_MEMORY, "out of memory, or no thread to be had");
	if (status == STATUS_OK)
		publish(s, fallback);
	set_library(s, NULL);
	library_free(library);
	playlist_free(playlist);
	return status == STATUS_OK;
}

/* False: it is over. */
static bool wait_to_retry(struct standby *s)
{
	pthread_mutex_lock(&s->lock);
	int64_t retry_ns = clock_now_ns() + RETRY_NS;
	while (!atomic_load(&s->is_over) && clock_wait(&s->changed, &s->lock, retry_ns))
		;
	pthread_mutex_unlock(&s->lock);
	return !atomic_load(&s->is_over);
}

static void tell_failure(struct standby *s, const struct error *error)
{
	pthread_mutex_lock(&s->lock);
	if (!s->has_failed && !atomic_load(&s->is_over))
		log_print(s->log, LOG_ERROR, "--fallback: %s: %s", s->name, error->text);
	s->has_failed = true;
	pthread_cond_broadcast(&s->changed);
	pthread_mutex_unlock(&s->lock);
}

static void *run(void *user)
{
	struct standby *s = user;
	struct error error = {0};
	struct log *log = s->log;
	(void)pthread_setname_np(pthread_self(), "fallback");
	while (!try_once(s, log, &error)) {
		tell_failure(s, &error);
		log = NULL; /* it has been said */
		if (!wait_to_retry(s))
			break;
	}
	pthread_mutex_lock(&s->lock);
	s->is_busy = false;
	pthread_cond_broadcast(&s->changed);
	pthread_mutex_unlock(&s->lock);
	return NULL;
}

static void standby_free(struct standby *s)
{
	fallback_free(atomic_load(&s->fallback));
	pthread_cond_destroy(&s->changed);
	pthread_mutex_destroy(&s->lock);
	free(s);
}

/* ---- who waits for it ---------------------------------------------------------------------------------- */

struct standby *standby_start(const struct session *session, const struct settings *settings,
        const struct mix_options *options)
{
	struct standby *s = calloc(1, sizeof *s);
	if (!s)
		return NULL;
	s->log = session->log;
	s->cache = session->cache;
	s->name = (char *)settings->fallback;
	s->n_workers = (int)settings->jobs;
	settings_policy(settings, &s->policy);
	s->options = *options;
	s->options.stopping = &s->is_over;
	pthread_mutex_init(&s->lock, NULL);
	clock_condition_init(&s->changed);
	s->is_busy = true;
	if (thread_start_detached(run, s))
		return s;
	standby_free(s);
	return NULL;
}

enum standby_news standby_wait(struct standby *s, int64_t deadline_ns)
{
	pthread_mutex_lock(&s->lock);
	while (!atomic_load(&s->fallback) && !s->has_failed &&
	        clock_wait(&s->changed, &s->lock, deadline_ns))
		;
	enum standby_news news = atomic_load(&s->fallback) ? STANDBY_READY
	                         : s->has_failed           ? STANDBY_FAILED
	                                                   : STANDBY_LATE;
	pthread_mutex_unlock(&s->lock);
	return news;
}

void standby_go_on(struct standby *s)
{
	pthread_mutex_lock(&s->lock);
	s->goes_on = true;
	if (!atomic_load(&s->fallback))
		log_print(s->log, LOG_WARNING,
		        "--fallback: %s: not to be had in time; the programme begins without it",
		        s->name);
	pthread_mutex_unlock(&s->lock);
}

struct fallback *_Atomic *standby_fallback(struct standby *s)
{
	return s ? &s->fallback : NULL;
}

bool standby_try_free(struct standby *s, int64_t deadline_ns)
{
	if (!s)
		return true;
	pthread_mutex_lock(&s->lock);
	atomic_store(&s->is_over, true);
	if (s->library)
		library_cancel(s->library);
	pthread_cond_broadcast(&s->changed);
	while (s->is_busy && clock_wait(&s->changed, &s->lock, deadline_ns))
		;
	bool done = !s->is_busy;
	pthread_mutex_unlock(&s->lock);
	if (!done)
		return false;
	standby_free(s);
	return true;
}
