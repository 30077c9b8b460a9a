/* bed.h - what is heard while the programme cannot be had: sound in memory, again and again.  Private to mix/. */
#ifndef MIX_BED_H
#define MIX_BED_H

#include "jukebox/mix.h"

struct bed {
	const struct mix_loop *loop; /* borrowed; NULL: silence */
	int64_t at; /* frame of the loop that comes next */
	double level, step_in, step_out; /* 0 ... 1; steps are of a frame */
	bool on;
};

void bed_init(struct bed *bed, const struct mix_loop *loop, int rate_hz);

/* On: from its beginning, at its own level.  Off: it fades out under what comes. */
void bed_set(struct bed *bed, bool on);
bool bed_is_heard(const struct bed *bed);

/* Adds n stereo frames. */
void bed_add(struct bed *bed, float *to, size_t n);

#endif
