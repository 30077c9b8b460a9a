/* test_radio_order.c - rounds, shuffle and separation: properties that hold for any list and any seed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "playlist/store.h"
#include "radio/order.h"

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
enum { SANITIZED = 1 };
#else
enum { SANITIZED = 0 };
#endif

/* Numbers that are the same each time. */
static uint32_t draw(uint32_t *state, uint32_t below)
{
	*state = *state * 1664525u + 1013904223u;
	return (*state >> 8) % below;
}

/* Song i is "PREFIXi by ARTIST", the artist of `artists[i]`. */
static struct playlist *make_list(const char *prefix, const unsigned *artists, size_t n)
{
	struct playlist_options options = {0};
	struct playlist *list = playlist_new(NULL, &options);
	assert_non_null(list);
	for (size_t i = 0; i < n; i++) {
		char path[64], title[64];
		snprintf(path, sizeof path, "%s%zu", prefix, i);
		snprintf(title, sizeof title, "%u", artists ? artists[i] : (unsigned)i);
		assert_int_equal(store_append(list, path, title, NULL), STATUS_OK);
	}
	return list;
}

/* The title is the artist's number; each song lasts as long as *user says. */
static void names_of(void *user, const struct playlist_entry *entry,
        uint64_t name[SEPARATION_KINDS], float *seconds)
{
	name[SEPARATION_ARTIST] = separation_name(entry->title);
	name[SEPARATION_TITLE] = separation_name(entry->path);
	*seconds = *(const float *)user;
}

static float usual_s = 200;

static struct order_options options_of(uint64_t seed, const char *separation)
{
	struct order_options o = {
	        .shuffle = true, .seed = seed, .names = names_of, .user = &usual_s};
	if (separation)
		assert_int_equal(separation_parse(separation, &o.separation, NULL), STATUS_OK);
	return o;
}

/* The next `n` entries, over the ends of rounds. */
static void take(struct order *o, size_t *entries, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (order_next(o, &entries[i]) != STATUS_OK) {
			assert_int_equal(order_begin_round(o), STATUS_OK);
			assert_int_equal(order_next(o, &entries[i]), STATUS_OK);
		}
}

static void assert_each_once(const size_t *entries, size_t n)
{
	char *seen = calloc(n, 1);
	assert_non_null(seen);
	for (size_t i = 0; i < n; i++) {
		assert_true(entries[i] < n);
		assert_int_equal(seen[entries[i]]++, 0);
	}
	free(seen);
}

/* How many have an equal among the `apart` before them. */
static size_t count_close(
        const struct playlist *list, const size_t *entries, size_t n, size_t apart)
{
	size_t close = 0;
	for (size_t i = 0; i < n; i++) {
		size_t from = i > apart ? i - apart : 0;
		bool found = false;
		for (size_t k = from; k < i && !found; k++)
			found = strcmp(playlist_get(list, entries[i]).title,
			                playlist_get(list, entries[k]).title) == 0;
		close += found;
	}
	return close;
}

static void test_in_the_order_of_the_list(void **state)
{
	(void)state;
	struct playlist *list = make_list("s", NULL, 3);
	struct order_options options = {.rounds = 2};
	struct order o;
	size_t e[6];
	assert_int_equal(
	        order_init(&o, &(struct order_list){list, 0, playlist_count(list)}, &options),
	        STATUS_OK);
	take(&o, e, 6);
	for (size_t i = 0; i < 6; i++)
		assert_int_equal(e[i], i % 3);
	assert_int_equal(order_next(&o, e), STATUS_END);
	assert_int_equal(order_begin_round(&o), STATUS_END);
	order_done(&o);
	playlist_free(list);
}

static void test_shuffled_rounds(void **state)
{
	(void)state;
	for (uint32_t n = 1; n < 60; n += 3) {
		struct playlist *list = make_list("s", NULL, n);
		struct order_options options = options_of(n, NULL);
		struct order o;
		size_t *e = calloc(8, n * sizeof *e);
		assert_int_equal(order_init(&o, &(struct order_list){list, 0, playlist_count(list)},
		                         &options),
		        STATUS_OK);
		take(&o, e, 8 * n);
		for (size_t round = 0; round < 8; round++)
			assert_each_once(e + round * n, n);
		for (size_t i = n; n > 1 && i < 8 * n; i += n)
			assert_int_not_equal(e[i], e[i - 1]);
		order_done(&o);
		free(e);
		playlist_free(list);
	}
}

static void test_the_seed_decides(void **state)
{
	(void)state;
	size_t e[3][100];
	struct playlist *list = make_list("s", NULL, 50);
	for (int i = 0; i < 3; i++) {
		struct order_options options = options_of(i == 2 ? 7 : 5, "artist=3");
		struct order o;
		assert_int_equal(order_init(&o, &(struct order_list){list, 0, playlist_count(list)},
		                         &options),
		        STATUS_OK);
		take(&o, e[i], 100);
		order_done(&o);
	}
	assert_memory_equal(e[0], e[1], sizeof e[0]);
	assert_memory_not_equal(e[0], e[2], sizeof e[0]);
	playlist_free(list);
}

/* Lists of any mixture of artists that leaves some room: nobody comes too soon, in rounds and across them. */
static void test_artists_are_apart(void **state)
{
	(void)state;
	uint32_t random = 1;
	for (int trial = 0; trial < 300; trial++) {
		unsigned artists[400], n_artists = 8 + draw(&random, 60),
		                       apart = 1 + draw(&random, 10);
		size_t n = n_artists * 2 + draw(&random, 200), most = (n - 1) / (apart + 2);
		unsigned counts[70] = {0};
		apart = apart > n_artists / 3 ? n_artists / 3 : apart;
		most = (n - 1) / (apart + 2);
		for (size_t i = 0; i < n; i++) {
			do /* a few have far more songs than others */
				artists[i] = draw(&random, 1 + draw(&random, n_artists));
			while (counts[artists[i]] >= most);
			counts[artists[i]]++;
		}
		char spec[32];
		snprintf(spec, sizeof spec, trial % 2 ? "artist=%u" : "artist=%us",
		        trial % 2 ? apart : apart * 200);
		struct playlist *list = make_list("s", artists, n);
		struct order_options options = options_of((uint64_t)trial, spec);
		struct order o;
		size_t *e = calloc(5, n * sizeof *e);
		assert_int_equal(order_init(&o, &(struct order_list){list, 0, playlist_count(list)},
		                         &options),
		        STATUS_OK);
		take(&o, e, 5 * n);
		for (size_t round = 0; round < 5; round++)
			assert_each_once(e + round * n, n);
		if (count_close(list, e, 5 * n, apart) != 0)
			fail_msg("trial %d: %zu songs, %u artists, at most %zu of one, %s: %zu "
			         "close",
			        trial, n, n_artists, most, spec,
			        count_close(list, e, 5 * n, apart));
		assert_int_equal(o.n_close, 0);
		order_done(&o);
		free(e);
		playlist_free(list);
	}
}

/* What cannot be kept is kept as far as can be, and counted. */
static void test_the_least_bad_choice(void **state)
{
	(void)state;
	unsigned one[40] = {0}, two[40];
	size_t e[40];
	struct order o;
	struct order_options options = options_of(3, "artist=5");
	struct playlist *list = make_list("s", one, 40);
	assert_int_equal(
	        order_init(&o, &(struct order_list){list, 0, playlist_count(list)}, &options),
	        STATUS_OK);
	take(&o, e, 40);
	assert_each_once(e, 40);
	assert_int_equal(o.n_close, 39);
	order_done(&o);
	playlist_free(list);
	for (unsigned i = 0; i < 40; i++) /* every second one, at best */
		two[i] = i % 2;
	list = make_list("s", two, 40);
	assert_int_equal(
	        order_init(&o, &(struct order_list){list, 0, playlist_count(list)}, &options),
	        STATUS_OK);
	take(&o, e, 40);
	assert_each_once(e, 40);
	assert_int_equal(count_close(list, e, 40, 1), 0);
	order_done(&o);
	playlist_free(list);
}

/* A run that is resumed at any place goes on as it would have. */
static void test_resumed(void **state)
{
	(void)state;
	unsigned artists[60];
	for (unsigned i = 0; i < 60; i++)
		artists[i] = i % 11;
	struct playlist *list = make_list("s", artists, 60);
	struct order_options options = options_of(9, "artist=4,title=20");
	struct order whole, resumed;
	size_t all[240], rest[240];
	assert_int_equal(
	        order_init(&whole, &(struct order_list){list, 0, playlist_count(list)}, &options),
	        STATUS_OK);
	take(&whole, all, 240);
	for (size_t at = 0; at < 200; at += 7) {
		assert_int_equal(
		        order_init(&resumed, &(struct order_list){list, 0, playlist_count(list)},
		                &options),
		        STATUS_OK);
		assert_int_equal(order_resume(&resumed, (int64_t)(at / 60), at % 60,
		                         playlist_get(list, all[at]).path),
		        STATUS_OK);
		take(&resumed, rest, 239 - at);
		assert_memory_equal(rest, all + at + 1, (239 - at) * sizeof *rest);
		order_done(&resumed);
	}
	order_done(&whole);
	playlist_free(list);
}

/* Another list in the middle of a round: what was played is not played again, what is new comes in the same round. */
static void test_changed(void **state)
{
	(void)state;
	for (size_t played = 1; played < 30; played += 4) {
		unsigned artists[40];
		for (unsigned i = 0; i < 40; i++)
			artists[i] = i % 10;
		struct playlist *old = make_list("s", artists, 30),
		                *fresh = make_list("s", artists, 40);
		struct order_options options = options_of(played, "artist=3");
		struct order o;
		size_t before[30], after[40];
		assert_int_equal(
		        order_init(&o, &(struct order_list){old, 0, 30}, &options), STATUS_OK);
		take(&o, before, played + 1); /* one is on its way */
		assert_int_equal(order_change(&o, &(struct order_list){fresh, 0, 40}, 0, played - 1,
		                         playlist_get(old, before[played - 1]).path),
		        STATUS_OK);
		memcpy(after, before, played * sizeof *after);
		for (size_t i = played; i < 40; i++)
			assert_int_equal(order_next(&o, &after[i]), STATUS_OK);
		assert_each_once(after, 40);
		assert_int_equal(count_close(fresh, after + played - 1, 41 - played, 3), 0);
		order_done(&o);
		playlist_free(old);
		playlist_free(fresh);
	}
}

/* At the end of a round: what began meanwhile is of the next one, whether that had begun or not. */
static void test_played_meanwhile(void **state)
{
	(void)state;
	for (int begun = 0; begun < 2; begun++) {
		struct playlist *list = make_list("s", NULL, 3);
		struct order_list all = {list, 0, 3};
		struct order_options options = {0};
		struct order o;
		size_t e[3];
		assert_int_equal(order_init(&o, &all, &options), STATUS_OK);
		take(&o, e, 3);
		assert_int_equal(order_change(&o, &all, 0, 2, "s2"), STATUS_OK);
		if (begun)
			take(&o, e, 2);
		order_played(&o, "s0");
		assert_int_equal(o.round, 1);
		take(&o, e, 3);
		for (size_t i = 0; i < 3; i++)
			assert_int_equal(e[i], (i + 1) % 3);
		order_done(&o);
		playlist_free(list);
	}
}

/* A hundred thousand songs: in a few seconds, in 200 bytes each. */
static void test_large(void **state)
{
	(void)state;
	enum { N = 100000, BYTES_EACH = 200 };
	unsigned *artists = calloc(N, sizeof *artists);
	uint32_t random = 3;
	assert_non_null(artists);
	for (size_t i = 0; i < N; i++)
		artists[i] = draw(&random, 1 + draw(&random, 6000));
	struct playlist *list = make_list("s", artists, N);
	struct order_options options = options_of(1, "artist=60m,title=3h,album=30m");
	struct order o;
	struct rlimit limit, old;
	FILE *f = fopen("/proc/self/statm", "r");
	unsigned long pages = 0;
	assert_true(f && fscanf(f, "%lu", &pages) == 1);
	fclose(f);
	assert_int_equal(getrlimit(RLIMIT_AS, &old), 0);
	limit = old;
	limit.rlim_cur =
	        pages * (unsigned long)sysconf(_SC_PAGESIZE) + (unsigned long)N * BYTES_EACH;
	if (!SANITIZED)
		assert_int_equal(setrlimit(RLIMIT_AS, &limit), 0);
	clock_t began = clock();
	assert_int_equal(
	        order_init(&o, &(struct order_list){list, 0, playlist_count(list)}, &options),
	        STATUS_OK);
	double seconds = (double)(clock() - began) / CLOCKS_PER_SEC;
	assert_int_equal(setrlimit(RLIMIT_AS, &old), 0);
	assert_int_equal(o.n_close, 0);
	assert_true(seconds < (SANITIZED ? 60 : 10));
	order_done(&o);
	playlist_free(list);
	free(artists);
}

static void test_specs(void **state)
{
	(void)state;
	struct separation s;
	struct error error;
	static const char *const bad[] = {"", "artist", "artist=", "artist=x", "artist=1.5",
	        "artist=-1", "song=3", "artist=3,", "artist=60d", "artist=60m;title=3",
	        "artist=1e9h", "=3", "artist=m"};
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		assert_int_equal(separation_parse(bad[i], &s, &error), STATUS_USAGE);
	assert_int_equal(separation_parse("artist=90m,title=1.5h,album=10", &s, &error), STATUS_OK);
	assert_true(s.of[SEPARATION_ARTIST].seconds == 5400 &&
	            s.of[SEPARATION_TITLE].seconds == 5400 && s.of[SEPARATION_ALBUM].songs == 10);
	assert_true(separation_is_set(&s));
	assert_int_equal(separation_parse("artist=0", &s, &error), STATUS_OK);
	assert_false(separation_is_set(&s));
}

static void test_names(void **state)
{
	(void)state;
	assert_true(separation_name(NULL) == 0 && separation_name("  ") == 0);
	assert_true(separation_name("The Who") == separation_name(" the who "));
	assert_true(separation_name("Nobody feat. Anybody") == separation_name("NOBODY"));
	assert_true(separation_name("Nobody (ft. Anybody)") == separation_name("nobody"));
	assert_true(separation_name("Defeated") != separation_name("De"));
	assert_true(separation_name("a") != separation_name("b"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_in_the_order_of_the_list),
	        cmocka_unit_test(test_shuffled_rounds),
	        cmocka_unit_test(test_the_seed_decides),
	        cmocka_unit_test(test_artists_are_apart),
	        cmocka_unit_test(test_the_least_bad_choice),
	        cmocka_unit_test(test_resumed),
	        cmocka_unit_test(test_changed),
	        cmocka_unit_test(test_played_meanwhile),
	        cmocka_unit_test(test_large),
	        cmocka_unit_test(test_specs),
	        cmocka_unit_test(test_names),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
