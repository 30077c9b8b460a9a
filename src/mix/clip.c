/* clip.c - the lifetime of a clip under way. */
#include "clip.h"

#include <stdlib.h>

struct clip *clip_new(struct plan_clip *plan)
{
	struct clip *clip = calloc(1, sizeof(*clip));
	if (!clip)
		return NULL;
	clip->plan = *plan;
	atomic_init(&clip->n_references, 1);
	atomic_init(&clip->failed, false);
	gain_curve_init(&clip->curve, &clip->plan);
	return clip;
}

void clip_hold(struct clip *clip)
{
	atomic_fetch_add(&clip->n_references, 1);
}

void clip_release(struct clip *clip)
{
	if (!clip || atomic_fetch_sub(&clip->n_references, 1) > 1)
		return;
	plan_clip_done(&clip->plan);
	free(clip);
}
