/* The meter against libebur128, against the test signals of EBU Tech 3341 and 3342 (made here from their definitions),
 * and against itself: vectors and scalars, large and small calls. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#define error ebur128_error /* its enum has the name of our struct */
#include <ebur128.h>
#undef error

#include "jukebox/meter.h"
#include "measure/kweight.h"
#include "measure/truepeak.h"

#define LOUDNESS_TOLERANCE_LU 0.02
#define RANGE_TOLERANCE_LU 0.1
#define PEAK_TOLERANCE_DB 0.05

static double db(double lin)
{
	return 20 * log10(lin);
}

static float lin(double level_db)
{
	return (float)pow(10, level_db / 20);
}

/* ---- signals ------------------------------------------------------------------------------- */

struct signal {
	int rate_hz, channels;
	size_t n_frames, room;
	float *frames;
};

static void grow(struct signal *s, size_t n_frames)
{
	if (s->frames && s->n_frames + n_frames <= s->room)
		return;
	s->room = 2 * (s->n_frames + n_frames) + 1;
	s->frames = realloc(s->frames, s->room * (size_t)s->channels * sizeof(float));
	assert_non_null(s->frames);
}

/* 1 kHz on every channel; levels_db has one value per channel, NULL: level_db for all. */
static void add_tone(struct signal *s, double seconds, double level_db, const double *levels_db)
{
	size_t n = (size_t)llround(seconds * s->rate_hz);

	grow(s, n);
	for (size_t i = 0; i < n; i++, s->n_frames++)
		for (int c = 0; c < s->channels; c++)
			s->frames[s->n_frames * (size_t)s->channels + (size_t)c] =
			        lin(levels_db ? levels_db[c] : level_db) *
			        sinf((float)fmod(2 * M_PI * 1000 * (double)s->n_frames / s->rate_hz,
			                2 * M_PI));
}

static void add_silence(struct signal *s, double seconds)
{
	size_t n = (size_t)llround(seconds * s->rate_hz);

	grow(s, n);
	memset(s->frames + s->n_frames * (size_t)s->channels, 0,
	        n * (size_t)s->channels * sizeof(float));
	s->n_frames += n;
}

static uint32_t next_random(uint32_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 17;
	*state ^= *state << 5;
	return *state;
}

/* Something like music: noise and tones whose levels move by range_db within seconds. */
static void add_moving_programme(struct signal *s, double seconds, double range_db, uint32_t seed)
{
	size_t n = (size_t)llround(seconds * s->rate_hz);
	uint32_t state = seed;
	double low = 0;

	grow(s, n);
	for (size_t i = 0; i < n; i++, s->n_frames++) {
		double t = (double)i / s->rate_hz;
		double level = 0.3 * pow(10, -range_db / 40 * (1 + sin(0.4 * t + seed)));

		for (int c = 0; c < s->channels; c++) {
			double noise = (double)next_random(&state) / 2147483648.0 - 1;

			low += 0.2 * (noise - low);
			s->frames[s->n_frames * (size_t)s->channels + (size_t)c] =
			        (float)(level * (2 * low + 0.3 * noise +
			                                sin(2 * M_PI * (220 + 30 * c) * t) +
			                                sin(2 * M_PI * 0.23 * s->rate_hz * t)));
		}
	}
}

static void add_programme(struct signal *s, double seconds, uint32_t seed)
{
	add_moving_programme(s, seconds, 30, seed);
}

/* +-0.7 at random: between such samples is where true peaks are highest. */
static void add_signs(struct signal *s, double seconds, uint32_t seed)
{
	size_t n = (size_t)llround(seconds * s->rate_hz) * (size_t)s->channels;
	uint32_t state = seed;

	grow(s, n / (size_t)s->channels);
	for (size_t i = 0; i < n; i++)
		s->frames[s->n_frames * (size_t)s->channels + i] =
		        next_random(&state) & 4096 ? 0.7f : -0.7f;
	s->n_frames += n / (size_t)s->channels;
}

static struct meter *measured(const struct signal *s, const double *weights)
{
	struct meter *m = meter_new(s->rate_hz, s->channels, weights);

	assert_non_null(m);
	assert_int_equal(meter_add(m, s->frames, s->n_frames), STATUS_OK);
	assert_int_equal(meter_finish(m), STATUS_OK);
	return m;
}

/* ---- libebur128 ---------------------------------------------------------------------------- */

static double oracle_peak(ebur128_state *e, int channels)
{
	double highest = 0;

	for (int c = 0; c < channels; c++) {
		double peak;

		assert_int_equal(ebur128_true_peak(e, (unsigned)c, &peak), 0);
		highest = fmax(highest, peak);
	}
	return highest;
}

static void compare(const struct signal *s)
{
	ebur128_state *e = ebur128_init((unsigned)s->channels, (unsigned long)s->rate_hz,
	        EBUR128_MODE_I | EBUR128_MODE_LRA | EBUR128_MODE_TRUE_PEAK);
	double weight = 2, lufs, lu;
	struct meter *m = measured(s, s->channels == 1 ? &weight : NULL);

	assert_non_null(e);
	if (s->channels == 1)
		ebur128_set_channel(e, 0, EBUR128_DUAL_MONO);
	assert_int_equal(ebur128_add_frames_float(e, s->frames, s->n_frames), 0);
	assert_int_equal(ebur128_loudness_global(e, &lufs), 0);
	assert_int_equal(ebur128_loudness_range(e, &lu), 0);
	assert_float_equal(meter_integrated_lufs(m), lufs, LOUDNESS_TOLERANCE_LU);
	assert_float_equal(meter_range_lu(m), lu, RANGE_TOLERANCE_LU);
	assert_float_equal(
	        db(meter_true_peak_lin(m)), db(oracle_peak(e, s->channels)), PEAK_TOLERANCE_DB);
	meter_free(m);
	ebur128_destroy(&e);
}

static void test_libebur128_agrees_at_all_rates(void **state)
{
	static const int rates[] = {
	        8000, 11025, 16000, 22050, 32000, 44100, 48000, 88200, 96000, 176400, 192000};

	for (size_t i = 0; i < sizeof(rates) / sizeof(*rates); i++)
		for (int channels = 1; channels <= 2; channels++) {
			struct signal s = {.rate_hz = rates[i], .channels = channels};

			/* A tenth of a second is no whole number of frames at 11,025 Hz: ours begin at the
			 * nearest frame, libebur128's are all half a frame longer.  Where a window
			 * lies at the gate one may take it and the other not; so nothing does. */
			add_moving_programme(
			        &s, 11.3, rates[i] % 10 == 0 ? 30 : 8, (uint32_t)(i + 1));
			compare(&s);
			free(s.frames);
		}
}

/* A level that rises evenly: every percentile is another one. */
static void test_range_of_a_ramp(void **state)
{
	struct signal s = {.rate_hz = 8000, .channels = 1};

	for (int i = 0; i < 120; i++)
		add_tone(&s, 0.5, -50 + 0.25 * i, NULL);
	compare(&s);
	free(s.frames);
}

/* Left and right measured as two files of one channel, so the vector code cannot swap or mix them. */
static void test_channels_add_up(void **state)
{
	struct signal s = {.rate_hz = 44100, .channels = 2},
	              one = {.rate_hz = 44100, .channels = 1};
	double energy = 0;

	add_programme(&s, 0.3, 5);
	add_silence(&one, 0.3);
	for (int c = 0; c < 2; c++) {
		for (size_t i = 0; i < s.n_frames; i++)
			one.frames[i] = s.frames[2 * i + (size_t)c] * (c == 0 ? 1.0f : 0.1f);
		struct meter *m = measured(&one, NULL);
		energy += meter_lufs_to_energy(meter_integrated_lufs(m));
		meter_free(m);
	}
	for (size_t i = 0; i < s.n_frames; i++)
		s.frames[2 * i + 1] *= 0.1f;
	struct meter *m = measured(&s, NULL);
	assert_float_equal(meter_integrated_lufs(m), meter_energy_to_lufs(energy), 1e-6);
	meter_free(m);
	free(s.frames);
	free(one.frames);
}

/* ---- EBU Tech 3341, v4, table 1 ------------------------------------------------------------ */

static void expect_integrated(struct signal *s, const double *weights, double lufs)
{
	struct meter *m = measured(s, weights);

	assert_float_equal(meter_integrated_lufs(m), lufs, 0.1);
	meter_free(m);
	free(s->frames);
}

static void tech_3341_1_to_5(int rate_hz)
{
	struct signal s1 = {.rate_hz = rate_hz, .channels = 2}, s2 = s1, s3 = s1, s4 = s1, s5 = s1;

	add_tone(&s1, 20, -23, NULL);
	expect_integrated(&s1, NULL, -23);
	add_tone(&s2, 20, -33, NULL);
	expect_integrated(&s2, NULL, -33);
	add_tone(&s3, 10, -36, NULL);
	add_tone(&s3, 60, -23, NULL);
	add_tone(&s3, 10, -36, NULL);
	expect_integrated(&s3, NULL, -23);
	add_tone(&s4, 10, -72, NULL);
	add_tone(&s4, 10, -36, NULL);
	add_tone(&s4, 60, -23, NULL);
	add_tone(&s4, 10, -36, NULL);
	add_tone(&s4, 10, -72, NULL);
	expect_integrated(&s4, NULL, -23);
	add_tone(&s5, 20, -26, NULL);
	add_tone(&s5, 20.1, -20, NULL);
	add_tone(&s5, 20, -26, NULL);
	expect_integrated(&s5, NULL, -23);
}

static void test_tech_3341_integrated(void **state)
{
	tech_3341_1_to_5(48000);
	tech_3341_1_to_5(44100);
}

static void test_tech_3341_five_channels(void **state)
{
	static const double levels[] = {-28, -28, -24, -30, -30}, weights[] = {1, 1, 1, 1.41, 1.41};
	struct signal s = {.rate_hz = 48000, .channels = 5};

	add_tone(&s, 20, 0, levels);
	expect_integrated(&s, weights, -23);
}

/* Cases 9 and 12: two levels by turns; the window always holds the same. */
static void steady(double loud_s, double soft_s, int times, double from_s, bool short_term)
{
	struct signal s = {.rate_hz = 48000, .channels = 2};
	struct meter *m = meter_new(48000, 2, NULL);

	assert_non_null(m);
	for (int i = 0; i < times; i++) {
		add_tone(&s, loud_s, -20, NULL);
		add_tone(&s, soft_s, -30, NULL);
	}
	for (size_t at = 0; at + 480 <= s.n_frames; at += 480) {
		assert_int_equal(meter_add(m, s.frames + 2 * at, 480), STATUS_OK);
		double now = short_term ? meter_short_term_lufs(m) : meter_momentary_lufs(m);
		if ((double)at / 48000 > from_s)
			assert_float_equal(now, -23, 0.1);
	}
	meter_free(m);
	free(s.frames);
}

static void test_tech_3341_steady_windows(void **state)
{
	steady(1.34, 1.66, 5, 3, true);
	steady(0.18, 0.22, 25, 1, false);
}

/* Cases 10 and 13: one tone as long as the window, anywhere. */
static void test_tech_3341_maxima(void **state)
{
	for (int i = 0; i < 20; i++) {
		struct signal s = {.rate_hz = 48000, .channels = 2}, t = s;
		struct meter *m;

		add_silence(&s, 0.15 * i);
		add_tone(&s, 3, -23, NULL);
		add_silence(&s, 1);
		m = measured(&s, NULL);
		assert_float_equal(meter_max_short_term_lufs(m), -23, 0.1);
		meter_free(m);
		add_silence(&t, 0.02 * i);
		add_tone(&t, 0.4, -23, NULL);
		add_silence(&t, 1);
		m = measured(&t, NULL);
		assert_float_equal(meter_max_momentary_lufs(m), -23, 0.1);
		meter_free(m);
		free(s.frames);
		free(t.frames);
	}
}

/* Cases 11 and 14: the same twenty in one file, each louder than the one before. */
static void test_tech_3341_rising_maxima(void **state)
{
	struct meter *short_term = meter_new(48000, 2, NULL),
	             *momentary = meter_new(48000, 2, NULL);

	assert_true(short_term && momentary);
	for (int i = 0; i < 20; i++) {
		struct signal s = {.rate_hz = 48000, .channels = 2}, t = s;

		add_silence(&s, 0.15 * i);
		add_tone(&s, 3, -38 + i, NULL);
		add_silence(&s, 3 - 0.15 * i);
		assert_int_equal(meter_add(short_term, s.frames, s.n_frames), STATUS_OK);
		assert_float_equal(meter_max_short_term_lufs(short_term), -38 + i, 0.1);
		add_silence(&t, 0.02 * i);
		add_tone(&t, 0.4, -38 + i, NULL);
		add_silence(&t, 0.4 - 0.02 * i);
		assert_int_equal(meter_add(momentary, t.frames, t.n_frames), STATUS_OK);
		assert_float_equal(meter_max_momentary_lufs(momentary), -38 + i, 0.1);
		free(s.frames);
		free(t.frames);
	}
	meter_free(short_term);
	meter_free(momentary);
}

/* Cases 15 to 19: sines at a fraction of the rate whose samples miss the crest. */
static void test_tech_3341_true_peak(void **state)
{
	static const struct {
		double divisor, degrees, amplitude, dbtp;
	} cases[] = {{4, 0, 0.5, -6}, {4, 45, 0.5, -6}, {6, 60, 0.5, -6}, {8, 67.5, 0.5, -6},
	        {4, 45, 1.41, 3}};

	for (size_t k = 0; k < sizeof(cases) / sizeof(*cases); k++) {
		struct signal s = {.rate_hz = 48000, .channels = 2};

		add_silence(&s, 1);
		for (size_t i = 0; i < 2 * s.n_frames; i++) {
			/* Faded in, as the originals are: a hard start overshoots by itself. */
			double in = fmin(1, (double)(i / 2) / 4800);
			s.frames[i] = (float)(in * cases[k].amplitude *
			                      sin(2 * M_PI * (double)(i / 2) / cases[k].divisor +
			                              cases[k].degrees * M_PI / 180));
		}
		struct meter *m = measured(&s, NULL);
		assert_in_range((int)(1000 * (100 + db(meter_true_peak_lin(m)))),
		        (int)(1000 * (100 + cases[k].dbtp - 0.4)),
		        (int)(1000 * (100 + cases[k].dbtp + 0.2)));
		meter_free(m);
		free(s.frames);
	}
}

/* ---- EBU Tech 3342, table 1 ---------------------------------------------------------------- */

static void expect_range(const double *levels, size_t n, double lu)
{
	struct signal s = {.rate_hz = 48000, .channels = 2};
	struct meter *m;

	for (size_t i = 0; i < n; i++)
		add_tone(&s, 20, levels[i], NULL);
	m = measured(&s, NULL);
	assert_float_equal(meter_range_lu(m), lu, 0.2); /* the document allows 1 */
	meter_free(m);
	free(s.frames);
}

static void test_tech_3342(void **state)
{
	expect_range((double[]){-20, -30}, 2, 10);
	expect_range((double[]){-20, -15}, 2, 5);
	expect_range((double[]){-40, -20}, 2, 20);
	expect_range((double[]){-50, -35, -20, -35, -50}, 5, 15);
}

/* ---- itself -------------------------------------------------------------------------------- */

static void test_gain_moves_all_alike(void **state)
{
	struct signal s = {.rate_hz = 44100, .channels = 2};
	struct meter *before, *after;

	add_programme(&s, 20, 3);
	before = measured(&s, NULL);
	for (size_t i = 0; i < 2 * s.n_frames; i++)
		s.frames[i] *= lin(-7.5);
	after = measured(&s, NULL);
	assert_float_equal(meter_integrated_lufs(before) - 7.5, meter_integrated_lufs(after), 0.02);
	assert_float_equal(meter_range_lu(before), meter_range_lu(after), 0.03);
	assert_float_equal(
	        db(meter_true_peak_lin(before)) - 7.5, db(meter_true_peak_lin(after)), 1e-4);
	assert_float_equal(
	        db(meter_sample_peak_lin(before)) - 7.5, db(meter_sample_peak_lin(after)), 1e-4);
	meter_free(before);
	meter_free(after);
	free(s.frames);
}

static void test_size_of_calls_does_not_matter(void **state)
{
	struct signal s = {.rate_hz = 11025, .channels = 2}; /* parts of unequal length */
	struct meter *whole, *bits = meter_new(11025, 2, NULL);
	uint32_t random = 77;

	add_programme(&s, 9, 11);
	whole = measured(&s, NULL);
	for (size_t at = 0, n; at < s.n_frames; at += n) {
		n = 1 + next_random(&random) % 40;
		n = n < s.n_frames - at ? n : s.n_frames - at;
		assert_int_equal(meter_add(bits, s.frames + 2 * at, n), STATUS_OK);
	}
	assert_int_equal(meter_finish(bits), STATUS_OK);
	assert_float_equal(meter_integrated_lufs(whole), meter_integrated_lufs(bits), 1e-9);
	assert_float_equal(meter_range_lu(whole), meter_range_lu(bits), 1e-9);
	assert_true(meter_true_peak_lin(whole) == meter_true_peak_lin(bits));
	assert_true(meter_sample_peak_lin(whole) == meter_sample_peak_lin(bits));
	meter_free(whole);
	meter_free(bits);
	free(s.frames);
}

static void test_vectors_equal_scalars(void **state)
{
	struct signal s = {.rate_hz = 44100, .channels = 2};
	struct kweight vector, scalar;
	double sums[2][2] = {{0}};

	add_programme(&s, 3, 21);
	kweight_init(&vector, s.rate_hz, 2);
	kweight_init(&scalar, s.rate_hz, 2);
	for (size_t at = 0; at + 441 <= s.n_frames; at += 441) {
		kweight_run(&vector, s.frames + 2 * at, 441, sums[0]);
		kweight_run_scalar(&scalar, s.frames + 2 * at, 441, sums[1]);
		for (int c = 0; c < 2; c++)
			assert_float_equal(sums[0][c] / sums[1][c], 1, 1e-12);
	}
	free(s.frames);
}

/* Against the definition, in double, of every point: passing over stretches must lose nothing. */
static float peak_by_definition(const struct signal *s, int factor)
{
	double highest = 0;

	for (size_t at = 0; at < s->n_frames * (size_t)factor; at++)
		for (int c = 0; c < s->channels; c++) {
			double sum = 0;

			for (size_t j = at % (size_t)factor; j < 49; j += (size_t)factor) {
				size_t back = j / (size_t)factor, now = at / (size_t)factor;
				double x = ((double)j - 24) * M_PI / factor;
				double tap = 0.5 * (1 - cos(2 * M_PI * (double)j / 48)) *
				             (j == 24 ? 1 : sin(x) / x);

				if (back <= now)
					sum += tap *
					       (double)s
					               ->frames[(now - back) * (size_t)s->channels +
					                        (size_t)c];
			}
			highest = fmax(highest, fabs(sum));
		}
	return (float)highest;
}

static void check_truepeak(int rate_hz, int channels, int factor, bool signs)
{
	struct signal s = {.rate_hz = rate_hz, .channels = channels};
	struct truepeak vector, scalar;
	float a = 0, b = 0;

	add_programme(&s, 0.05, 31);
	if (signs)
		add_signs(&s, 0.05, 33);
	truepeak_init(&vector, rate_hz, channels);
	truepeak_init(&scalar, rate_hz, channels);
	scalar.scalar = true;
	for (size_t at = 0, n = 300; at < s.n_frames; at += n) {
		const float *frames = s.frames + at * (size_t)channels;

		n = n < s.n_frames - at ? n : s.n_frames - at;
		float samples = truepeak_of_samples(frames, n * (size_t)channels);
		a = truepeak_run(&vector, frames, n, samples, a);
		b = truepeak_run(&scalar, frames, n, samples, b);
		assert_true(a == b);
	}
	assert_float_equal(db(a), db(peak_by_definition(&s, factor)), 1e-4);
	free(s.frames);
}

static void test_true_peak_is_exact(void **state)
{
	check_truepeak(44100, 1, 4, false);
	check_truepeak(44100, 1, 4, true);
	check_truepeak(44100, 2, 4, false);
	check_truepeak(44100, 2, 4, true);
	check_truepeak(48000, 5, 4, false);
	check_truepeak(48000, 5, 4, true);
	check_truepeak(96000, 1, 2, false);
	check_truepeak(96000, 1, 2, true);
	check_truepeak(96000, 2, 2, false);
	check_truepeak(96000, 2, 2, true);
	check_truepeak(192000, 2, 1, false);
	check_truepeak(192000, 2, 1, true);
}

/* ---- blocks, ends, extremes ---------------------------------------------------------------- */

struct curve {
	double energies[1000];
	float peaks[1000];
	size_t frames[1000], count, n_fine;
};

static enum status on_block(void *user, const struct meter_block *block)
{
	struct curve *curve = user;

	assert_in_range(curve->count, 0, 999);
	curve->energies[curve->count] = block->energy;
	curve->peaks[curve->count] = block->true_peak_lin;
	curve->frames[curve->count++] = block->n_frames;
	return STATUS_OK;
}

static enum status on_fine(void *user, double energy)
{
	struct curve *curve = user;

	assert_true(energy >= 0);
	curve->n_fine++;
	return STATUS_OK;
}

static double integrate(const struct curve *curve)
{
	double sum[2] = {0}, gate = meter_lufs_to_energy(-70);
	int count[2] = {0};

	for (int pass = 0; pass < 2; pass++) {
		for (size_t i = 3; i < curve->count; i++) {
			double e = (curve->energies[i] + curve->energies[i - 1] +
			                   curve->energies[i - 2] + curve->energies[i - 3]) /
			           4;
			if (e >= gate)
				sum[pass] += e, count[pass]++;
		}
		gate = fmax(gate, sum[pass] / count[pass] / 10);
	}
	return meter_energy_to_lufs(sum[1] / count[1]);
}

static void test_blocks_integrate_to_the_whole(void **state)
{
	struct signal s = {.rate_hz = 22050, .channels = 2};
	struct meter *m = meter_new(s.rate_hz, 2, NULL);
	struct curve curve = {.count = 0};
	size_t frames = 0;
	float peak = 0;

	add_programme(&s, 30.01, 8);
	assert_non_null(m);
	meter_on_blocks(m, on_block, on_fine, &curve);
	assert_int_equal(meter_add(m, s.frames, s.n_frames), STATUS_OK);
	assert_int_equal(meter_finish(m), STATUS_OK);
	assert_int_equal(curve.count, 301);
	assert_int_equal(curve.n_fine, 3002); /* 30.01 s is half a frame past 3001 parts */
	for (size_t i = 0; i < curve.count; i++) {
		frames += curve.frames[i];
		peak = fmaxf(peak, curve.peaks[i]);
	}
	assert_int_equal(frames, s.n_frames);
	assert_float_equal(peak, meter_true_peak_lin(m), 0);
	curve.count--; /* the short one */
	assert_float_equal(integrate(&curve), meter_integrated_lufs(m), 0.05);
	meter_free(m);
	free(s.frames);
}

static enum status refuse(void *user, const struct meter_block *block)
{
	return STATUS_CANCELLED;
}

static void test_a_callback_can_stop(void **state)
{
	struct signal s = {.rate_hz = 8000, .channels = 1};
	struct meter *m = meter_new(s.rate_hz, 1, NULL);

	add_silence(&s, 1);
	assert_non_null(m);
	meter_on_blocks(m, refuse, NULL, NULL);
	assert_int_equal(meter_add(m, s.frames, s.n_frames), STATUS_CANCELLED);
	meter_free(m);
	free(s.frames);
}

static void test_silence_and_nothing(void **state)
{
	struct signal s = {.rate_hz = 44100, .channels = 2};
	struct meter *m = meter_new(44100, 2, NULL);

	assert_non_null(m);
	assert_int_equal(meter_finish(m), STATUS_OK);
	assert_true(meter_integrated_lufs(m) == -HUGE_VAL);
	assert_true(meter_momentary_lufs(m) == -HUGE_VAL);
	meter_free(m);
	add_silence(&s, 10);
	m = measured(&s, NULL);
	assert_true(meter_integrated_lufs(m) == -HUGE_VAL);
	assert_true(meter_max_momentary_lufs(m) == -HUGE_VAL);
	assert_float_equal(meter_range_lu(m), 0, 0);
	assert_float_equal(meter_true_peak_lin(m), 0, 0);
	meter_free(m);
	free(s.frames);
	meter_free(NULL);
}

static void test_short_is_not_gated(void **state)
{
	struct signal s = {.rate_hz = 48000, .channels = 2};
	struct meter *m;

	add_tone(&s, 0.35, -23, NULL);
	m = measured(&s, NULL);
	assert_float_equal(meter_integrated_lufs(m), -23, 0.1);
	meter_free(m);
	free(s.frames);
}

/* Loud to the limit of decoders, then silence for long: running sums must come down to nothing. */
static void test_loud_then_silent(void **state)
{
	struct signal s = {.rate_hz = 8000, .channels = 2};
	struct meter *m;

	add_tone(&s, 5, 60, NULL);
	add_silence(&s, 20);
	m = measured(&s, NULL);
	assert_true(meter_momentary_lufs(m) < -200);
	assert_true(meter_short_term_lufs(m) < -200);
	assert_float_equal(meter_max_momentary_lufs(m), 60, 0.3);
	meter_free(m);
	free(s.frames);
}

/* The lowest and the highest rate stay finite and stable. */
static void test_extreme_rates(void **state)
{
	static const int rates[] = {1000, 2000, 3363, 3364, 3440, 4000, 384000, 768000};

	for (size_t i = 0; i < sizeof(rates) / sizeof(*rates); i++) {
		struct signal s = {.rate_hz = rates[i], .channels = 2};
		struct meter *m;

		add_programme(&s, 2, 4);
		m = measured(&s, NULL);
		assert_true(meter_integrated_lufs(m) > -40 && meter_integrated_lufs(m) < 0);
		meter_free(m);
		free(s.frames);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_libebur128_agrees_at_all_rates),
	        cmocka_unit_test(test_range_of_a_ramp),
	        cmocka_unit_test(test_channels_add_up),
	        cmocka_unit_test(test_tech_3341_integrated),
	        cmocka_unit_test(test_tech_3341_five_channels),
	        cmocka_unit_test(test_tech_3341_steady_windows),
	        cmocka_unit_test(test_tech_3341_maxima),
	        cmocka_unit_test(test_tech_3341_rising_maxima),
	        cmocka_unit_test(test_tech_3341_true_peak),
	        cmocka_unit_test(test_tech_3342),
	        cmocka_unit_test(test_gain_moves_all_alike),
	        cmocka_unit_test(test_size_of_calls_does_not_matter),
	        cmocka_unit_test(test_vectors_equal_scalars),
	        cmocka_unit_test(test_true_peak_is_exact),
	        cmocka_unit_test(test_blocks_integrate_to_the_whole),
	        cmocka_unit_test(test_a_callback_can_stop),
	        cmocka_unit_test(test_silence_and_nothing),
	        cmocka_unit_test(test_short_is_not_gated),
	        cmocka_unit_test(test_loud_then_silent),
	        cmocka_unit_test(test_extreme_rates),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
