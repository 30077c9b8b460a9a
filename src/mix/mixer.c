/* mixer.c - sums the clips of a plan, frame by exact frame, and tells what happens when.
 *
 * It mixes limiter_delay() frames ahead of what it hands out.  A stretch is only mixed when every clip that can
 * begin in it is known.  Whatever the cuts of calls and the speed of threads, each frame is the same sum in the
 * order of the plan.  Decoding is ahead.c's, curves are gain.c's.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "ahead.h"
#include "jukebox/mix.h"
#include "limiter.h"

enum { CHUNK_FRAMES = LIMITER_MOST_FRAMES };

struct mixer {
	struct mix_options options;
	mix_event_fn *event;
	void *user;
	struct ahead *ahead;
	struct limiter *limiter; /* NULL: off */

	struct clip *first, *last; /* taken, and not yet over at `position` */
	int64_t position; /* of the next frame handed out */
	int64_t mixed; /* of the next frame to mix */
	int64_t horizon; /* clips that begin before it are all taken */
	int64_t end; /* of all taken clips */
	bool all_taken, over;
	size_t n_primed; /* frames of the limiter's delay that were mixed */

	bool fading;
	int64_t fade_from, fade_frames;

	float *bus; /* the frames of this chunk: the limiter's room, or `own` */
	float own[2 * CHUNK_FRAMES];
	float factors[CHUNK_FRAMES];
};

struct mixer *mixer_new(const struct mix_options *options, mix_next_fn *next, mix_event_fn *event,
        void *user, struct log *log)
{
	struct mixer *m = calloc(1, sizeof(*m));
	if (!m)
		return NULL;
	m->options = *options;
	m->event = event;
	m->user = user;
	if (options->limiter)
		m->limiter = limiter_new(options->rate_hz, options->ceiling_dbtp);
	m->bus = m->own;
	if (m->limiter || !options->limiter)
		m->ahead = ahead_new(options, next, user);
	if (!m->ahead) {
		mixer_free(m);
		return NULL;
	}
	return m;
}

void mixer_free(struct mixer *mixer)
{
	if (!mixer)
		return;
	while (mixer->first) {
		struct clip *clip = mixer->first;
		mixer->first = clip->next;
		ahead_leave(mixer->ahead, clip);
	}
	ahead_free(mixer->ahead);
	limiter_free(mixer->limiter);
	free(mixer);
}

int64_t mixer_position(const struct mixer *mixer)
{
	return mixer->position;
}

void mixer_limiter_report(const struct mixer *mixer, struct mix_limiter_report *report)
{
	*report = (struct mix_limiter_report){0};
	if (mixer->limiter)
		limiter_report(mixer->limiter, report);
}

/* ---- what happens when ---------------------------------------------------------------------------- */

static int64_t end_of(const struct clip *clip)
{
	return clip->plan.start_frame + clip->plan.n_frames;
}

static int64_t title_frame(const struct clip *clip)
{
	int64_t first = clip->plan.start_frame, last = end_of(clip);
	int64_t at = clip->plan.title_frame;
	return at < first ? first : at > last ? last : at;
}

static bool has_failure_to_tell(const struct clip *clip)
{
	return !clip->failure_told && atomic_load(&((struct clip *)clip)->failed);
}

static int64_t failure_frame(const struct clip *clip)
{
	return clip->plan.start_frame + clip->failed_frame;
}

/* The clip's next event and its frame. */
static enum mix_event next_of_clip(const struct clip *clip, int64_t *frame)
{
	*frame = clip->plan.start_frame;
	if (!clip->start_told)
		return MIX_CLIP_START;
	bool fails = has_failure_to_tell(clip);
	*frame = title_frame(clip);
	if (!clip->title_told && (!fails || *frame <= failure_frame(clip)))
		return MIX_TITLE;
	if (fails) {
		*frame = failure_frame(clip);
		return MIX_CLIP_FAILED;
	}
	*frame = end_of(clip);
	return MIX_CLIP_END;
}

/* Of the events before `before` the first; at the same frame clips speak in the order of the plan. */
static struct clip *next_event(
        const struct mixer *m, int64_t before, enum mix_event *event, int64_t *frame)
{
	struct clip *speaker = NULL;
	*frame = before;
	for (struct clip *clip = m->first; clip; clip = clip->next) {
		int64_t at;
		enum mix_event what = next_of_clip(clip, &at);
		if (at >= *frame)
			continue;
		speaker = clip;
		*frame = at;
		*event = what;
	}
	return speaker;
}

static void unlink_clip(struct mixer *m, struct clip *clip)
{
	struct clip **at = &m->first, *before = NULL;
	while (*at != clip) {
		before = *at;
		at = &before->next;
	}
	*at = clip->next;
	if (m->last == clip)
		m->last = before;
	ahead_leave(m->ahead, clip);
}

static void tell(struct mixer *m, struct clip *clip, enum mix_event event, int64_t frame)
{
	clip->start_told |= event == MIX_CLIP_START;
	clip->title_told |= event == MIX_TITLE;
	clip->failure_told |= event == MIX_CLIP_FAILED;
	if (m->event)
		m->event(m->user, event, frame, &clip->plan,
		        event == MIX_CLIP_FAILED ? clip->failure : "");
	if (event == MIX_CLIP_END)
		unlink_clip(m, clip);
}

static void tell_events(struct mixer *m, int64_t before)
{
	enum mix_event event;
	int64_t frame;
	struct clip *clip;
	while ((clip = next_event(m, before, &event, &frame)))
		tell(m, clip, event, frame);
}

/* The programme ends here, at `position`: what was begun ends with it. */
static void finish(struct mixer *m)
{
	m->over = true;
	ahead_drop(m->ahead);
	tell_events(m, m->position + !m->fading);
	while (m->first) {
		struct clip *clip = m->first;
		if (clip->start_told)
			tell(m, clip, MIX_CLIP_END, m->position);
		else
			unlink_clip(m, clip);
	}
}

/* ---- the sum -------------------------------------------------------------------------------------------- */

static enum status take_clip(struct mixer *m, struct error *error)
{
	struct clip *clip;
	enum status status = m->fading ? STATUS_END : ahead_next(m->ahead, &clip, error);
	m->all_taken = status == STATUS_END;
	if (status != STATUS_OK)
		return m->all_taken ? STATUS_OK : status;
	clip->next = NULL;
	if (m->first)
		m->last->next = clip;
	else
		m->first = clip;
	m->last = clip;
	int64_t overlap = clip->plan.overlap_frames, end = end_of(clip);
	int64_t horizon = end - (overlap > 0 ? overlap : 0);
	horizon = horizon > clip->plan.start_frame ? horizon : clip->plan.start_frame;
	m->horizon = horizon > m->horizon ? horizon : m->horizon;
	m->end = end > m->end ? end : m->end;
	return STATUS_OK;
}

/* n frames of the clip from its frame `at` on, which are all its own. */
static enum status add_clip(struct mixer *m, struct clip *clip, int64_t at, float *to, size_t n,
        bool add, struct error *error)
{
	while (n > 0) {
		const float *frames;
		size_t k;
		TRY(ahead_read(m->ahead, clip, &frames, &k, error));
		k = k < n ? k : n;
		size_t n_flat = gain_flat(&clip->curve, at, k);
		if (n_flat) {
			k = n_flat;
			gain_apply(to, frames, (float)clip->curve.level_lin, k, add);
		} else {
			k = gain_ramp(&clip->curve, at, k, m->factors);
			gain_apply_ramp(to, frames, m->factors, k, add);
		}
		ahead_took(m->ahead, clip, k);
		to += 2 * k;
		at += (int64_t)k;
		n -= k;
	}
	return STATUS_OK;
}

/* The part of [mixed, mixed + n) that the clip fills. */
static bool overlaps(
        const struct mixer *m, const struct clip *clip, size_t n, size_t *from, size_t *to)
{
	int64_t first = clip->plan.start_frame - m->mixed, last = end_of(clip) - m->mixed;
	*from = first < 0 ? 0 : (uint64_t)first < n ? (size_t)first : n;
	*to = last < 0 ? 0 : (uint64_t)last < n ? (size_t)last : n;
	return *from < *to;
}

static enum status sum_clips(struct mixer *m, size_t n, struct error *error)
{
	bool is_empty = true;
	for (struct clip *clip = m->first; clip; clip = clip->next) {
		size_t from, to;
		if (!overlaps(m, clip, n, &from, &to))
			continue;
		bool fills = is_empty && from == 0 && to == n;
		if (is_empty && !fills)
			memset(m->bus, 0, 2 * n * sizeof(*m->bus));
		is_empty = false;
		int64_t at = m->mixed + (int64_t)from - clip->plan.start_frame;
		TRY(add_clip(m, clip, at, m->bus + 2 * from, to - from, !fills, error));
	}
	if (is_empty)
		memset(m->bus, 0, 2 * n * sizeof(*m->bus));
	return STATUS_OK;
}

/* 1 to `most` frames more in `bus`. */
static enum status mix(struct mixer *m, size_t most, size_t *n, struct error *error)
{
	if (m->limiter)
		m->bus = limiter_room(m->limiter);
	while (!m->all_taken && m->mixed >= m->horizon)
		TRY(take_clip(m, error));
	int64_t known = m->horizon - m->mixed;
	*n = m->all_taken || (uint64_t)known > most ? most : (size_t)known;
	TRY(sum_clips(m, *n, error));
	m->mixed += (int64_t)*n;
	return STATUS_OK;
}

/* ---- handing out ---------------------------------------------------------------------------------------- */

/* Fills the limiter's delay at the very start. */
static enum status prime(struct mixer *m, struct error *error)
{
	size_t delay = m->limiter ? limiter_delay(m->limiter) : 0;
	while (m->n_primed < delay) {
		size_t left = delay - m->n_primed, n;
		TRY(mix(m, left < CHUNK_FRAMES ? left : CHUNK_FRAMES, &n, error));
		limiter_run(m->limiter, n, m->own);
		m->n_primed += n;
	}
	return STATUS_OK;
}

static size_t until(const struct mixer *m, int64_t end, size_t n)
{
	int64_t left = end - m->position;
	return left <= 0 ? 0 : (uint64_t)left < n ? (size_t)left : n;
}

void mixer_fade_out(struct mixer *mixer, int64_t frames)
{
	if (mixer->fading || mixer->over)
		return;
	mixer->fading = true;
	mixer->fade_from = mixer->position;
	mixer->fade_frames = frames > 0 ? frames : 0;
	ahead_drop(mixer->ahead);
}

static void apply_fade(const struct mixer *m, float *frames, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		double at = (double)(m->position - m->fade_from + (int64_t)i) + 0.5;
		float factor = (float)(0.5 + 0.5 * cos(M_PI * at / (double)m->fade_frames));
		frames[2 * i] *= factor;
		frames[2 * i + 1] *= factor;
	}
}

static enum status end_programme(struct mixer *m)
{
	if (!m->over)
		finish(m);
	return STATUS_END;
}

enum status mixer_read(
        struct mixer *mixer, float *to, size_t max_frames, size_t *n_frames, struct error *error)
{
	struct mixer *m = mixer;
	size_t n = max_frames < CHUNK_FRAMES ? max_frames : CHUNK_FRAMES;
	*n_frames = 0;
	if (m->fading)
		n = until(m, m->fade_from + m->fade_frames, n);
	if (m->over || n == 0)
		return end_programme(m);
	TRY(prime(m, error));
	TRY(mix(m, n, &n, error));
	if (m->all_taken)
		n = until(m, m->end, n);
	if (n == 0)
		return end_programme(m);
	if (m->limiter)
		limiter_run(m->limiter, n, to);
	else
		memcpy(to, m->bus, 2 * n * sizeof(*to));
	if (m->fading)
		apply_fade(m, to, n);
	m->position += (int64_t)n;
	tell_events(m, m->position);
	*n_frames = n;
	return STATUS_OK;
}
