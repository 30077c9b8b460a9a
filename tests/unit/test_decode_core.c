/* test_decode_core.c - what every decoder promises whatever is in the file: limits, clean
 * samples, choosing by content, plain errors. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "support/decoding.h"
#include "support/scratch.h"

static void put(uint8_t *at, uint32_t value, int n_bytes)
{
	for (int i = 0; i < n_bytes; i++)
		at[i] = (uint8_t)(value >> 8 * i);
}

/* A WAV of floats (tag 3) or 16-bit samples (tag 1); new, the caller's. */
static uint8_t *make_wav(int tag, uint32_t rate_hz, uint32_t channels, const void *data,
        uint32_t n_data, size_t *n_bytes)
{
	uint32_t sample = tag == 3 ? 4 : 2;
	uint8_t *wav = calloc(1, 44 + (size_t)n_data);

	assert_non_null(wav);
	memcpy(wav, "RIFF\0\0\0\0WAVEfmt \20\0\0\0", 20);
	put(wav + 4, n_data + 36, 4);
	put(wav + 20, (uint32_t)tag, 2);
	put(wav + 22, channels, 2);
	put(wav + 24, rate_hz, 4);
	put(wav + 28, rate_hz * channels * sample, 4);
	put(wav + 32, channels * sample, 2);
	put(wav + 34, sample * 8, 2);
	memcpy(wav + 36, "data", 4);
	put(wav + 40, n_data, 4);
	memcpy(wav + 44, data, n_data);
	*n_bytes = 44 + (size_t)n_data;
	return wav;
}

static enum status open_bytes(const void *bytes, size_t n_bytes, const char *name,
        struct decoder **decoder, struct error *error)
{
	struct source *source;

	assert_int_equal(source_open_memory(bytes, n_bytes, name, &source, NULL), STATUS_OK);
	return decoder_open_source(source, decoder, error);
}

static void samples_are_clean(void **state)
{
	enum { N = 333 };
	float data[N];
	struct decoder *decoder;
	struct music got;
	size_t n_bytes;
	uint8_t *wav;

	for (int i = 0; i < N; i++)
		data[i] = (float)i / N - 0.5f;
	data[0] = NAN;
	data[70] = -NAN;
	data[100] = INFINITY;
	data[131] = -INFINITY;
	data[200] = 1e30f;
	data[201] = -1e30f;
	data[202] = 999.5f;
	data[N - 1] = -2000;
	data[N - 2] = 3.5f;
	wav = make_wav(3, 44100, 1, data, sizeof(data), &n_bytes);
	assert_int_equal(open_bytes(wav, n_bytes, "x", &decoder, NULL), STATUS_OK);
	got = music_read(decoder, 100000);
	assert_int_equal(got.n_frames, N);
	for (int i = 0; i < N; i++) {
		float expected = !isfinite(data[i]) ? 0
		                 : data[i] > 1000   ? DECODER_LARGEST
		                 : data[i] < -1000  ? -DECODER_LARGEST
		                                    : data[i];
		assert_true(got.frames[i] == expected);
	}
	decoder_close(decoder);
	music_done(&got);
	free(wav);
}

static void rates_and_channels_are_bounded(void **state)
{
	static const struct {
		uint32_t rate_hz, channels;
		bool good;
	} cases[] = {
	        {1000, 1, true},
	        {999, 1, false},
	        {768000, 2, true},
	        {768001, 2, false},
	        {44100, 32, true},
	        {44100, 33, false},
	        {44100, 0, false},
	        {0, 2, false},
	        {0xffffffff, 2, false},
	        {44100, 65535, false},
	};
	static const uint8_t data[33 * 2 * 20];

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct decoder *decoder;
		struct error error = {0};
		size_t n_bytes;
		uint8_t *wav = make_wav(
		        1, cases[i].rate_hz, cases[i].channels, data, sizeof(data), &n_bytes);
		enum status status = open_bytes(wav, n_bytes, "x.wav", &decoder, &error);

		assert_int_equal(status == STATUS_OK, cases[i].good);
		if (!cases[i].good) {
			assert_null(decoder);
			assert_true(error.text[0] != 0);
		}
		decoder_close(decoder);
		free(wav);
	}
}

static void content_counts_not_the_name(void **state)
{
	static const int16_t data[2000];
	static const char *const names[] = {"a.wav", "a.mp3", "a.ogg", "a.flac", "a", "a.", ".wav"};
	size_t n_bytes;
	uint8_t *wav = make_wav(1, 44100, 2, data, sizeof(data), &n_bytes);

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		struct decoder *decoder;

		assert_int_equal(open_bytes(wav, n_bytes, names[i], &decoder, NULL), STATUS_OK);
		assert_string_equal(decoder_facts(decoder)->codec, "pcm_s16");
		decoder_close(decoder);
	}
	free(wav);
}

static void what_is_no_music_is_refused(void **state)
{
	static uint8_t noise[300000], sync[100000];
	static const char web_page[] = "<!DOCTYPE html><html>404 Not Found</html>";
	static const char list[] = "#EXTM3U\nother.mp3\n", zip[] = "PK\3\4 and so on";
	static const struct {
		const void *bytes;
		size_t n_bytes;
	} cases[] = {
	        {"", 0},
	        {"x", 1},
	        {web_page, sizeof(web_page)},
	        {list, sizeof(list)},
	        {zip, sizeof(zip)},
	        {noise, sizeof(noise)},
	        {sync, sizeof(sync)},
	        {"RIFF\0\0\0\0WAVE", 12},
	        {"fLaC", 4},
	        {"OggS", 4},
	        {"ID3\3\0\0\0\0\0\0", 10},
	};
	uint32_t random = 1;

	for (size_t i = 0; i < sizeof(noise); i++) {
		random = random * 1664525u + 1013904223u;
		noise[i] = (uint8_t)(random >> 24);
	}
	memset(sync, 0xff, sizeof(sync));
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct decoder *decoder;
		struct error error = {0};

		assert_int_not_equal(
		        open_bytes(cases[i].bytes, cases[i].n_bytes, "song.mp3", &decoder, &error),
		        STATUS_OK);
		assert_null(decoder);
		assert_true(error.text[0] != 0);
		assert_int_not_equal(error.status, STATUS_OK);
	}
}

static void only_regular_files(void **state)
{
	char *folder = scratch_new(), fifo[500];
	struct decoder *decoder;

	snprintf(fifo, sizeof(fifo), "%s/fifo.mp3", folder);
	assert_int_equal(mkfifo(fifo, 0600), 0);
	assert_int_not_equal(decoder_open(fifo, &decoder, NULL), STATUS_OK);
	assert_null(decoder);
	assert_int_not_equal(decoder_open(folder, &decoder, NULL), STATUS_OK);
	assert_int_not_equal(decoder_open("/dev/zero", &decoder, NULL), STATUS_OK);
	assert_int_equal(decoder_open("/nowhere/at/all", &decoder, NULL), STATUS_NOT_FOUND);
	scratch_free(folder);
}

static void streamed_wav_plays_to_its_end(void **state)
{
	static const uint32_t sizes[][2] = {
	        {0, 0}, {0xffffffff, 0xffffffff}, {0xffffffff, 0}, {0, 4000}, {36 + 4000, 4000}};
	static const int16_t data[2000] = {[1999] = 16384};

	for (size_t i = 0; i < sizeof(sizes) / sizeof(*sizes); i++) {
		struct decoder *decoder;
		struct music got;
		size_t n_bytes;
		uint8_t *wav = make_wav(1, 44100, 2, data, sizeof(data), &n_bytes);

		put(wav + 4, sizes[i][0], 4);
		put(wav + 40, sizes[i][1], 4);
		assert_int_equal(open_bytes(wav, n_bytes, "x.wav", &decoder, NULL), STATUS_OK);
		got = music_read(decoder, 4096);
		assert_int_equal(got.n_frames, 1000);
		assert_true(got.frames[1999] == 0.5f);
		decoder_close(decoder);
		music_done(&got);
		free(wav);
	}
}

static void tags_of_wav(void **state)
{
	static const int16_t data[100];
	static const uint8_t list[] = "LIST\x1c\0\0\0INFOINAM\5\0\0\0Blue\0\0IART\2\0\0\0X";
	size_t n_wav;
	uint8_t *wav = make_wav(1, 44100, 2, data, sizeof(data), &n_wav), bytes[400];
	struct decoder *decoder;

	memcpy(bytes, wav, n_wav);
	memcpy(bytes + n_wav, list, sizeof(list));
	put(bytes + 4, (uint32_t)(n_wav + sizeof(list) - 8), 4);
	assert_int_equal(open_bytes(bytes, n_wav + sizeof(list), "x", &decoder, NULL), STATUS_OK);
	assert_string_equal(tags_get(decoder_tags(decoder), "title"), "Blue");
	assert_string_equal(tags_get(decoder_tags(decoder), "artist"), "X");
	decoder_close(decoder);
	free(wav);
}

/* A tag in front belongs to formats that know none as well. */
static void tags_in_front_of_anything(void **state)
{
	static const int16_t data[100];
	static const uint8_t tag[] = "ID3\3\0\0\0\0\0\x0fTIT2\0\0\0\5\0\0\0Blue";
	size_t n_wav;
	uint8_t *wav = make_wav(1, 44100, 2, data, sizeof(data), &n_wav), bytes[400];
	struct decoder *decoder;
	struct music got;

	memcpy(bytes, tag, sizeof(tag) - 1);
	memcpy(bytes + sizeof(tag) - 1, wav, n_wav);
	assert_int_equal(
	        open_bytes(bytes, sizeof(tag) - 1 + n_wav, "x", &decoder, NULL), STATUS_OK);
	assert_string_equal(tags_get(decoder_tags(decoder), "title"), "Blue");
	got = music_read(decoder, 4096);
	assert_int_equal(got.n_frames, 50);
	music_done(&got);
	decoder_close(decoder);
	free(wav);
}

static void odd_calls(void **state)
{
	static const int16_t data[100];
	size_t n_bytes, got = 7, n_report = 7;
	uint8_t *wav = make_wav(1, 44100, 2, data, sizeof(data), &n_bytes);
	struct decoder *decoder;
	float frames[200];
	uint8_t *report = wav;

	decoder_close(NULL);
	assert_int_equal(open_bytes(wav, n_bytes, "x", &decoder, NULL), STATUS_OK);
	assert_int_equal(decoder_seek(decoder, -1, NULL), STATUS_USAGE);
	assert_int_equal(decoder_read(decoder, frames, 0, &got, NULL), STATUS_OK);
	assert_int_equal(got, 0);
	assert_int_equal(decoder_read(decoder, frames, 100, &got, NULL), STATUS_OK);
	assert_int_equal(got, 50);
	for (int i = 0; i < 3; i++)
		assert_int_equal(decoder_read(decoder, frames, 100, &got, NULL), STATUS_END);
	assert_int_equal(decoder_seek(decoder, INT64_MAX, NULL), STATUS_OK);
	assert_int_equal(decoder_read(decoder, frames, 100, &got, NULL), STATUS_END);
	assert_int_equal(decoder_seek(decoder, 49, NULL), STATUS_OK);
	assert_int_equal(decoder_read(decoder, frames, 100, &got, NULL), STATUS_OK);
	assert_int_equal(got, 1);
	assert_false(decoder_watch(decoder)); /* there is no sandbox */
	assert_int_equal(decoder_pass_over(decoder, &got, NULL), STATUS_USAGE);
	assert_int_equal(decoder_report(decoder, &report, &n_report, NULL), STATUS_USAGE);
	assert_null(report);
	decoder_close(decoder);
	free(wav);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(samples_are_clean),
	        cmocka_unit_test(rates_and_channels_are_bounded),
	        cmocka_unit_test(content_counts_not_the_name),
	        cmocka_unit_test(what_is_no_music_is_refused),
	        cmocka_unit_test(only_regular_files),
	        cmocka_unit_test(streamed_wav_plays_to_its_end),
	        cmocka_unit_test(tags_of_wav),
	        cmocka_unit_test(tags_in_front_of_anything),
	        cmocka_unit_test(odd_calls),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
