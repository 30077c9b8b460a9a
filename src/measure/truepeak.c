/* truepeak.c - interpolation at 4x (rates under 96 kHz), 2x (under 192 kHz), none above, with the same windowed sinc
 * of 49 taps as libebur128, so that the figures agree.  What is kept of it over time is meter.c's.
 *
 * Every second or fourth tap of a sinc of that phase is 0 or the sample itself, so one point needs
 * 12 taps (4x) or 24 (2x), symmetric as a set.  No output can exceed the sample peak of its window times the sum of
 * |taps| (1.86 at 4x), nor the sample peak itself by more than 0.3 of the largest second difference, which in music is
 * small: stretches under the maximum so far by one of these are passed over, and the maximum stays exact.
 * All channels are treated alike and only the highest counts, so vectors run over the interleaved
 * samples whatever the channels. */
#include "truepeak.h"

#include <math.h>
#include <string.h>
#ifdef __SSE2__
#include <emmintrin.h>
#endif

enum {
	TAPS = 49,
	STRETCH_FRAMES =
	        64, /* shorter: more overlap to look through; longer: fewer can be passed */
	FULL_RATE_HZ = 96000, /* from here on 2x */
	NO_NEED_HZ = 192000,
};

#define ROUNDING 1e-4f /* of what is computed in floats, and more */

static double sinc_tap(int j, int factor)
{
	double x = (j - (TAPS - 1) / 2.0) * M_PI / factor;
	double window = 0.5 * (1 - cos(2 * M_PI * j / (TAPS - 1)));

	return x == 0 ? window : window * sin(x) / x;
}

static float larger(float a, float b)
{
	return a > b ? a : b;
}

static void set_tap(float tap[TRUEPEAK_VECTOR], double value)
{
	for (int i = 0; i < TRUEPEAK_VECTOR; i++)
		tap[i] = (float)value;
}

/* How far points of one phase can get.  The taps are split into those of a straight line between the two
 * samples in the middle, with the same sum and centre of gravity, and a rest; the rest, summed up twice, is a filter of
 * second differences, and a short one. */
static void bound_phase(struct truepeak *t, int factor, int phase)
{
	int n = 2 * t->n_pairs, middle = t->n_pairs - 1;
	double sum = 0, moment = 0, absolute = 0, once = 0, twice = 0, bend = 0;

	for (int i = 0; i < n; i++) {
		sum += sinc_tap(factor * i + phase, factor);
		moment += sinc_tap(factor * i + phase, factor) * (i - middle);
		absolute += fabs(sinc_tap(factor * i + phase, factor));
	}
	for (int i = 0; i < n; i++) {
		once += sinc_tap(factor * i + phase, factor);
		once -= i == middle ? sum - moment : i == middle + 1 ? moment : 0;
		twice += once;
		bend += fabs(twice);
	}
	t->most = larger(t->most, (float)absolute);
	t->line_most = larger(t->line_most, (float)(fabs(sum - moment) + fabs(moment)));
	t->bend_most = larger(t->bend_most, (float)bend);
}

static void init_taps(struct truepeak *t, int factor)
{
	t->n_pairs = (TAPS - 1) / factor / 2;
	for (int i = 0; i < t->n_pairs; i++) {
		double half = sinc_tap(factor * i + factor / 2, factor);
		double early = sinc_tap(factor * i + 1, factor);
		double late = sinc_tap(factor * i + factor - 1, factor);

		set_tap(t->half[i], half);
		set_tap(t->even[i], t->quarters ? (early + late) / 2 : 0);
		set_tap(t->odd[i], t->quarters ? (early - late) / 2 : 0);
	}
	for (int phase = 1; phase < factor; phase++)
		bound_phase(t, factor, phase);
	t->most *= 1 + ROUNDING;
	t->line_most *= 1 + ROUNDING;
	t->bend_most *= 1 + ROUNDING;
}

void truepeak_init(struct truepeak *t, int sample_rate_hz, int channels)
{
	*t = (struct truepeak){.channels = channels, .quarters = sample_rate_hz < FULL_RATE_HZ};
	if (sample_rate_hz < NO_NEED_HZ)
		init_taps(t, t->quarters ? 4 : 2);
}

/* ---- without vectors ----------------------------------------------------------------------- */

static float peak_of_samples_scalar(const float *values, size_t n)
{
	float peak = 0;

	for (size_t i = 0; i < n; i++)
		peak = larger(peak, fabsf(values[i]));
	return peak;
}

/* Largest second difference of each channel's samples in n + 2 * step values. */
static float bend_of_samples_scalar(const float *values, size_t n, size_t step)
{
	float bend = 0;

	for (size_t i = 0; i < n; i++)
		bend = larger(bend, fabsf((values[i] + values[i + 2 * step]) -
		                            (values[i + step] + values[i + step])));
	return bend;
}

/* The points in the middle of a window. */
static float point_scalar(const struct truepeak *t, const float *window)
{
	size_t last = (size_t)(2 * t->n_pairs - 1);
	float half = 0, even = 0, odd = 0;

	for (size_t i = 0; i < (size_t)t->n_pairs; i++) {
		float a = window[i * (size_t)t->channels];
		float b = window[(last - i) * (size_t)t->channels];

		half += t->half[i][0] * (a + b);
		even += t->even[i][0] * (a + b);
		odd += t->odd[i][0] * (a - b);
	}
	/* The larger of |even + odd| and |even - odd|; 2x has neither. */
	return larger(fabsf(half), fabsf(even) + fabsf(odd));
}

static float points_scalar(const struct truepeak *t, const float *windows, size_t n)
{
	float peak = 0;

	for (size_t i = 0; i < n; i++)
		peak = larger(peak, point_scalar(t, windows + i));
	return peak;
}

/* ---- with ---------------------------------------------------------------------------------- */

#ifdef __SSE2__
static __m128 magnitude(__m128 values)
{
	return _mm_andnot_ps(_mm_set1_ps(-0.0f), values);
}

static float largest_of(__m128 values)
{
	values = _mm_max_ps(values, _mm_movehl_ps(values, values));
	return larger(_mm_cvtss_f32(values),
	        _mm_cvtss_f32(_mm_shuffle_ps(values, values, _MM_SHUFFLE(1, 1, 1, 1))));
}

float truepeak_of_samples(const float *values, size_t n)
{
	__m128 peak = _mm_setzero_ps(), other = _mm_setzero_ps();
	size_t i = 0;

	for (; i + 8 <= n; i += 8) {
		peak = _mm_max_ps(peak, magnitude(_mm_loadu_ps(values + i)));
		other = _mm_max_ps(other, magnitude(_mm_loadu_ps(values + i + 4)));
	}
	return larger(
	        largest_of(_mm_max_ps(peak, other)), peak_of_samples_scalar(values + i, n - i));
}

static float bend_of_samples(const float *values, size_t n, size_t step)
{
	__m128 bend = _mm_setzero_ps();
	size_t i = 0;

	for (; i + 4 <= n; i += 4) {
		__m128 outer =
		        _mm_add_ps(_mm_loadu_ps(values + i), _mm_loadu_ps(values + i + 2 * step));
		__m128 inner = _mm_loadu_ps(values + i + step);

		bend = _mm_max_ps(bend, magnitude(_mm_sub_ps(outer, _mm_add_ps(inner, inner))));
	}
	return larger(largest_of(bend), bend_of_samples_scalar(values + i, n - i, step));
}

/* Four neighbours at once, a tap in all four places. */
static inline __m128 tap(const float (*taps)[TRUEPEAK_VECTOR], size_t i)
{
	return _mm_load_ps(taps[i]);
}

static inline __m128 points_4x(const struct truepeak *t, const float *window, size_t step)
{
	__m128 half = _mm_setzero_ps(), even = _mm_setzero_ps(), odd = _mm_setzero_ps();

#pragma GCC unroll 6
	for (size_t i = 0; i < 6; i++) {
		__m128 a = _mm_loadu_ps(window + i * step);
		__m128 b = _mm_loadu_ps(window + (11 - i) * step);
		__m128 sum = _mm_add_ps(a, b), difference = _mm_sub_ps(a, b);

		half = _mm_add_ps(half, _mm_mul_ps(sum, tap(t->half, i)));
		even = _mm_add_ps(even, _mm_mul_ps(sum, tap(t->even, i)));
		odd = _mm_add_ps(odd, _mm_mul_ps(difference, tap(t->odd, i)));
	}
	/* The larger of |even + odd| and |even - odd|. */
	return _mm_max_ps(magnitude(half), _mm_add_ps(magnitude(even), magnitude(odd)));
}

static inline __m128 points_2x(const struct truepeak *t, const float *window, size_t step)
{
	__m128 half = _mm_setzero_ps();

#pragma GCC unroll 12
	for (size_t i = 0; i < 12; i++)
		half = _mm_add_ps(half, _mm_mul_ps(_mm_add_ps(_mm_loadu_ps(window + i * step),
		                                           _mm_loadu_ps(window + (23 - i) * step)),
		                                tap(t->half, i)));
	return magnitude(half);
}

static float points(const struct truepeak *t, const float *windows, size_t n)
{
	const size_t step = (size_t)t->channels;
	__m128 peak = _mm_setzero_ps();
	size_t i = 0;

	if (t->scalar)
		return points_scalar(t, windows, n);
	for (; t->quarters && step == 2 && i + 4 <= n; i += 4) /* constant addresses */
		peak = _mm_max_ps(peak, points_4x(t, windows + i, 2));
	for (; t->quarters && i + 4 <= n; i += 4)
		peak = _mm_max_ps(peak, points_4x(t, windows + i, step));
	for (; !t->quarters && i + 4 <= n; i += 4)
		peak = _mm_max_ps(peak, points_2x(t, windows + i, step));
	return larger(largest_of(peak), points_scalar(t, windows + i, n - i));
}
#else
float truepeak_of_samples(const float *values, size_t n)
{
	return peak_of_samples_scalar(values, n);
}

static float bend_of_samples(const float *values, size_t n, size_t step)
{
	return bend_of_samples_scalar(values, n, step);
}

static float points(const struct truepeak *t, const float *windows, size_t n)
{
	return points_scalar(t, windows, n);
}
#endif

/* ---- stretches ----------------------------------------------------------------------------- */

static size_t history_frames(const struct truepeak *t)
{
	return (size_t)(2 * t->n_pairs - 1);
}

/* Could a point between these samples be higher than `peak`?  Two bounds, the cheap one first. */
static bool may_exceed(const struct truepeak *t, const float *values, size_t n, float peak)
{
	size_t step = (size_t)t->channels;
	float samples = truepeak_of_samples(values, n);

	if (samples * t->most <= peak)
		return false;
	if (samples * t->line_most > peak)
		return true;
	return samples * t->line_most + bend_of_samples(values, n - 2 * step, step) * t->bend_most >
	       peak;
}

/* `windows` begins with the history of the first of the n_frames. */
static float run_windows(
        const struct truepeak *t, const float *windows, size_t n_frames, float peak)
{
	size_t history = history_frames(t) * (size_t)t->channels;

	while (n_frames > 0) {
		size_t frames = n_frames < STRETCH_FRAMES ? n_frames : STRETCH_FRAMES;
		size_t n = frames * (size_t)t->channels;

		if (may_exceed(t, windows, history + n, peak))
			peak = larger(peak, points(t, windows, n));
		windows += n;
		n_frames -= frames;
	}
	return peak;
}

static void keep_history(struct truepeak *t, const float *frames, size_t n_frames)
{
	size_t history = history_frames(t) * (size_t)t->channels,
	       n = n_frames * (size_t)t->channels;

	if (n < history) {
		memmove(t->history, t->history + n, (history - n) * sizeof(*t->history));
		memcpy(t->history + history - n, frames, n * sizeof(*t->history));
	} else {
		memcpy(t->history, frames + n - history, history * sizeof(*t->history));
	}
}

float truepeak_run(
        struct truepeak *t, const float *frames, size_t n_frames, float sample_peak, float floor)
{
	float joint[2 * TRUEPEAK_MOST_HISTORY * TRUEPEAK_MOST_CHANNELS];
	size_t width = (size_t)t->channels, history = t->n_pairs > 0 ? history_frames(t) : 0;
	size_t first = n_frames < history ? n_frames : history;
	float peak = larger(floor, sample_peak);

	if (t->n_pairs == 0 || n_frames == 0)
		return peak;
	sample_peak = larger(sample_peak, truepeak_of_samples(t->history, history * width));
	if (sample_peak * t->most <= peak) {
		keep_history(t, frames, n_frames);
		return peak;
	}
	/* The first windows reach back into the call before: put the two ends together. */
	memcpy(joint, t->history, history * width * sizeof(*joint));
	memcpy(joint + history * width, frames, first * width * sizeof(*joint));
	peak = run_windows(t, joint, first, peak);
	peak = run_windows(t, frames, n_frames - first, peak);
	keep_history(t, frames, n_frames);
	return peak;
}
