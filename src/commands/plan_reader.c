/* plan_reader.c - the clips of a plan, one after the other.  What becomes of them is the player's affair. */
#include "plan_reader.h"

#include <string.h>

static bool is_inner(const struct plan_clip *clip)
{
	return strcmp(clip->transition, "inner") == 0;
}

static bool is_left_out(const struct plan_clip *clip)
{
	return !clip->path[0];
}

/* With the lock. */
static void pass_left_out(struct plan_reader *r)
{
	for (; r->next < r->plan.count && is_left_out(&r->plan.clips[r->next]); r->next++)
		r->is_cut = true;
}

/* With the lock. */
static enum status give(struct plan_reader *r, struct plan_clip *clip)
{
	pass_left_out(r);
	if (r->next == r->plan.count)
		return STATUS_END;
	TRY(plan_clip_copy(clip, &r->plan.clips[r->next]));
	clip->entry = r->next++;
	clip->start_frame -= r->shift;
	clip->title_frame -= r->shift;
	clip->joined &= !r->is_cut;
	r->is_cut = false;
	return STATUS_OK;
}

enum status plan_reader_next(void *reader, struct plan_clip *clip, struct error *error)
{
	struct plan_reader *r = reader;
	pthread_mutex_lock(&r->lock);
	enum status status = give(r, clip);
	pthread_mutex_unlock(&r->lock);
	return status == STATUS_OK || status == STATUS_END
	               ? status
	               : error_set(error, STATUS_NO_MEMORY, "out of memory");
}

void plan_reader_turn(void *reader, size_t on_air, bool now, bool in_vain)
{
	struct plan_reader *r = reader;
	(void)in_vain;
	pthread_mutex_lock(&r->lock);
	r->next = on_air == SIZE_MAX ? 0 : on_air + 1;
	while (now && r->next < r->plan.count && is_inner(&r->plan.clips[r->next]))
		r->next++;
	r->is_cut = false;
	pthread_mutex_unlock(&r->lock);
}

void plan_reader_drop(void *reader, size_t entry)
{
	struct plan_reader *r = reader;
	struct plan_clip *clips = r->plan.clips;
	size_t next = entry + 1;
	pthread_mutex_lock(&r->lock);
	if (entry < r->plan.count && !is_left_out(&clips[entry])) {
		clips[entry].path[0] = '\0';
		for (; next < r->plan.count && is_inner(&clips[next]); next++)
			clips[next].path[0] = '\0';
		if (next < r->plan.count)
			r->shift += clips[next].start_frame - clips[entry].start_frame;
	}
	pthread_mutex_unlock(&r->lock);
}
