/* test_dither.c - the noise is a triangle, mean free, the same however calls are cut, and off where it is not due. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/dither_state.h"

enum { N = 200000 };

static float *floats(size_t n)
{
	float *f = calloc(n, sizeof(*f));
	assert_non_null(f);
	return f;
}

/* The integers that the floats stand for. */
static void to_s16(struct dither *d, const float *in, int16_t *out, size_t n)
{
	float *on_grid = floats(n);
	dither_to_16_bits(d, in, on_grid, n);
	for (size_t i = 0; i < n; i++) {
		out[i] = (int16_t)(on_grid[i] * 32768.0f);
		assert_true((float)out[i] == on_grid[i] * 32768.0f);
	}
	free(on_grid);
}

static void silence_stays_silence(void **state)
{
	(void)state;
	struct dither *d = dither_new(1, 2);
	float in[2000] = {0};
	int16_t out[2000];
	to_s16(d, in, out, 2000);
	for (int i = 0; i < 2000; i++)
		assert_int_equal(out[i], 0);
	dither_free(d);
	dither_free(NULL);
}

static void music_on_the_grid_is_untouched(void **state)
{
	(void)state;
	struct dither *d = dither_new(1, 2);
	float *in = floats(65536);
	int16_t *out = calloc(65536, sizeof(*out));
	for (int i = 0; i < 65536; i++)
		in[i] = (float)(i - 32768) / 32768.0f;
	to_s16(d, in, out, 65536);
	for (int i = 0; i < 65536; i++)
		assert_int_equal(out[i], i - 32768);
	free(out);
	free(in);
	dither_free(d);
}

static void noise_ends_when_silence_lasts(void **state)
{
	(void)state;
	struct dither *d = dither_new(5, 2);
	float in[1000] = {0};
	int16_t out[1000];
	in[2] = 0.1f / 32768.0f;
	to_s16(d, in, out, 1000);
	int last = 0;
	for (int i = 0; i < 1000; i++)
		if (out[i])
			last = i;
	assert_in_range(last, 20, 2 + 2 * DITHER_CLEAN_FRAMES);
	assert_int_equal(out[0], 0);
	assert_int_equal(out[1], 0);
	dither_free(d);
}

/* A constant of 0.3 steps: the mean is kept, and the error has the variance of TPDF, (1/12 + 2/12). */
static void error_is_that_of_tpdf(void **state)
{
	(void)state;
	const double steps[] = {0.3, 0.5, 1000.75, -7.01};
	for (size_t k = 0; k < sizeof(steps) / sizeof(steps[0]); k++) {
		struct dither *d = dither_new(42 + k, 2);
		float *in = floats(N);
		int16_t *out = calloc(N, sizeof(*out));
		for (int i = 0; i < N; i++)
			in[i] = (float)(steps[k] / 32768.0);
		to_s16(d, in, out, N);
		double sum = 0, squares = 0, lag = 0, last = 0;
		for (int i = 0; i < N; i++) {
			double error = out[i] - steps[k];
			assert_true(fabs(error) < 1.501);
			sum += error;
			squares += error * error;
			lag += error * last;
			last = error;
		}
		assert_true(fabs(sum / N) < 5e-3);
		assert_true(fabs(squares / N - 0.25) < 5e-3);
		assert_true(fabs(lag / N) < 5e-3);
		free(out);
		free(in);
		dither_free(d);
	}
}

/* With a vector unit, or NULL: one by one.  Single samples go one by one in any case, long calls in vectors. */
static void check_cuts(dither_many_fn *many)
{
	const size_t cuts[] = {1, 2, 3, 5, 7, 64, 1001, N};
	float *in = floats(N);
	for (int i = 0; i < N;
	        i++) /* now and then stretches on the grid, of all lengths about 128 */
		in[i] = (i / 133) % 3 == 0 ? (float)((i * 37) % 501 - 250) / 32768.0f
		                           : (float)sin(i * 0.01) * (i % 9000 < 50 ? 1.2f : 0.7f);
	int16_t *whole = calloc(N, sizeof(*whole)), *cut = calloc(N, sizeof(*cut));
	struct dither *d = dither_new(7, 2);
	d->many = NULL;
	to_s16(d, in, whole, N);
	dither_free(d);
	for (size_t k = 0; k < sizeof(cuts) / sizeof(cuts[0]); k++) {
		d = dither_new(7, 2);
		d->many = many;
		for (size_t i = 0; i < N; i += cuts[k])
			to_s16(d, in + i, cut + i, i + cuts[k] < N ? cuts[k] : N - i);
		dither_free(d);
		assert_memory_equal(whole, cut, N * sizeof(*cut));
	}
	d = dither_new(8, 2);
	to_s16(d, in, cut, N);
	dither_free(d);
	assert_memory_not_equal(whole, cut, N * sizeof(*cut));
	free(whole);
	free(cut);
	free(in);
}

static void cuts_and_units_do_not_matter(void **state)
{
	(void)state;
	check_cuts(NULL);
#ifdef __SSE2__
	check_cuts(dither_many_sse2);
	if (__builtin_cpu_supports("avx2"))
		check_cuts(dither_many_avx2);
	else
		print_message("# skip: this processor has no AVX2\n");
#endif
}

static void too_loud_is_clipped(void **state)
{
	(void)state;
	const float in[] = {1.0f, -1.0f, 1000.0f, -1000.0f, 0.99999994f, 1.3f, -1.3f, 2.0f};
	int16_t s16[8];
	float s24[8];
	struct dither *d = dither_new(3, 1);
	to_s16(d, in, s16, 8);
	dither_to_24_bits(d, in, s24, 8);
	for (int i = 0; i < 8; i++) {
		if (in[i] > 0) {
			assert_in_range(s16[i], 32766, 32767);
			assert_true(s24[i] == 8388607.0f / 8388608.0f);
		} else {
			assert_in_range(s16[i] + 32768, 0, 1);
			assert_true(s24[i] == -1.0f);
		}
	}
	dither_free(d);
}

static void s24_is_rounded(void **state)
{
	(void)state;
	const float step = 1.0f / 8388608.0f;
	const float in[] = {0.0f, step, -step, 0.25f, -0.5f, 0.7f * step, 0.5f * step};
	const float expected[] = {0.0f, step, -step, 0.25f, -0.5f, step, 0.0f};
	float out[7];
	struct dither *d = dither_new(3, 1);
	dither_to_24_bits(d, in, out, 7);
	assert_memory_equal(out, expected, sizeof(expected));
	dither_free(d);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(silence_stays_silence),
	        cmocka_unit_test(music_on_the_grid_is_untouched),
	        cmocka_unit_test(noise_ends_when_silence_lasts),
	        cmocka_unit_test(error_is_that_of_tpdf),
	        cmocka_unit_test(cuts_and_units_do_not_matter),
	        cmocka_unit_test(too_loud_is_clipped),
	        cmocka_unit_test(s24_is_rounded),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
