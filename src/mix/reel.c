/* reel.c - the clips of one source on their way through the mixer.  When which reel plays is mixer.c's affair, decoding is
 * ahead.c's, curves are gain.c's. */
#include "reel.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

struct reel *reel_new(const struct mix_options *options, mix_next_fn *next, void *user)
{
	struct reel *r = calloc(1, sizeof *r);
	if (!r)
		return NULL;
	r->ahead = ahead_new(options, next, user);
	if (!r->ahead) {
		free(r);
		return NULL;
	}
	r->stall_ns = options->stall_ns > 0 ? options->stall_ns : INT64_MAX;
	return r;
}

static void drop_all(struct reel *r)
{
	while (r->first)
		reel_drop(r, r->first);
}

void reel_free(struct reel *r)
{
	if (!r)
		return;
	drop_all(r);
	ahead_free(r->ahead);
	free(r);
}

bool reel_try_free(struct reel *r, int64_t deadline_ns)
{
	drop_all(r);
	if (!ahead_try_free(r->ahead, deadline_ns))
		return false;
	free(r);
	return true;
}

void reel_drop(struct reel *r, struct clip *clip)
{
	struct clip **at = &r->first, *before = NULL;
	while (*at != clip) {
		before = *at;
		at = &before->next;
	}
	*at = clip->next;
	if (r->last == clip)
		r->last = before;
	ahead_leave(r->ahead, clip);
}

/* ---- places ------------------------------------------------------------------------------------------ */

static int64_t within(int64_t at, int64_t first, int64_t last)
{
	return at < first ? first : at > last ? last : at;
}

int64_t clip_end(const struct clip *clip)
{
	int64_t end = clip->start + clip->plan.n_frames;
	return clip->leave_to > 0 && clip->leave_to < end ? clip->leave_to : end;
}

void clip_leave(struct clip *clip, int64_t position, int64_t frames)
{
	if (clip_end(clip) <= position + frames)
		return;
	clip->leave_from = position;
	clip->leave_to = position + (frames > 0 ? frames : 1);
}

static void append(struct reel *r, struct clip *clip)
{
	clip->next = NULL;
	if (r->first)
		r->last->next = clip;
	else
		r->first = clip;
	r->last = clip;
}

enum status reel_take(struct reel *r, struct error *error)
{
	struct clip *clip;
	enum status status = ahead_next(r->ahead, &clip, error);
	r->all_taken = status == STATUS_END;
	if (status != STATUS_OK)
		return r->all_taken ? STATUS_OK : status;
	clip->start = clip->plan.start_frame + r->shift;
	clip->title = within(
	        clip->plan.title_frame + r->shift, clip->start, clip->start + clip->plan.n_frames);
	append(r, clip);
	int64_t overlap = clip->plan.overlap_frames, end = clip_end(clip);
	int64_t horizon = end - (overlap > 0 ? overlap : 0);
	horizon = horizon > clip->start ? horizon : clip->start;
	r->horizon = horizon > r->horizon ? horizon : r->horizon;
	r->end = end > r->end ? end : r->end;
	return STATUS_OK;
}

void reel_close(struct reel *r, int64_t position)
{
	struct clip *clip = r->first;
	r->all_taken = true;
	r->end = position;
	ahead_drop(r->ahead);
	while (clip) {
		struct clip *next = clip->next;
		if (clip->start >= position && !clip->start_told)
			reel_drop(r, clip);
		else
			r->end = clip_end(clip) > r->end ? clip_end(clip) : r->end;
		clip = next;
	}
}

/* ---- the sum ------------------------------------------------------------------------------------------- */

/* The part of [position, position + n) that the clip fills. */
static bool overlaps(const struct clip *clip, int64_t position, size_t n, size_t *from, size_t *to)
{
	*from = (size_t)within(clip->start - position, 0, (int64_t)n);
	*to = (size_t)within(clip_end(clip) - position, 0, (int64_t)n);
	return *from < *to;
}

/* What is left of the clip at frame `at` of the mixer: a raised cosine downwards. */
static double leaving(const struct clip *clip, int64_t at)
{
	double part = ((double)(at - clip->leave_from) + 0.5) /
	              (double)(clip->leave_to - clip->leave_from);
	return part <= 0 ? 1 : 0.5 + 0.5 * cos(M_PI * fmin(part, 1));
}

/* Gain of k frames from clip frame `at` on; false: it is level_lin for all of them.  *k may become less. */
static bool factors_of(const struct clip *clip, int64_t at, size_t *k, float *factors)
{
	size_t n_flat = gain_flat(&clip->curve, at, *k);
	bool leaves = clip->leave_to > 0 && clip->start + at + (int64_t)*k > clip->leave_from;
	if (n_flat)
		*k = n_flat;
	if (n_flat && !leaves)
		return false;
	if (n_flat)
		for (size_t i = 0; i < *k; i++)
			factors[i] = (float)clip->curve.level_lin;
	else
		*k = gain_ramp(&clip->curve, at, *k, factors);
	for (size_t i = 0; leaves && i < *k; i++)
		factors[i] *= (float)leaving(clip, clip->start + at + (int64_t)i);
	return true;
}

/* n frames of the clip from its frame `at` on, which are all its own. */
static enum status add_clip(struct reel *r, struct clip *clip, int64_t at, float *to, size_t n,
        float *factors, bool add, struct error *error)
{
	while (n > 0) {
		const float *frames;
		size_t k;
		int64_t wait_ns = clip->given_up ? 0 : r->stall_ns;
		enum status status = STATUS_END; /* what comes of a lost one now comes too late */
		if (!clip->lost)
			status = ahead_read(r->ahead, clip, wait_ns, &frames, &k, error);
		if (status == STATUS_END) {
			clip->lost = true;
			if (!add)
				memset(to, 0, 2 * n * sizeof *to);
			return STATUS_OK;
		}
		TRY(status);
		k = k < n ? k : n;
		if (factors_of(clip, at, &k, factors))
			gain_apply_ramp(to, frames, factors, k, add);
		else
			gain_apply(to, frames, (float)clip->curve.level_lin, k, add);
		ahead_took(r->ahead, clip, k);
		to += 2 * k;
		at += (int64_t)k;
		n -= k;
	}
	return STATUS_OK;
}

enum status reel_sum(struct reel *r, int64_t position, size_t n, float *bus, float *factors,
        bool *is_empty, struct error *error)
{
	for (struct clip *clip = r->first; clip; clip = clip->next) {
		size_t from, to;
		if (!overlaps(clip, position, n, &from, &to))
			continue;
		bool fills = *is_empty && from == 0 && to == n;
		if (*is_empty && !fills)
			memset(bus, 0, 2 * n * sizeof *bus);
		*is_empty = false;
		int64_t at = position + (int64_t)from - clip->start;
		TRY(add_clip(r, clip, at, bus + 2 * from, to - from, factors, !fills, error));
	}
	return STATUS_OK;
}
