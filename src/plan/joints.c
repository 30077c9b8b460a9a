/* joints.c - a plan cut down to what lies around its joints, for ears in a hurry.
 *
 * Every joint has a window on the time line: from a while before the next clip begins (or, with a pause, the old one
 * ends) to a while after both are past it.  Windows that meet are one.  Clips are cut to the windows and laid one window
 * behind the other.  Inside a window nothing changes: positions, gains, ramps and album joins are the plan's.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "jukebox/plan.h"

/* At a window's edge music is cut anywhere: long enough for bass not to click. */
static const double EDGE_S = 0.02;

struct window {
	int64_t from, to; /* on the plan's time line */
	int64_t shift; /* from there to the new one */
};

static int64_t end_of(const struct plan_clip *clip)
{
	return clip->start_frame + clip->n_frames;
}

static int64_t smaller(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

static int64_t larger(int64_t a, int64_t b)
{
	return a > b ? a : b;
}

/* A window that began inside the old clip's first ramp, or ended inside the new one's last, takes all of the clip:
 * a curve of gain cannot begin in its middle. */
static void spare_ramps(struct window *w, const struct plan_clip *old, const struct plan_clip *next)
{
	int64_t ramp_in = larger(old->fade_in_frames, old->declick_in_frames);
	int64_t ramp_out = larger(next->fade_out_frames, next->declick_out_frames);
	if (w->from < old->start_frame + ramp_in)
		w->from = smaller(w->from, old->start_frame);
	if (w->to > end_of(next) - ramp_out)
		w->to = larger(w->to, end_of(next));
}

/* `old_end`: of all clips before `next`. */
static struct window window_of(
        const struct plan_clip *old, const struct plan_clip *next, int64_t old_end, int64_t around)
{
	int64_t ramp_out = larger(old->fade_out_frames, old->declick_out_frames);
	int64_t ramp_in = larger(next->fade_in_frames, next->declick_in_frames);
	struct window w = {.from = smaller(next->start_frame, old_end),
	        .to = larger(next->start_frame, old_end)};
	w.from = smaller(w.from - around, end_of(old) - ramp_out);
	w.to = larger(w.to + around, next->start_frame + ramp_in);
	spare_ramps(&w, old, next);
	w.from = larger(w.from, 0);
	return w;
}

/* In order, none touching another; room for one a joint.  How many there are. */
static size_t find_windows(const struct plan *plan, int64_t around, struct window *windows)
{
	size_t n = 0;
	int64_t old_end = 0, all_end = plan_frames(plan);
	for (size_t i = 1; i < plan->count; i++) {
		old_end = larger(old_end, end_of(&plan->clips[i - 1]));
		struct window w = window_of(&plan->clips[i - 1], &plan->clips[i], old_end, around);
		w.to = smaller(w.to, all_end);
		if (n > 0 && w.from <= windows[n - 1].to) {
			windows[n - 1].from = smaller(windows[n - 1].from, w.from);
			windows[n - 1].to = larger(windows[n - 1].to, w.to);
		} else {
			windows[n++] = w;
		}
	}
	return n;
}

static void lay_windows(struct window *windows, size_t n, int64_t pause)
{
	int64_t at = 0;
	for (size_t i = 0; i < n; i++) {
		windows[i].shift = at - windows[i].from;
		at += windows[i].to - windows[i].from + pause;
	}
}

/* ---- clips ------------------------------------------------------------------------------------------ */

static int64_t source_frame(const struct plan_clip *clip, int64_t frame, int rate_hz)
{
	double frames = (double)(frame - clip->start_frame) * clip->source_hz / rate_hz;
	return clip->from_frame + llround(frames);
}

static void cut_head(struct plan_clip *clip, int64_t from, int64_t edge, int rate_hz)
{
	int64_t gone = from - clip->start_frame;
	clip->from_frame = smaller(source_frame(clip, from, rate_hz), clip->to_frame - 1);
	clip->start_frame = from;
	clip->n_frames -= gone;
	clip->fade_in_frames = 0;
	clip->declick_in_frames = edge;
	clip->joined = false;
}

static void cut_tail(struct plan_clip *clip, int64_t to, int64_t edge, int rate_hz)
{
	clip->to_frame = smaller(
	        larger(source_frame(clip, to, rate_hz), clip->from_frame + 1), clip->to_frame);
	clip->n_frames = to - clip->start_frame;
	clip->fade_out_frames = 0;
	clip->declick_out_frames = edge;
}

static enum status copy_texts(struct plan_clip *clip)
{
	const struct plan_clip from = *clip;
	clip->path = strdup(from.path);
	clip->title = from.title ? strdup(from.title) : NULL;
	clip->artist = from.artist ? strdup(from.artist) : NULL;
	if (clip->path && (!from.title || clip->title) && (!from.artist || clip->artist))
		return STATUS_OK;
	plan_clip_done(clip);
	return STATUS_NO_MEMORY;
}

/* Adds the part of `whole` that lies in the window, which is not empty. */
static enum status add_part(
        struct plan *parts, const struct plan_clip *whole, const struct window *w)
{
	struct plan_clip clip = *whole;
	int rate = parts->rate_hz;
	int64_t edge = llround(EDGE_S * rate);
	/* The tail first: both cuts count from the clip's own start. */
	if (w->to < end_of(&clip))
		cut_tail(&clip, w->to, edge, rate);
	if (w->from > clip.start_frame)
		cut_head(&clip, w->from, edge, rate);
	clip.title_frame = larger(clip.title_frame, clip.start_frame) + w->shift;
	clip.start_frame += w->shift;
	TRY(copy_texts(&clip));
	return plan_append(parts, &clip);
}

static void tell_overlaps(struct plan *plan)
{
	for (size_t i = 0; i + 1 < plan->count; i++)
		plan->clips[i].overlap_frames =
		        end_of(&plan->clips[i]) - plan->clips[i + 1].start_frame;
	if (plan->count > 0)
		plan->clips[plan->count - 1].overlap_frames = 0;
}

static enum status cut(
        const struct plan *plan, const struct window *windows, size_t n_windows, struct plan *parts)
{
	size_t first = 0; /* clips before it are over */
	for (size_t i = 0; i < n_windows; i++) {
		while (first < plan->count && end_of(&plan->clips[first]) <= windows[i].from)
			first++;
		for (size_t k = first; k < plan->count; k++) {
			const struct plan_clip *clip = &plan->clips[k];
			if (clip->start_frame >= windows[i].to)
				break;
			if (end_of(clip) > windows[i].from)
				TRY(add_part(parts, clip, &windows[i]));
		}
	}
	tell_overlaps(parts);
	return STATUS_OK;
}

enum status plan_joints(
        const struct plan *plan, double around_s, double pause_s, struct plan *joints)
{
	*joints = (struct plan){.rate_hz = plan->rate_hz,
	        .channels = plan->channels,
	        .target_lufs = plan->target_lufs};
	if (plan->count < 2)
		return STATUS_OK;
	struct window *windows = malloc((plan->count - 1) * sizeof *windows);
	if (!windows)
		return STATUS_NO_MEMORY;
	size_t n = find_windows(plan, llround(around_s * plan->rate_hz), windows);
	lay_windows(windows, n, llround(pause_s * plan->rate_hz));
	enum status status = cut(plan, windows, n, joints);
	free(windows);
	if (status != STATUS_OK)
		plan_done(joints);
	return status;
}
