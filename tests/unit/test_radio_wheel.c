/* test_radio_wheel.c - rotations: the grammar, weights, every so many songs, memos, and what is due at a time of day. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "playlist/store.h"
#include "radio/timetable.h"
#include "radio/wheel.h"

/* ---- the grammar --------------------------------------------------------------------------------------- */

static enum status parse(const char *line, struct rotation_source *s)
{
	struct error error = {0};
	enum status status = rotation_parse_line(line, strlen(line), s, &error);
	assert_true(status != STATUS_BAD_DATA || error.text[0]);
	return status;
}

static void assert_source(const char *line, enum rotation_kind kind, int number, int hour,
        int minute, const char *name)
{
	struct rotation_source s;
	assert_int_equal(parse(line, &s), STATUS_OK);
	assert_int_equal(s.kind, kind);
	if (kind != ROTATION_AT)
		assert_int_equal(s.number, number);
	assert_int_equal(s.hour, hour);
	assert_int_equal(s.minute, minute);
	assert_string_equal(s.name, name);
	free(s.name);
}

static void test_lines(void **state)
{
	(void)state;
	assert_source("music.m3u", ROTATION_MUSIC, 1, -1, 0, "music.m3u");
	assert_source("music.m3u*3", ROTATION_MUSIC, 3, -1, 0, "music.m3u");
	assert_source("  music.m3u *  3 # most of it\r", ROTATION_MUSIC, 3, -1, 0, "music.m3u");
	assert_source("\"my music/\" * 2", ROTATION_MUSIC, 2, -1, 0, "my music/");
	assert_source("a*b.m3u", ROTATION_MUSIC, 1, -1, 0, "a*b.m3u");
	assert_source("at.m3u", ROTATION_MUSIC, 1, -1, 0, "at.m3u");
	assert_source("song#3.flac", ROTATION_MUSIC, 1, -1, 0, "song#3.flac");
	assert_source("jingles.m3u every 4 songs", ROTATION_EVERY, 4, -1, 0, "jingles.m3u");
	assert_source("j every 1 song", ROTATION_EVERY, 1, -1, 0, "j");
	assert_source("at 12:00 news.wav", ROTATION_AT, 0, 12, 0, "news.wav");
	assert_source("at 7:05 \"the news.wav\"", ROTATION_AT, 0, 7, 5, "the news.wav");
	assert_source("at :30 ids/", ROTATION_AT, 0, -1, 30, "ids/");
}

static void test_wrong_lines(void **state)
{
	(void)state;
	static const char *const wrong[] = {"a b", "a * 0", "a * 1001", "a *", "a * x", "a every",
	        "a every 4", "a every 4 minutes", "a every 0 songs", "at", "at noon x",
	        "at 24:00 x", "at 12:60 x", "at 12:0 x", "at 12:00", "at 12 x", "at : x", "\"a",
	        "\"\"", "a * 3 4", "a * 99999999999999", "at 12:00 a b"};
	static const char *const empty[] = {"", "   ", "# a", "  # a", "\r"};
	struct rotation_source s;
	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
		if (parse(wrong[i], &s) != STATUS_BAD_DATA)
			fail_msg("'%s' was understood", wrong[i]);
	for (size_t i = 0; i < sizeof empty / sizeof *empty; i++)
		assert_int_equal(parse(empty[i], &s), STATUS_END);
}

/* ---- the wheel ------------------------------------------------------------------------------------------- */

struct list {
	const char *line; /* of the rotation */
	size_t count;
};

/* Entries of the n-th list are a0, a1 ..., b0, b1 ... */
static struct playlist *make_rotation(const struct list *lists, size_t n)
{
	struct playlist_options options = {0};
	struct playlist *playlist = playlist_new(NULL, &options);
	struct rotation *r = store_rotation(playlist);
	r->sources = calloc(n, sizeof *r->sources);
	for (size_t i = 0; i < n; i++) {
		struct rotation_source *s = &r->sources[r->count++];
		assert_int_equal(parse(lists[i].line, s), STATUS_OK);
		s->first = playlist_count(playlist);
		s->count = lists[i].count;
		for (size_t k = 0; k < s->count; k++) {
			char path[32];
			snprintf(path, sizeof path, "%c%zu", s->name[0], k);
			assert_int_equal(store_append(playlist, path, NULL, NULL), STATUS_OK);
		}
	}
	return playlist;
}

static void names_of(void *user, const struct playlist_entry *entry,
        uint64_t name[SEPARATION_KINDS], float *seconds)
{
	char artist[2] = {entry->path[1], '\0'}; /* the same number, the same artist */
	(void)user;
	name[SEPARATION_ARTIST] = separation_name(artist);
	name[SEPARATION_TITLE] = separation_name(entry->path);
	*seconds = 200;
}

/* What comes, as "a0 b0 a1"; returns the last memo, which the caller frees. */
static char *turn(
        struct wheel *w, const struct playlist *playlist, size_t n, char *to, size_t to_bytes)
{
	char *memo = NULL;
	to[0] = '\0';
	for (size_t i = 0; i < n; i++) {
		size_t entry;
		free(memo);
		if (wheel_next(w, &entry, &memo) != STATUS_OK) {
			free(memo);
			return NULL;
		}
		size_t at = strlen(to);
		snprintf(to + at, to_bytes - at, "%s%s", i ? " " : "",
		        playlist_get(playlist, entry).path);
	}
	return memo;
}

static void assert_turns(
        struct wheel *w, const struct playlist *playlist, size_t n, const char *wanted)
{
	char got[1024];
	free(turn(w, playlist, n, got, sizeof got));
	assert_string_equal(got, wanted);
}

static const struct list station[] = {
        {"a*3", 5}, {"b", 2}, {"j every 4 songs", 2}, {"at :00 n", 1}, {"empty", 0}};

static void test_weights(void **state)
{
	(void)state;
	struct playlist *p = make_rotation(station, 5);
	struct order_options options = {.names = names_of};
	struct wheel *w = wheel_new(p, &options);
	assert_turns(w, p, 16, "a0 a1 b0 a2 j0 a3 a4 b1 a0 j1 a1 a2 b0 a3 j0 a4");
	wheel_free(w);
	playlist_free(p);
}

/* It ends when the list that takes longest was played as often as is wanted. */
static void test_rounds(void **state)
{
	(void)state;
	struct playlist *p = make_rotation(station, 5);
	struct order_options options = {.names = names_of, .rounds = 2};
	struct wheel *w = wheel_new(p, &options);
	size_t entry, n = 0;
	char *memo = NULL;
	for (; wheel_next(w, &entry, &memo) == STATUS_OK; n++)
		free(memo);
	assert_null(memo);
	assert_in_range(n, 15, 20); /* b takes 4 of 16 songs, and jingles between */
	wheel_free(w);
	playlist_free(p);
}

static void test_memos(void **state)
{
	(void)state;
	struct playlist *p = make_rotation(station, 5);
	struct order_options options = {.names = names_of, .shuffle = true, .seed = 4};
	char first[1024], rest[1024], again[1024];
	for (size_t at = 1; at < 30; at += 3) {
		struct wheel *w = wheel_new(p, &options), *resumed = wheel_new(p, &options);
		char *memo = turn(w, p, at, first, sizeof first);
		assert_non_null(memo);
		assert_int_equal(wheel_resume(resumed, memo), STATUS_OK);
		free(turn(w, p, 20, rest, sizeof rest));
		free(turn(resumed, p, 20, again, sizeof again));
		assert_string_equal(again, rest);
		free(memo);
		wheel_free(w);
		wheel_free(resumed);
	}
	playlist_free(p);
}

static void test_any_memo(void **state)
{
	(void)state;
	static const char *const memos[] = {"", ";", ";;;;", "x", "0:0:0:0:0;",
	        "af63dc4c8601ec8c:9:1:1:1;", "af63dc4c8601ec8c:-1:1:1:1;",
	        "af63dc4c8601ec8c:1:99999999999999999999:1:1;",
	        "af63dc4c8601ec8c:1:77:99999999999999999:1;"};
	struct playlist *p = make_rotation(station, 5);
	struct order_options options = {.names = names_of, .shuffle = true};
	for (size_t i = 0; i < sizeof memos / sizeof *memos; i++) {
		struct wheel *w = wheel_new(p, &options);
		char got[1024];
		assert_int_equal(wheel_resume(w, memos[i]), STATUS_OK);
		char *memo = turn(w, p, 20, got, sizeof got);
		assert_non_null(memo);
		free(memo);
		wheel_free(w);
	}
	playlist_free(p);
}

/* Another rotation: lists that stay go on where they were, what is new begins, what is gone is gone. */
static void test_another_rotation(void **state)
{
	(void)state;
	static const struct list other[] = {{"c", 3}, {"j every 4 songs", 3}, {"a*3", 7}};
	struct playlist *p = make_rotation(station, 5), *q = make_rotation(other, 3);
	struct order_options options = {.names = names_of};
	struct wheel *w = wheel_new(p, &options);
	char got[1024];
	char *memo = turn(w, p, 6, got, sizeof got);
	assert_string_equal(got, "a0 a1 b0 a2 j0 a3");
	free(turn(w, p, 3, got, sizeof got)); /* planned, but not begun */
	assert_int_equal(wheel_change(w, q, memo), STATUS_OK);
	free(turn(w, q, 5, got, sizeof got));
	assert_non_null(strstr(got, "a4"));
	assert_non_null(strstr(got, "c0"));
	assert_non_null(strstr(got, "j1"));
	assert_null(strstr(got, "a0"));
	assert_null(strstr(got, "b"));
	free(memo);
	wheel_free(w);
	playlist_free(p);
	playlist_free(q);
}

/* Over all lists: here songs of one number are of one artist, whichever list they are in. */
static void test_artists_of_several_lists(void **state)
{
	(void)state;
	static const struct list lists[] = {{"a", 10}, {"b", 10}};
	struct playlist *p = make_rotation(lists, 2);
	for (uint64_t seed = 0; seed < 20; seed++) {
		struct order_options options = {.names = names_of, .shuffle = true, .seed = seed};
		assert_int_equal(
		        separation_parse("artist=2", &options.separation, NULL), STATUS_OK);
		struct wheel *w = wheel_new(p, &options);
		char last[2] = "xy";
		for (size_t i = 0; i < 100; i++) {
			size_t entry;
			char *memo;
			assert_int_equal(wheel_next(w, &entry, &memo), STATUS_OK);
			free(memo);
			char now = playlist_get(p, entry).path[1];
			if (i % 20 < 16) /* at the end of a round there may be no choice left */
				assert_true(now != last[0] && now != last[1]);
			last[0] = last[1];
			last[1] = now;
		}
		wheel_free(w);
	}
	playlist_free(p);
}

/* ---- times of day ------------------------------------------------------------------------------------------ */

static void note(void *user, const char *path)
{
	char *to = user;
	size_t n = strlen(to);
	snprintf(to + n, 200 - n, "%s%s", n ? " " : "", path);
}

/* Seconds since 1970 of a time UTC in 2026. */
static int64_t utc(int month, int day, int hour, int minute)
{
	struct tm tm = {.tm_year = 126,
	        .tm_mon = month - 1,
	        .tm_mday = day,
	        .tm_hour = hour,
	        .tm_min = minute};
	return timegm(&tm);
}

static void assert_due(struct timetable *t, int64_t now_s, const char *wanted)
{
	char got[200] = "";
	timetable_look(t, now_s, note, got);
	assert_string_equal(got, wanted);
}

static struct timetable *make_timetable(const struct list *lists, size_t n)
{
	struct playlist *p = make_rotation(lists, n);
	struct timetable *t;
	assert_int_equal(timetable_new(p, NULL, &t), STATUS_OK);
	playlist_free(p); /* the names are copied */
	return t;
}

static const struct list times[] = {
        {"music", 1}, {"at :00 i", 2}, {"at 12:00 n", 1}, {"at 2:30 x", 1}};

static void test_times(void **state)
{
	(void)state;
	setenv("TZ", "UTC", 1);
	tzset();
	struct timetable *t = make_timetable(times, 4);
	assert_due(t, utc(1, 1, 10, 59), "");
	assert_due(t, utc(1, 1, 10, 59) + 59, "");
	assert_due(t, utc(1, 1, 11, 0) + 3, "i0");
	assert_due(t, utc(1, 1, 11, 0) + 40, ""); /* once */
	assert_due(t, utc(1, 1, 11, 55), "");
	assert_due(t, utc(1, 1, 12, 4), "i1 n0"); /* a little late */
	assert_due(t, utc(1, 1, 12, 59), "");
	assert_due(t, utc(1, 1, 13, 0), "i0");
	assert_due(t, utc(1, 2, 12, 30), ""); /* a night's sleep is not made up for */
	timetable_free(t);
	timetable_free(NULL);
}

/* The clock is set back over an item, and then by a day. */
static void test_steps(void **state)
{
	(void)state;
	setenv("TZ", "UTC", 1);
	tzset();
	struct timetable *t = make_timetable(times, 4);
	assert_due(t, utc(1, 1, 11, 59), "");
	assert_due(t, utc(1, 1, 12, 1), "i0 n0");
	assert_due(t, utc(1, 1, 11, 30), "");
	assert_due(t, utc(1, 1, 12, 1), ""); /* nothing twice */
	assert_due(t, utc(1, 1, 13, 0), "i1");
	assert_due(t, utc(1, 1, 13, 0) - 86400, ""); /* begins anew */
	assert_due(t, utc(1, 1, 14, 0) - 86400, "i0");
	assert_due(t, utc(1, 1, 14, 5) - 86400, "");
	timetable_free(t);
}

/* Berlin, 2026: on March 29 there is no 2:30, on October 25 there are two. */
static void test_summer_time(void **state)
{
	(void)state;
	setenv("TZ", "CET-1CEST,M3.5.0,M10.5.0/3", 1);
	tzset();
	struct timetable *t = make_timetable(times, 4);
	assert_due(t, utc(3, 29, 0, 55), ""); /* 1:55 */
	assert_due(t, utc(3, 29, 1, 0), "i0 x0"); /* 3:00 */
	assert_due(t, utc(3, 29, 1, 5), "");
	assert_due(t, utc(10, 25, 0, 25), ""); /* 2:25, summer time */
	assert_due(t, utc(10, 25, 0, 31), "x0");
	assert_due(t, utc(10, 25, 0, 59), "");
	assert_due(t, utc(10, 25, 1, 0), "i1"); /* 2:00 again: an hour begins */
	assert_due(t, utc(10, 25, 1, 29), "");
	assert_due(t, utc(10, 25, 1, 31), "");
	assert_due(t, utc(10, 26, 1, 29), "");
	assert_due(t, utc(10, 26, 1, 31), "x0");
	timetable_free(t);
	unsetenv("TZ");
	tzset();
}

/* Another rotation at half past does not play the news again. */
static void test_another_timetable(void **state)
{
	(void)state;
	setenv("TZ", "UTC", 1);
	tzset();
	struct timetable *t = make_timetable(times, 4);
	struct playlist *p = make_rotation(times, 4), *none = make_rotation(times, 1);
	assert_due(t, utc(1, 1, 11, 59), "");
	assert_due(t, utc(1, 1, 12, 0), "i0 n0");
	assert_int_equal(timetable_new(p, t, &t), STATUS_OK);
	assert_due(t, utc(1, 1, 12, 0) + 30, "");
	assert_due(t, utc(1, 1, 12, 59), "");
	assert_due(t, utc(1, 1, 13, 0), "i1");
	assert_int_equal(timetable_new(none, t, &t), STATUS_OK);
	assert_null(t);
	playlist_free(p);
	playlist_free(none);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_lines),
	        cmocka_unit_test(test_wrong_lines),
	        cmocka_unit_test(test_weights),
	        cmocka_unit_test(test_rounds),
	        cmocka_unit_test(test_memos),
	        cmocka_unit_test(test_any_memo),
	        cmocka_unit_test(test_another_rotation),
	        cmocka_unit_test(test_artists_of_several_lists),
	        cmocka_unit_test(test_times),
	        cmocka_unit_test(test_steps),
	        cmocka_unit_test(test_summer_time),
	        cmocka_unit_test(test_another_timetable),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
