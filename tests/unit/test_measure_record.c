/* Records survive the way through bytes exactly; bytes that are no record are refused. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "jukebox/measure.h"
#include "jukebox/record.h"

enum { BLOCKS = 37, FINE = 80, EDGE = 100 };

static uint8_t *curve(uint8_t first)
{
	uint8_t *values = malloc(BLOCKS);

	assert_non_null(values);
	for (int i = 0; i < BLOCKS; i++)
		values[i] = (uint8_t)(first + 7 * i);
	return values;
}

static int16_t *levels(size_t count, int first)
{
	int16_t *values = malloc(count * sizeof(*values));

	assert_non_null(values);
	for (size_t i = 0; i < count; i++)
		values[i] = (int16_t)(first - 100 * (int)i);
	values[0] = RECORD_SILENCE_CLU;
	return values;
}

static struct record_samples samples(int channels, float step)
{
	struct record_samples s = {.n_frames = EDGE, .channels = channels};

	s.frames = malloc((size_t)EDGE * (size_t)channels * sizeof(float));
	assert_non_null(s.frames);
	for (int i = 0; i < EDGE * channels; i++)
		s.frames[i] = sinf((float)i * step);
	return s;
}

static struct record some_record(void)
{
	struct record r = {
	        .codec = "vorbis",
	        .sample_rate_hz = 44100,
	        .channels = 2,
	        .frames = 163170,
	        .damage_events = 3,
	        .lost_frames = 1152,
	        .loudness_lufs = -13.37,
	        .loudness_range_lu = 6.25,
	        .true_peak_dbtp = 0.31,
	        .sample_peak_dbfs = -HUGE_VAL,
	        .offset = {1e-3, -2e-7},
	        .bpm = 124.01,
	        .bpm_confidence = 0.5,
	        .first_beat_s = 0.125,
	};

	assert_int_equal(tags_set(&r.tags, "title", "Ein Titel \xc3\xa4"), STATUS_OK);
	assert_int_equal(tags_set(&r.tags, "artist", "A\nB"), STATUS_OK);
	r.curves.count = BLOCKS;
	r.curves.level_clu = levels(BLOCKS, -100);
	r.curves.peak = curve(1);
	r.curves.onset = curve(2);
	r.curves.flatness = curve(3);
	r.curves.centroid = curve(4);
	r.curves.bass = curve(5);
	r.curves.side = curve(6);
	r.head = (struct record_edge){.from_block = 1, .count = FINE};
	r.head.level_clu = levels(FINE, -50);
	r.tail = (struct record_edge){.from_block = 29, .count = FINE - 10};
	r.tail.level_clu = levels(FINE, -60);
	r.first = samples(1, 0.1f);
	r.last = samples(2, 0.2f);
	return r;
}

static void assert_same(const struct record *a, const struct record *b)
{
	assert_string_equal(a->codec, b->codec);
	assert_int_equal(a->sample_rate_hz, b->sample_rate_hz);
	assert_int_equal(a->channels, b->channels);
	assert_int_equal(a->frames, b->frames);
	assert_int_equal(a->damage_events, b->damage_events);
	assert_int_equal(a->lost_frames, b->lost_frames);
	assert_string_equal(tags_get(&a->tags, "title"), tags_get(&b->tags, "title"));
	assert_string_equal(tags_get(&a->tags, "artist"), tags_get(&b->tags, "artist"));
	assert_true(a->loudness_lufs == b->loudness_lufs);
	assert_true(a->loudness_range_lu == b->loudness_range_lu);
	assert_true(a->true_peak_dbtp == b->true_peak_dbtp);
	assert_true(a->sample_peak_dbfs == b->sample_peak_dbfs);
	assert_true(a->offset[0] == b->offset[0] && a->offset[1] == b->offset[1]);
	assert_true(a->bpm == b->bpm && a->bpm_confidence == b->bpm_confidence);
	assert_true(a->first_beat_s == b->first_beat_s);
}

static void assert_same_arrays(const struct record *a, const struct record *b)
{
	assert_int_equal(a->curves.count, b->curves.count);
	assert_memory_equal(a->curves.level_clu, b->curves.level_clu, 2 * BLOCKS);
	assert_memory_equal(a->curves.peak, b->curves.peak, BLOCKS);
	assert_memory_equal(a->curves.onset, b->curves.onset, BLOCKS);
	assert_memory_equal(a->curves.flatness, b->curves.flatness, BLOCKS);
	assert_memory_equal(a->curves.centroid, b->curves.centroid, BLOCKS);
	assert_memory_equal(a->curves.bass, b->curves.bass, BLOCKS);
	assert_memory_equal(a->curves.side, b->curves.side, BLOCKS);
	assert_int_equal(a->head.from_block, b->head.from_block);
	assert_int_equal(a->head.count, b->head.count);
	assert_memory_equal(a->head.level_clu, b->head.level_clu, 2 * a->head.count);
	assert_int_equal(a->tail.from_block, b->tail.from_block);
	assert_int_equal(a->tail.count, b->tail.count);
	assert_memory_equal(a->tail.level_clu, b->tail.level_clu, 2 * a->tail.count);
	assert_int_equal(a->first.n_frames, b->first.n_frames);
	assert_int_equal(a->first.channels, b->first.channels);
	assert_memory_equal(a->first.frames, b->first.frames, 4 * EDGE);
	assert_memory_equal(a->last.frames, b->last.frames, 8 * EDGE);
}

static void test_there_and_back(void **state)
{
	struct record before = some_record(), after;
	uint8_t *bytes;
	size_t n_bytes;

	assert_int_equal(record_to_bytes(&before, &bytes, &n_bytes), STATUS_OK);
	assert_int_equal(record_from_bytes(&after, bytes, n_bytes), STATUS_OK);
	assert_same(&before, &after);
	assert_same_arrays(&before, &after);
	free(bytes);
	record_done(&before);
	record_done(&after);
}

static void test_same_record_same_bytes(void **state)
{
	struct record a = some_record(), b = some_record();
	uint8_t *bytes[2];
	size_t n_bytes[2];

	b.codec[10] = 'x'; /* behind the NUL */
	assert_int_equal(record_to_bytes(&a, &bytes[0], &n_bytes[0]), STATUS_OK);
	assert_int_equal(record_to_bytes(&b, &bytes[1], &n_bytes[1]), STATUS_OK);
	assert_int_equal(n_bytes[0], n_bytes[1]);
	assert_memory_equal(bytes[0], bytes[1], n_bytes[0]);
	free(bytes[0]);
	free(bytes[1]);
	record_done(&a);
	record_done(&b);
}

static void test_every_cut_is_refused(void **state)
{
	struct record before = some_record(), after;
	uint8_t *bytes;
	size_t n_bytes;

	assert_int_equal(record_to_bytes(&before, &bytes, &n_bytes), STATUS_OK);
	for (size_t n = 0; n < n_bytes; n++) {
		assert_int_equal(record_from_bytes(&after, bytes, n), STATUS_BAD_DATA);
		assert_null(after.curves.level_clu);
		assert_int_equal(after.curves.count, 0);
	}
	free(bytes);
	record_done(&before);
}

static void test_every_changed_byte_is_refused(void **state)
{
	struct record before = some_record(), after;
	uint8_t *bytes;
	size_t n_bytes;

	assert_int_equal(record_to_bytes(&before, &bytes, &n_bytes), STATUS_OK);
	for (size_t n = 0; n < n_bytes; n++) {
		bytes[n] ^= 0x10;
		assert_int_equal(record_from_bytes(&after, bytes, n_bytes), STATUS_BAD_DATA);
		bytes[n] ^= 0x10;
	}
	free(bytes);
	record_done(&before);
}

static void test_empty_record(void **state)
{
	struct record before = {.sample_rate_hz = 8000, .channels = 1}, after;
	uint8_t *bytes;
	size_t n_bytes;

	assert_int_equal(record_to_bytes(&before, &bytes, &n_bytes), STATUS_OK);
	assert_int_equal(record_from_bytes(&after, bytes, n_bytes), STATUS_OK);
	assert_int_equal(after.curves.count, 0);
	assert_int_equal(after.first.n_frames, 0);
	free(bytes);
	record_done(&after);
	record_done(&after); /* twice does no harm */
}

static void test_not_a_number_is_refused(void **state)
{
	struct record before = {.sample_rate_hz = 8000, .channels = 1, .bpm = NAN}, after;
	uint8_t *bytes;
	size_t n_bytes;

	assert_int_equal(record_to_bytes(&before, &bytes, &n_bytes), STATUS_OK);
	assert_int_equal(record_from_bytes(&after, bytes, n_bytes), STATUS_BAD_DATA);
	free(bytes);
}

/* A value that was Latin-1 grows as UTF-8, but not beyond the largest size. */
static void test_longest_tag(void **state)
{
	struct record before = {.sample_rate_hz = 8000, .channels = 1}, after;
	char value[TAG_VALUE_BYTES + 1] = "";
	uint8_t *bytes;
	size_t n_bytes;

	memset(value, '\xe4', TAG_VALUE_BYTES);
	assert_int_equal(tags_set(&before.tags, "title", value), STATUS_OK);
	assert_int_equal(record_to_bytes(&before, &bytes, &n_bytes), STATUS_OK);
	assert_int_equal(record_from_bytes(&after, bytes, n_bytes), STATUS_OK);
	assert_non_null(tags_get(&after.tags, "title"));
	free(bytes);
	record_done(&before);
	record_done(&after);
}

static void test_size(void **state)
{
	struct record r = some_record();
	uint8_t *bytes;
	size_t n_bytes;

	assert_int_equal(record_to_bytes(&r, &bytes, &n_bytes), STATUS_OK);
	assert_in_range(n_bytes, 1, 8 * BLOCKS + 4 * FINE + 12 * EDGE + 300);
	free(bytes);
	record_done(&r);
}

static void test_small_questions(void **state)
{
	struct record r = some_record(), moved;

	assert_float_equal(record_duration(&r), 3.7, 1e-12);
	assert_float_equal(record_level_lufs(-1234), -12.34, 1e-12);
	assert_true(record_level_lufs(RECORD_SILENCE_CLU) == -HUGE_VAL);
	record_move(&moved, &r);
	assert_null(r.curves.level_clu);
	assert_int_equal(moved.curves.count, BLOCKS);
	assert_float_equal(record_duration(&r), 0, 0);
	record_done(&r);
	record_done(&moved);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_there_and_back),
	        cmocka_unit_test(test_same_record_same_bytes),
	        cmocka_unit_test(test_every_cut_is_refused),
	        cmocka_unit_test(test_every_changed_byte_is_refused),
	        cmocka_unit_test(test_empty_record),
	        cmocka_unit_test(test_not_a_number_is_refused),
	        cmocka_unit_test(test_longest_tag),
	        cmocka_unit_test(test_size),
	        cmocka_unit_test(test_small_questions),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
