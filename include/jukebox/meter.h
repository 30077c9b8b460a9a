/* meter.h - loudness and peaks of a stream of frames: ITU-R BS.1770-4, EBU Tech 3341, 3342.
 *
 * Streaming: memory does not grow with the length, except meter_blocks' caller-owned curves.
 * Any rate from 1,000 to 768,000 Hz (the two filters of BS.1770 are re-derived for it).
 * Threads: one meter, one thread at a time.
 */
#ifndef JUKEBOX_METER_H
#define JUKEBOX_METER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "jukebox/status.h"

struct meter;

/* What one 100 ms block came to. */
struct meter_block {
	double energy; /* weighted sum over channels of the K-weighted mean square */
	float true_peak_lin; /* highest inside the block (the points between samples lag by 6 frames); sample
	                      * peak at least */
	size_t n_frames; /* the last block may be short */
};

/* `weights`: one factor per channel as in BS.1770 (1.0 left right centre, 1.41 surround, 0 LFE); NULL:
 * 1.0 each. A mono file counts as heard on both sides with a weight of 2.0.  1 to 32 channels.
 * NULL when out of memory. */
struct meter *meter_new(int sample_rate_hz, int channels, const double *weights);
void meter_free(struct meter *meter);

/* Called for each finished 100 ms block, in order; and for each 10 ms part before that.  May be NULL. */
typedef enum status meter_block_fn(void *user, const struct meter_block *block);
typedef enum status meter_fine_fn(void *user, double energy);
void meter_on_blocks(struct meter *meter, meter_block_fn *block, meter_fine_fn *fine, void *user);

/* Interleaved.  Not finite values must not come here (decoders see to it). */
enum status meter_add(struct meter *meter, const float *frames, size_t n_frames) MUST_USE;

/* Ends the last, short block.  After that only the questions below. */
enum status meter_finish(struct meter *meter) MUST_USE;

double meter_integrated_lufs(const struct meter *meter); /* -HUGE_VAL for silence */
double meter_range_lu(const struct meter *meter);
double meter_true_peak_lin(const struct meter *meter);
double meter_sample_peak_lin(const struct meter *meter);
/* Highest so far (EBU Tech 3341): 400 ms, 3 s windows. */
double meter_max_momentary_lufs(const struct meter *meter);
double meter_max_short_term_lufs(const struct meter *meter);
/* The latest windows; -HUGE_VAL before there is a whole one. */
double meter_momentary_lufs(const struct meter *meter);
double meter_short_term_lufs(const struct meter *meter);

/* energy -> LUFS: -0.691 + 10 log10(energy). */
double meter_energy_to_lufs(double energy);
double meter_lufs_to_energy(double lufs);

#endif
