/* test_mix_resampler.c - length and place in time are exact at all ratios; cuts do not matter. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "jukebox/resampler.h"

static const int rates[][2] = {{44100, 44100}, {48000, 44100}, {44100, 48000}, {32000, 44100},
        {96000, 44100}, {22050, 44100}, {8000, 48000}, {192000, 44100}, {11025, 48000},
        {44056, 44100}};
enum { N_RATES = sizeof(rates) / sizeof(rates[0]) };

/* All of it in calls of n_each input and max_out output frames; how many came out. */
static size_t resample(struct resampler *r, int channels, const float *in, size_t n_in,
        size_t n_each, float *out, size_t max_out, size_t room)
{
	size_t at = 0, n = 0, taken, got;
	while (at < n_in) {
		size_t give = n_in - at < n_each ? n_in - at : n_each;
		size_t most = room - n < max_out ? room - n : max_out;
		assert_int_equal(resampler_run(r, in + at * (size_t)channels, give, &taken,
		                         out + n * (size_t)channels, most, &got),
		        STATUS_OK);
		assert_true(taken <= give && got <= most);
		assert_true(taken + got > 0);
		at += taken;
		n += got;
	}
	do {
		size_t most = room - n < max_out ? room - n : max_out;
		assert_int_equal(
		        resampler_run(r, NULL, 0, &taken, out + n * (size_t)channels, most, &got),
		        STATUS_OK);
		n += got;
	} while (got);
	return n;
}

static void length_is_exact(void **state)
{
	(void)state;
	const size_t lengths[] = {0, 1, 2, 99, 1000, 44100, 100003};
	float *in = calloc(100003 * 2, sizeof(*in)), *out = calloc(2 * 700000, sizeof(*out));
	for (int k = 0; k < N_RATES; k++)
		for (size_t l = 0; l < sizeof(lengths) / sizeof(lengths[0]); l++) {
			struct resampler *r =
			        resampler_new(rates[k][0], rates[k][1], 2, RESAMPLER_HIGH);
			assert_non_null(r);
			size_t n = resample(r, 2, in, lengths[l], 1000, out, 4096, 700000);
			assert_int_equal(
			        n, llround((double)lengths[l] * rates[k][1] / rates[k][0]));
			resampler_free(r);
		}
	free(in);
	free(out);
}

/* A sine of 1/20 of the lower rate keeps amplitude and phase, from the first output frame's time on; the
 * right channel is the left one negated. */
static void sine_lies_where_it_must(void **state)
{
	(void)state;
	enum { SECONDS = 1 };
	for (int k = 0; k < N_RATES; k++)
		for (int quality = RESAMPLER_MEDIUM; quality <= RESAMPLER_BEST; quality++) {
			int from = rates[k][0], to = rates[k][1];
			double hz = (from < to ? from : to) / 20.0;
			size_t n_in = (size_t)from * SECONDS, room = (size_t)to * SECONDS;
			float *in = calloc(n_in * 2, sizeof(*in));
			float *out = calloc(room * 2, sizeof(*out));
			for (size_t i = 0; i < n_in; i++) {
				in[2 * i] = (float)(0.5 * sin(2 * M_PI * hz * (double)i / from));
				in[2 * i + 1] = -in[2 * i];
			}
			struct resampler *r =
			        resampler_new(from, to, 2, (enum resampler_quality)quality);
			size_t n = resample(r, 2, in, n_in, 997, out, 333, room);
			assert_int_equal(n, room);
			double worst = 0;
			for (size_t i = n / 10; i < n - n / 10; i++) {
				double expected = 0.5 * sin(2 * M_PI * hz * (double)i / to);
				worst = fmax(worst, fabs(out[2 * i] - expected));
				assert_true(out[2 * i + 1] == -out[2 * i]);
			}
			/* 1e-3 of a frame off would be 1.6e-4 */
			if (worst > 5e-5)
				print_message(
				        "%d -> %d, quality %d: %g off\n", from, to, quality, worst);
			assert_true(worst < 5e-5);
			resampler_free(r);
			free(in);
			free(out);
		}
}

/* The centre of gravity of a resampled impulse. */
static void impulse_lies_where_it_must(void **state)
{
	(void)state;
	for (int k = 0; k < N_RATES; k++) {
		int from = rates[k][0], to = rates[k][1];
		enum { N_IN = 20000, AT = 9001 };
		size_t room = (size_t)llround((double)N_IN * to / from);
		float *in = calloc(N_IN, sizeof(*in)), *out = calloc(room, sizeof(*out));
		in[AT] = 1;
		struct resampler *r = resampler_new(from, to, 1, RESAMPLER_HIGH);
		size_t n = resample(r, 1, in, N_IN, 4096, out, 4096, room);
		double sum = 0, moment = 0;
		for (size_t i = 0; i < n; i++) {
			sum += (double)out[i] * out[i];
			moment += (double)out[i] * out[i] * (double)i;
		}
		assert_true(fabs(moment / sum - (double)AT * to / from) < 0.01);
		resampler_free(r);
		free(in);
		free(out);
	}
}

static void cuts_do_not_matter(void **state)
{
	(void)state;
	enum { N_IN = 30011, ROOM = 30011 };
	float *in = calloc(N_IN * 2, sizeof(*in)), *one = calloc(ROOM * 2, sizeof(*one));
	float *other = calloc(ROOM * 2, sizeof(*other));
	for (int i = 0; i < 2 * N_IN; i++)
		in[i] = (float)((i * 7919) % 1000) / 1000 - 0.5f;
	const size_t cuts[][2] = {{1, 4096}, {333, 10}, {N_IN, ROOM}, {4096, 1}};
	struct resampler *r = resampler_new(48000, 44100, 2, RESAMPLER_HIGH);
	size_t n = resample(r, 2, in, N_IN, 1024, one, 4096, ROOM);
	resampler_free(r);
	for (int k = 0; k < 4; k++) {
		r = resampler_new(48000, 44100, 2, RESAMPLER_HIGH);
		size_t m = resample(r, 2, in, N_IN, cuts[k][0], other, cuts[k][1], ROOM);
		resampler_free(r);
		assert_int_equal(m, n);
		assert_memory_equal(one, other, n * 2 * sizeof(*one));
	}
	free(in);
	free(one);
	free(other);
}

static void wrong_rates_are_refused(void **state)
{
	(void)state;
	assert_null(resampler_new(999, 44100, 2, RESAMPLER_HIGH));
	assert_null(resampler_new(44100, 768001, 2, RESAMPLER_HIGH));
	assert_null(resampler_new(44100, 48000, 0, RESAMPLER_HIGH));
	resampler_free(NULL);
	assert_non_null(resampler_library());
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(length_is_exact),
	        cmocka_unit_test(sine_lies_where_it_must),
	        cmocka_unit_test(impulse_lies_where_it_must),
	        cmocka_unit_test(cuts_do_not_matter),
	        cmocka_unit_test(wrong_rates_are_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
