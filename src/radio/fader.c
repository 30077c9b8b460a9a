/* fader.c - a volume that moves without a click. */
#include "fader.h"

#include <math.h>

static const double FADE_S = 0.05;

void fader_init(struct fader *f, int rate_hz)
{
	*f = (struct fader){.at_lin = 1, .to_lin = 1, .rate_hz = rate_hz};
}

void fader_set(struct fader *f, double level_lin)
{
	if (f->to_lin == level_lin)
		return;
	f->to_lin = level_lin;
	f->step_lin = (level_lin - f->at_lin) / (FADE_S * f->rate_hz);
}

bool fader_is_silent(const struct fader *f)
{
	return f->at_lin == 0 && f->to_lin == 0;
}

static void move(struct fader *f)
{
	if (fabs(f->to_lin - f->at_lin) <= fabs(f->step_lin))
		f->at_lin = f->to_lin;
	else
		f->at_lin += f->step_lin;
}

void fader_apply(struct fader *f, float *frames, size_t n_frames)
{
	if (f->at_lin == 1 && f->to_lin == 1)
		return;
	for (size_t i = 0; i < n_frames; i++) {
		if (f->at_lin != f->to_lin)
			move(f);
		frames[2 * i] *= (float)f->at_lin;
		frames[2 * i + 1] *= (float)f->at_lin;
	}
}
