/* lineup.c - what is on and what will be, as a list that several threads change.  What is planned of it, and when it must be
 * planned anew, is the programme's and the player's affair. */
#include "jukebox/lineup.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

enum {
	LATE_MOST = 16,
	ROOM = LINEUP_MOST / 4, /* made at once, since all that stays is moved */
};

struct lineup {
	pthread_mutex_t lock; /* guards all below; a leaf */
	struct pick *picks; /* owned; what is on comes first, if anything is */
	size_t count, capacity;
	size_t n_asked; /* none before this one is to be asked for */
	size_t last_id;
	size_t on_air; /* id */
	struct pick listed; /* owned: the list's pick that began last; path NULL: none */
	struct pick late[LATE_MOST]; /* owned: dropped, but they began; not yet told */
	size_t n_late;
};

void pick_done(struct pick *pick)
{
	free(pick->path);
	free(pick->title);
	free(pick->directives);
	free(pick->memo);
	*pick = (struct pick){.id = LINEUP_NONE};
}

static char *copy_text(const char *text)
{
	return text ? strdup(text) : NULL;
}

static enum status pick_copy(struct pick *to, const struct pick *from)
{
	*to = *from;
	to->path = copy_text(from->path);
	to->title = copy_text(from->title);
	to->directives = copy_text(from->directives);
	to->memo = copy_text(from->memo);
	if (to->path && (!from->title || to->title) && (!from->directives || to->directives) &&
	        (!from->memo || to->memo))
		return STATUS_OK;
	pick_done(to);
	return STATUS_NO_MEMORY;
}

struct lineup *lineup_new(void)
{
	struct lineup *l = calloc(1, sizeof *l);
	if (!l)
		return NULL;
	pthread_mutex_init(&l->lock, NULL);
	l->on_air = LINEUP_NONE;
	return l;
}

void lineup_free(struct lineup *l)
{
	if (!l)
		return;
	for (size_t i = 0; i < l->count; i++)
		pick_done(&l->picks[i]);
	free(l->picks);
	pick_done(&l->listed);
	for (size_t i = 0; i < l->n_late; i++)
		pick_done(&l->late[i]);
	pthread_mutex_destroy(&l->lock);
	free(l);
}

/* ---- with the lock --------------------------------------------------------------------------------------- */

static void take_out_several(struct lineup *l, size_t at, size_t n)
{
	for (size_t i = at; i < at + n; i++)
		pick_done(&l->picks[i]);
	l->count -= n;
	memmove(&l->picks[at], &l->picks[at + n], (l->count - at) * sizeof *l->picks);
	if (l->n_asked > at)
		l->n_asked = l->n_asked > at + n ? l->n_asked - n : at;
}

static void take_out(struct lineup *l, size_t at)
{
	take_out_several(l, at, 1);
}

/* l->count when it is not there.  Mostly one of the last is wanted. */
static size_t find(const struct lineup *l, size_t id)
{
	size_t at = l->count;
	while (at > 0 && l->picks[at - 1].id != id)
		at--;
	return at > 0 ? at - 1 : l->count;
}

/* Where what has not begun starts. */
static size_t first_coming(const struct lineup *l)
{
	return l->on_air != LINEUP_NONE && l->count > 0 && l->picks[0].id == l->on_air;
}

/* A plan without a player never says what began: the oldest make room. */
static enum status make_room(struct lineup *l)
{
	if (l->count >= LINEUP_MOST)
		take_out_several(l, first_coming(l), ROOM);
	if (l->count < l->capacity)
		return STATUS_OK;
	size_t capacity = l->capacity ? 2 * l->capacity : 16;
	struct pick *picks = realloc(l->picks, capacity * sizeof *picks);
	if (!picks)
		return STATUS_NO_MEMORY;
	l->picks = picks;
	l->capacity = capacity;
	return STATUS_OK;
}

static enum status insert(struct lineup *l, size_t at, const struct pick *pick, size_t *id)
{
	struct pick copy;
	size_t before = l->count;
	TRY(pick_copy(&copy, pick));
	if (make_room(l) != STATUS_OK) {
		pick_done(&copy);
		return STATUS_NO_MEMORY;
	}
	if (l->count < before && at > first_coming(l))
		at -= at - first_coming(l) < ROOM ? at - first_coming(l) : ROOM;
	*id = copy.id = ++l->last_id;
	memmove(&l->picks[at + 1], &l->picks[at], (l->count - at) * sizeof *l->picks);
	l->picks[at] = copy;
	l->count++;
	if (l->n_asked > at)
		l->n_asked = at;
	return STATUS_OK;
}

/* ---- the programme's ---------------------------------------------------------------------------------------- */

enum status lineup_append(struct lineup *l, const struct pick *pick, size_t *id)
{
	pthread_mutex_lock(&l->lock);
	enum status status = insert(l, l->count, pick, id);
	pthread_mutex_unlock(&l->lock);
	return status;
}

enum status lineup_ask(struct lineup *l, struct pick *pick)
{
	enum status status = STATUS_END;
	pthread_mutex_lock(&l->lock);
	size_t at = first_coming(l) > l->n_asked ? first_coming(l) : l->n_asked;
	while (at < l->count && (l->picks[at].asked || l->picks[at].dropped))
		at++;
	l->n_asked = at;
	if (at < l->count) {
		status = pick_copy(pick, &l->picks[at]);
		l->picks[at].asked = status == STATUS_OK;
	}
	pthread_mutex_unlock(&l->lock);
	return status;
}

void lineup_ask_again(struct lineup *l, size_t on_air)
{
	pthread_mutex_lock(&l->lock);
	size_t last = find(l, on_air);
	for (size_t at = 0; at < l->count; at++)
		l->picks[at].asked = last < l->count && at <= last;
	l->n_asked = 0;
	pthread_mutex_unlock(&l->lock);
}

enum status lineup_get(struct lineup *l, size_t id, struct pick *pick)
{
	pthread_mutex_lock(&l->lock);
	size_t at = find(l, id);
	enum status status = at < l->count ? pick_copy(pick, &l->picks[at]) : STATUS_NOT_FOUND;
	pthread_mutex_unlock(&l->lock);
	return status;
}

void lineup_drop_listed(struct lineup *l)
{
	pthread_mutex_lock(&l->lock);
	for (size_t at = first_coming(l); at < l->count; at++)
		l->picks[at].dropped |= !l->picks[at].queued;
	pthread_mutex_unlock(&l->lock);
}

static void note_late(struct lineup *l, struct pick *pick)
{
	if (pick->dropped && l->n_late < LATE_MOST &&
	        pick_copy(&l->late[l->n_late], pick) == STATUS_OK)
		l->n_late++;
	l->n_asked = 0;
	pick->dropped = false;
}

enum status lineup_take_dropped(struct lineup *l, size_t id, struct pick *pick)
{
	enum status status = STATUS_END;
	pthread_mutex_lock(&l->lock);
	size_t last = find(l, id);
	for (size_t at = 0; last < l->count && at <= last; at++)
		note_late(l, &l->picks[at]);
	if (l->n_late > 0) {
		*pick = l->late[0];
		memmove(l->late, l->late + 1, --l->n_late * sizeof *l->late);
		status = STATUS_OK;
	}
	pthread_mutex_unlock(&l->lock);
	return status;
}

void lineup_set_place(struct lineup *l, int64_t round, size_t place)
{
	pthread_mutex_lock(&l->lock);
	l->listed.round = round;
	l->listed.place = place;
	pthread_mutex_unlock(&l->lock);
}

void lineup_drop(struct lineup *l, size_t id)
{
	pthread_mutex_lock(&l->lock);
	size_t at = find(l, id);
	if (at < l->count && id != l->on_air)
		take_out(l, at);
	pthread_mutex_unlock(&l->lock);
}

/* ---- the player's --------------------------------------------------------------------------------------------- */

static void note_listed(struct lineup *l, const struct pick *pick)
{
	struct pick copy;
	if (pick->place == LINEUP_NONE || pick_copy(&copy, pick) != STATUS_OK)
		return;
	pick_done(&l->listed);
	l->listed = copy;
}

/* What came before goes.  What was queued too late to be planned before this one is still to come. */
static void bring_to_front(struct lineup *l, size_t at)
{
	if (at > 0 && first_coming(l) > 0) {
		take_out(l, 0);
		at--;
	}
	for (size_t i = at; i-- > 0;)
		if (!l->picks[i].queued) {
			take_out(l, i);
			at--;
		}
	struct pick begun = l->picks[at];
	memmove(&l->picks[1], &l->picks[0], at * sizeof *l->picks);
	l->picks[0] = begun;
	l->n_asked = 0;
}

void lineup_began(struct lineup *l, size_t id)
{
	pthread_mutex_lock(&l->lock);
	size_t at = find(l, id);
	if (at < l->count) {
		note_listed(l, &l->picks[at]);
		for (size_t i = 0; i <= at; i++)
			note_late(l, &l->picks[i]);
		bring_to_front(l, at);
		l->on_air = id;
	}
	pthread_mutex_unlock(&l->lock);
}

void lineup_failed(struct lineup *l, size_t id)
{
	pthread_mutex_lock(&l->lock);
	size_t at = find(l, id);
	if (at < l->count)
		l->picks[at].queued = false;
	pthread_mutex_unlock(&l->lock);
}

size_t lineup_on_air(struct lineup *l)
{
	pthread_mutex_lock(&l->lock);
	size_t id = l->on_air;
	pthread_mutex_unlock(&l->lock);
	return id;
}

enum status lineup_last_listed(struct lineup *l, struct pick *pick)
{
	pthread_mutex_lock(&l->lock);
	enum status status = l->listed.path ? pick_copy(pick, &l->listed) : STATUS_END;
	pthread_mutex_unlock(&l->lock);
	return status;
}

/* ---- people's ---------------------------------------------------------------------------------------------------- */

static size_t behind_queued(const struct lineup *l)
{
	size_t at = first_coming(l);
	for (size_t i = at; i < l->count; i++)
		if (l->picks[i].queued)
			at = i + 1;
	return at;
}

static size_t count_queued(const struct lineup *l)
{
	size_t n = 0;
	for (size_t i = 0; i < l->count; i++)
		n += l->picks[i].queued;
	return n;
}

enum status lineup_queue(
        struct lineup *l, const char *path, bool next, size_t *id, struct error *error)
{
	struct pick pick = {.path = (char *)path, .queued = true, .place = LINEUP_NONE};
	pthread_mutex_lock(&l->lock);
	enum status status = STATUS_END;
	if (count_queued(l) < LINEUP_MOST_QUEUED)
		status = insert(l, next ? first_coming(l) : behind_queued(l), &pick, id);
	pthread_mutex_unlock(&l->lock);
	if (status == STATUS_OK)
		return STATUS_OK;
	return status == STATUS_END ? error_set(error, STATUS_USAGE, "%d items are queued: no more",
	                                      LINEUP_MOST_QUEUED)
	                            : error_set(error, status, "out of memory");
}

enum status lineup_remove(struct lineup *l, size_t id, struct error *error)
{
	enum status status = STATUS_OK;
	pthread_mutex_lock(&l->lock);
	size_t at = find(l, id);
	if (at < l->count && at >= first_coming(l))
		take_out(l, at);
	else if (at < l->count)
		status = error_set(error, STATUS_USAGE, "item %zu is on already: skip it", id);
	else
		status = error_set(error, STATUS_NOT_FOUND, "there is no item %zu", id);
	pthread_mutex_unlock(&l->lock);
	return status;
}

size_t lineup_coming(struct lineup *l, struct pick *picks, size_t most)
{
	size_t n = 0;
	pthread_mutex_lock(&l->lock);
	for (size_t at = first_coming(l); at < l->count && n < most; at++)
		if (!l->picks[at].dropped && pick_copy(&picks[n], &l->picks[at]) == STATUS_OK)
			n++;
	pthread_mutex_unlock(&l->lock);
	return n;
}
