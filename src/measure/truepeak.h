/* truepeak.h - the highest value between the samples (BS.1770-4, annex 2). */
#ifndef MEASURE_TRUEPEAK_H
#define MEASURE_TRUEPEAK_H

#include <stdbool.h>
#include <stddef.h>

enum {
	TRUEPEAK_MOST_CHANNELS = 32,
	TRUEPEAK_VECTOR =
	        4, /* each tap is kept so many times: gcc has no cheap broadcast in SSE2 */
	TRUEPEAK_MOST_PAIRS = 12, /* symmetric taps, in pairs */
	TRUEPEAK_MOST_HISTORY = 2 * TRUEPEAK_MOST_PAIRS - 1, /* frames */
};

struct truepeak {
	int channels;
	int n_pairs; /* 6 at 4x, 12 at 2x, 0: samples only */
	bool quarters; /* 4x: the points at 1/4 and 3/4 too */
	bool scalar; /* for the tests: no vectors */
	/* No point is above most * the largest sample of its window, nor above line_most * that + bend_most * the
	 * largest second difference. */
	float most, line_most, bend_most;
	/* Taps of the point half-way, and the even and odd parts of those at 1/4 and 3/4: each of the latter
	 * is even + odd or even - odd, as they mirror each other.  Tap i goes with frames i and last - i. */
	_Alignas(16) float half[TRUEPEAK_MOST_PAIRS][TRUEPEAK_VECTOR];
	_Alignas(16) float even[TRUEPEAK_MOST_PAIRS][TRUEPEAK_VECTOR];
	_Alignas(16) float odd[TRUEPEAK_MOST_PAIRS][TRUEPEAK_VECTOR];
	float history[TRUEPEAK_MOST_HISTORY * TRUEPEAK_MOST_CHANNELS];
};

void truepeak_init(struct truepeak *t, int sample_rate_hz, int channels);

/* The highest of `floor`, |samples| (sample_peak is theirs) and |points between|.  Exact, though only stretches are interpolated that could
 * exceed what is highest already.  The points lie n_pairs frames behind the samples. */
float truepeak_run(
        struct truepeak *t, const float *frames, size_t n_frames, float sample_peak, float floor);

/* Largest |value| of n. */
float truepeak_of_samples(const float *values, size_t n);

#endif
