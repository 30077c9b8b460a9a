/* Files through decoder, analyser and pool: each once, failures told, cancelling ends. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "jukebox/measure.h"

enum { RATE = 8000, FILES = 100 };

static char folder[] = "/tmp/test_measure_pool_XXXXXX";

static void put(FILE *file, uint32_t value, int n_bytes)
{
	for (int i = 0; i < n_bytes; i++)
		fputc((int)(value >> (8 * i) & 255), file);
}

static char *path_of(const char *name)
{
	static char path[256];

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	return path;
}

/* Mono, 16 bit, a square wave at -20 dBFS. */
static void write_wav(const char *name, uint32_t n_frames)
{
	FILE *file = fopen(path_of(name), "wb");

	assert_non_null(file);
	fwrite("RIFF", 1, 4, file);
	put(file, 36 + 2 * n_frames, 4);
	fwrite("WAVEfmt ", 1, 8, file);
	put(file, 16, 4), put(file, 1, 2), put(file, 1, 2);
	put(file, RATE, 4), put(file, 2 * RATE, 4), put(file, 2, 2), put(file, 16, 2);
	fwrite("data", 1, 4, file);
	put(file, 2 * n_frames, 4);
	for (uint32_t i = 0; i < n_frames; i++)
		put(file, i / 10 % 2 ? 3277 : (uint32_t)-3277, 2);
	assert_int_equal(fclose(file), 0);
}

static int make_folder(void **state)
{
	if (!mkdtemp(folder))
		return -1;
	write_wav("short.wav", RATE);
	write_wav("long.wav", 600 * RATE);
	write_wav("empty.wav", 0);
	return 0;
}

static int remove_folder(void **state)
{
	unlink(path_of("short.wav"));
	unlink(path_of("long.wav"));
	unlink(path_of("empty.wav"));
	return rmdir(folder);
}

/* ---- one file ------------------------------------------------------------------------------ */

static void test_one_file(void **state)
{
	struct record r;
	struct error error = {0};

	assert_int_equal(measure_file(path_of("short.wav"), &r, NULL, &error), STATUS_OK);
	assert_int_equal(r.frames, RATE);
	assert_int_equal(r.sample_rate_hz, RATE);
	assert_int_equal(r.channels, 1);
	assert_true(strlen(r.codec) > 0);
	assert_int_equal(r.curves.count, 10);
	assert_float_equal(r.sample_peak_dbfs, -20, 0.01);
	record_done(&r);
}

static void test_no_frames_no_record(void **state)
{
	struct record r;
	struct error error = {0};

	assert_int_not_equal(measure_file(path_of("empty.wav"), &r, NULL, &error), STATUS_OK);
	assert_true(strlen(error.text) > 0);
	assert_int_equal(r.frames, 0);
	assert_null(r.curves.level_clu);
	assert_int_not_equal(measure_file(path_of("none.wav"), &r, NULL, &error), STATUS_OK);
	assert_null(r.curves.level_clu);
}

static void test_one_file_cancelled(void **state)
{
	struct record r;
	struct error error = {0};
	atomic_bool cancel = true;

	assert_int_equal(measure_file(path_of("short.wav"), &r, &cancel, &error), STATUS_CANCELLED);
	assert_null(r.curves.level_clu);
}

/* ---- the pool ------------------------------------------------------------------------------ */

struct results {
	int seen[FILES], failed, inside;
	struct record kept;
	struct measure_pool *pool; /* set: to be cancelled by the first result */
};

/* The pool serialises these calls: no lock here, which the thread sanitizer checks. */
static void take(void *user, struct measured *measured)
{
	struct results *results = user;

	assert_int_equal(results->inside++, 0);
	results->seen[measured->index]++;
	if (measured->status != STATUS_OK) {
		results->failed++;
		assert_true(strlen(measured->error.text) > 0);
	} else if (measured->index == 7) {
		record_move(&results->kept, &measured->record);
	}
	if (results->pool)
		measure_pool_cancel(results->pool);
	results->inside--;
}

static void test_each_file_once(void **state)
{
	struct results results = {.failed = 0};
	struct measure_pool *pool = measure_pool_new(3, true, take, &results);

	assert_non_null(pool);
	for (size_t i = 0; i < FILES; i++)
		assert_int_equal(
		        measure_pool_add(pool, i, path_of(i % 10 == 3 ? "none.wav" : "short.wav")),
		        STATUS_OK);
	measure_pool_wait(pool);
	for (size_t i = 0; i < FILES; i++)
		assert_int_equal(results.seen[i], 1);
	assert_int_equal(results.failed, FILES / 10);
	assert_int_equal(results.kept.frames, RATE);
	measure_pool_wait(pool); /* nothing to wait for */
	measure_pool_free(pool);
	record_done(&results.kept);
}

static void test_default_is_a_worker_a_core(void **state)
{
	struct results results = {.failed = 0};
	struct measure_pool *pool = measure_pool_new(0, false, take, &results);

	assert_non_null(pool);
	assert_int_equal(measure_pool_add(pool, 0, path_of("short.wav")), STATUS_OK);
	measure_pool_wait(pool);
	assert_int_equal(results.seen[0], 1);
	measure_pool_free(pool);
}

/* What waits is dropped, what runs stops, and adding (which would wait for ever) says so. */
static void test_cancel(void **state)
{
	struct results results = {.failed = 0};
	struct measure_pool *pool = measure_pool_new(2, false, take, &results);
	enum status status = STATUS_OK;

	assert_non_null(pool);
	results.pool = pool;
	assert_int_equal(measure_pool_add(pool, 0, path_of("short.wav")), STATUS_OK);
	while (status == STATUS_OK) /* the queue is bounded: goes on until the result has come */
		status = measure_pool_add(pool, 1, path_of("long.wav"));
	assert_int_equal(status, STATUS_CANCELLED);
	measure_pool_wait(pool);
	assert_true(results.seen[0] + results.seen[1] >= 1);
	measure_pool_free(pool);
}

static void test_free_without_waiting(void **state)
{
	struct results results = {.failed = 0};
	struct measure_pool *pool = measure_pool_new(2, false, take, &results);

	assert_non_null(pool);
	for (size_t i = 0; i < 30; i++)
		assert_int_equal(measure_pool_add(pool, i, path_of("long.wav")), STATUS_OK);
	measure_pool_free(pool);
	measure_pool_free(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_one_file),
	        cmocka_unit_test(test_no_frames_no_record),
	        cmocka_unit_test(test_one_file_cancelled),
	        cmocka_unit_test(test_each_file_once),
	        cmocka_unit_test(test_default_is_a_worker_a_core),
	        cmocka_unit_test(test_cancel),
	        cmocka_unit_test(test_free_without_waiting),
	};
	return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
