/* library.c - a window of tickets over the list, filled from the cache or by the worker pool. */
#include "jukebox/library.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "jukebox/clock.h"
#include "jukebox/measure.h"
#include "lookup.h"

/* A disk answers sooner than the first, unless it sleeps: so long even who is in a hurry waits.  After the others there is no
 * answer, on the air and elsewhere. */
static const int64_t LOOK_NS = 500000000, LIVE_HUNG_NS = 8000000000, HUNG_NS = 120000000000;
static const int64_t POLL_NS = 1000000000;

enum ticket_state {
	TICKET_LOOKING, /* for it in the cache, and on its disk */
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
	struct lookup *lookup; /* of TICKET_LOOKING */
	int64_t asked_ns; /* the same: when */
};

struct library {
	struct cache *cache;
	struct log *log;
	struct measure_pool *pool;
	struct lookups *lookups;
	int64_t hung_ns;
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

/* With the lock. */
static void make_ready(
        struct ticket *t, enum status status, const struct error *error, struct record *record)
{
	t->status = status;
	t->error = *error;
	if (status == STATUS_OK)
		record_move(&t->record, record);
	t->state = TICKET_READY;
}

static void measured(void *user, struct measured *m)
{
	struct library *l = user;
	store(l, m);
	pthread_mutex_lock(&l->lock);
	if (m->index < l->forgotten) /* nobody waits for it any more */
		drop_orphan(l, m->index);
	else
		make_ready(ticket_at(l, m->index), m->status, &m->error, &m->record);
	pthread_cond_broadcast(&l->ready);
	pthread_mutex_unlock(&l->lock);
}

/* With the lock.  True: the file has to be measured; a known failure counts as an answer. */
static bool take_answer(struct library *l, struct answer *a)
{
	struct ticket *t = ticket_at(l, a->index);
	if (a->index < l->taken || !t->lookup) /* nobody waits for it any more */
		return false;
	t->lookup = NULL;
	if (a->status == STATUS_OK || a->status == STATUS_BAD_DATA) {
		t->cached = a->status == STATUS_OK;
		make_ready(t, a->status, &a->error, &a->record);
		return false;
	}
	t->state = TICKET_MEASURING;
	return true;
}

/* Of another thread: a lookup is answered. */
static void looked(void *user, struct answer *a)
{
	struct library *l = user;
	pthread_mutex_lock(&l->lock);
	bool is_new = take_answer(l, a);
	pthread_cond_broadcast(&l->ready);
	pthread_mutex_unlock(&l->lock);
	if (!is_new)
		return;
	struct measured none = {.index = a->index, .path = a->path};
	none.status = measure_pool_add(l->pool, a->index, a->path);
	if (none.status != STATUS_OK)
		measured(l, &none);
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
	l->lookups = lookups_new(cache, looked, l);
	l->hung_ns = HUNG_NS;
	if (!l->pool || !l->lookups) {
		library_free(l);
		return NULL;
	}
	return l;
}

void library_keep(struct library *l, struct kept *kept)
{
	measure_pool_keep(l->pool, kept);
}

void library_set_live(struct library *l)
{
	l->hung_ns = LIVE_HUNG_NS;
}

void library_open_files(struct library *l)
{
	lookups_open_files(l->lookups);
}

static void ticket_done(struct ticket *t)
{
	lookup_leave(t->lookup);
	free(t->path);
	record_done(&t->record);
	*t = (struct ticket){0};
}

static void free_tickets(struct library *l)
{
	for (; l->taken < l->asked; l->taken++)
		ticket_done(ticket_at(l, l->taken));
}

bool library_try_free(struct library *l, int64_t deadline_ns)
{
	if (!l)
		return true;
	if (l->pool && !measure_pool_end(l->pool, deadline_ns))
		return false;
	pthread_mutex_lock(&l->lock);
	l->forgotten = l->asked;
	free_tickets(l);
	pthread_mutex_unlock(&l->lock);
	if (!lookups_try_free(l->lookups, deadline_ns))
		return false;
	measure_pool_free(l->pool);
	for (size_t i = 0; i < LIBRARY_AHEAD; i++)
		free(l->orphans[i].path);
	pthread_cond_destroy(&l->ready);
	pthread_mutex_destroy(&l->lock);
	free(l);
	return true;
}

void library_free(struct library *l)
{
	(void)!library_try_free(l, INT64_MAX);
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

/* From the cache, if it can be; else it is measured.  Both happens behind our back. */
static enum status look_up(struct library *l, size_t n)
{
	struct ticket *t = ticket_at(l, n);
	pthread_mutex_lock(&l->lock);
	enum status status = lookups_ask(l->lookups, n, t->path, &t->lookup, &t->error);
	t->asked_ns = clock_now_ns();
	t->status = status;
	t->state = status == STATUS_OK ? TICKET_LOOKING : TICKET_READY;
	if (n == l->asked && (status == STATUS_OK || status == STATUS_IO))
		l->asked++;
	pthread_mutex_unlock(&l->lock);
	return status == STATUS_IO ? STATUS_OK : status;
}

/* Its disk has not answered for so long. */
static void give_up(struct library *l, struct ticket *t)
{
	pthread_mutex_lock(&l->lock);
	if (t->lookup) {
		lookup_leave(t->lookup);
		t->lookup = NULL;
		t->status = error_set(&t->error, STATUS_IO, "its disk does not answer");
		t->state = TICKET_READY;
	}
	pthread_mutex_unlock(&l->lock);
}

static void put_off(struct library *l, struct ticket *t)
{
	pthread_mutex_lock(&l->lock);
	t->state = TICKET_LATER;
	l->asked++;
	pthread_mutex_unlock(&l->lock);
}

enum status library_request(struct library *l, const char *path)
{
	if (l->asked - l->taken >= LIBRARY_AHEAD)
		return STATUS_END;
	enum status status = STATUS_OK;
	struct ticket *t = ticket_at(l, l->asked);
	*t = (struct ticket){.path = strdup(path)};
	if (!t->path)
		return STATUS_NO_MEMORY;
	if (is_being_measured(l, path))
		put_off(l, t);
	else if (!join_orphan(l, t, true))
		status = look_up(l, l->asked);
	if (status != STATUS_OK)
		ticket_done(t);
	return status;
}

static bool is_later(struct library *l, const struct ticket *t)
{
	pthread_mutex_lock(&l->lock);
	bool later = t->state == TICKET_LATER;
	pthread_mutex_unlock(&l->lock);
	return later;
}

/* With the lock: it is looked for, and was already so long ago. */
static bool is_looked_for(const struct ticket *t, int64_t since_ns)
{
	return t->state == TICKET_LOOKING && clock_now_ns() >= t->asked_ns + since_ns;
}

/* With the lock. */
static bool is_open(const struct library *l, const struct ticket *t)
{
	return t->state == TICKET_MEASURING || t->state == TICKET_ELSEWHERE ||
	       (t->state == TICKET_LOOKING && !is_looked_for(t, l->hung_ns));
}

/* With the lock, which is let go of meanwhile. */
static void wait_a_little(struct library *l, const struct ticket *t, int64_t deadline_ns)
{
	if (t->state == TICKET_LOOKING && t->asked_ns + l->hung_ns < deadline_ns)
		deadline_ns = t->asked_ns + l->hung_ns;
	(void)clock_wait(&l->ready, &l->lock, deadline_ns);
}

static bool wait_for(struct library *l, struct ticket *t)
{
	pthread_mutex_lock(&l->lock);
	while (is_open(l, t) && !l->cancelled && !l->interrupted)
		wait_a_little(l, t, INT64_MAX);
	bool in_vain = l->cancelled || is_open(l, t);
	pthread_mutex_unlock(&l->lock);
	return !in_vain;
}

/* The oldest ticket, if its file was measured for another one: that is in the cache by now, if it could be kept.  Or if it
 * is looked for in vain. */
static enum status settle(struct library *l)
{
	struct ticket *t = ticket_at(l, l->taken);
	if (is_later(l, t))
		return join_orphan(l, t, false) ? STATUS_OK : look_up(l, l->taken);
	pthread_mutex_lock(&l->lock);
	bool hangs = is_looked_for(t, l->hung_ns);
	pthread_mutex_unlock(&l->lock);
	if (hangs)
		give_up(l, t);
	return STATUS_OK;
}

static bool is_settled(struct library *l, const struct ticket *t)
{
	pthread_mutex_lock(&l->lock);
	bool settled = t->state == TICKET_READY;
	pthread_mutex_unlock(&l->lock);
	return settled;
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
	} while (!is_settled(l, t));
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
		if (ticket_at(l, n)->state == TICKET_READY ||
		        is_looked_for(ticket_at(l, n), l->hung_ns))
			return true;
	return l->cancelled || l->interrupted;
}

/* With the lock: until when an answer may be awaited in any hurry; what is in the cache is as good as there. */
static int64_t looks_until(struct library *l)
{
	int64_t until_ns = 0;
	for (size_t n = l->taken; n < l->asked; n++) {
		const struct ticket *t = ticket_at(l, n);
		if (t->state == TICKET_LOOKING && t->asked_ns + LOOK_NS > until_ns)
			until_ns = t->asked_ns + LOOK_NS;
	}
	return until_ns;
}

/* True: the oldest ticket has to be settled anew. */
static bool await(struct library *l, int64_t deadline_ns, enum library_state *state)
{
	const struct ticket *t = ticket_at(l, l->taken);
	*state = LIBRARY_READY;
	pthread_mutex_lock(&l->lock);
	while (is_open(l, t) && !l->cancelled && !l->interrupted) {
		int64_t until_ns = l->hurried ? looks_until(l) : deadline_ns;
		if (clock_now_ns() < until_ns)
			wait_a_little(l, t, until_ns);
		else if (l->hurried)
			break;
		else
			l->hurried = true;
	}
	bool goes_on = !l->cancelled && !l->interrupted;
	if (is_open(l, t) && goes_on)
		*state = is_any_ready(l) ? LIBRARY_LATE : LIBRARY_NOTHING;
	bool again = is_looked_for(t, l->hung_ns) && goes_on;
	pthread_mutex_unlock(&l->lock);
	return again;
}

enum library_state library_await(struct library *l, int64_t patience_ns)
{
	int64_t deadline_ns = patience_ns < INT64_MAX ? clock_now_ns() + patience_ns : INT64_MAX;
	enum library_state state;
	do
		if (settle(l) != STATUS_OK)
			return LIBRARY_READY; /* library_take tells why not */
	while (await(l, deadline_ns, &state));
	return state;
}

void library_await_any(struct library *l)
{
	pthread_mutex_lock(&l->lock);
	while (!is_any_ready(l))
		(void)clock_wait(&l->ready, &l->lock, clock_now_ns() + POLL_NS);
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

bool library_has_all(struct library *l)
{
	bool all = true;
	pthread_mutex_lock(&l->lock);
	for (size_t n = l->taken; n < l->asked && all; n++)
		all = ticket_at(l, n)->state == TICKET_READY;
	pthread_mutex_unlock(&l->lock);
	return all;
}

void library_cancel(struct library *l)
{
	pthread_mutex_lock(&l->lock);
	l->cancelled = true;
	pthread_cond_broadcast(&l->ready);
	pthread_mutex_unlock(&l->lock);
	measure_pool_cancel(l->pool);
}
