/* test_mix_limiter.c - nothing above the ceiling by three meters, nothing touched below it. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#define error ebur128_error /* it takes the tag for an enum */
#include <ebur128.h>
#undef error

#include "mix/limiter.h"

enum { HZ = 44100, N = 4 * HZ };

/* Runs all through, the delay taken off. */
static void limit(struct limiter *l, const float *in, float *out, size_t n, size_t cut)
{
	size_t delay = limiter_delay(l), done = 0;
	float *padded = calloc(2 * (n + delay), sizeof(*padded));
	float *delayed = calloc(2 * (n + delay), sizeof(*delayed));
	assert_true(padded && delayed);
	memcpy(padded, in, 2 * n * sizeof(*in));
	while (done < n + delay) {
		size_t now = n + delay - done < cut ? n + delay - done : cut;
		memcpy(limiter_room(l), padded + 2 * done, 2 * now * sizeof(*in));
		limiter_run(l, now, delayed + 2 * done);
		done += now;
	}
	memcpy(out, delayed + 2 * delay, 2 * n * sizeof(*out));
	free(padded);
	free(delayed);
}

static double by_libebur128(const float *frames, size_t n)
{
	ebur128_state *state = ebur128_init(2, HZ, EBUR128_MODE_TRUE_PEAK);
	double left, right;
	ebur128_add_frames_float(state, frames, n);
	ebur128_true_peak(state, 0, &left);
	ebur128_true_peak(state, 1, &right);
	ebur128_destroy(&state);
	return 20 * log10(fmax(left, right));
}

static double bessel_i0(double x)
{
	double sum = 1, term = 1;
	for (int k = 1; k < 50; k++) {
		term *= (x / 2 / k) * (x / 2 / k);
		sum += term;
	}
	return sum;
}

/* scipy.signal.resample_poly(x, 4, 1): 81 taps, Kaiser 5.0, gain 4 at DC. */
static double by_scipy(const float *frames, size_t n)
{
	double h[81], sum = 0, most = 0;
	for (int j = 0; j < 81; j++) {
		double t = (j - 40) / 4.0, part = (j - 40) / 40.0;
		h[j] = j == 40 ? 1 : sin(M_PI * t) / (M_PI * t);
		h[j] *= bessel_i0(5 * sqrt(1 - part * part)) / bessel_i0(5);
		sum += h[j];
	}
	for (int j = 0; j < 81; j++)
		h[j] *= 4 / sum;
	for (size_t c = 0; c < 2; c++)
		for (size_t i = 0; i + 21 < n; i++) {
			if (i < 10)
				continue;
			for (int phase = 0; phase < 4; phase++) {
				double y = 0;
				for (int k = -10; k <= 10; k++)
					if (40 + phase - 4 * k >= 0 && 40 + phase - 4 * k <= 80)
						y += h[40 + phase - 4 * k] *
						     (double)frames[2 * (i + (size_t)(10 + k) -
						                                10) +
						                    c];
				most = fmax(most, fabs(y));
			}
		}
	return 20 * log10(most);
}

static uint32_t random_state;

static double noise(void)
{
	random_state = random_state * 1664525u + 1013904223u;
	return random_state / 2147483648.0 - 1;
}

enum shape {
	CLIPPED_NOISE,
	DULL_NOISE,
	SQUARE,
	QUARTER_RATE,
	BURSTS,
	LOUD_SINE,
	CHIRP,
	IMPULSES,
	N_SHAPES
};

static const char *const shape_names[] = {"clipped noise", "clipped dull noise", "square",
        "fs/4 at 45 degrees", "bursts", "loud sine", "chirp", "impulses"};

static double sample(enum shape shape, size_t i, double *memory)
{
	switch (shape) {
	case CLIPPED_NOISE:
		return fmax(-1, fmin(1, 2 * noise()));
	case DULL_NOISE:
		*memory += 0.3 * (noise() - *memory);
		return fmax(-1, fmin(1, 4 * *memory));
	case SQUARE:
		return sin(2 * M_PI * 997.0 * (double)i / HZ + 0.1) > 0 ? 1 : -1;
	case QUARTER_RATE:
		return 1.2 * sin(M_PI / 2 * (double)i + M_PI / 4);
	case BURSTS:
		return (i / 3000 % 3 == 0 ? 1.4 : 0.3) * sin(2 * M_PI * 440.0 * (double)i / HZ);
	case LOUD_SINE:
		return 3 * sin(2 * M_PI * 60.0 * (double)i / HZ);
	case CHIRP:
		return sin(M_PI * 0.5 * (double)i * (double)i / N);
	default:
		return i % 977 == 5 ? 2 : 0;
	}
}

static float *make(enum shape shape)
{
	float *frames = calloc(2 * N, sizeof(*frames));
	assert_non_null(frames);
	double memory[2] = {0};
	random_state = 1;
	for (size_t i = 0; i < N; i++)
		for (size_t c = 0; c < 2; c++)
			frames[2 * i + c] =
			        (float)(sample(shape, i + 100 * c, &memory[c]) * (c ? 0.9 : 1));
	return frames;
}

static void nothing_is_above_the_ceiling(void **state)
{
	(void)state;
	const double ceilings[] = {-1, 0, -6};
	float *out = calloc(2 * N, sizeof(*out));
	for (enum shape shape = 0; shape < N_SHAPES; shape++)
		for (size_t k = 0; k < 3; k++) {
			float *in = make(shape);
			struct limiter *l = limiter_new(HZ, ceilings[k]);
			limit(l, in, out, N, 1024);
			double ebur = by_libebur128(out, N), scipy = by_scipy(out, N);
			struct mix_limiter_report report;
			limiter_report(l, &report);
			print_message("%s: ceiling %.1f, libebur128 %.3f, scipy %.3f, at most %.2f "
			              "dB, %.2f s\n",
			        shape_names[shape], ceilings[k], ebur, scipy, report.most_db,
			        report.reduced_s);
			assert_true(ebur <= ceilings[k] + 0.02);
			assert_true(scipy <= ceilings[k]);
			assert_true(fmax(ebur, scipy) > ceilings[k] - 1.2);
			limiter_free(l);
			free(in);
		}
	free(out);
}

static void quiet_music_passes_bit_for_bit(void **state)
{
	(void)state;
	float *in = make(CHIRP), *out = calloc(2 * N, sizeof(*out));
	for (size_t i = 0; i < 2 * N; i++)
		in[i] *= 0.88f; /* -1.1 dBTP */
	struct limiter *l = limiter_new(HZ, -1);
	limit(l, in, out, N, 500);
	assert_memory_equal(in, out, 2 * N * sizeof(*in));
	struct mix_limiter_report report;
	limiter_report(l, &report);
	assert_true(report.most_db == 0 && report.reduced_s == 0);
	limiter_free(l);
	limiter_free(NULL);
	free(in);
	free(out);
}

/* One loud moment: untouched 5 ms before it and a second and a half after it; smooth in between. */
static void comes_back_to_exact_rest(void **state)
{
	(void)state;
	float *in = calloc(2 * N, sizeof(*in)), *out = calloc(2 * N, sizeof(*out));
	for (size_t i = 0; i < 2 * N; i++)
		in[i] = 0.25f;
	enum { AT = HZ };
	in[2 * AT] = 1.7f;
	struct limiter *l = limiter_new(HZ, -1);
	limit(l, in, out, N, 1024);
	assert_memory_equal(in, out, 2 * (AT - 230) * sizeof(*in));
	size_t later = AT + HZ * 3 / 2;
	assert_memory_equal(in + 2 * later, out + 2 * later, 2 * (N - later) * sizeof(*in));
	assert_true(fabsf(out[2 * AT]) <= 0.8913f && fabsf(out[2 * AT]) > 0.8f);
	for (size_t i = AT - 300; i < later; i++) /* the other side shows the gain */
		assert_true(fabsf(out[2 * i + 1] - out[2 * i - 1]) < 0.25f * 0.01f);
	limiter_free(l);
	free(in);
	free(out);
}

static void cuts_do_not_matter(void **state)
{
	(void)state;
	const size_t cuts[] = {1, 16, 333, 1024};
	float *in = make(BURSTS), *one = calloc(2 * N, sizeof(*one)),
	      *other = calloc(2 * N, sizeof(*one));
	struct limiter *l = limiter_new(HZ, -1);
	limit(l, in, one, N, 700);
	limiter_free(l);
	assert_memory_not_equal(in, one, 2 * N * sizeof(*one));
	for (size_t k = 0; k < 4; k++) {
		l = limiter_new(HZ, -1);
		limit(l, in, other, N, cuts[k]);
		limiter_free(l);
		assert_memory_equal(one, other, 2 * N * sizeof(*one));
	}
	free(in);
	free(one);
	free(other);
}

static void low_and_high_rates_work(void **state)
{
	(void)state;
	const int rates[] = {1000, 8000, 192000, 768000};
	float *in = make(LOUD_SINE), *out = calloc(2 * N, sizeof(*out));
	for (size_t k = 0; k < 4; k++) {
		struct limiter *l = limiter_new(rates[k], -1);
		limit(l, in, out, N, 1024);
		for (size_t i = 0; i < 2 * N; i++)
			assert_true(fabsf(out[i]) <= 0.8913f);
		limiter_free(l);
	}
	free(in);
	free(out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(nothing_is_above_the_ceiling),
	        cmocka_unit_test(quiet_music_passes_bit_for_bit),
	        cmocka_unit_test(comes_back_to_exact_rest),
	        cmocka_unit_test(cuts_do_not_matter),
	        cmocka_unit_test(low_and_high_rates_work),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
