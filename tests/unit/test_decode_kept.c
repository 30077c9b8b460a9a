/* test_decode_kept.c - what was put in comes out, once; the budget holds; nobody waits for ever. */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "jukebox/kept.h"

enum { MB = 1 << 20, FRAMES = 500000 }; /* 4 MB of stereo */

static struct stream_facts facts_of(int64_t n_frames)
{
	return (struct stream_facts){
	        .codec = "test", .sample_rate_hz = 44100, .channels = 2, .frames = n_frames};
}

/* Small enough for any decoder. */
static float sample(int64_t n)
{
	return (float)(n % 9973) / 9973.0f;
}

/* False: it was not kept, or not to its end. */
static bool put_frames(struct kept_song *song, int n)
{
	for (int done = 0; done < n;) {
		size_t room = n - done < 2048 ? (size_t)(n - done) : 2048;
		float *to = kept_room(song, &room);
		if (!to)
			return false;
		assert_in_range(room, 1, 2048);
		for (size_t i = 0; i < 2 * room; i++)
			to[i] = sample(2 * done + (int)i);
		kept_add(song, room);
		done += (int)room;
	}
	return true;
}

static bool put(struct kept *k, const char *path, int64_t announced, int n)
{
	struct stream_facts facts = facts_of(announced);
	struct kept_song *song = kept_begin(k, path, &facts);
	bool whole = song && put_frames(song, n);
	kept_end(song, whole);
	return whole;
}

/* Frames from `from` to the end, which is n. */
static void check(struct decoder *d, int64_t from, int n)
{
	static float block[2 * 1000];
	size_t got;
	assert_int_equal(decoder_seek(d, from, NULL), STATUS_OK);
	for (int64_t at = from; at < n; at += (int64_t)got) {
		assert_int_equal(decoder_read(d, block, 1000, &got, NULL), STATUS_OK);
		for (size_t i = 0; i < 2 * got; i++)
			assert_true(block[i] == sample(2 * at + (int64_t)i));
	}
	assert_int_equal(decoder_read(d, block, 1000, &got, NULL), STATUS_END);
}

static void a_song_comes_out_once(void **state)
{
	(void)state;
	struct kept *k = kept_new(16 * MB);
	struct decoder *d, *other;
	assert_true(put(k, "a", FRAMES, FRAMES));
	assert_true(put(k, "b", FRAMES / 2, FRAMES)); /* longer than it said */
	assert_int_equal(kept_open(k, "c", &d, NULL), STATUS_NOT_FOUND);
	assert_int_equal(kept_open(k, "a", &d, NULL), STATUS_OK);
	assert_int_equal(kept_open(k, "a", &other, NULL), STATUS_NOT_FOUND);
	assert_int_equal(decoder_facts(d)->sample_rate_hz, 44100);
	assert_int_equal(decoder_facts(d)->frames, FRAMES);
	check(d, 0, FRAMES);
	assert_int_equal(decoder_damage(d)->events, 0);
	assert_int_equal(decoder_seek(d, 0, NULL), STATUS_IO); /* not backwards */
	decoder_close(d);
	assert_int_equal(kept_open(k, "a", &d, NULL), STATUS_NOT_FOUND);
	assert_int_equal(kept_open(k, "b", &d, NULL), STATUS_OK);
	check(d, 123457, FRAMES);
	decoder_close(d);
	kept_free(k);
}

static void what_does_not_fit_is_not_kept(void **state)
{
	(void)state;
	struct kept *k = kept_new(6 * MB);
	struct decoder *d;
	assert_null(kept_new(MB));
	assert_false(put(k, "longer than all", 2 * FRAMES, 2 * FRAMES));
	assert_false(put(k, "nobody knows how long", -1, FRAMES));
	assert_false(put(k, "longer than it says", FRAMES, 2 * FRAMES));
	assert_int_equal(kept_open(k, "longer than it says", &d, NULL), STATUS_NOT_FOUND);
	(void)put(k, "nothing in it", FRAMES, 0);
	assert_int_equal(kept_open(k, "nothing in it", &d, NULL), STATUS_NOT_FOUND);
	int n_kept = 0;
	kept_starve(k, true);
	for (int i = 0; i < 400; i++) /* skipped ones make room in the end */
		n_kept += put(k, "short", FRAMES / 50, FRAMES / 50);
	assert_in_range(n_kept, 100, 399);
	kept_free(k);
	assert_null(kept_begin(NULL, "x", &(struct stream_facts){.frames = 1, .channels = 1}));
	kept_end(NULL, true);
	kept_starve(NULL, true);
	kept_cancel(NULL);
	kept_free(NULL);
}

struct waiting {
	struct kept *kept;
	const char *path;
	bool kept_it;
};

static void *put_waiting(void *user)
{
	struct waiting *w = user;
	w->kept_it = put(w->kept, w->path, FRAMES, FRAMES);
	return NULL;
}

static void room_is_waited_for(void **state)
{
	(void)state;
	struct waiting w = {.kept = kept_new(6 * MB), .path = "b"};
	struct decoder *d;
	pthread_t thread;
	assert_true(put(w.kept, "a", FRAMES, FRAMES));
	assert_int_equal(pthread_create(&thread, NULL, put_waiting, &w), 0);
	assert_int_equal(kept_open(w.kept, "a", &d, NULL), STATUS_OK);
	check(d, 0, FRAMES); /* what was read is room, before the song is closed */
	pthread_join(thread, NULL);
	assert_true(w.kept_it);
	decoder_close(d);
	assert_int_equal(kept_open(w.kept, "b", &d, NULL), STATUS_OK);
	check(d, 0, FRAMES);
	decoder_close(d);
	kept_free(w.kept);
}

static void a_song_is_begun_in_the_room_that_there_is(void **state)
{
	(void)state;
	struct kept *k = kept_new(10 * MB);
	struct stream_facts facts = facts_of(FRAMES);
	struct decoder *d;
	assert_true(put(k, "a", FRAMES, FRAMES));
	assert_true(put(k, "b", FRAMES, FRAMES));
	struct kept_song *song = kept_begin(k, "c", &facts);
	assert_non_null(song);
	assert_true(put_frames(song, FRAMES / 4));
	assert_int_equal(kept_open(k, "a", &d, NULL), STATUS_OK);
	check(d, 0, FRAMES);
	decoder_close(d);
	assert_true(put_frames(song, FRAMES - FRAMES / 4));
	kept_end(song, true);
	kept_free(k);
}

/* Who waits for an earlier song does so in vain only when that one waits, too. */
static void a_later_song_is_not_given_up_for_an_earlier_one(void **state)
{
	(void)state;
	struct waiting w = {.kept = kept_new(10 * MB), .path = "c"};
	struct stream_facts facts = facts_of(FRAMES);
	struct decoder *d;
	pthread_t thread;
	assert_true(put(w.kept, "a", FRAMES, FRAMES));
	struct kept_song *song = kept_begin(w.kept, "b", &facts);
	assert_non_null(song);
	kept_starve(w.kept, true);
	assert_int_equal(pthread_create(&thread, NULL, put_waiting, &w), 0);
	assert_true(put_frames(song, FRAMES));
	assert_int_equal(kept_open(w.kept, "a", &d, NULL), STATUS_OK);
	check(d, 0, FRAMES);
	pthread_join(thread, NULL);
	assert_true(w.kept_it);
	kept_end(song, true);
	decoder_close(d);
	kept_free(w.kept);
}

static void nobody_waits_for_a_mixer_that_waits(void **state)
{
	(void)state;
	for (int how = 0; how < 2; how++) {
		struct waiting w[2] = {{kept_new(6 * MB), "b", true}, {NULL, "c", true}};
		pthread_t threads[2];
		w[1].kept = w[0].kept;
		assert_true(put(w[0].kept, "a", FRAMES, FRAMES));
		for (int i = 0; i < 2; i++)
			assert_int_equal(pthread_create(&threads[i], NULL, put_waiting, &w[i]), 0);
		if (how == 0)
			kept_starve(w[0].kept, true);
		else
			kept_cancel(w[0].kept);
		for (int i = 0; i < 2; i++) {
			pthread_join(threads[i], NULL);
			assert_false(w[i].kept_it);
		}
		kept_free(w[0].kept);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(a_song_comes_out_once),
	        cmocka_unit_test(what_does_not_fit_is_not_kept),
	        cmocka_unit_test(room_is_waited_for),
	        cmocka_unit_test(a_song_is_begun_in_the_room_that_there_is),
	        cmocka_unit_test(a_later_song_is_not_given_up_for_an_earlier_one),
	        cmocka_unit_test(nobody_waits_for_a_mixer_that_waits),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
