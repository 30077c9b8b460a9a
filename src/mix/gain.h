/* gain.h - what a clip is multiplied by, and the loops that do it.  Stereo frames. */
#ifndef MIX_GAIN_H
#define MIX_GAIN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "jukebox/plan.h"

struct gain_curve {
	double level_lin; /* between the ramps */
	int64_t n_frames;
	int64_t declick_in, declick_out, fade_in, fade_out; /* at most n_frames each */
	int64_t flat_from, flat_to; /* no ramp between these */
	enum fade_law law;
};

void gain_curve_init(struct gain_curve *curve, const struct plan_clip *clip);

/* How many of n frames from clip frame `at` on lie between the ramps; 0 when `at` is in a ramp. */
size_t gain_flat(const struct gain_curve *curve, int64_t at, size_t n);

/* The factors for frames from `at` on, which is in a ramp: up to its end, at most n; how many. */
size_t gain_ramp(const struct gain_curve *curve, int64_t at, size_t n, float *factors);

/* out = in * factor, or += with `add`.  A product of -0 becomes 0, so that setting and adding to silence
 * give the same bits. */
void gain_apply(float *out, const float *in, float factor, size_t n_frames, bool add);
void gain_apply_ramp(float *out, const float *in, const float *factors, size_t n_frames, bool add);

#endif
