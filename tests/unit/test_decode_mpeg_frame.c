/* test_decode_mpeg_frame.c - chains of MPEG frame headers: what begins a stream, and what only
 * looks like it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "decode/mpeg_frame.h"

struct kind {
	uint8_t header[3];
	size_t n_bytes; /* of a frame, by ISO/IEC 11172-3 and 13818-3 */
};

static const struct kind kinds[] = {
        {{0xff, 0xfb, 0x90},
                417}, /* MPEG 1 layer III, 128 kbit/s, 44.1 kHz: 144 * 128000 / 44100 */
        {{0xff, 0xfb, 0x92}, 418}, /* the same, padded */
        {{0xff, 0xfb, 0xe8}, 1440}, /* 320 kbit/s, 32 kHz */
        {{0xff, 0xf3, 0x84}, 192}, /* MPEG 2 layer III, 64 kbit/s, 24 kHz: 72 * 64000 / 24000 */
        {{0xff, 0xe3, 0x18}, 72}, /* MPEG 2.5 layer III, 8 kbit/s, 8 kHz */
        {{0xff, 0xfd, 0xa4}, 576}, /* MPEG 1 layer II, 192 kbit/s, 48 kHz */
        {{0xff, 0xff, 0xc4}, 384}, /* MPEG 1 layer I, 384 kbit/s, 48 kHz: 4 * (12 * 384 / 48) */
        {{0xff, 0xff, 0xc6}, 388}, /* the same, padded by a slot of four bytes */
};

/* n_frames of a kind at `to`; bytes written. */
static size_t put_frames(uint8_t *to, const struct kind *kind, int n_frames)
{
	for (int i = 0; i < n_frames; i++) {
		memset(to + (size_t)i * kind->n_bytes, 0x55, kind->n_bytes);
		memcpy(to + (size_t)i * kind->n_bytes, kind->header, 3);
	}
	return (size_t)n_frames * kind->n_bytes;
}

static void chains_of_every_kind(void **state)
{
	static uint8_t bytes[20000];

	for (size_t k = 0; k < sizeof(kinds) / sizeof(*kinds); k++) {
		size_t n = put_frames(bytes, &kinds[k], 6);

		assert_true(mpeg_chain(bytes, n, false, 6));
		assert_false(mpeg_chain(bytes, n, false, 7));
		assert_false(mpeg_chain(bytes + 1, n - 1, false, 2));
		bytes[2 * kinds[k].n_bytes] = 0; /* the third is none */
		assert_true(mpeg_chain(bytes, n, false, 2));
		assert_false(mpeg_chain(bytes, n, false, 3));
	}
}

static void another_rate_breaks_a_chain(void **state)
{
	uint8_t bytes[2000];
	size_t n = put_frames(bytes, &kinds[0], 4);

	bytes[417 + 2] = 0x94; /* 48 kHz */
	assert_false(mpeg_chain(bytes, n, false, 2));
}

static void headers_that_are_none(void **state)
{
	static const uint8_t headers[][4] = {
	        {0xff, 0xff, 0xff, 0xff}, /* bit rate 15 */
	        {0xff, 0xfb, 0x9c, 0}, /* rate 3 */
	        {0xff, 0xeb, 0x90, 0}, /* version 1 */
	        {0xff, 0xf9, 0x90, 0}, /* layer 0: AAC */
	        {0xfe, 0xfb, 0x90, 0},
	};

	for (size_t i = 0; i < sizeof(headers) / sizeof(*headers); i++)
		assert_false(mpeg_chain(headers[i], 4, true, 1));
}

static void free_format(void **state)
{
	static const struct kind kind = {{0xff, 0xfb, 0x00}, 1300};
	static uint8_t bytes[9000];
	size_t n = put_frames(bytes, &kind, 6);

	assert_true(mpeg_chain(bytes, n, false, 6));
	assert_false(mpeg_chain(bytes, 1300, false, 2));
}

static void short_files_end_well(void **state)
{
	uint8_t bytes[2000];
	size_t n = put_frames(bytes, &kinds[0], 2);

	assert_true(mpeg_chain(bytes, n, true, 3)); /* ends with the file */
	assert_false(mpeg_chain(bytes, n, false, 3));
	assert_true(mpeg_chain(bytes, n - 100, true, 3)); /* the last one is cut */
	assert_false(mpeg_chain(bytes, 300, true, 3)); /* the only one is */
	memcpy(bytes + n, "TAG", 3);
	assert_true(mpeg_chain(bytes, n + 3, true, 3));
	memcpy(bytes + n, "xyz", 3);
	assert_false(mpeg_chain(bytes, n + 3, true, 3));
}

static int64_t find(const uint8_t *bytes, size_t n_bytes)
{
	struct view *view = malloc(sizeof(*view));
	struct source *source;
	int64_t position;

	assert_non_null(view);
	assert_int_equal(source_open_memory(bytes, n_bytes, "x", &source, NULL), STATUS_OK);
	view_init(view, source, 0);
	assert_int_equal(mpeg_find(view, &position, NULL), STATUS_OK);
	source_close(source);
	free(view);
	return position;
}

static void found_behind_junk(void **state)
{
	/* Around the borders of what is searched at once. */
	static const size_t junk[] = {0, 1, 3000, 49151, 49152, 49153, 65535, 65536, 200000};
	static uint8_t bytes[220000];

	for (size_t i = 0; i < sizeof(junk) / sizeof(*junk); i++) {
		size_t n = junk[i];

		memset(bytes, 0xff, n);
		n += put_frames(bytes + n, &kinds[0], 20);
		assert_int_equal(find(bytes, n), junk[i]);
	}
}

static void not_found(void **state)
{
	static uint8_t bytes[100000];
	uint32_t random = 99;

	assert_int_equal(find(bytes, sizeof(bytes)), -1);
	assert_int_equal(find(bytes, 0), -1);
	for (size_t i = 0; i < sizeof(bytes); i++) {
		random = random * 1664525u + 1013904223u;
		bytes[i] = (uint8_t)(random >> 24);
	}
	assert_int_equal(find(bytes, sizeof(bytes)), -1);
	put_frames(bytes + 70000, &kinds[0], 4); /* too few, in the middle of noise */
	assert_int_equal(find(bytes, sizeof(bytes)), -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(chains_of_every_kind),
	        cmocka_unit_test(another_rate_breaks_a_chain),
	        cmocka_unit_test(headers_that_are_none),
	        cmocka_unit_test(free_format),
	        cmocka_unit_test(short_files_end_well),
	        cmocka_unit_test(found_behind_junk),
	        cmocka_unit_test(not_found),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
