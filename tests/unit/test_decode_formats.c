/* test_decode_formats.c - what was encoded is what comes out: first frame, length and content;
 * and seeking gives what linear reading gives.  The encoders are the usual programs; without one
 * its cases are skipped. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "support/decoding.h"
#include "support/scratch.h"

struct encoding {
	const char *program, *command; /* of input and output name */
	const char *codec;
	int rate_hz, channels;
	double tolerance; /* of a sample; lossy encoders are asked for alignment only: 9; or FEW_BITS */
	size_t delay_frames; /* in front of the music, where nothing tells of it; then there is padding behind it, too */
};

/* Encoder's and decoder's. */
enum { LAME_DELAY = 576 + 529, MOST_PADDING = 2 * 1152 };

/* Too few to tell the very sample: what is left of the music is moved by some. */
enum { FEW_BITS = 99 };

static const struct encoding encodings[] = {
        {"lame", "lame --quiet -b 128 %s %s", "mp3", 44100, 2, 9, 0},
        {"lame", "lame --quiet -V 4 %s %s", "mp3", 44100, 2, 9, 0},
        {"lame", "lame --quiet --preset 192 --tt title --add-id3v2 %s %s", "mp3", 48000, 2, 9, 0},
        {"lame", "lame --quiet --abr 128 %s %s", "mp3", 44100, 2, 9, 0},
        {"lame", "lame --quiet -t -b 128 %s %s", "mp3", 44100, 2, 9, LAME_DELAY},
        {"lame", "lame --quiet -t -V 4 %s %s", "mp3", 44100, 2, 9, LAME_DELAY},
        {"lame", "lame --quiet -t --abr 128 %s %s", "mp3", 44100, 2, 9, LAME_DELAY},
        {"lame", "lame --quiet -b 64 -m m --resample 22.05 %s %s", "mp3", 22050, 1, 9, 0},
        {"oggenc", "oggenc -Q -q 5 %s -o %s", "vorbis", 44100, 2, 9, 0},
        {"oggenc", "oggenc -Q -q 2 %s -o %s", "vorbis", 32000, 1, 9, 0},
        {"opusenc", "opusenc --quiet --bitrate 160 %s %s", "opus", 48000, 2, 9, 0},
        {"opusenc", "opusenc --quiet --bitrate 16 --speech %s %s", "opus", 48000, 2, FEW_BITS, 0},
        {"opusenc", "opusenc --quiet --bitrate 32 --framesize 60 %s %s", "opus", 48000, 1, FEW_BITS,
                0},
        {"flac", "flac --silent -f %s -o %s", "flac", 44100, 2, 0, 0},
        {"flac", "flac --silent -f --ogg %s -o %s", "flac", 44100, 2, 0, 0},
        {"flac", "flac --silent -f --lax --channel-map=none %s -o %s", "flac", 96000, 6, 0, 0},
        {"sox", "sox %s -t wav %s", "pcm_s16", 44100, 2, 0, 0},
        {"sox", "sox %s -b 24 -t wav %s", "pcm_s24", 44100, 2, 1e-7, 0},
        {"sox", "sox %s -e float -b 32 -t wav %s", "pcm_f32", 8000, 1, 1e-7, 0},
        {"sox", "sox %s -t aiff %s", "pcm_s16", 44100, 2, 0, 0},
        {"sox", "sox %s -t au %s", "pcm_s16", 44100, 2, 0, 0},
        {"ffmpeg", "ffmpeg -v error -nostdin -i %s -f caf %s", "pcm_s16", 44100, 2, 0, 0},
        {"sox", "sox %s -t w64 %s", "pcm_s16", 44100, 2, 0, 0},
        {"ffmpeg", "ffmpeg -v error -nostdin -i %s -rf64 always -f wav %s", "pcm_s16", 44100, 2, 0,
                0},
};
enum { N_ENCODINGS = sizeof(encodings) / sizeof(*encodings), N_FRAMES = 70001, N_LONG = 250001 };

static bool encode(struct encoded *f, const struct encoding *e, size_t n_frames)
{
	return encoded_make(f, e->program, e->command, e->rate_hz, e->channels, n_frames);
}

static void facts_are_right(const struct decoder *decoder, const struct encoding *e)
{
	const struct stream_facts *facts = decoder_facts(decoder);

	assert_string_equal(facts->codec, e->codec);
	assert_int_equal(facts->sample_rate_hz, e->rate_hz);
	assert_int_equal(facts->channels, e->channels);
	if (e->delay_frames == 0)
		assert_int_equal(facts->frames, N_FRAMES);
}

static void content_is_right(
        const struct music *got, const struct music *original, const struct encoding *e)
{
	struct music music = *got;

	music.frames += e->delay_frames * (size_t)music.channels;
	music.n_frames -= e->delay_frames;
	assert_in_range(music.n_frames, N_FRAMES, N_FRAMES + (e->delay_frames ? MOST_PADDING : 0));
	if (e->tolerance < FEW_BITS) {
		assert_int_equal(music_lag(&music, original, 2000, 30000), 0);
		assert_int_equal(music_lag(&music, original, N_FRAMES - 9000, 8000), 0);
	}
	assert_true(music_difference(&music, 0, original, N_FRAMES) <= e->tolerance);
}

static void what_goes_in_comes_out(void **state)
{
	for (int i = 0; i < N_ENCODINGS; i++) {
		struct encoded f = {0};
		struct decoder *decoder;
		struct music got;

		if (!encode(&f, &encodings[i], N_FRAMES))
			continue;
		assert_int_equal(decoder_open(f.file, &decoder, NULL), STATUS_OK);
		facts_are_right(decoder, &encodings[i]);
		got = music_read(decoder, 4096);
		content_is_right(&got, &f.original, &encodings[i]);
		assert_int_equal(decoder_damage(decoder)->events, 0);
		decoder_close(decoder);
		music_done(&got);
		encoded_done(&f);
	}
}

static void seeking_is_exact(void **state)
{
	static const int64_t places[] = {0, 1, 1151, 1152, 4096, 35000, 34999, 69000, 12345,
	        N_FRAMES - 1, 2, N_FRAMES, N_FRAMES + 100000, 60000, 0};

	for (int i = 0; i < N_ENCODINGS; i++) {
		struct encoded f = {0};
		struct decoder *decoder;
		struct music all;

		if (!encode(&f, &encodings[i], N_FRAMES))
			continue;
		all = music_read_file(f.file);
		assert_int_equal(decoder_open(f.file, &decoder, NULL), STATUS_OK);
		for (size_t p = 0; p < sizeof(places) / sizeof(*places); p++) {
			size_t at = places[p] < (int64_t)all.n_frames ? (size_t)places[p]
			                                              : all.n_frames;
			struct music rest;

			assert_int_equal(decoder_seek(decoder, places[p], NULL), STATUS_OK);
			rest = music_read(decoder, 1000);
			assert_int_equal(rest.n_frames, all.n_frames - at);
			assert_true(music_difference(&all, at, &rest, rest.n_frames) <= 1e-6);
			music_done(&rest);
		}
		decoder_close(decoder);
		music_done(&all);
		encoded_done(&f);
	}
}

static void a_hundred_places(void **state)
{
	for (int i = 0; i < N_ENCODINGS; i++) {
		struct encoded f = {0};
		struct music all;

		if (!encode(&f, &encodings[i], N_LONG))
			continue;
		all = music_read_file(f.file);
		music_check_places(f.file, &all, 1e-6);
		music_done(&all);
		encoded_done(&f);
	}
}

/* Nothing in the content depends on how much is asked for at once. */
static void blocks_of_any_size(void **state)
{
	static const size_t blocks[] = {1, 7, 1151, 5000, 100000};

	for (int i = 0; i < N_ENCODINGS; i++) {
		struct encoded f = {0};
		struct music all;

		if (!encode(&f, &encodings[i], N_FRAMES))
			continue;
		all = music_read_file(f.file);
		for (size_t b = 0; b < sizeof(blocks) / sizeof(*blocks); b++) {
			struct decoder *decoder;
			struct music got;

			assert_int_equal(decoder_open(f.file, &decoder, NULL), STATUS_OK);
			got = music_read(decoder, blocks[b]);
			assert_int_equal(got.n_frames, all.n_frames);
			assert_true(music_difference(&all, 0, &got, got.n_frames) == 0);
			decoder_close(decoder);
			music_done(&got);
		}
		music_done(&all);
		encoded_done(&f);
	}
}

static void table_is_in_order(void **state)
{
	const struct decoder_format *const *formats = decoder_formats();

	for (; *formats; formats++) {
		assert_non_null((*formats)->name);
		assert_non_null((*formats)->description);
		assert_non_null((*formats)->suffixes);
		assert_int_equal((*formats)->probe((const uint8_t *)"", 0) > 1, 0);
	}
	assert_true(formats > decoder_formats());
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(what_goes_in_comes_out),
	        cmocka_unit_test(seeking_is_exact),
	        cmocka_unit_test(a_hundred_places),
	        cmocka_unit_test(blocks_of_any_size),
	        cmocka_unit_test(table_is_in_order),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
