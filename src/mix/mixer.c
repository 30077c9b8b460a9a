/* mixer.c - sums the clips of a plan, frame by exact frame, and tells what happens when.
 *
 * It mixes limiter_delay() frames ahead of what it hands out.  A stretch is only mixed when every clip that can
 * begin in it is known.  Whatever the cuts of calls and the speed of threads, each frame is the same sum in the
 * order of the plan.
 *
 * Clips come on reels.  One is on; a turn prepares another one (`coming`) beside it and changes over when that one has
 * something to play; what was on leaves, with no more clips than had begun.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "bed.h"
#include "jukebox/clock.h"
#include "jukebox/mix.h"
#include "limiter.h"
#include "reel.h"

enum {
	CHUNK_FRAMES = LIMITER_MOST_FRAMES,
	HANGING_MOST = 8, /* reels that are over, and whose threads do not end */
};
/* At the very start nobody listens yet: the first song may take longer than those behind it. */
static const int64_t FIRST_PATIENCE_NS = 10000000000, FIRST_PATIENCE_BED_NS = 3000000000;
/* Looked for so long before a clip is due: can it be had? */
static const int LOOK_AHEAD_S = 4;
/* A clip that fails so near to its end is left to play what it has. */
static const int FAILURE_MATTERS_S = 1;
static const double GIVE_UP_FADE_S = 0.5;
/* Patience with the first clip of a turn: where all hang, each that is given up is lost for nothing. */
enum { COMING_STALLS = 3 };
/* How long the fallback is heard before a song enters over it. */
static const double BED_LEAD_S = 0.8;

struct mixer {
	struct mix_options options;
	mix_next_fn *next;
	mix_event_fn *event;
	void *user;
	struct limiter *limiter; /* NULL: off */

	struct reel *on, *coming, *leaving, *over_with; /* the last two are lists, oldest first */
	struct mix_turn turn; /* what `coming` is for */
	int64_t entrance; /* of the first clip behind a skip */
	size_t last_begun; /* entry of the clip that began last, as mixed */
	int64_t last_begun_start;

	int64_t position; /* of the next frame handed out */
	int64_t mixed; /* of the next frame to mix */
	bool over;
	size_t n_primed; /* frames of the limiter's delay that were mixed */

	/* of a mix that must not stand still */
	int64_t await_until_ns; /* how long is waited for what is due; 0: nothing is */
	bool starved; /* the next clip is late */
	bool wants_turn; /* a clip was given up, and with it all behind it */
	bool dry; /* as it was told */
	struct bed bed;

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
	m->next = next;
	m->event = event;
	m->user = user;
	m->last_begun = SIZE_MAX;
	m->last_begun_start = -1;
	if (options->limiter)
		m->limiter = limiter_new(options->rate_hz, options->ceiling_dbtp);
	m->bus = m->own;
	bed_init(&m->bed, options->fallback, options->rate_hz);
	if (m->limiter || !options->limiter)
		m->on = reel_new(options, next, user);
	if (!m->on) {
		mixer_free(m);
		return NULL;
	}
	return m;
}

static void free_reels(struct reel *first)
{
	while (first) {
		struct reel *next = first->next;
		reel_free(first);
		first = next;
	}
}

void mixer_free(struct mixer *mixer)
{
	if (!mixer)
		return;
	free_reels(mixer->leaving);
	free_reels(mixer->over_with);
	reel_free(mixer->coming);
	reel_free(mixer->on);
	limiter_free(mixer->limiter);
	free(mixer);
}

static bool try_free_reel(struct reel **reel, int64_t deadline_ns)
{
	if (*reel && !reel_try_free(*reel, deadline_ns))
		return false;
	*reel = NULL;
	return true;
}

static bool try_free_reels(struct reel **first, int64_t deadline_ns)
{
	bool all = true;
	while (*first) {
		struct reel *next = (*first)->next;
		if (try_free_reel(first, deadline_ns)) {
			*first = next;
		} else {
			first = &(*first)->next;
			all = false;
		}
	}
	return all;
}

static void leave_behind(struct reel *first)
{
	for (struct reel *reel = first; reel; reel = reel->next)
		ahead_leave_behind(reel->ahead);
}

bool mixer_try_free(struct mixer *m, int64_t deadline_ns)
{
	if (!m)
		return true;
	bool leaving = try_free_reels(&m->leaving, deadline_ns),
	     over = try_free_reels(&m->over_with, deadline_ns),
	     coming = try_free_reel(&m->coming, deadline_ns),
	     on = try_free_reel(&m->on, deadline_ns);
	if (leaving && over && coming && on) {
		mixer_free(m);
		return true;
	}
	leave_behind(m->leaving);
	leave_behind(m->over_with);
	leave_behind(m->coming);
	leave_behind(m->on);
	return false;
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

static bool has_failure_to_tell(const struct clip *clip)
{
	return !clip->failure_told && atomic_load(&((struct clip *)clip)->failed);
}

static int64_t smaller(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

static int64_t larger(int64_t a, int64_t b)
{
	return a > b ? a : b;
}

/* The clip's next event and its frame. */
static enum mix_event next_of_clip(const struct clip *clip, int64_t *frame)
{
	int64_t end = clip_end(clip);
	*frame = clip->start;
	if (!clip->start_told)
		return MIX_CLIP_START;
	/* failed_frame is the worker's until `failed` is set */
	bool fails = has_failure_to_tell(clip);
	int64_t failure = fails ? clip->start + clip->failed_frame : INT64_MAX;
	*frame = smaller(clip->title, end);
	if (!clip->title_told && *frame <= failure)
		return MIX_TITLE;
	if (failure <= end) {
		*frame = failure;
		return MIX_CLIP_FAILED;
	}
	*frame = end;
	return MIX_CLIP_END;
}

static void first_event_of(
        struct reel *reel, struct clip **speaker, enum mix_event *event, int64_t *frame)
{
	for (struct clip *clip = reel->first; clip; clip = clip->next) {
		int64_t at;
		enum mix_event what = next_of_clip(clip, &at);
		if (at >= *frame)
			continue;
		*speaker = clip;
		*frame = at;
		*event = what;
	}
}

/* Of the events before `before` the first; at the same frame clips speak in the order of the plan. */
static struct clip *next_event(
        const struct mixer *m, int64_t before, enum mix_event *event, int64_t *frame)
{
	struct clip *speaker = NULL;
	*frame = before;
	for (struct reel *reel = m->leaving; reel; reel = reel->next)
		first_event_of(reel, &speaker, event, frame);
	first_event_of(m->on, &speaker, event, frame);
	return speaker;
}

static void let_go(struct mixer *m, struct clip *clip)
{
	struct reel *reel = m->leaving;
	for (; reel; reel = reel->next)
		for (const struct clip *c = reel->first; c; c = c->next)
			if (c == clip) {
				reel_drop(reel, clip);
				return;
			}
	reel_drop(m->on, clip);
}

static void tell(struct mixer *m, struct clip *clip, enum mix_event event, int64_t frame)
{
	clip->start_told |= event == MIX_CLIP_START;
	clip->title_told |= event == MIX_TITLE;
	clip->failure_told |= event == MIX_CLIP_FAILED;
	struct plan_clip told = clip->plan; /* its texts are borrowed */
	told.start_frame = clip->start;
	told.title_frame = clip->title;
	if (m->event)
		m->event(m->user, event, frame, &told,
		        event == MIX_CLIP_FAILED ? clip->failure : "");
	if (event == MIX_CLIP_END)
		let_go(m, clip);
}

static void tell_events(struct mixer *m, int64_t before)
{
	enum mix_event event;
	int64_t frame;
	struct clip *clip;
	while ((clip = next_event(m, before, &event, &frame)))
		tell(m, clip, event, frame);
}

static void tell_turn(struct mixer *m, enum mix_event event)
{
	if (m->event)
		m->event(m->user, event, m->position, NULL, "");
}

static void end_clips(struct mixer *m, struct reel *reel)
{
	while (reel->first) {
		struct clip *clip = reel->first;
		if (clip->start_told)
			tell(m, clip, MIX_CLIP_END, m->position);
		else
			reel_drop(reel, clip);
	}
}

/* The programme ends here, at `position`: what was begun ends with it. */
static void finish(struct mixer *m)
{
	m->over = true;
	ahead_drop(m->on->ahead);
	tell_events(m, m->position + !m->fading);
	for (struct reel *reel = m->leaving; reel; reel = reel->next)
		end_clips(m, reel);
	end_clips(m, m->on);
}

/* ---- turns ------------------------------------------------------------------------------------------------ */

static void append_reel(struct reel **list, struct reel *reel)
{
	while (*list)
		list = &(*list)->next;
	reel->next = NULL;
	*list = reel;
}

/* It plays no more; its threads may need a moment. */
static void retire(struct mixer *m, struct reel *reel)
{
	reel_close(reel, INT64_MIN);
	append_reel(&m->over_with, reel);
}

static void free_retired(struct mixer *m)
{
	struct reel **at = &m->over_with;
	while (*at) {
		struct reel *reel = *at, *next = reel->next;
		if (reel_try_free(reel, 0))
			*at = next;
		else
			at = &reel->next;
	}
}

static void retire_left(struct mixer *m)
{
	struct reel **at = &m->leaving;
	while (*at) {
		struct reel *reel = *at;
		if (reel->first) {
			at = &reel->next;
			continue;
		}
		*at = reel->next;
		retire(m, reel);
	}
}

size_t mixer_on_air(const struct mixer *m)
{
	return m->last_begun;
}

bool mixer_can_turn(const struct mixer *m)
{
	int n = 0;
	for (const struct reel *reel = m->over_with; reel; reel = reel->next)
		n++;
	return n < HANGING_MOST;
}

bool mixer_wants_turn(const struct mixer *m)
{
	return m->wants_turn;
}

enum status mixer_turn(struct mixer *m, const struct mix_turn *turn)
{
	struct reel *reel = reel_new(&m->options, m->next, turn->user);
	if (!reel)
		return STATUS_NO_MEMORY;
	if (m->coming)
		retire(m, m->coming);
	m->coming = reel;
	m->turn = *turn;
	return STATUS_OK;
}

static void fade_reel(struct reel *reel, int64_t position, int64_t frames)
{
	for (struct clip *clip = reel->first; clip; clip = clip->next)
		if (clip->leave_to == 0)
			clip_leave(clip, position, frames);
}

/* Of a clip that was not there yet: over the fallback it comes with a lead. */
static int64_t earliest_start(const struct mixer *m)
{
	bool heard = bed_is_heard(&m->bed);
	return m->mixed + (heard ? (int64_t)(BED_LEAD_S * m->options.rate_hz) : 0);
}

/* Where what has begun is over. */
static int64_t end_of_begun(const struct mixer *m)
{
	int64_t end = m->mixed;
	for (const struct clip *clip = m->on->first; clip; clip = clip->next)
		if (clip->start < m->mixed)
			end = larger(end, clip_end(clip));
	return end;
}

/* Where the coming reel's time line lies on the mixer's. */
static int64_t shift_of_coming(const struct mixer *m, const struct plan_clip *first)
{
	int64_t start = m->on->shift + (first ? first->start_frame : 0);
	if (m->turn.now)
		start = smaller(m->mixed + m->turn.lead_frames, end_of_begun(m));
	/* Skipped again before anything new was there: what is on has been fading since, so this comes no later. */
	if (m->turn.now && m->entrance > m->mixed)
		start = smaller(start, m->entrance);
	start = larger(start, earliest_start(m));
	return start - (first ? first->start_frame : 0);
}

/* The old one ends in the middle of an album: not with a click. */
static void soften_cut(struct mixer *m, const struct plan_clip *first)
{
	int64_t frames = m->options.rate_hz;
	struct clip *clip = m->on->first;
	while (clip && clip->next && clip->next->start < m->mixed)
		clip = clip->next;
	bool was_joined = clip && clip->next && clip->next->plan.joined;
	if (!was_joined || (first && first->joined) || clip->leave_to > 0)
		return;
	clip->leave_to = clip_end(clip);
	clip->leave_from = clip->leave_to - smaller(frames, clip->leave_to - m->mixed);
}

static void change_over(struct mixer *m)
{
	const struct plan_clip *first = ahead_peek(m->coming->ahead);
	soften_cut(m, m->turn.now ? NULL : first);
	m->coming->shift = shift_of_coming(m, first);
	m->entrance = m->turn.now && first ? m->coming->shift + first->start_frame : 0;
	m->coming->horizon = m->coming->end = m->mixed;
	reel_close(m->on, m->mixed);
	if (m->turn.now) {
		int64_t frames = atomic_load(m->turn.fade_frames);
		for (struct reel *reel = m->leaving; reel; reel = reel->next)
			fade_reel(reel, m->mixed, frames);
		fade_reel(m->on, m->mixed, frames);
	}
	if (m->options.patience_ns > 0)
		m->on->stall_ns = m->options.patience_ns; /* a tail is not worth a longer wait */
	append_reel(&m->leaving, m->on);
	m->on = m->coming;
	m->coming = NULL;
	m->starved = m->wants_turn = false;
	m->await_until_ns = 0;
	tell_turn(m, MIX_TURNED);
}

/* Changes over if the coming reel has its first clip; waits for that at most until the deadline. */
static void try_turn(struct mixer *m, int64_t deadline_ns)
{
	if (!m->coming)
		return;
	if (m->last_begun != m->turn.on_air) {
		retire(m, m->coming);
		m->coming = NULL;
		tell_turn(m, MIX_TURN_LOST);
		return;
	}
	if (ahead_await_next(m->coming->ahead, m->turn.now, deadline_ns) != AHEAD_LATE)
		change_over(m);
}

void mixer_end_here(struct mixer *m)
{
	if (m->coming)
		retire(m, m->coming);
	m->coming = NULL;
	m->wants_turn = m->starved = false;
	soften_cut(m, NULL);
	reel_close(m->on, m->mixed);
}

bool mixer_leave_older(struct mixer *m, int64_t frames)
{
	bool any = false;
	for (struct reel *reel = m->leaving; reel; reel = reel->next)
		for (struct clip *clip = reel->first; clip; clip = clip->next)
			any |= clip->leave_to == 0;
	for (struct reel *reel = m->leaving; reel; reel = reel->next)
		fade_reel(reel, m->mixed, frames);
	for (struct clip *clip = m->on->first; clip; clip = clip->next)
		if (clip->start < m->last_begun_start && clip->leave_to == 0) {
			clip_leave(clip, m->mixed, frames);
			any = true;
		}
	return any;
}

/* ---- the sum -------------------------------------------------------------------------------------------- */

static const int64_t POLL_NS = 20000000, SELDOM_NS = 100000000;

static bool must_flow(const struct mixer *m)
{
	return m->options.patience_ns > 0;
}

/* The mixer has waited for what is due as long as it may. */
static bool has_waited_enough(struct mixer *m)
{
	int64_t now_ns = clock_now_ns(), patience_ns = m->options.patience_ns;
	if (!must_flow(m))
		return false;
	if (m->last_begun == SIZE_MAX)
		patience_ns = larger(
		        patience_ns, m->bed.loop ? FIRST_PATIENCE_BED_NS : FIRST_PATIENCE_NS);
	if (m->await_until_ns == 0)
		m->await_until_ns = now_ns + patience_ns;
	return now_ns >= m->await_until_ns || (m->options.idle && atomic_load(m->options.idle));
}

static bool is_told_to_stop(const struct mixer *m)
{
	return m->options.stopping && atomic_load(m->options.stopping);
}

static int64_t wait_for_next(const struct mixer *m)
{
	if (m->fading || m->starved)
		return 0;
	if (m->coming || must_flow(m))
		return clock_now_ns() + POLL_NS;
	return m->options.stopping ? clock_now_ns() + SELDOM_NS : INT64_MAX;
}

/* A clip that was late comes where the mixer stands by now, and all behind it too. */
static void lay_late(struct mixer *m)
{
	const struct plan_clip *plan = ahead_peek(m->on->ahead);
	if (!plan || !m->starved)
		return;
	int64_t late = earliest_start(m) - (plan->start_frame + m->on->shift);
	m->on->shift += late > 0 ? late : 0;
}

static enum status take_next(struct mixer *m, struct error *error)
{
	lay_late(m);
	m->starved = false;
	m->await_until_ns = 0;
	return reel_take(m->on, error);
}

/* Every clip that can begin at `mixed` is known.  A wait for the next one gives way to a turn, and has its end in a mix that
 * must not stand still. */
static enum status know_enough(struct mixer *m, struct error *error)
{
	while (!m->on->all_taken && m->mixed >= m->on->horizon) {
		int64_t wait = wait_for_next(m);
		/* One that is late is to be there when it is laid. */
		if (ahead_await_next(m->on->ahead, m->starved, wait) != AHEAD_LATE) {
			TRY(take_next(m, error));
			continue;
		}
		if (m->fading || is_told_to_stop(m))
			return STATUS_OK; /* what is not there is not heard any more */
		m->starved = has_waited_enough(m);
		try_turn(m, m->starved ? 0 : clock_now_ns() + POLL_NS);
		if (m->starved)
			return STATUS_OK;
	}
	return STATUS_OK;
}

/* ---- what cannot be had -------------------------------------------------------------------------------- */

static void tell_failure(struct mixer *m, struct clip *clip, const char *reason)
{
	struct plan_clip told = clip->plan; /* its texts are borrowed */
	told.start_frame = clip->start;
	told.title_frame = clip->title;
	clip->failure_told = true;
	if (m->event)
		m->event(m->user, MIX_CLIP_FAILED, m->position, &told, reason);
}

/* What is there of a clip fades out; unless a newer one is on, nothing behind it can stay where it was. */
static void give_up(struct mixer *m, struct clip *clip, const char *reason)
{
	bool is_newest = clip->start >= m->last_begun_start;
	int64_t there = ahead_filled(m->on->ahead, clip),
	        fade = (int64_t)(GIVE_UP_FADE_S * m->options.rate_hz);
	clip->given_up = true;
	clip_leave(clip, m->mixed, smaller(there, fade));
	clip_hold(clip);
	if (is_newest) {
		m->wants_turn = true;
		m->starved = false;
		m->await_until_ns = 0;
		reel_close(m->on, m->mixed);
	}
	tell_failure(m, clip, reason);
	clip_release(clip);
}

/* The worker has met the failure; the mixer is about to. */
static bool fails_soon(const struct mixer *m, const struct clip *clip)
{
	if (!has_failure_to_tell(clip))
		return false;
	int64_t at = clip->start + clip->failed_frame, second = m->options.rate_hz;
	return at - m->mixed < second && clip_end(clip) - at > FAILURE_MATTERS_S * second;
}

static const char stalled[] = "its decoder stalls: given up",
                  unanswered[] = "its disk or decoder does not answer: silence from there on";

/* True: given up. */
static bool check_clip(struct mixer *m, struct clip *clip)
{
	if (clip->given_up || clip->failure_told)
		return false;
	if (fails_soon(m, clip))
		give_up(m, clip, clip->failure);
	else if (clip->lost || ahead_stalls(m->on->ahead, clip, m->options.stall_ns))
		give_up(m, clip, stalled);
	else
		return false;
	return true;
}

/* The one that is known, and not yet taken. */
static bool check_next(struct mixer *m)
{
	int64_t ahead_frames = (int64_t)LOOK_AHEAD_S * m->options.rate_hz;
	if (m->on->all_taken || m->on->horizon - m->mixed > ahead_frames)
		return false;
	struct clip *clip = ahead_coming(m->on->ahead);
	if (!clip)
		return false;
	clip->start = larger(clip->plan.start_frame + m->on->shift, m->mixed);
	clip->title = clip->start;
	return check_clip(m, clip);
}

/* Of a turn the first clip. */
static void check_coming(struct mixer *m)
{
	struct clip *clip = m->coming ? ahead_coming(m->coming->ahead) : NULL;
	if (!clip || !ahead_stalls(m->coming->ahead, clip, COMING_STALLS * m->options.stall_ns))
		return;
	clip_hold(clip);
	clip->start = clip->title = m->mixed;
	retire(m, m->coming);
	m->coming = NULL;
	m->wants_turn = true;
	tell_failure(m, clip, stalled);
	clip_release(clip);
}

static void check_all(struct mixer *m)
{
	check_coming(m);
	for (struct clip *clip = m->on->first; clip; clip = clip->next)
		if (check_clip(m, clip))
			return;
	(void)check_next(m);
}

/* Of a mix that waits, but not for ever: its place stays silent. */
static void tell_lost(struct mixer *m)
{
	for (struct clip *clip = m->on->first; clip && !must_flow(m); clip = clip->next)
		if (clip->lost && !clip->failure_told && !is_told_to_stop(m))
			tell_failure(m, clip, unanswered);
}

static void note_begun(struct mixer *m)
{
	for (const struct clip *clip = m->on->first; clip; clip = clip->next)
		if (clip->start < m->mixed && clip->start >= m->last_begun_start) {
			m->last_begun = clip->plan.entry;
			m->last_begun_start = clip->start;
		}
}

static enum status sum_reels(struct mixer *m, size_t n, struct error *error)
{
	bool is_empty = true;
	for (struct reel *reel = m->leaving; reel; reel = reel->next)
		TRY(reel_sum(reel, m->mixed, n, m->bus, m->factors, &is_empty, error));
	TRY(reel_sum(m->on, m->mixed, n, m->bus, m->factors, &is_empty, error));
	if (is_empty)
		memset(m->bus, 0, 2 * n * sizeof(*m->bus));
	return STATUS_OK;
}

/* Of all that is known. */
static int64_t end_of_all(const struct mixer *m)
{
	int64_t end = m->on->end;
	for (const struct reel *reel = m->leaving; reel; reel = reel->next)
		for (const struct clip *clip = reel->first; clip; clip = clip->next)
			end = clip_end(clip) > end ? clip_end(clip) : end;
	return end;
}

/* Nothing is there where the programme should be. */
static bool lacks_programme(const struct mixer *m)
{
	if (!must_flow(m) || m->fading)
		return false;
	if (m->on->all_taken)
		return (m->coming || m->wants_turn) && m->mixed >= end_of_all(m);
	return m->starved && (m->bed.loop || m->mixed >= end_of_all(m));
}

static void note_dry(struct mixer *m)
{
	bool dry = lacks_programme(m);
	if (dry == m->dry || m->fading)
		return;
	m->dry = dry;
	bed_set(&m->bed, dry);
	tell_turn(m, dry ? MIX_DRY : MIX_FLOWS);
}

int64_t mixer_known_frames(const struct mixer *m)
{
	if (m->dry)
		return 0;
	if (m->on->all_taken || ahead_coming(m->on->ahead))
		return INT64_MAX;
	return larger(m->on->horizon - m->mixed, 0);
}

void mixer_set_fallback(struct mixer *m, const struct mix_loop *fallback)
{
	bed_init(&m->bed, fallback, m->options.rate_hz);
	bed_set(&m->bed, m->dry);
}

bool mixer_is_dry(const struct mixer *m)
{
	return m->dry;
}

/* How many frames may be mixed with what is known. */
static size_t stretch(const struct mixer *m, size_t most)
{
	int64_t known = m->on->all_taken ? end_of_all(m) - m->mixed : m->on->horizon - m->mixed;
	if (m->on->all_taken && !(must_flow(m) && (m->coming || m->wants_turn)))
		return most;
	return known <= 0 || (uint64_t)known > most ? most : (size_t)known;
}

/* 1 to `most` frames more in `bus`. */
static enum status mix(struct mixer *m, size_t most, size_t *n, struct error *error)
{
	if (m->limiter)
		m->bus = limiter_room(m->limiter);
	TRY(know_enough(m, error));
	note_dry(m);
	*n = stretch(m, most);
	TRY(sum_reels(m, *n, error));
	tell_lost(m);
	bed_add(&m->bed, m->bus, *n);
	m->mixed += (int64_t)*n;
	note_begun(m);
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
	if (must_flow(mixer))
		mixer->on->stall_ns = mixer->options.patience_ns; /* who stops does not wait */
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

/* The end is near, and another reel is coming: it begins before that. */
static bool ends_within(const struct mixer *m, size_t n)
{
	return m->on->all_taken && end_of_all(m) - m->mixed <= (int64_t)n;
}

static void look_for_turn(struct mixer *m, size_t n)
{
	if (m->over_with)
		free_retired(m);
	if (m->leaving)
		retire_left(m);
	if (m->coming && !m->fading)
		try_turn(m, 0);
	while (m->coming && !m->fading && ends_within(m, n) && !has_waited_enough(m))
		try_turn(m, clock_now_ns() + POLL_NS);
}

/* The end, unless more is to come. */
static bool is_last_stretch(const struct mixer *m)
{
	bool comes = must_flow(m) && !m->fading && (m->coming || m->wants_turn);
	return m->on->all_taken && !comes;
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
	if (must_flow(m) && !m->fading)
		check_all(m);
	look_for_turn(m, n);
	TRY(prime(m, error));
	TRY(mix(m, n, &n, error));
	if (is_last_stretch(m))
		n = until(m, end_of_all(m), n);
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
