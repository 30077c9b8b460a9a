/* fader.h - a volume that moves without a click.  Private to radio/. */
#ifndef RADIO_FADER_H
#define RADIO_FADER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct fader {
	double at_lin, to_lin; /* now, and where it is going */
	double step_lin; /* a frame */
	int rate_hz;
};

void fader_init(struct fader *fader, int rate_hz);

/* To this factor within 50 ms. */
void fader_set(struct fader *fader, double level_lin);
bool fader_is_silent(const struct fader *fader);

/* Stereo frames, in place. At a factor of 1 nothing is touched. */
void fader_apply(struct fader *fader, float *frames, size_t n_frames);

#endif
