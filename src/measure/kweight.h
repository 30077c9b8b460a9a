/* kweight.h - the K-weighting of BS.1770 and the energy behind it, for any rate. */
#ifndef MEASURE_KWEIGHT_H
#define MEASURE_KWEIGHT_H

#include <stddef.h>

enum { KWEIGHT_MOST_CHANNELS = 32 };

/* Both filters in direct form II; the shelf's numerator is divided by its first coefficient, which goes into
 * `gain`, a factor of the energy. */
struct kweight {
	double shelf_a1, shelf_a2, shelf_b1, shelf_b2;
	double high_a1, high_a2;
	double gain;
	int channels;
	double state[4][KWEIGHT_MOST_CHANNELS]; /* shelf -1, -2; high-pass -1, -2 */
};

void kweight_init(struct kweight *k, int sample_rate_hz, int channels);

/* Adds each channel's sum of squares behind the filters to sums[channel]. */
void kweight_run(struct kweight *k, const float *frames, size_t n_frames, double *sums);

/* The same, always without vectors: for the tests, and for other machines. */
void kweight_run_scalar(struct kweight *k, const float *frames, size_t n_frames, double *sums);

#endif
