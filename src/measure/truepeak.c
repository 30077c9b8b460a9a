/* truepeak.c - interpolation at 4x (rates under 96 kHz), 2x (under 192 kHz), none above, with the same windowed sinc
 * of 49 taps as libebur128, so that the figures agree.  What is kept of it over time is meter.c's.
 *
 * Every second or fourth tap of a sinc of that phase is 0 or the sample itself, so one point needs
 * 12 taps (4x) or 24 (2x), symmetric as a set.  No output can exceed the sample peak of its window times the sum of
 * |taps|: stretches under the maximum so far by that measure are passed over, and the maximum stays exact.
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

static void init_taps(struct truepeak *t, int factor)
{
	double half_sum = 0, quarter_sum = 0;

	t->n_pairs = (TAPS - 1) / factor / 2;
	for (int i = 0; i < t->n_pairs; i++) {
		double half = sinc_tap(factor * i + factor / 2, factor);
		double early = sinc_tap(factor * i + 1, factor);
		double late = sinc_tap(factor * i + factor - 1, factor);

		t->half[i] = (float)half;
		t->even[i] = (float)((early + late) / 2);
		t->odd[i] = (float)((early - late) / 2);
		half_sum += 2 * fabs(half);
		quarter_sum += fabs(early) + fabs(late);
	}
	/* A little more for rounding. */
	t->largest_gain = 1.0001f * larger((float)half_sum, (float)quarter_sum);
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

/* The points that end with sample `at` of a window. */
static float point_scalar(const struct truepeak *t, const float *window)
{
	size_t last = (size_t)(2 * t->n_pairs - 1);
	float half = 0, even = 0, odd = 0;

	for (size_t i = 0; i < (size_t)t->n_pairs; i++) {
		float a = window[i * (size_t)t->channels];
		float b = window[(last - i) * (size_t)t->channels];

		half += t->half[i] * (a + b);
		even += t->even[i] * (a + b);
		odd += t->odd[i] * (a - b);
	}
	if (!t->quarters)
		return fabsf(half);
	return larger(fabsf(half), larger(fabsf(even + odd), fabsf(even - odd)));
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

/* Four neighbours at once. */
static inline __m128 points_4x(const struct truepeak *t, const float *window)
{
	const size_t step = (size_t)t->channels;
	__m128 half = _mm_setzero_ps(), even = _mm_setzero_ps(), odd = _mm_setzero_ps();

	for (size_t i = 0; i < 6; i++) {
		__m128 a = _mm_loadu_ps(window + i * step);
		__m128 b = _mm_loadu_ps(window + (11 - i) * step);
		__m128 sum = _mm_add_ps(a, b), difference = _mm_sub_ps(a, b);

		half = _mm_add_ps(half, _mm_mul_ps(_mm_set1_ps(t->half[i]), sum));
		even = _mm_add_ps(even, _mm_mul_ps(_mm_set1_ps(t->even[i]), sum));
		odd = _mm_add_ps(odd, _mm_mul_ps(_mm_set1_ps(t->odd[i]), difference));
	}
	return _mm_max_ps(magnitude(half),
	        _mm_max_ps(magnitude(_mm_add_ps(even, odd)), magnitude(_mm_sub_ps(even, odd))));
}

static inline __m128 points_2x(const struct truepeak *t, const float *window)
{
	const size_t step = (size_t)t->channels;
	__m128 half = _mm_setzero_ps();

	for (size_t i = 0; i < 12; i++)
		half = _mm_add_ps(half, _mm_mul_ps(_mm_set1_ps(t->half[i]),
		                                _mm_add_ps(_mm_loadu_ps(window + i * step),
		                                        _mm_loadu_ps(window + (23 - i) * step))));
	return magnitude(half);
}

static float points(const struct truepeak *t, const float *windows, size_t n)
{
	__m128 peak = _mm_setzero_ps();
	size_t i = 0;

	if (t->scalar)
		return points_scalar(t, windows, n);
	for (; t->quarters && i + 4 <= n; i += 4)
		peak = _mm_max_ps(peak, points_4x(t, windows + i));
	for (; !t->quarters && i + 4 <= n; i += 4)
		peak = _mm_max_ps(peak, points_2x(t, windows + i));
	return larger(largest_of(peak), points_scalar(t, windows + i, n - i));
}
#else
float truepeak_of_samples(const float *values, size_t n)
{
	return peak_of_samples_scalar(values, n);
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

/* `windows` begins with the history of the first of the n_frames. */
static float run_windows(
        const struct truepeak *t, const float *windows, size_t n_frames, float peak)
{
	size_t history = history_frames(t) * (size_t)t->channels;

	while (n_frames > 0) {
		size_t frames = n_frames < STRETCH_FRAMES ? n_frames : STRETCH_FRAMES;
		size_t n = frames * (size_t)t->channels;

		if (truepeak_of_samples(windows, history + n) * t->largest_gain > peak)
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
	if (sample_peak * t->largest_gain <= peak) {
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
