/* test_output_convert.c - channels, the integers' grid, rate, and that cuts do not matter. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "output/convert.h"

enum { FRAMES = 20011, ROOM = 60000 };

struct sink {
	float frames[ROOM * 4];
	size_t n_frames, channels, largest;
};

static enum status take(void *user, const float *frames, size_t n_frames)
{
	struct sink *s = user;
	assert_true(s->n_frames + n_frames <= ROOM);
	memcpy(s->frames + s->n_frames * s->channels, frames,
	        n_frames * s->channels * sizeof(float));
	s->n_frames += n_frames;
	s->largest = n_frames > s->largest ? n_frames : s->largest;
	return STATUS_OK;
}

static float *music(size_t n_frames)
{
	float *f = malloc(n_frames * 2 * sizeof(float));
	assert_non_null(f);
	for (size_t i = 0; i < n_frames; i++) {
		f[2 * i] = 0.7f * sinf((float)i * 0.05f);
		f[2 * i + 1] = 0.3f * sinf((float)i * 0.031f);
	}
	return f;
}

/* In pieces of `piece` frames. */
static struct sink *convert(
        const float *in, size_t n, struct stream_format to, bool to_integers, size_t piece)
{
	struct sink *s = calloc(1, sizeof *s);
	struct converter *c = converter_new(44100, &to, to_integers, 7);
	assert_non_null(s);
	assert_non_null(c);
	s->channels = (size_t)to.channels;
	for (size_t at = 0; at < n; at += piece) {
		size_t k = n - at < piece ? n - at : piece;
		assert_int_equal(converter_run(c, in + 2 * at, k, take, s), STATUS_OK);
	}
	assert_int_equal(converter_run(c, NULL, 0, take, s), STATUS_OK);
	assert_true(s->largest <= CONVERT_FRAMES);
	converter_free(c);
	converter_free(NULL);
	return s;
}

static void floats_pass_untouched(void **state)
{
	(void)state;
	float *in = music(FRAMES);
	struct sink *s =
	        convert(in, FRAMES, (struct stream_format){44100, 2, SAMPLE_S16}, false, FRAMES);
	assert_int_equal(s->n_frames, FRAMES);
	assert_memory_equal(s->frames, in, FRAMES * 2 * sizeof(float));
	free(s);
	s = convert(in, FRAMES, (struct stream_format){44100, 2, SAMPLE_F32}, true, FRAMES);
	assert_memory_equal(s->frames, in, FRAMES * 2 * sizeof(float));
	free(s);
	free(in);
}

static void channels_are_spread(void **state)
{
	(void)state;
	const float in[4] = {0.5f, 0.25f, -1.0f, 0.5f};
	const float one[2] = {0.375f, -0.25f};
	const float four[8] = {0.5f, 0.25f, 0, 0, -1.0f, 0.5f, 0, 0};
	struct sink *s = convert(in, 2, (struct stream_format){44100, 1, SAMPLE_F32}, true, 2);
	assert_memory_equal(s->frames, one, sizeof one);
	free(s);
	s = convert(in, 2, (struct stream_format){44100, 4, SAMPLE_F32}, true, 1);
	assert_memory_equal(s->frames, four, sizeof four);
	free(s);
}

static void check_grid(enum sample_format sample, float scale, float most_steps)
{
	float *in = music(FRAMES);
	struct sink *s =
	        convert(in, FRAMES, (struct stream_format){44100, 2, sample}, true, FRAMES);
	assert_int_equal(s->n_frames, FRAMES);
	for (size_t i = 0; i < FRAMES * 2; i++) {
		float v = s->frames[i] * scale;
		assert_true(v == rintf(v));
		assert_true(fabsf(v - in[i] * scale) <= most_steps);
	}
	free(s);
	free(in);
}

static void integers_are_on_their_grid(void **state)
{
	(void)state;
	check_grid(SAMPLE_S16, 32768.0f, 1.5f); /* half a step of rounding, one of noise */
	check_grid(SAMPLE_S24, 8388608.0f, 0.5f);
}

static void cuts_do_not_matter(void **state)
{
	(void)state;
	static const struct stream_format formats[] = {{44100, 2, SAMPLE_S16},
	        {44100, 1, SAMPLE_S16}, {48000, 2, SAMPLE_F32}, {22050, 2, SAMPLE_S24}};
	float *in = music(FRAMES);
	for (size_t i = 0; i < sizeof formats / sizeof *formats; i++) {
		struct sink *a = convert(in, FRAMES, formats[i], true, FRAMES);
		struct sink *b = convert(in, FRAMES, formats[i], true, 977);
		assert_int_equal(
		        a->n_frames, llround((double)FRAMES * formats[i].sample_rate_hz / 44100));
		assert_int_equal(a->n_frames, b->n_frames);
		assert_memory_equal(
		        a->frames, b->frames, a->n_frames * a->channels * sizeof(float));
		free(a);
		free(b);
	}
	free(in);
}

static void clips_are_counted(void **state)
{
	(void)state;
	struct sink *s = calloc(1, sizeof *s);
	struct stream_format to = {44100, 2, SAMPLE_S16};
	float in[2 * 20] = {0};
	in[0] = 1.0f;
	in[3] = 1.01f;
	in[39] = -2.0f;
	s->channels = 2;
	struct converter *c = converter_new(44100, &to, true, 1);
	assert_int_equal(converter_run(c, in, 20, take, s), STATUS_OK);
	assert_int_equal(converter_clipped(c), 2);
	assert_true(s->frames[3] == 32767.0f / 32768.0f && s->frames[39] == -1.0f);
	converter_free(c);
	free(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(floats_pass_untouched),
	        cmocka_unit_test(channels_are_spread),
	        cmocka_unit_test(integers_are_on_their_grid),
	        cmocka_unit_test(cuts_do_not_matter),
	        cmocka_unit_test(clips_are_counted),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
