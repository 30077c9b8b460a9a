/* bed.c - a loop in memory that comes in at once and leaves slowly.  When it is due is the mixer's affair. */
#include "bed.h"

#include <math.h>

/* In: no click at a hard edge.  Out: as a song that is skipped. */
static const double IN_S = 0.02, OUT_S = 2.4;

void bed_init(struct bed *bed, const struct mix_loop *loop, int rate_hz)
{
	bool usable = loop && loop->n_frames > 0 && loop->loop_from >= 0 &&
	              loop->loop_from < loop->n_frames;
	*bed = (struct bed){.loop = usable ? loop : NULL,
	        .step_in = 1 / (IN_S * rate_hz),
	        .step_out = 1 / (OUT_S * rate_hz)};
}

void bed_set(struct bed *bed, bool on)
{
	if (on && !bed->on && bed->level == 0)
		bed->at = 0;
	bed->on = on && bed->loop;
}

bool bed_is_heard(const struct bed *bed)
{
	return bed->on || bed->level > 0;
}

void bed_add(struct bed *bed, float *to, size_t n)
{
	for (size_t i = 0; i < n && bed_is_heard(bed); i++) {
		const float *frame = bed->loop->frames + 2 * bed->at;
		bed->level = bed->on ? fmin(1, bed->level + bed->step_in)
		                     : fmax(0, bed->level - bed->step_out);
		double factor = bed->level < 1 ? 0.5 - 0.5 * cos(M_PI * bed->level) : 1;
		to[2 * i] += (float)factor * frame[0];
		to[2 * i + 1] += (float)factor * frame[1];
		if (++bed->at == bed->loop->n_frames)
			bed->at = bed->loop->loop_from;
	}
}
