/* plan.c - a plan as a list of clips. */
#include "jukebox/plan.h"

#include <stdlib.h>
#include <string.h>

void plan_clip_done(struct plan_clip *clip)
{
	free(clip->path);
	free(clip->title);
	free(clip->artist);
	clip->path = clip->title = clip->artist = NULL;
}

enum status plan_clip_copy(struct plan_clip *to, const struct plan_clip *from)
{
	*to = *from;
	to->path = from->path ? strdup(from->path) : NULL;
	to->title = from->title ? strdup(from->title) : NULL;
	to->artist = from->artist ? strdup(from->artist) : NULL;
	if ((!from->path || to->path) && (!from->title || to->title) &&
	        (!from->artist || to->artist))
		return STATUS_OK;
	plan_clip_done(to);
	*to = (struct plan_clip){0};
	return STATUS_NO_MEMORY;
}

void plan_done(struct plan *plan)
{
	for (size_t i = 0; i < plan->count; i++)
		plan_clip_done(&plan->clips[i]);
	free(plan->clips);
	*plan = (struct plan){0};
}

enum status plan_append(struct plan *plan, struct plan_clip *clip)
{
	/* Room for a power of two: the count alone tells the capacity. */
	if ((plan->count & (plan->count - 1)) == 0) {
		size_t capacity = plan->count ? 2 * plan->count : 1;
		struct plan_clip *clips = realloc(plan->clips, capacity * sizeof *clips);
		if (!clips) {
			plan_clip_done(clip);
			return STATUS_NO_MEMORY;
		}
		plan->clips = clips;
	}
	plan->clips[plan->count++] = *clip;
	return STATUS_OK;
}

int64_t plan_frames(const struct plan *plan)
{
	int64_t end = 0;
	for (size_t i = 0; i < plan->count; i++)
		if (plan->clips[i].start_frame + plan->clips[i].n_frames > end)
			end = plan->clips[i].start_frame + plan->clips[i].n_frames;
	return end;
}
