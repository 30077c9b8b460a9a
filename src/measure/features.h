/* features.h - what a block sounds like: curves of onset, flatness, centroid, bass and side. */
#ifndef MEASURE_FEATURES_H
#define MEASURE_FEATURES_H

#include <stddef.h>
#include <stdint.h>

#include "jukebox/status.h"

/* One block of 100 ms, in the units of struct record_curves. */
struct block_features {
	uint8_t onset, flatness, centroid, bass, side;
};

struct features;

/* Called for each block, in order; may run a few blocks behind the frames. */
typedef enum status features_block_fn(void *user, const struct block_features *block);

/* 1 or 2 channels.  NULL when out of memory. */
struct features *features_new(
        int sample_rate_hz, int channels, features_block_fn *on_block, void *user);
void features_free(struct features *features);

enum status features_add(struct features *features, const float *frames, size_t n_frames) MUST_USE;

/* Takes the last frames into account and completes the curves to n_blocks. */
enum status features_finish(struct features *features, size_t n_blocks) MUST_USE;

/* Mean of each channel over the whole track (of one channel: twice the same). */
void features_offset(const struct features *features, double offset[2]);

/* Strength of new sound over time, for the tempo: value i belongs to second i / *rate_hz.  At most the first
 * FEATURES_ENVELOPE_MOST values are kept.  Borrowed. */
enum { FEATURES_ENVELOPE_MOST = 60000 };
const float *features_envelope(const struct features *features, size_t *count, double *rate_hz);

#endif
