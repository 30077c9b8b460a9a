/* Tickets: in order, from the cache or measured; a disk that does not answer holds up nobody else.  The cache is one of
 * our own, which can be made to hang. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include <pthread.h>

#include "jukebox/clock.h"
#include "jukebox/library.h"

enum { RATE = 8000, SHORT_FRAMES = RATE / 2 };

/* ---- a cache: "known-N" is N frames long, "hang-N" too, once it answers; what was stored is known ------- */

struct cache {
	pthread_mutex_t lock;
	pthread_cond_t changed;
	bool hangs;
	int n_hanging;
	int n_stored;
};

static void give_record(struct record *record, int64_t frames)
{
	*record = (struct record){.sample_rate_hz = RATE, .channels = 1, .frames = frames};
}

enum status cache_find(
        struct cache *cache, const char *path, struct record *record, struct error *error)
{
	const char *dash = strchr(path, '-');
	bool known = strncmp(path, "known-", 6) == 0, hangs = strncmp(path, "hang-", 5) == 0;
	pthread_mutex_lock(&cache->lock);
	cache->n_hanging += hangs;
	pthread_cond_broadcast(&cache->changed);
	while (hangs && cache->hangs)
		pthread_cond_wait(&cache->changed, &cache->lock);
	cache->n_hanging -= hangs;
	bool stored = cache->n_stored > 0 && strstr(path, "short.wav");
	pthread_mutex_unlock(&cache->lock);
	if (strcmp(path, "bad") == 0)
		return error_set(error, STATUS_BAD_DATA, "known to be bad");
	if (!known && !hangs && !stored)
		return error_set(error, STATUS_NOT_FOUND, "not in the cache");
	give_record(record, stored ? SHORT_FRAMES : strtol(dash + 1, NULL, 10));
	return STATUS_OK;
}

enum status cache_store(
        struct cache *cache, const char *path, const struct record *record, struct error *error)
{
	pthread_mutex_lock(&cache->lock);
	cache->n_stored++;
	pthread_mutex_unlock(&cache->lock);
	return STATUS_OK;
}

enum status cache_store_failure(
        struct cache *cache, const char *path, const char *reason, struct error *error)
{
	return STATUS_OK;
}

enum status cache_find_tags(struct cache *cache, const char *path, struct tags *tags,
        double *duration_s, struct error *error)
{
	return STATUS_NOT_FOUND;
}

static void set_hanging(struct cache *cache, bool hangs)
{
	pthread_mutex_lock(&cache->lock);
	cache->hangs = hangs;
	pthread_cond_broadcast(&cache->changed);
	pthread_mutex_unlock(&cache->lock);
}

static void await_hanging(struct cache *cache)
{
	pthread_mutex_lock(&cache->lock);
	while (cache->n_hanging == 0)
		pthread_cond_wait(&cache->changed, &cache->lock);
	pthread_mutex_unlock(&cache->lock);
}

/* ---- a file, and a library for each test ---------------------------------------------------------------- */

static char wav[] = "/tmp/test_radio_library_XXXXXX-short.wav";

static void put(FILE *file, uint32_t value, int n_bytes)
{
	for (int i = 0; i < n_bytes; i++)
		fputc((int)(value >> (8 * i) & 255), file);
}

static int write_wav(void **state)
{
	int fd = mkstemps(wav, (int)strlen("-short.wav"));
	FILE *file = fd >= 0 ? fdopen(fd, "wb") : NULL;
	if (!file)
		return -1;
	fwrite("RIFF", 1, 4, file);
	put(file, 36 + 2 * SHORT_FRAMES, 4);
	fwrite("WAVEfmt ", 1, 8, file);
	put(file, 16, 4), put(file, 1, 2), put(file, 1, 2);
	put(file, RATE, 4), put(file, 2 * RATE, 4), put(file, 2, 2), put(file, 16, 2);
	fwrite("data", 1, 4, file);
	put(file, 2 * SHORT_FRAMES, 4);
	for (uint32_t i = 0; i < SHORT_FRAMES; i++)
		put(file, i / 10 % 2 ? 3277 : (uint32_t)-3277, 2);
	return fclose(file);
}

static int remove_wav(void **state)
{
	return unlink(wav);
}

struct fixture {
	struct cache cache;
	struct library *library;
};

static int open_library(void **state)
{
	struct fixture *f = *state = calloc(1, sizeof *f);
	if (!f)
		return -1;
	pthread_mutex_init(&f->cache.lock, NULL);
	pthread_cond_init(&f->cache.changed, NULL);
	f->library = library_new(&f->cache, 1, false, NULL);
	return f->library ? 0 : -1;
}

static int close_library(void **state)
{
	struct fixture *f = *state;
	set_hanging(&f->cache, false);
	library_free(f->library);
	pthread_mutex_destroy(&f->cache.lock);
	pthread_cond_destroy(&f->cache.changed);
	free(f);
	return 0;
}

static void request(struct fixture *f, const char *path)
{
	assert_int_equal(library_request(f->library, path), STATUS_OK);
}

static void assert_next(
        struct fixture *f, enum status expected, int64_t frames, bool expected_cached)
{
	struct record record;
	struct error error = {0};
	bool cached = !expected_cached;
	enum status status = library_take(f->library, &record, &cached, &error);
	assert_int_equal(status, expected);
	if (status == STATUS_OK) {
		assert_int_equal(record.frames, frames);
		assert_int_equal(cached, expected_cached);
	}
	record_done(&record);
}

/* ---- tests ----------------------------------------------------------------------------------------------- */

static void test_known_ones_in_order(void **state)
{
	struct fixture *f = *state;
	char path[32];
	for (int round = 0; round < 3; round++) {
		for (int i = 0; i < LIBRARY_AHEAD; i++) {
			snprintf(path, sizeof path, "known-%d", i);
			request(f, path);
		}
		assert_int_equal(library_request(f->library, "known-1"), STATUS_END);
		for (int i = 0; i < LIBRARY_AHEAD; i++)
			assert_next(f, STATUS_OK, i, true);
		assert_next(f, STATUS_END, 0, false);
	}
}

static void test_new_ones_are_measured(void **state)
{
	struct fixture *f = *state;
	request(f, "known-1");
	request(f, wav);
	request(f, "nowhere");
	request(f, "bad");
	request(f, wav);
	request(f, "known-2");
	assert_next(f, STATUS_OK, 1, true);
	assert_next(f, STATUS_OK, SHORT_FRAMES, false);
	assert_next(f, STATUS_NOT_FOUND, 0, false);
	assert_next(f, STATUS_BAD_DATA, 0, false);
	assert_next(f, STATUS_OK, SHORT_FRAMES, true);
	assert_next(f, STATUS_OK, 2, true);
	assert_int_equal(f->cache.n_stored, 1);
}

static void test_what_hangs_holds_nothing_up(void **state)
{
	struct fixture *f = *state;
	set_hanging(&f->cache, true);
	request(f, "hang-1");
	request(f, "hang-2");
	request(f, "known-3");
	request(f, wav);
	library_hurry(f->library);
	for (int i = 0; i < 2; i++) {
		enum library_state late;
		while ((late = library_await(f->library, INT64_MAX)) == LIBRARY_NOTHING)
			library_await_any(f->library);
		assert_int_equal(late, LIBRARY_LATE);
		library_pass_over(f->library);
	}
	assert_next(f, STATUS_OK, 3, true);
	assert_next(f, STATUS_OK, SHORT_FRAMES, false);
	request(f, "hang-1"); /* is still asked for */
	assert_next(f, STATUS_IO, 0, false);
	set_hanging(&f->cache, false);
	request(f, "known-4");
	assert_next(f, STATUS_OK, 4, true);
}

static void test_all_are_there(void **state)
{
	struct fixture *f = *state;
	assert_true(library_has_all(f->library));
	set_hanging(&f->cache, true);
	request(f, "hang-1");
	assert_false(library_has_all(f->library));
	set_hanging(&f->cache, false);
	assert_int_equal(library_await(f->library, INT64_MAX), LIBRARY_READY);
	assert_true(library_has_all(f->library));
	assert_next(f, STATUS_OK, 1, true);
}

/* In a hurry, too: what is in the cache is as good as there. */
static void test_hurry_waits_for_lookups(void **state)
{
	struct fixture *f = *state;
	char path[32];
	for (int i = 0; i < 1000; i++) {
		snprintf(path, sizeof path, "known-%d", i);
		request(f, path);
		library_hurry(f->library);
		assert_int_equal(library_await(f->library, INT64_MAX), LIBRARY_READY);
		assert_next(f, STATUS_OK, i, true);
	}
}

/* A lookup on its way, for a ticket that is nobody's any more, is no disk that hangs. */
static void test_forgotten_and_asked_again(void **state)
{
	struct fixture *f = *state;
	for (int i = 0; i < 1000; i++) {
		request(f, "known-1");
		request(f, "known-2");
		library_forget(f->library);
		assert_int_equal(library_waiting(f->library), 0);
		request(f, "known-2");
		request(f, "known-1");
		assert_next(f, STATUS_OK, 2, true);
		assert_next(f, STATUS_OK, 1, true);
	}
}

static void test_interrupted(void **state)
{
	struct fixture *f = *state;
	set_hanging(&f->cache, true);
	request(f, "hang-1");
	library_interrupt(f->library);
	assert_next(f, STATUS_CANCELLED, 0, false);
	library_forget(f->library);
	request(f, "known-1");
	assert_next(f, STATUS_OK, 1, true);
}

static void test_end_does_not_wait(void **state)
{
	struct fixture *f = *state;
	set_hanging(&f->cache, true);
	request(f, "hang-1");
	request(f, wav);
	await_hanging(&f->cache); /* what was not begun would hold up nobody */
	assert_false(library_try_free(f->library, clock_now_ns()));
}

static void test_nothing(void **state)
{
	library_free(NULL);
}

#define WITH_LIBRARY(test) cmocka_unit_test_setup_teardown(test, open_library, close_library)

int main(void)
{
	const struct CMUnitTest tests[] = {
	        WITH_LIBRARY(test_known_ones_in_order),
	        WITH_LIBRARY(test_new_ones_are_measured),
	        WITH_LIBRARY(test_what_hangs_holds_nothing_up),
	        WITH_LIBRARY(test_all_are_there),
	        WITH_LIBRARY(test_hurry_waits_for_lookups),
	        WITH_LIBRARY(test_forgotten_and_asked_again),
	        WITH_LIBRARY(test_interrupted),
	        WITH_LIBRARY(test_end_does_not_wait),
	        cmocka_unit_test(test_nothing),
	};

	return cmocka_run_group_tests(tests, write_wav, remove_wav);
}
