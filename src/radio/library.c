/* library.c - a window of tickets over the list, filled from the cache or by the worker pool. */
#include "jukebox/library.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "jukebox/clock.h"
#include "jukebox/measure.h"

enum ticket_state {
	TICKET_MEASURING,
	TICKET_READY,
	TICKET_LATER, /* the same file was or is measured for an older ticket: it will be in the cache */
	TICKET_ELSEWHERE, /* it is being measured, for a ticket that is nobody's any more */
};

struct ticket {
	char *path;
	enum ticket_state state;
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
	bool cancelled, interrupted, hurried;
	size_t forgotten; /* tickets before this one are nobody's */
	/* Being measured for tickets that are nobody's: a file that hangs holds up one worker, not all.  With the lock. */
	struct orphan {
		size_t index;
		char *path; /* owned; NULL: none */
	} orphans[LIBRARY_AHEAD];
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

/* With the lock. */
static void note_orphan(struct library *l, size_t index)
{
	struct ticket *t = ticket_at(l, index);
	size_t i = 0;
	if (t->state != TICKET_MEASURING)
		return;
	while (i < LIBRARY_AHEAD && l->orphans[i].path)
		i++;
	if (i == LIBRARY_AHEAD)
		return;
	l->orphans[i] = (struct orphan){index, t->path};
	t->path = NULL;
}

/* With the lock: it is measured, and who waits for its file finds that in the cache. */
static void drop_orphan(struct library *l, size_t index)
{
	for (size_t i = 0; i < LIBRARY_AHEAD; i++) {
		struct orphan *o = &l->orphans[i];
		if (!o->path || o->index != index)
			continue;
		for (size_t n = l->taken; n < l->asked; n++)
			if (ticket_at(l, n)->state == TICKET_ELSEWHERE &&
			        strcmp(ticket_at(l, n)->path, o->path) == 0)
				ticket_at(l, n)->state = TICKET_LATER;
		free(o->path);
		o->path = NULL;
	}
}

/* The ticket's file is an orphan's: it waits for that.  A new ticket is asked for from here on. */
static bool join_orphan(struct library *l, struct ticket *t, bool is_new)
{
	bool found = false;
	pthread_mutex_lock(&l->lock);
	for (size_t i = 0; i < LIBRARY_AHEAD; i++)
		found |= l->orphans[i].path && strcmp(l->orphans[i].path, t->path) == 0;
	if (found)
		t->state = TICKET_ELSEWHERE;
	l->asked += found && is_new;
	pthread_mutex_unlock(&l->lock);
	return found;
}

static void set_state(struct library *l, struct ticket *t, enum ticket_state state)
{
	pthread_mutex_lock(&l->lock);
	t->state = state;
	pthread_mutex_unlock(&l->lock);
}

static void measured(void *user, struct measured *m)
{
	struct library *l = user;
	struct ticket *t = ticket_at(l, m->index);
	store(l, m);
	pthread_mutex_lock(&l->lock);
	if (m->index < l->forgotten) { /* nobody waits for it any more */
		drop_orphan(l, m->index);
		pthread_cond_broadcast(&l->ready);
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
	clock_condition_init(&l->ready);
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
	for (size_t i = 0; i < LIBRARY_AHEAD; i++)
		free(l->orphans[i].path);
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
	} else if (join_orphan(l, t, true)) {
		return STATUS_OK;
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
	pthread_mutex_lock(&l->lock);
	l->asked++;
	pthread_mutex_unlock(&l->lock);
	return STATUS_OK;
}

static bool is_later(struct library *l, const struct ticket *t)
{
	pthread_mutex_lock(&l->lock);
	bool later = t->state == TICKET_LATER;
	pthread_mutex_unlock(&l->lock);
	return later;
}

/* With the lock. */
static bool is_measured_now(const struct ticket *t)
{
	return t->state == TICKET_MEASURING || t->state == TICKET_ELSEWHERE;
}

static bool wait_for(struct library *l, struct ticket *t)
{
	pthread_mutex_lock(&l->lock);
	while (is_measured_now(t) && !l->cancelled && !l->interrupted)
		pthread_cond_wait(&l->ready, &l->lock);
	bool in_vain = l->cancelled || is_measured_now(t);
	pthread_mutex_unlock(&l->lock);
	return !in_vain;
}

/* The oldest ticket, if its file was measured for another one: that is in the cache by now, if it could be kept. */
static enum status settle(struct library *l)
{
	struct ticket *t = ticket_at(l, l->taken);
	if (!is_later(l, t))
		return STATUS_OK;
	if (join_orphan(l, t, false))
		return STATUS_OK;
	if (find_cached(l, t)) {
		set_state(l, t, TICKET_READY);
	} else {
		set_state(l, t, TICKET_MEASURING);
		return measure_pool_add(l->pool, l->taken, t->path);
	}
	return STATUS_OK;
}

enum status library_take(
        struct library *l, struct record *record, bool *cached, struct error *error)
{
	struct ticket *t = ticket_at(l, l->taken);
	*record = (struct record){0};
	if (l->taken == l->asked)
		return STATUS_END;
	do {
		TRY(settle(l));
		if (!wait_for(l, t))
			return error_set(error, STATUS_CANCELLED, "cancelled");
	} while (is_later(l, t));
	enum status status = t->status;
	*error = t->error;
	*cached = t->cached;
	if (status == STATUS_OK)
		record_move(record, &t->record);
	pthread_mutex_lock(&l->lock);
	ticket_done(t);
	l->taken++;
	l->hurried = false;
	pthread_mutex_unlock(&l->lock);
	return status;
}

/* ---- in a hurry --------------------------------------------------------------------------------------- */

/* With the lock. */
static bool is_any_ready(struct library *l)
{
	for (size_t n = l->taken; n < l->asked; n++)
		if (ticket_at(l, n)->state == TICKET_READY)
			return true;
	return l->cancelled || l->interrupted;
}

enum library_state library_await(struct library *l, int64_t patience_ns)
{
	int64_t deadline_ns = patience_ns < INT64_MAX ? clock_now_ns() + patience_ns : INT64_MAX;
	enum library_state state = LIBRARY_READY;
	const struct ticket *t = ticket_at(l, l->taken);
	if (settle(l) != STATUS_OK)
		return LIBRARY_READY; /* library_take tells why not */
	pthread_mutex_lock(&l->lock);
	while (is_measured_now(t) && !l->cancelled && !l->interrupted && !l->hurried)
		l->hurried = !clock_wait(&l->ready, &l->lock, deadline_ns);
	if (is_measured_now(t) && !l->cancelled && !l->interrupted)
		state = is_any_ready(l) ? LIBRARY_LATE : LIBRARY_NOTHING;
	pthread_mutex_unlock(&l->lock);
	return state;
}

void library_await_any(struct library *l)
{
	pthread_mutex_lock(&l->lock);
	while (!is_any_ready(l))
		pthread_cond_wait(&l->ready, &l->lock);
	pthread_mutex_unlock(&l->lock);
}

void library_pass_over(struct library *l)
{
	pthread_mutex_lock(&l->lock);
	note_orphan(l, l->taken);
	ticket_done(ticket_at(l, l->taken++));
	l->forgotten = l->taken;
	pthread_mutex_unlock(&l->lock);
}

void library_hurry(struct library *l)
{
	pthread_mutex_lock(&l->lock);
	l->hurried = true;
	pthread_cond_broadcast(&l->ready);
	pthread_mutex_unlock(&l->lock);
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
	l->interrupted = l->hurried = false;
	l->forgotten = l->asked;
	for (; l->taken < l->asked; l->taken++) {
		note_orphan(l, l->taken);
		ticket_done(ticket_at(l, l->taken));
	}
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
