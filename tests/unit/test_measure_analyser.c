/* Frames with known properties must give the curves, edges and samples that the record promises. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "jukebox/downmix.h"
#include "jukebox/measure.h"
#include "jukebox/meter.h"
#include "measure/analyser.h"

enum { RATE = 44100 };

/* ---- signals: a function of time per channel ----------------------------------------------- */

typedef double wave_fn(double t, int channel);

static double tone_1k(double t, int channel)
{
	return 0.5 * sin(2 * M_PI * 1000 * t);
}

static double tone_60(double t, int channel)
{
	return 0.5 * sin(2 * M_PI * 60 * t);
}

static double noise(double t, int channel)
{
	static uint32_t state = 1; /* the same on both sides of one frame does not matter here */

	state = state * 1664525 + 1013904223;
	return 0.3 * ((double)state / 2147483648.0 - 1);
}

static double left_only(double t, int channel)
{
	return channel == 0 ? tone_1k(t, 0) : 0;
}

static double opposite(double t, int channel)
{
	return channel == 0 ? tone_1k(t, 0) : -tone_1k(t, 0);
}

/* Two hits a second. */
static double hits(double t, int channel)
{
	double since = fmod(t, 0.5);

	return noise(t, channel) * exp(-since * 40) + 0.01 * tone_1k(t, channel);
}

static double offset_tone(double t, int channel)
{
	return tone_1k(t, channel) + (channel == 0 ? 0.01 : -0.002);
}

static double padded(double t, int channel)
{
	return t >= 5 && t < 20 ? tone_1k(t, channel) : 0;
}

static double faded(double t, int channel)
{
	return tone_1k(t, channel) * pow(10, -4 * fmax(0, t - 5) / 5);
}

static double moving(double t, int channel)
{
	return noise(t, channel) * pow(10, -0.5 * (1 + sin(t)));
}

static float *make(wave_fn *wave, int rate_hz, int channels, size_t n_frames)
{
	float *frames = malloc(n_frames * (size_t)channels * sizeof(*frames));

	assert_non_null(frames);
	for (size_t i = 0; i < n_frames; i++)
		for (int c = 0; c < channels; c++)
			frames[i * (size_t)channels + (size_t)c] =
			        (float)wave((double)i / rate_hz, c);
	return frames;
}

static struct record analysed(const float *frames, int rate_hz, int channels, size_t n_frames)
{
	struct analyser *a = analyser_new(rate_hz, channels);
	struct record record = {0};

	assert_non_null(a);
	assert_int_equal(analyser_add(a, frames, n_frames), STATUS_OK);
	assert_int_equal(analyser_finish(a, &record), STATUS_OK);
	analyser_free(a);
	return record;
}

static struct record analysed_wave(wave_fn *wave, int rate_hz, int channels, double seconds)
{
	size_t n = (size_t)llround(seconds * rate_hz);
	float *frames = make(wave, rate_hz, channels, n);
	struct record record = analysed(frames, rate_hz, channels, n);

	free(frames);
	return record;
}

/* All values of a curve but those at the ends lie between. */
static void expect_curve(const struct record *r, const uint8_t *curve, int least, int most)
{
	for (size_t i = 2; i + 2 < r->curves.count; i++)
		assert_in_range(curve[i], least, most);
}

static double mean(const struct record *r, const uint8_t *curve)
{
	double sum = 0;

	for (size_t i = 2; i + 2 < r->curves.count; i++)
		sum += curve[i];
	return sum / ((double)r->curves.count - 4);
}

/* ---- curves -------------------------------------------------------------------------------- */

static void test_tone(void **state)
{
	struct record r = analysed_wave(tone_1k, RATE, 2, 5);

	assert_int_equal(r.curves.count, 50);
	for (size_t i = 1; i < 50; i++)
		assert_float_equal(record_level_lufs(r.curves.level_clu[i]), -6.02, 0.05);
	/* -6.02 dBTP is half a step above -6.5: 52 would be quieter than it is. */
	expect_curve(&r, r.curves.peak, 52, 52);
	expect_curve(&r, r.curves.onset, 0, 0);
	expect_curve(&r, r.curves.flatness, 0, 8);
	expect_curve(&r, r.curves.centroid, 20, 20);
	expect_curve(&r, r.curves.bass, 160, 255);
	expect_curve(&r, r.curves.side, 0, 0);
	assert_float_equal(r.loudness_lufs, -6.02, 0.05);
	assert_float_equal(r.sample_peak_dbfs, -6.02, 0.05);
	assert_float_equal(r.true_peak_dbtp, -6.02, 0.05);
	record_done(&r);
}

static void test_noise_is_flat_and_steady(void **state)
{
	struct record r = analysed_wave(noise, RATE, 2, 10);

	assert_true(mean(&r, r.curves.flatness) > 220);
	assert_true(mean(&r, r.curves.onset) < 20);
	expect_curve(&r, r.curves.side, 180, 204);
	record_done(&r);
}

static void test_hits_are_onsets(void **state)
{
	struct record r = analysed_wave(hits, RATE, 2, 10);

	for (size_t i = 10; i + 5 < r.curves.count; i += 5) {
		assert_in_range(r.curves.onset[i] > r.curves.onset[i - 1] ? r.curves.onset[i]
		                                                          : r.curves.onset[i - 1],
		        200, 255);
		assert_in_range(r.curves.onset[i + 2], 0, 60);
	}
	record_done(&r);
}

static void test_bass(void **state)
{
	struct record r = analysed_wave(tone_60, RATE, 2, 3);

	expect_curve(&r, r.curves.bass, 0, 4);
	expect_curve(&r, r.curves.centroid, 1, 2);
	record_done(&r);
}

static void test_sides(void **state)
{
	struct record left = analysed_wave(left_only, RATE, 2, 3);
	struct record far = analysed_wave(opposite, RATE, 2, 3);

	expect_curve(&left, left.curves.side, 192, 192);
	expect_curve(&far, far.curves.side, 255, 255);
	record_done(&left);
	record_done(&far);
}

static void test_offset(void **state)
{
	struct record r = analysed_wave(offset_tone, RATE, 2, 10);

	assert_float_equal(r.offset[0], 0.01, 1e-5);
	assert_float_equal(r.offset[1], -0.002, 1e-5);
	record_done(&r);
	r = analysed_wave(offset_tone, 22050, 1, 10);
	assert_float_equal(r.offset[0], 0.01, 1e-5);
	assert_float_equal(r.offset[1], 0.01, 1e-5);
	record_done(&r);
}

static void test_peak_is_rounded_towards_louder(void **state)
{
	static const struct {
		float value;
		int byte;
	} cases[] = {{1.0f, 40}, {0.9999f, 40}, {1.0001f, 39}, {0.5f, 52}, {11.0f, 0}, {0, 255},
	        {1e-7f, 254}};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		float frame[2] = {cases[i].value, 0};
		struct record r = analysed(frame, RATE, 2, 1);

		assert_int_equal(r.curves.peak[0], cases[i].byte);
		record_done(&r);
	}
}

static double integrate(const struct record_curves *c)
{
	double gate = -70, sum = 0;

	for (int pass = 0; pass < 2; pass++) {
		int count = 0;

		sum = 0;
		for (size_t i = 3; i < c->count; i++) {
			double energy = 0;

			for (size_t j = i - 3; j <= i; j++)
				energy += meter_lufs_to_energy(record_level_lufs(c->level_clu[j])) /
				          4;
			if (meter_energy_to_lufs(energy) >= gate)
				sum += energy, count++;
		}
		sum = meter_energy_to_lufs(sum / count);
		gate = sum - 10;
	}
	return sum;
}

static void test_levels_integrate_to_the_loudness(void **state)
{
	struct record r = analysed_wave(moving, RATE, 2, 30);

	assert_float_equal(integrate(&r.curves), r.loudness_lufs, 0.05);
	record_done(&r);
}

/* ---- channels, rates, lengths -------------------------------------------------------------- */

static void test_mono_is_heard_on_both_sides(void **state)
{
	size_t n = 5 * RATE;
	float *mono = make(moving, RATE, 1, n), *stereo = malloc(2 * n * sizeof(float));
	struct record a, b;

	assert_non_null(stereo);
	downmix_to_stereo(mono, 1, n, stereo);
	a = analysed(mono, RATE, 1, n);
	b = analysed(stereo, RATE, 2, n);
	assert_float_equal(a.loudness_lufs, b.loudness_lufs, 1e-9);
	assert_float_equal(a.true_peak_dbtp, b.true_peak_dbtp, 1e-9);
	assert_memory_equal(a.curves.level_clu, b.curves.level_clu, 2 * a.curves.count);
	assert_memory_equal(a.curves.flatness, b.curves.flatness, a.curves.count);
	assert_memory_equal(a.curves.side, b.curves.side, a.curves.count);
	assert_int_equal(a.channels, 1);
	free(mono);
	free(stereo);
	record_done(&a);
	record_done(&b);
}

static void test_surround_is_measured_as_mixed_down(void **state)
{
	size_t n = 2 * RATE;
	float *six = make(moving, RATE, 6, n), *stereo = malloc(2 * n * sizeof(float));
	struct record a, b;

	assert_non_null(stereo);
	downmix_to_stereo(six, 6, n, stereo);
	a = analysed(six, RATE, 6, n);
	b = analysed(stereo, RATE, 2, n);
	assert_true(a.loudness_lufs == b.loudness_lufs);
	assert_memory_equal(a.curves.peak, b.curves.peak, a.curves.count);
	assert_int_equal(a.channels, 6);
	assert_int_equal(a.last.channels, 2);
	free(six);
	free(stereo);
	record_done(&a);
	record_done(&b);
}

/* A block begins at each tenth of a second, at any rate. */
static void test_one_block_for_each_tenth(void **state)
{
	static const int rates[] = {1000, 8000, 11025, 22050, 44100, 48000, 96000, 192000, 768000};

	for (size_t i = 0; i < sizeof(rates) / sizeof(*rates); i++) {
		struct record r = analysed_wave(tone_60, rates[i], 2, 1.25);

		assert_int_equal(r.frames, llround(1.25 * rates[i]));
		assert_int_equal(r.curves.count, 13);
		/* 22,050 Hz: half a frame more than 125 parts. */
		assert_int_equal(r.head.count, rates[i] == 22050 ? 126 : 125);
		assert_int_equal(r.tail.count, r.head.count);
		assert_float_equal(record_duration(&r), 1.25, 1e-3);
		record_done(&r);
	}
}

static void test_tiny_and_nothing(void **state)
{
	static const size_t lengths[] = {0, 1, 3, 100, 441, 442, 4410};

	for (size_t i = 0; i < sizeof(lengths) / sizeof(*lengths); i++) {
		float *frames = make(noise, RATE, 2, lengths[i] + 1);
		struct record r = analysed(frames, RATE, 2, lengths[i]);

		assert_int_equal(r.frames, lengths[i]);
		assert_int_equal(r.curves.count, lengths[i] > 0);
		assert_true(lengths[i] == 0 || isfinite(r.loudness_lufs));
		free(frames);
		record_done(&r);
	}
}

static void test_size_of_calls_does_not_matter(void **state)
{
	size_t n = 3 * RATE;
	float *frames = make(moving, RATE, 2, n);
	struct record a = analysed(frames, RATE, 2, n), b = {0};
	struct analyser *bits = analyser_new(RATE, 2);

	assert_non_null(bits);
	for (size_t at = 0, k = 1; at < n; at += k) {
		k = k * 7 % 1013;
		k = k < n - at ? k : n - at;
		assert_int_equal(analyser_add(bits, frames + 2 * at, k), STATUS_OK);
	}
	assert_int_equal(analyser_finish(bits, &b), STATUS_OK);
	assert_float_equal(a.loudness_lufs, b.loudness_lufs, 1e-9);
	assert_memory_equal(a.curves.level_clu, b.curves.level_clu, 2 * a.curves.count);
	assert_memory_equal(a.curves.peak, b.curves.peak, a.curves.count);
	assert_memory_equal(a.curves.onset, b.curves.onset, a.curves.count);
	assert_memory_equal(a.curves.flatness, b.curves.flatness, a.curves.count);
	assert_memory_equal(a.first.frames, frames, RECORD_EDGE_FRAMES * 2 * sizeof(float));
	assert_memory_equal(b.first.frames, frames, RECORD_EDGE_FRAMES * 2 * sizeof(float));
	assert_memory_equal(b.last.frames, frames + 2 * (n - RECORD_EDGE_FRAMES),
	        RECORD_EDGE_FRAMES * 2 * sizeof(float));
	free(frames);
	analyser_free(bits);
	record_done(&a);
	record_done(&b);
}

/* ---- ends ---------------------------------------------------------------------------------- */

static void test_windows_pass_over_silence(void **state)
{
	struct record r = analysed_wave(padded, RATE, 2, 70);

	assert_int_equal(r.head.from_block, 49);
	assert_int_equal(r.head.count, 3000);
	assert_int_equal(r.head.level_clu[9], RECORD_SILENCE_CLU);
	assert_float_equal(record_level_lufs(r.head.level_clu[15]), -6.02, 0.3);
	/* Sound ends with block 199; its interpolated rest may reach into the next. */
	assert_in_range(r.tail.from_block * 10 + (int64_t)r.tail.count, 2100, 2110);
	assert_in_range(r.tail.count, 2100, 2110);
	record_done(&r);
}

static double pause(double t, int channel)
{
	return t < 2 || t >= 52 ? tone_1k(t, channel) : 0;
}

static void test_tail_window_holds_a_pause(void **state)
{
	struct record r = analysed_wave(pause, 8000, 2, 55);

	assert_int_equal(r.tail.count, 3000);
	assert_int_equal(r.tail.from_block, 250);
	assert_int_equal(r.tail.level_clu[2600], RECORD_SILENCE_CLU);
	assert_float_equal(record_level_lufs(r.tail.level_clu[2800]), -6.02, 0.3);
	record_done(&r);
}

static void test_samples_are_kept_of_cuts_only(void **state)
{
	struct record cut = analysed_wave(tone_1k, RATE, 2, 10);
	struct record fade = analysed_wave(faded, RATE, 2, 10);
	struct record pad = analysed_wave(padded, RATE, 1, 25);

	assert_int_equal(cut.first.n_frames, RECORD_EDGE_FRAMES);
	assert_int_equal(cut.last.n_frames, RECORD_EDGE_FRAMES);
	assert_int_equal(fade.first.n_frames, RECORD_EDGE_FRAMES);
	assert_int_equal(fade.last.n_frames, 0);
	assert_int_equal(pad.first.n_frames, 0);
	assert_int_equal(pad.last.n_frames, 0);
	record_done(&cut);
	record_done(&fade);
	record_done(&pad);
}

static double quiet_zero(double t, int channel)
{
	return 0;
}

static void test_silence(void **state)
{
	struct record r = analysed_wave(quiet_zero, RATE, 2, 3);

	assert_true(r.loudness_lufs == -HUGE_VAL);
	assert_true(r.true_peak_dbtp == -HUGE_VAL);
	for (size_t i = 0; i < r.curves.count; i++) {
		assert_int_equal(r.curves.level_clu[i], RECORD_SILENCE_CLU);
		assert_int_equal(r.curves.peak[i], 255);
		assert_int_equal(r.curves.onset[i], 0);
		assert_int_equal(r.curves.bass[i], 255);
		assert_int_equal(r.curves.side[i], 0);
	}
	assert_int_equal(r.first.n_frames, 0);
	assert_float_equal(r.bpm, 0, 0);
	record_done(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_tone),
	        cmocka_unit_test(test_noise_is_flat_and_steady),
	        cmocka_unit_test(test_hits_are_onsets),
	        cmocka_unit_test(test_bass),
	        cmocka_unit_test(test_sides),
	        cmocka_unit_test(test_offset),
	        cmocka_unit_test(test_peak_is_rounded_towards_louder),
	        cmocka_unit_test(test_levels_integrate_to_the_loudness),
	        cmocka_unit_test(test_mono_is_heard_on_both_sides),
	        cmocka_unit_test(test_surround_is_measured_as_mixed_down),
	        cmocka_unit_test(test_one_block_for_each_tenth),
	        cmocka_unit_test(test_tiny_and_nothing),
	        cmocka_unit_test(test_size_of_calls_does_not_matter),
	        cmocka_unit_test(test_windows_pass_over_silence),
	        cmocka_unit_test(test_tail_window_holds_a_pause),
	        cmocka_unit_test(test_samples_are_kept_of_cuts_only),
	        cmocka_unit_test(test_silence),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
