/* timetable.c - what is due at a time of day.  That it is played after the song on air is the line-up's affair. */
#include "timetable.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { LATE_MOST_MINUTES = 10, BACK_MOST_MINUTES = 60 };

struct appointment {
	int hour, minute; /* hour -1: each */
	char **paths; /* owned; one each time, in turn */
	size_t n_paths, next;
	int64_t day; /* on which it was due last; of a time of day */
};

struct timetable {
	struct appointment *items;
	size_t count;
	bool has_begun;
	int64_t minute; /* since 1970, up to which all is done */
};

static void appointment_done(struct appointment *a)
{
	for (size_t i = 0; i < a->n_paths; i++)
		free(a->paths[i]);
	free(a->paths);
}

void timetable_free(struct timetable *t)
{
	if (!t)
		return;
	for (size_t i = 0; i < t->count; i++)
		appointment_done(&t->items[i]);
	free(t->items);
	free(t);
}

/* ---- making -------------------------------------------------------------------------------------------- */

static enum status add(
        struct timetable *t, const struct playlist *playlist, const struct rotation_source *s)
{
	struct appointment *a = &t->items[t->count++];
	*a = (struct appointment){.hour = s->hour, .minute = s->minute, .day = INT64_MIN};
	a->paths = calloc(s->count, sizeof *a->paths);
	if (!a->paths)
		return STATUS_NO_MEMORY;
	for (size_t i = 0; i < s->count; i++) {
		a->paths[i] = strdup(playlist_get(playlist, s->first + i).path);
		if (!a->paths[i])
			return STATUS_NO_MEMORY;
		a->n_paths++;
	}
	return STATUS_OK;
}

/* The same time, and the item that comes next is still there. */
static void go_on(struct appointment *a, const struct timetable *before)
{
	for (size_t i = 0; i < before->count; i++) {
		const struct appointment *b = &before->items[i];
		if (a->hour != b->hour || a->minute != b->minute)
			continue;
		for (size_t k = 0; k < a->n_paths; k++)
			if (strcmp(a->paths[k], b->paths[b->next]) == 0) {
				a->next = k;
				a->day = b->day;
				return;
			}
	}
}

enum status timetable_new(
        const struct playlist *playlist, struct timetable *before, struct timetable **timetable)
{
	const struct rotation *r = playlist_rotation(playlist);
	struct timetable *t = *timetable = calloc(1, sizeof *t);
	enum status status = STATUS_OK;
	if (t)
		t->items = calloc((r ? r->count : 0) + 1, sizeof *t->items);
	if (!t || !t->items)
		status = STATUS_NO_MEMORY;
	for (size_t i = 0; status == STATUS_OK && r && i < r->count; i++)
		if (r->sources[i].kind == ROTATION_AT && r->sources[i].count > 0)
			status = add(t, playlist, &r->sources[i]);
	if (status == STATUS_OK && before) {
		t->has_begun = before->has_begun;
		t->minute = before->minute;
		for (size_t i = 0; i < t->count; i++)
			go_on(&t->items[i], before);
	}
	timetable_free(before);
	if (status != STATUS_OK || t->count == 0) {
		timetable_free(t);
		*timetable = NULL;
	}
	return status;
}

/* ---- the time ------------------------------------------------------------------------------------------ */

struct local {
	int64_t day; /* a number for each date */
	int hour, minute;
};

static bool local_of(int64_t minute, struct local *local)
{
	time_t at = (time_t)(minute * 60);
	struct tm tm;
	if (!localtime_r(&at, &tm))
		return false;
	*local = (struct local){tm.tm_year * 366 + tm.tm_yday, tm.tm_hour, tm.tm_min};
	return true;
}

/* `was` is the minute before.  On a day that clocks go forward, what lies in the gap is due behind it. */
static bool is_due(const struct appointment *a, const struct local *was, const struct local *now)
{
	int wanted = a->hour * 60 + a->minute, at = now->hour * 60 + now->minute;
	if (a->hour < 0)
		return a->minute == now->minute;
	if (a->day == now->day)
		return false;
	return wanted == at ||
	       (was->day == now->day && was->hour * 60 + was->minute < wanted && wanted < at);
}

static void look_at_minute(struct timetable *t, int64_t minute, timetable_due_fn *due, void *user)
{
	struct local was, now;
	if (!local_of(minute - 1, &was) || !local_of(minute, &now))
		return;
	for (size_t i = 0; i < t->count; i++) {
		struct appointment *a = &t->items[i];
		if (!is_due(a, &was, &now))
			continue;
		a->day = now.day;
		due(user, a->paths[a->next]);
		a->next = (a->next + 1) % a->n_paths;
	}
}

void timetable_look(struct timetable *t, int64_t now_s, timetable_due_fn *due, void *user)
{
	int64_t minute = now_s / 60;
	if (!t->has_begun || t->minute - minute > BACK_MOST_MINUTES) {
		t->has_begun = true;
		t->minute = minute;
		return;
	}
	if (minute - t->minute > LATE_MOST_MINUTES)
		t->minute = minute - LATE_MOST_MINUTES;
	while (t->minute < minute)
		look_at_minute(t, ++t->minute, due, user);
}
