/* library.c - a window of tickets over the list, filled from the cache or by the worker pool. */
#include "jukebox/library.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "jukebox/measure.h"

enum ticket_state { TICKET_MEASURING, TICKET_READY, TICKET_LATER };

struct ticket {
	char *path;
	enum ticket_state state; /* LATER: the same file is being measured for an older ticket */
	enum status status;
	struct error error;
	struct record record;
	bool cached;
};

struct library {
	struct cache *cache;
	struct log *log;
	struct measure_pool *pool;
	pthread_mutex_t
	        lock; /* guards tickets' state and what comes with it, `cancelled` and `forgotten` */
	pthread_cond_t ready;
	bool cancelled, interrupted;
	size_t forgotten; /* tickets before this one are nobody's */
	struct ticket tickets[LIBRARY_AHEAD];
	size_t asked, taken; /* counts since the beginning; ticket n lies at n % LIBRARY_AHEAD */
};

static struct ticket *ticket_at(struct library *l, size_t n)
{
	return &l->tickets[n % LIBRARY_AHEAD];
}

/* A failure that belongs to the file for ever, not to the moment: what no decoder knows today may play as soon as
 * a module is there. */
static bool is_of_the_file(enum status status)
{
	return status == STATUS_BAD_DATA;
}

/* Durable first, then announced.  A cache that cannot be written was reported when it was opened or at the first
 * failure; the music goes on. */
static void store(struct library *l, const struct measured *m)
{
	struct error ignored;
	enum status status = STATUS_OK;
	if (m->status == STATUS_OK)
		status = cache_store(l->cache, m->path, &m->record, &ignored);
	else if (is_of_the_file(m->status))
		status = cache_store_failure(l->cache, m->path, m->error.text, &ignored);
	if (status != STATUS_OK)
		log_file(l->log, LOG_DEBUG, m->path, "not kept in the cache: %s", ignored.text);
}

static void measured(void *user, struct measured *m)
{
	struct library *l = user;
	struct ticket *t = ticket_at(l, m->index);
	store(l, m);
	pthread_mutex_lock(&l->lock);
	if (m->index < l->forgotten) { /* nobody waits for it any more */
		pthread_mutex_unlock(&l->lock);
		return;
	}
	t->status = m->status;
	t->error = m->error;
	if (m->status == STATUS_OK)
		record_move(&t->record, &m->record);
	t->state = TICKET_READY;
	pthread_cond_broadcast(&l->ready);
	pthread_mutex_unlock(&l->lock);
}

struct library *library_new(struct cache *cache, int n_workers, bool background, struct log *log)
{
	struct library *l = calloc(1, sizeof *l);
	if (!l)
		return NULL;
	l->cache = cache;
	l->log = log;
	pthread_mutex_init(&l->lock, NULL);
	pthread_cond_init(&l->ready, NULL);
	l->pool = measure_pool_new(n_workers, background, measured, l);
	if (!l->pool) {
		library_free(l);
		return NULL;
	}
	return l;
}

void library_keep(struct library *l, struct kept *kept)
{
	measure_pool_keep(l->pool, kept);
}

static void ticket_done(struct ticket *t)
{
	free(t->path);
	record_done(&t->record);
	*t = (struct ticket){0};
}

void library_free(struct library *l)
{
	if (!l)
		return;
	measure_pool_free(l->pool);
	for (size_t n = l->taken; n < l->asked; n++)
		ticket_done(ticket_at(l, n));
	pthread_cond_destroy(&l->ready);
	pthread_mutex_destroy(&l->lock);
	free(l);
}

bool library_try_free(struct library *l, int64_t deadline_ns)
{
	if (l && !measure_pool_end(l->pool, deadline_ns))
		return false;
	library_free(l);
	return true;
}

static bool is_being_measured(struct library *l, const char *path)
{
	bool found = false;
	pthread_mutex_lock(&l->lock);
	for (size_t n = l->taken; n < l->asked && !found; n++)
		found = ticket_at(l, n)->state != TICKET_READY &&
		        strcmp(ticket_at(l, n)->path, path) == 0;
	pthread_mutex_unlock(&l->lock);
	return found;
}

/* From the cache, if it can be; a known failure counts as an answer. */
static bool find_cached(struct library *l, struct ticket *t)
{
	t->status = cache_find(l->cache, t->path, &t->record, &t->error);
	t->cached = t->status == STATUS_OK;
	return t->status == STATUS_OK || t->status == STATUS_BAD_DATA;
}

enum status library_request(struct library *l, const char *path)
{
	if (l->asked - l->taken >= LIBRARY_AHEAD)
		return STATUS_END;
	size_t n = l->asked;
	struct ticket *t = ticket_at(l, n);
	*t = (struct ticket){.path = strdup(path)};
	if (!t->path)
		return STATUS_NO_MEMORY;
	if (is_being_measured(l, path)) {
		t->state = TICKET_LATER;
	} else if (find_cached(l, t)) {
		t->state = TICKET_READY;
	} else {
		t->state = TICKET_MEASURING;
		enum status status = measure_pool_add(l->pool, n, path);
		if (status != STATUS_OK) {
			ticket_done(t);
			return status;
		}
	}
	l->asked++;
	return STATUS_OK;
}

static bool is_later(struct library *l, const struct ticket *t)
{
	pthread_mutex_lock(&l->lock);
	bool later = t->state == TICKET_LATER;
	pthread_mutex_unlock(&l->lock);
	return later;
}

static bool wait_for(struct library *l, struct ticket *t)
{
	pthread_mutex_lock(&l->lock);
	while (t->state == TICKET_MEASURING && !l->cancelled && !l->interrupted)
		pthread_cond_wait(&l->ready, &l->lock);
	bool in_vain = l->cancelled || t->state == TICKET_MEASURING;
	pthread_mutex_unlock(&l->lock);
	return !in_vain;
}

enum status library_take(
        struct library *l, struct record *record, bool *cached, struct error *error)
{
	size_t n = l->taken;
	struct ticket *t = ticket_at(l, n);
	*record = (struct record){0};
	if (n == l->asked)
		return STATUS_END;
	if (is_later(l,
	            t)) { /* the older ticket is done by now, and in the cache if it could be kept */
		if (find_cached(l, t)) {
			t->state = TICKET_READY;
		} else {
			t->state = TICKET_MEASURING;
			TRY(measure_pool_add(l->pool, n, t->path));
		}
	}
	if (!wait_for(l, t))
		return error_set(error, STATUS_CANCELLED, "cancelled");
	enum status status = t->status;
	*error = t->error;
	*cached = t->cached;
	if (status == STATUS_OK)
		record_move(record, &t->record);
	ticket_done(t);
	l->taken++;
	return status;
}

enum status library_tags(struct library *l, const char *path, struct tags *tags, double *duration_s)
{
	struct error ignored;
	return cache_find_tags(l->cache, path, tags, duration_s, &ignored);
}

void library_interrupt(struct library *l)
{
	pthread_mutex_lock(&l->lock);
	l->interrupted = true;
	pthread_cond_broadcast(&l->ready);
	pthread_mutex_unlock(&l->lock);
}

void library_forget(struct library *l)
{
	pthread_mutex_lock(&l->lock);
	l->interrupted = false;
	l->forgotten = l->asked;
	for (; l->taken < l->asked; l->taken++)
		ticket_done(ticket_at(l, l->taken));
	pthread_mutex_unlock(&l->lock);
}

size_t library_waiting(const struct library *l)
{
	return l->asked - l->taken;
}

void library_cancel(struct library *l)
{
	pthread_mutex_lock(&l->lock);
	l->cancelled = true;
	pthread_cond_broadcast(&l->ready);
	pthread_mutex_unlock(&l->lock);
	measure_pool_cancel(l->pool);
}
