/* The hash is XXH64; fingerprints see what they should. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "cache/fingerprint.h"
#include "cache/hash.h"
#include "support/cachetest.h"

/* Values of the reference implementation (xxhash 0.8, "xxhsum -H1"). */
static void test_known_values(void **state)
{
	const char *long_text = "Call me Ishmael. Some years ago--never mind how long precisely-";

	assert_int_equal(hash_bytes("", 0, 0), UINT64_C(0xef46db3751d8e999));
	assert_int_equal(hash_bytes("a", 1, 0), UINT64_C(0xd24ec4f1a98c6e5b));
	assert_int_equal(hash_bytes("abc", 3, 0), UINT64_C(0x44bc2cf5ad770999));
	assert_int_equal(hash_bytes(long_text, strlen(long_text), 0), UINT64_C(0x02a2e85470d6fd96));
}

static void test_every_bit_and_length_counts(void **state)
{
	uint8_t bytes[100] = {0};

	for (size_t n = 1; n < sizeof bytes; n++) {
		uint64_t hash = hash_bytes(bytes, n, 0);
		assert_int_not_equal(hash, hash_bytes(bytes, n - 1, 0));
		assert_int_not_equal(hash, hash_bytes(bytes, n, 1));
		for (size_t bit = 0; bit < 8 * n; bit++) {
			bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
			assert_int_not_equal(hash, hash_bytes(bytes, n, 0));
			bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
		}
	}
}

static uint64_t fingerprint(const char *path)
{
	struct stamp stamp;
	uint64_t value;

	assert_int_equal(fingerprint_of(path, &stamp, &value, NULL), STATUS_OK);
	return value;
}

static void flip(const char *path, size_t at)
{
	size_t n;
	uint8_t *bytes = cachetest_read(path, &n);

	assert_true(at < n);
	bytes[at] ^= 1;
	assert_true(cachetest_write_bytes(path, bytes, n));
	free(bytes);
}

static void test_fingerprint(void **state)
{
	char *folder = cachetest_folder(), *path = cachetest_path(folder, "song");
	const size_t n = 1000000, k64 = 65536;
	const size_t seen[] = {0, k64 - 1, (n - k64) / 2, (n + k64) / 2 - 1, n - k64, n - 1};

	assert_true(cachetest_write(path, n, 1));
	uint64_t first = fingerprint(path);
	for (size_t i = 0; i < sizeof seen / sizeof *seen; i++) {
		flip(path, seen[i]);
		assert_int_not_equal(fingerprint(path), first);
		flip(path, seen[i]);
		assert_int_equal(fingerprint(path), first);
	}
	assert_true(cachetest_write(path, 3 * k64, 1)); /* all of it, up to here */
	first = fingerprint(path);
	flip(path, k64 + 1000);
	assert_int_not_equal(fingerprint(path), first);
	assert_true(cachetest_write(path, 0, 1));
	first = fingerprint(path);
	assert_true(cachetest_write(path, 1, 1));
	assert_int_not_equal(fingerprint(path), first);
	cachetest_remove(folder);
	free(path);
	free(folder);
}

static void test_no_regular_file(void **state)
{
	char *folder = cachetest_folder(), *fifo = cachetest_path(folder, "fifo");
	struct stamp stamp;
	uint64_t value;

	assert_int_equal(mkfifo(fifo, 0600), 0);
	assert_int_equal(stamp_of(fifo, &stamp), STATUS_NOT_FOUND);
	assert_int_equal(stamp_of(folder, &stamp), STATUS_NOT_FOUND);
	assert_int_not_equal(fingerprint_of(fifo, &stamp, &value, NULL), STATUS_OK);
	cachetest_remove(folder);
	free(fifo);
	free(folder);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_known_values),
	        cmocka_unit_test(test_every_bit_and_length_counts),
	        cmocka_unit_test(test_fingerprint),
	        cmocka_unit_test(test_no_regular_file),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
