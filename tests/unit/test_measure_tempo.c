/* Clicks at a known tempo, drums with something between the beats, and what has no beat at all. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "jukebox/record.h"
#include "measure/analyser.h"
#include "measure/tempo.h"

enum { RATE = 44100 };

static double random_value(uint32_t *state)
{
	*state = *state * 1664525 + 1013904223;
	return (double)*state / 2147483648.0 - 1;
}

/* A decaying burst of noise at each beat, a softer one halfway, and a chord through all of it. */
static float *drums(double bpm, double first_s, double half_beat_level, size_t n_frames)
{
	float *frames = malloc(2 * n_frames * sizeof(*frames));
	double period = 60 / bpm;
	uint32_t random = 1;

	assert_non_null(frames);
	for (size_t i = 0; i < n_frames; i++) {
		double t =
		        (double)i / RATE - first_s + 100 * period; /* beats before the first too */
		double since = fmod(t, period), since_half = fmod(t + period / 2, period);
		double sum = 0.05 * sin(2 * M_PI * 220 * t) + 0.05 * sin(2 * M_PI * 277 * t);

		sum += 0.5 * exp(-30 * since) * random_value(&random);
		sum += half_beat_level * exp(-60 * since_half) * random_value(&random);
		frames[2 * i] = frames[2 * i + 1] = (float)sum;
	}
	return frames;
}

static struct record analysed(float *frames, size_t n_frames)
{
	struct analyser *a = analyser_new(RATE, 2);
	struct record record = {0};

	assert_non_null(a);
	assert_int_equal(analyser_add(a, frames, n_frames), STATUS_OK);
	assert_int_equal(analyser_finish(a, &record), STATUS_OK);
	analyser_free(a);
	free(frames);
	return record;
}

static void expect_beat(double bpm, double first_s, double half_beat_level)
{
	size_t n = 30 * RATE;
	struct record r = analysed(drums(bpm, first_s, half_beat_level, n), n);
	double period = 60 / bpm, away = remainder(r.first_beat_s - first_s, period);

	assert_float_equal(r.bpm, bpm, bpm / 1000);
	assert_true(r.bpm_confidence > 0.4);
	assert_true(fabs(away) < 0.015);
	assert_true(r.first_beat_s >= 0 && r.first_beat_s < period);
	record_done(&r);
}

static void test_drums(void **state)
{
	expect_beat(75, 0.31, 0);
	expect_beat(92.5, 0.02, 0.1);
	expect_beat(120, 0, 0.1);
	expect_beat(128, 0.1, 0.15);
	expect_beat(140.3, 0.25, 0);
	expect_beat(174, 0.3, 0);
}

static void test_noise_has_no_beat(void **state)
{
	size_t n = 30 * RATE;
	float *frames = malloc(2 * n * sizeof(*frames));
	uint32_t random = 5;

	assert_non_null(frames);
	for (size_t i = 0; i < 2 * n; i++)
		frames[i] = (float)(0.2 * random_value(&random));
	struct record r = analysed(frames, n);
	assert_float_equal(r.bpm, 0, 0);
	assert_float_equal(r.bpm_confidence, 0, 0);
	record_done(&r);
}

static void test_silence_and_short(void **state)
{
	float nothing[2000] = {0};
	struct tempo tempo;

	assert_int_equal(tempo_find(nothing, 2000, 86, &tempo), STATUS_OK);
	assert_float_equal(tempo.bpm, 0, 0);
	assert_int_equal(tempo_find(nothing, 0, 86, &tempo), STATUS_OK);
	assert_int_equal(tempo_find(nothing, 100, 86, &tempo), STATUS_OK);
	assert_int_equal(tempo_find(nothing, 2000, 7.8, &tempo), STATUS_OK);
	assert_float_equal(tempo.bpm, 0, 0);
}

/* One onset in all of it: correlates with nothing. */
static void test_single_onset(void **state)
{
	float envelope[2000] = {0};
	struct tempo tempo;

	envelope[1000] = 1;
	assert_int_equal(tempo_find(envelope, 2000, 86, &tempo), STATUS_OK);
	assert_float_equal(tempo.bpm, 0, 0);
	assert_float_equal(tempo.confidence, 0, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_drums),
	        cmocka_unit_test(test_noise_has_no_beat),
	        cmocka_unit_test(test_silence_and_short),
	        cmocka_unit_test(test_single_onset),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
