/* ahead.c - the threads between the plan and the mixer.
 *
 * A stream is a deck and the blocks that it has filled.  Workers serve the first stream in the order of the plan that can
 * be served, so the current song always comes first, and stay with it as long as it is the first; what the
 * mixer sees of a stream does not depend on who filled it when.
 *
 * Memory: each stream may hold SHARE blocks, and all together the rest of the budget beyond that; so none can
 * take the last block away from another that is needed at the same time (no deadlock), and the sum is
 * bounded: streams are only begun while no more than n_workers + EXTRA_STREAMS are under way, or
 * when the mixer stands before them.  Blocks are kept for reuse: no allocation while songs come and go.
 *
 * One lock guards everything here; it is never held while decoding, nor in the user's `next`.
 */
#include "ahead.h"

#include <math.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "deck.h"
#include "jukebox/clock.h"
#include "jukebox/decoder.h"
#include "jukebox/thread.h"

/* How often who waits without an end looks whether that is wanted still, and how long it goes on if not. */
static const int64_t LOOK_NS = 100000000, STOP_NS = 300000000;
/* A worker fills a block in a fraction of that. */
static const int64_t HANGS_NS = 500000000;

enum {
	BLOCK_FRAMES = 8192,
	SHARE = 8, /* blocks of a stream's own: 1.4 s at 48 kHz */
	WAKE = 4, /* blocks that are worth waking a thread for: a switch costs as much as mixing 2,000 frames */
	EXTRA_STREAMS = 2,
	MOST_WORKERS = 64,
	LOW_S = 3, /* of a stream that is needed: less is little */
};

struct block {
	struct block *next;
	size_t n_frames;
	float frames[2 * BLOCK_FRAMES];
};

struct stream {
	struct stream *next;
	struct deck *deck; /* of the worker that made it busy */
	bool busy, waiting, finished;
	bool ended; /* no clip will be joined */
	bool needed; /* the mixer waits for it, or has */
	struct clip *first_new, *last_new; /* references not yet given to the deck */
	int n_clips, n_begun; /* known; begun by the deck */
	int n_in_use; /* not yet left by the mixer */
	struct block *first, *last; /* filled */
	size_t n_filled, n_held; /* blocks: filled; those and the ones being filled or read */
	size_t n_appended; /* blocks that were filled so far */

	/* the mixer's */
	struct block *reading;
	size_t n_read;
	int64_t unserved_ns; /* it is waited for, and nobody works on it */
	size_t n_seen; /* of n_appended, when it was last looked whether it stalls */
	int64_t looked_ns, low_since_ns;
};

struct ahead {
	struct mix_options options;
	mix_next_fn *next;
	void *user;
	size_t pool_blocks; /* budget beyond the shares */

	pthread_mutex_t lock; /* of all below */
	pthread_cond_t work, ask, ready; /* for workers, the asker, the mixer */
	struct stream *streams, *last_stream;
	struct clip *first_known, *last_known; /* not yet taken by the mixer */
	struct block *spare;
	size_t n_beyond; /* blocks that streams hold beyond their shares */
	size_t n_returned; /* since workers were last told */
	int n_unbegun; /* clips known whose decoding has not begun */
	int n_idle; /* workers waiting */
	struct stream *awaited; /* what the mixer waits for, if it does */
	bool clip_awaited; /* the mixer waits for a clip */
	bool all_known, dropped, stop;
	int n_alive; /* threads that have not ended */
	enum status ask_status, work_status; /* why there are no more clips; why no more frames */
	struct error ask_error;

	/* the asker's */
	struct stream *open; /* the last one, while clips may be joined to it */
	int open_hz;
	int64_t last_start, last_end, horizon; /* of the clips so far */

	pthread_t asker, workers[MOST_WORKERS];
	bool has_asker;
	int n_workers;
};

/* ---- blocks and streams; with the lock ---------------------------------------------------------- */

static bool may_hold_more(const struct ahead *a, const struct stream *s)
{
	return s->n_held < SHARE || a->n_beyond < a->pool_blocks;
}

static struct block *take_block(struct ahead *a, struct stream *s)
{
	struct block *block = a->spare;
	if (block)
		a->spare = block->next;
	else
		block = malloc(sizeof(*block));
	if (!block)
		return NULL;
	if (s->n_held++ >= SHARE)
		a->n_beyond++;
	block->next = NULL;
	block->n_frames = 0;
	return block;
}

static void return_block(struct ahead *a, struct stream *s, struct block *block)
{
	block->next = a->spare;
	a->spare = block;
	if (--s->n_held >= SHARE)
		a->n_beyond--;
	a->n_returned++;
}

static void free_stream(struct ahead *a, struct stream *s)
{
	while (s->first) {
		struct block *block = s->first;
		s->first = block->next;
		return_block(a, s, block);
	}
	if (s->reading)
		return_block(a, s, s->reading);
	while (s->first_new) {
		struct clip *clip = s->first_new;
		s->first_new = clip->next_in_deck;
		clip_release(clip);
	}
	a->n_unbegun -= s->n_clips - s->n_begun;
	deck_free(s->deck);
	free(s);
}

static void unlink_stream(struct ahead *a, struct stream *s)
{
	struct stream **at = &a->streams, *before = NULL;
	while (*at != s) {
		before = *at;
		at = &before->next;
	}
	*at = s->next;
	if (a->last_stream == s)
		a->last_stream = before;
}

/* When neither the mixer nor a worker nor the asker has anything to do with it any more. */
static void free_when_done(struct ahead *a, struct stream *s)
{
	bool is_over = s->ended && s->n_in_use == 0;
	if (s->busy || !is_over)
		return;
	unlink_stream(a, s);
	free_stream(a, s);
	pthread_cond_broadcast(&a->work);
	pthread_cond_signal(&a->ask);
}

static void end_open_stream(struct ahead *a)
{
	struct stream *s = a->open;
	if (!s)
		return;
	a->open = NULL;
	s->ended = true;
	s->waiting = false;
	pthread_cond_broadcast(&a->work);
	free_when_done(a, s);
}

/* ---- workers --------------------------------------------------------------------------------------- */

static bool can_be_served(const struct ahead *a, const struct stream *s, int place)
{
	if (s->busy || s->waiting || s->finished || s->n_in_use == 0)
		return false;
	if (place >= a->n_workers + EXTRA_STREAMS && !s->needed)
		return false;
	return may_hold_more(a, s);
}

/* The stream that the mixer stands still for, else the first in the order of the plan. */
static struct stream *most_urgent(const struct ahead *a)
{
	int place = 0;
	if (a->awaited && a->awaited->n_filled < WAKE && can_be_served(a, a->awaited, 0))
		return a->awaited;
	for (struct stream *s = a->streams; s; s = s->next, place++)
		if (can_be_served(a, s, place))
			return s;
	return NULL;
}

static struct stream *pick(struct ahead *a, struct block **block)
{
	struct stream *s = a->work_status == STATUS_OK ? most_urgent(a) : NULL;
	if (!s)
		return NULL;
	*block = take_block(a, s);
	if (*block)
		return s;
	a->work_status = STATUS_NO_MEMORY;
	pthread_cond_signal(&a->ready);
	return NULL;
}

/* What became known of the chain goes to its deck. */
static void tell_deck(struct stream *s)
{
	while (s->first_new) {
		struct clip *clip = s->first_new;
		s->first_new = clip->next_in_deck;
		clip->next_in_deck = NULL;
		deck_add(s->deck, clip);
		clip_release(clip);
	}
	if (s->ended)
		deck_end(s->deck);
}

static void note_begun(struct ahead *a, struct stream *s, int n_begun)
{
	if (n_begun == s->n_begun)
		return;
	a->n_unbegun -= n_begun - s->n_begun;
	s->n_begun = n_begun;
	pthread_cond_signal(&a->ask);
}

static void append(struct ahead *a, struct stream *s, struct block *block)
{
	if (block->n_frames == 0) {
		return_block(a, s, block);
		return;
	}
	if (s->first)
		s->last->next = block;
	else
		s->first = block;
	s->last = block;
	s->n_filled++;
	s->n_appended++;
}

/* Not with the lock, for which it would wait at once: two switches more where they share a core. */
static void wake_mixer(struct ahead *a)
{
	pthread_mutex_unlock(&a->lock);
	pthread_cond_signal(&a->ready);
	pthread_mutex_lock(&a->lock);
}

static void serve(
        struct ahead *a, struct stream *s, struct block *block, struct deck_scratch *scratch)
{
	s->busy = true;
	tell_deck(s);
	bool was_ended = s->ended;
	pthread_mutex_unlock(&a->lock);
	enum deck_state state =
	        deck_fill(s->deck, scratch, block->frames, BLOCK_FRAMES, &block->n_frames);
	pthread_mutex_lock(&a->lock);
	s->busy = false;
	append(a, s, block);
	s->finished = state == DECK_FINISHED;
	s->waiting = state == DECK_WAITING && !s->first_new && s->ended == was_ended;
	note_begun(a, s, s->finished ? s->n_clips : deck_begun(s->deck));
	bool tell = a->awaited == s && (s->n_filled >= WAKE || s->finished || s->waiting);
	free_when_done(a, s);
	if (tell)
		wake_mixer(a);
}

/* Who wakes workers wakes one; that one wakes the next if there is more to do than it takes on itself. */
static void wake_another(struct ahead *a, struct stream *mine)
{
	if (a->n_idle == 0 || a->work_status != STATUS_OK)
		return;
	mine->busy = true;
	if (most_urgent(a))
		pthread_cond_signal(&a->work);
}

/* With the lock, which it gives back: the thread's last word. */
static void end_thread(struct ahead *a)
{
	a->n_alive--;
	pthread_cond_signal(&a->ready);
	pthread_mutex_unlock(&a->lock);
}

static void *work(void *user)
{
	struct ahead *a = user;
	struct deck_scratch *scratch = deck_scratch_new();
	pthread_mutex_lock(&a->lock);
	if (!scratch) {
		a->work_status = STATUS_NO_MEMORY;
		pthread_cond_signal(&a->ready);
	}
	while (scratch && !a->stop) {
		struct block *block = NULL;
		struct stream *s = pick(a, &block);
		if (s) {
			wake_another(a, s);
			serve(a, s, block, scratch);
			continue;
		}
		a->n_idle++;
		pthread_cond_wait(&a->work, &a->lock);
		a->n_idle--;
	}
	deck_scratch_free(scratch);
	end_thread(a);
	return NULL;
}

/* ---- the asker ---------------------------------------------------------------------------------------- */

static enum status check(const struct ahead *a, const struct plan_clip *plan, struct error *error)
{
	bool fits = plan->path && plan->n_frames >= 0 && plan->from_frame >= 0 &&
	            (plan->to_frame > plan->from_frame || plan->n_frames == 0) &&
	            plan->source_hz >= DECODER_LOWEST_HZ && plan->source_hz <= DECODER_HIGHEST_HZ &&
	            plan->n_frames < INT64_MAX / 4 && plan->start_frame < INT64_MAX / 4 &&
	            plan->to_frame < INT64_MAX / 4 && isfinite(plan->gain_db) &&
	            isfinite(plan->offset[0]) && isfinite(plan->offset[1]);
	if (!fits)
		return error_set(error, STATUS_BAD_DATA, "%s: the plan has no such place or gain",
		        plan->path ? plan->path : "(no file)");
	if (plan->start_frame < a->horizon || plan->start_frame < a->last_start)
		return error_set(error, STATUS_BAD_DATA,
		        "%s: starts at frame %lld, but the clip before it ends without an overlap "
		        "at %lld",
		        plan->path, (long long)plan->start_frame, (long long)a->horizon);
	return STATUS_OK;
}

static bool continues(const struct ahead *a, const struct plan_clip *plan)
{
	return plan->joined && a->open && a->open_hz == plan->source_hz &&
	       a->last_end == plan->start_frame && plan->n_frames > 0;
}

static struct stream *new_stream(struct ahead *a)
{
	struct stream *s = calloc(1, sizeof(*s));
	if (!s)
		return NULL;
	s->deck = deck_new(a->options.rate_hz, a->options.quality, a->options.kept);
	if (!s->deck) {
		free(s);
		return NULL;
	}
	if (a->last_stream)
		a->last_stream->next = s;
	else
		a->streams = s;
	a->last_stream = s;
	return s;
}

/* Gives the clip to the stream that it continues, or to a new one. */
static enum status give_stream(struct ahead *a, struct clip *clip)
{
	if (!continues(a, &clip->plan)) {
		end_open_stream(a);
		if (clip->plan.n_frames == 0)
			return STATUS_OK;
		a->open = new_stream(a);
		if (!a->open)
			return STATUS_NO_MEMORY;
	}
	struct stream *s = clip->stream = a->open;
	clip_hold(clip);
	if (s->first_new)
		s->last_new->next_in_deck = clip;
	else
		s->first_new = clip;
	s->last_new = clip;
	s->waiting = false;
	s->n_clips++;
	s->n_in_use++;
	a->n_unbegun++;
	return STATUS_OK;
}

static void note_place(struct ahead *a, const struct plan_clip *plan)
{
	int64_t alone = plan->n_frames - (plan->overlap_frames > 0 ? plan->overlap_frames : 0);
	int64_t horizon = plan->start_frame + (alone > 0 ? alone : 0);
	a->horizon = horizon > a->horizon ? horizon : a->horizon;
	a->open_hz = plan->source_hz;
	a->last_start = plan->start_frame;
	a->last_end = plan->start_frame + plan->n_frames;
}

static void know(struct ahead *a, struct clip *clip)
{
	if (a->first_known)
		a->last_known->next_known = clip;
	else
		a->first_known = clip;
	a->last_known = clip;
	a->clip_awaited = false;
	pthread_cond_signal(&a->ready);
	pthread_cond_broadcast(&a->work);
}

/* Takes *plan over, or leaves it to the caller. */
static enum status add_clip(struct ahead *a, struct plan_clip *plan, struct error *error)
{
	TRY(check(a, plan, error));
	struct clip *clip = clip_new(plan);
	if (!clip)
		return error_set(error, STATUS_NO_MEMORY, "out of memory");
	if (give_stream(a, clip) != STATUS_OK) {
		*plan = (struct plan_clip){0};
		clip_release(clip);
		return error_set(error, STATUS_NO_MEMORY, "out of memory");
	}
	note_place(a, &clip->plan);
	if (clip->plan.overlap_frames != 0)
		end_open_stream(a); /* nothing joined comes behind an overlap or a pause */
	know(a, clip);
	return STATUS_OK;
}

static void end_asking(struct ahead *a, enum status status, const struct error *error)
{
	a->all_known = true;
	if (status != STATUS_END) {
		a->ask_status = status;
		a->ask_error = *error;
	}
	end_open_stream(a);
	pthread_cond_signal(&a->ready);
}

static void ask_once(struct ahead *a)
{
	struct plan_clip plan = {0};
	struct error error = {0};
	pthread_mutex_unlock(&a->lock);
	enum status status = a->next(a->user, &plan, &error);
	pthread_mutex_lock(&a->lock);
	bool is_welcome = status == STATUS_OK && !a->dropped && !a->stop;
	enum status added = is_welcome ? add_clip(a, &plan, &error) : status;
	if (status == STATUS_OK && (!is_welcome || added != STATUS_OK))
		plan_clip_done(&plan);
	if (added != STATUS_OK && !a->all_known)
		end_asking(a, added, &error);
}

static void *ask(void *user)
{
	struct ahead *a = user;
	pthread_mutex_lock(&a->lock);
	while (!a->stop && !a->all_known) {
		if (a->n_unbegun == 0 || a->clip_awaited)
			ask_once(a);
		else
			pthread_cond_wait(&a->ask, &a->lock);
	}
	end_thread(a);
	return NULL;
}

/* ---- begin and end ----------------------------------------------------------------------------------- */

static size_t pool_blocks(const struct mix_options *options)
{
	size_t blocks = options->buffer_bytes / sizeof(struct block);
	size_t shares = ((size_t)options->n_workers + EXTRA_STREAMS) * SHARE;
	return blocks > shares ? blocks - shares : 0;
}

static int within(int n, int lowest, int highest)
{
	return n < lowest ? lowest : n > highest ? highest : n;
}

/* As many workers as can be had. */
static bool start_threads(struct ahead *a)
{
	pthread_mutex_lock(&a->lock);
	while (a->n_workers < a->options.n_workers &&
	        thread_start(&a->workers[a->n_workers], work, a) == 0)
		a->n_workers++;
	a->has_asker = a->n_workers > 0 && thread_start(&a->asker, ask, a) == 0;
	a->n_alive = a->n_workers + a->has_asker;
	pthread_mutex_unlock(&a->lock);
	return a->has_asker;
}

struct ahead *ahead_new(const struct mix_options *options, mix_next_fn *next, void *user)
{
	struct ahead *a = calloc(1, sizeof(*a));
	if (!a)
		return NULL;
	a->options = *options;
	a->options.n_workers = within(options->n_workers, 1, MOST_WORKERS);
	a->next = next;
	a->user = user;
	a->pool_blocks = pool_blocks(&a->options);
	pthread_mutex_init(&a->lock, NULL);
	pthread_cond_init(&a->work, NULL);
	pthread_cond_init(&a->ask, NULL);
	clock_condition_init(&a->ready);
	if (!start_threads(a)) {
		ahead_free(a);
		return NULL;
	}
	return a;
}

/* False: the deadline has passed. */
static bool wait_ready(struct ahead *a, int64_t deadline_ns)
{
	return deadline_ns > 0 && clock_wait(&a->ready, &a->lock, deadline_ns);
}

/* All workers are busy with what is not needed now; those that hang will stay so. */
static void replace_workers(struct ahead *a, struct stream *s, int64_t waited_ns)
{
	s->unserved_ns = s->busy || a->n_idle > 0 ? 0 : s->unserved_ns + waited_ns;
	if (s->unserved_ns < HANGS_NS || a->n_workers == MOST_WORKERS)
		return;
	s->unserved_ns = 0;
	if (thread_start(&a->workers[a->n_workers], work, a) != 0)
		return;
	a->n_workers++;
	a->n_alive++;
}

/* A step of a wait that ends after *left_ns, or, when the mix is told to stop, soon.  A process that was stopped has not waited
 * meanwhile. */
static bool wait_a_step(struct ahead *a, struct stream *s, int64_t *left_ns)
{
	const atomic_bool *stopping = a->options.stopping;
	int64_t step_ns = *left_ns < LOOK_NS ? *left_ns : LOOK_NS;
	if (*left_ns <= 0)
		return false;
	if (!wait_ready(a, clock_now_ns() + step_ns)) {
		replace_workers(a, s, step_ns);
		*left_ns -= *left_ns < INT64_MAX ? step_ns : 0;
	}
	if (stopping && atomic_load(stopping) && *left_ns > STOP_NS)
		*left_ns = STOP_NS;
	return true;
}

/* How many have not ended by the deadline. */
static int tell_threads_to_stop(struct ahead *a, int64_t deadline_ns)
{
	pthread_mutex_lock(&a->lock);
	a->stop = true;
	pthread_cond_broadcast(&a->work);
	pthread_cond_broadcast(&a->ask);
	while (a->n_alive > 0 && wait_ready(a, deadline_ns))
		;
	int n_alive = a->n_alive;
	pthread_mutex_unlock(&a->lock);
	return n_alive;
}

static void stop_threads(struct ahead *a)
{
	(void)tell_threads_to_stop(a, 0);
	if (a->has_asker)
		pthread_join(a->asker, NULL);
	for (int i = 0; i < a->n_workers; i++)
		pthread_join(a->workers[i], NULL);
}

static void free_all(struct ahead *a)
{
	while (a->first_known) {
		struct clip *clip = a->first_known;
		a->first_known = clip->next_known;
		clip_release(clip);
	}
	while (a->streams) {
		struct stream *s = a->streams;
		a->streams = s->next;
		free_stream(a, s);
	}
	while (a->spare) {
		struct block *block = a->spare;
		a->spare = block->next;
		free(block);
	}
}

void ahead_free(struct ahead *ahead)
{
	if (!ahead)
		return;
	stop_threads(ahead);
	free_all(ahead);
	pthread_cond_destroy(&ahead->work);
	pthread_cond_destroy(&ahead->ask);
	pthread_cond_destroy(&ahead->ready);
	pthread_mutex_destroy(&ahead->lock);
	free(ahead);
}

bool ahead_try_free(struct ahead *ahead, int64_t deadline_ns)
{
	if (ahead && tell_threads_to_stop(ahead, deadline_ns) > 0)
		return false;
	ahead_free(ahead);
	return true;
}

void ahead_leave_behind(struct ahead *a)
{
	if (a->has_asker)
		pthread_detach(a->asker);
	for (int i = 0; i < a->n_workers; i++)
		pthread_detach(a->workers[i]);
}

/* ---- the mixer's side ---------------------------------------------------------------------------------- */

static enum status take_known(struct ahead *a, struct clip **clip, struct error *error)
{
	if (!a->first_known) {
		if (a->ask_status != STATUS_OK)
			*error = a->ask_error;
		return a->ask_status != STATUS_OK ? a->ask_status : STATUS_END;
	}
	*clip = a->first_known;
	a->first_known = (*clip)->next_known;
	return STATUS_OK;
}

/* False: the deadline has passed.  Whatever holds up measuring, as want of room for what was decoded, must not while the mixer stands. */
static bool wait_for_clip(struct ahead *a, int64_t deadline_ns)
{
	kept_starve(a->options.kept, true);
	bool in_time = wait_ready(a, deadline_ns);
	kept_starve(a->options.kept, false);
	return in_time;
}

enum status ahead_next(struct ahead *ahead, struct clip **clip, struct error *error)
{
	struct ahead *a = ahead;
	pthread_mutex_lock(&a->lock);
	a->clip_awaited = true;
	while (!a->first_known && !a->all_known) {
		pthread_cond_signal(&a->ask);
		wait_for_clip(a, INT64_MAX);
	}
	a->clip_awaited = false;
	enum status status = take_known(a, clip, error);
	pthread_mutex_unlock(&a->lock);
	return status;
}

static bool is_decoded(const struct stream *s)
{
	return !s || s->n_filled >= WAKE || s->finished || (s->n_filled > 0 && s->waiting);
}

static enum ahead_state state_of_next(const struct ahead *a, bool decoded)
{
	const struct clip *clip = a->first_known;
	if (!clip)
		return !a->all_known                ? AHEAD_LATE
		       : a->ask_status == STATUS_OK ? AHEAD_END
		                                    : AHEAD_READY;
	return !decoded || a->work_status != STATUS_OK || is_decoded(clip->stream) ? AHEAD_READY
	                                                                           : AHEAD_LATE;
}

enum ahead_state ahead_await_next(struct ahead *ahead, bool decoded, int64_t deadline_ns)
{
	struct ahead *a = ahead;
	enum ahead_state state;
	pthread_mutex_lock(&a->lock);
	while ((state = state_of_next(a, decoded)) == AHEAD_LATE) {
		a->clip_awaited = !a->first_known;
		a->awaited = a->first_known ? a->first_known->stream : NULL;
		if (a->awaited)
			a->awaited->needed = true;
		pthread_cond_signal(&a->ask);
		pthread_cond_broadcast(&a->work);
		if (!(a->first_known ? wait_ready : wait_for_clip)(a, deadline_ns))
			break;
	}
	a->awaited = NULL;
	pthread_mutex_unlock(&a->lock);
	return state;
}

const struct plan_clip *ahead_peek(struct ahead *ahead)
{
	pthread_mutex_lock(&ahead->lock);
	const struct plan_clip *clip = ahead->first_known ? &ahead->first_known->plan : NULL;
	pthread_mutex_unlock(&ahead->lock);
	return clip;
}

static bool lacks_block(const struct ahead *a, const struct stream *s)
{
	return !s->first && !s->finished && a->work_status == STATUS_OK;
}

static struct block *next_block(struct ahead *a, struct stream *s, int64_t wait_ns)
{
	bool in_time = true;
	s->needed = true;
	a->awaited = s;
	while (lacks_block(a, s) && in_time) {
		if (a->n_idle && !s->busy)
			pthread_cond_signal(&a->work);
		in_time = wait_a_step(a, s, &wait_ns);
	}
	a->awaited = NULL;
	struct block *block = s->first;
	if (block) {
		s->first = block->next;
		s->n_filled--;
	}
	return block;
}

enum status ahead_read(struct ahead *ahead, struct clip *clip, int64_t wait_ns,
        const float **frames, size_t *n_frames, struct error *error)
{
	struct stream *s = clip->stream;
	if (!s->reading) {
		pthread_mutex_lock(&ahead->lock);
		s->reading = next_block(ahead, s, wait_ns);
		enum status status = ahead->work_status;
		bool late = lacks_block(ahead, s);
		pthread_mutex_unlock(&ahead->lock);
		if (!s->reading && late)
			return STATUS_END;
		if (!s->reading)
			return error_set(error, status ? status : STATUS_BAD_DATA, "%s",
			        status ? "out of memory" : "a clip is shorter than planned");
		s->n_read = 0;
	}
	*frames = s->reading->frames + 2 * s->n_read;
	*n_frames = s->reading->n_frames - s->n_read;
	return STATUS_OK;
}

/* With the lock: there is room again, and something to fill it with. */
static bool should_wake_worker(struct ahead *a)
{
	if (a->n_returned < WAKE || a->n_idle == 0)
		return false;
	a->n_returned = 0;
	return most_urgent(a) != NULL;
}

void ahead_took(struct ahead *ahead, struct clip *clip, size_t n_frames)
{
	struct stream *s = clip->stream;
	s->n_read += n_frames;
	if (s->n_read < s->reading->n_frames)
		return;
	pthread_mutex_lock(&ahead->lock);
	return_block(ahead, s, s->reading);
	s->reading = NULL;
	bool wake = should_wake_worker(ahead);
	pthread_mutex_unlock(&ahead->lock);
	if (wake)
		pthread_cond_signal(&ahead->work);
}

/* With the lock.  What waits for room, or for a clip to go on with, does not lack for a decoder. */
static bool is_low(const struct ahead *a, const struct stream *s)
{
	return s->n_filled * BLOCK_FRAMES < (size_t)a->options.rate_hz * LOW_S && !s->finished &&
	       !s->waiting && may_hold_more(a, s);
}

bool ahead_stalls(struct ahead *ahead, struct clip *clip, int64_t stall_ns)
{
	struct stream *s = clip->stream;
	int64_t now_ns = clock_now_ns();
	if (!s)
		return false;
	pthread_mutex_lock(&ahead->lock);
	s->needed = true;
	bool low = is_low(ahead, s);
	bool came = s->n_seen != s->n_appended;
	/* Who did not look for long was stopped, and the decoders with it. */
	if (!low || came || now_ns - s->looked_ns > stall_ns / 2)
		s->low_since_ns = now_ns;
	s->n_seen = s->n_appended;
	s->looked_ns = now_ns;
	bool stalls = low && now_ns - s->low_since_ns >= stall_ns;
	if (low && ahead->n_idle && !s->busy)
		pthread_cond_signal(&ahead->work);
	pthread_mutex_unlock(&ahead->lock);
	return stalls;
}

int64_t ahead_filled(struct ahead *ahead, const struct clip *clip)
{
	struct stream *s = clip->stream;
	int64_t n = s && s->reading ? (int64_t)(s->reading->n_frames - s->n_read) : 0;
	if (!s)
		return 0;
	pthread_mutex_lock(&ahead->lock);
	for (const struct block *block = s->first; block; block = block->next)
		n += (int64_t)block->n_frames;
	pthread_mutex_unlock(&ahead->lock);
	return n;
}

struct clip *ahead_coming(struct ahead *ahead)
{
	pthread_mutex_lock(&ahead->lock);
	struct clip *clip = ahead->first_known;
	pthread_mutex_unlock(&ahead->lock);
	return clip;
}

static void leave(struct ahead *a, struct clip *clip)
{
	struct stream *s = clip->stream;
	clip_release(clip);
	if (!s)
		return;
	s->n_in_use--;
	free_when_done(a, s);
}

void ahead_leave(struct ahead *ahead, struct clip *clip)
{
	pthread_mutex_lock(&ahead->lock);
	leave(ahead, clip);
	pthread_mutex_unlock(&ahead->lock);
}

void ahead_drop(struct ahead *ahead)
{
	struct ahead *a = ahead;
	pthread_mutex_lock(&a->lock);
	a->dropped = a->all_known = true;
	a->ask_status = STATUS_OK;
	end_open_stream(a);
	while (a->first_known) {
		struct clip *clip = a->first_known;
		a->first_known = clip->next_known;
		leave(a, clip);
	}
	pthread_cond_broadcast(&a->ask);
	pthread_mutex_unlock(&a->lock);
}
