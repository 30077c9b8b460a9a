/* deck.c - file to bus: decode, two channels, constant offset off, the bus' rate.
 *
 * Joined clips go through one resampler as one stream, so that there is no seam.  Clips keep their place
 * whatever happens: a file that fails or ends early goes on as silence at the source's rate.  Gains, sums
 * and threads are left to others.
 */
#include "deck.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "jukebox/decoder.h"
#include "jukebox/downmix.h"

/* An end this much before the plan's is no failure: plans edited by hand are rounded. */
enum { SHORT_PARTS_OF_SECOND = 100 };
/* A half cosine of 20 ms, as slow as the lowest notes: the offset comes off unheard. */
enum { OFFSET_RAMP_PARTS_OF_SECOND = 50 };

struct deck_scratch {
	float raw[DECK_RAW_FRAMES * DECODER_MOST_CHANNELS];
};

struct deck {
	int rate_hz;
	enum resampler_quality quality;
	struct kept *kept;

	struct clip *current, *last; /* clips not yet read to their end */
	bool is_last; /* no clip will be added */
	int n_begun;
	int64_t n_out, n_out_due; /* frames given; the n_frames of all clips so far */

	/* of the current clip */
	bool begun, silent; /* silent: nothing more from its file */
	struct decoder *decoder;
	int64_t n_read; /* source frames taken, silence included */

	/* where the source's rate is another */
	struct resampler *resampler;
	bool resampler_failed;
	float input[2 * DECK_RAW_FRAMES]; /* what it has not taken yet */
	size_t input_at, n_input;
};

struct deck_scratch *deck_scratch_new(void)
{
	return calloc(1, sizeof(struct deck_scratch));
}

void deck_scratch_free(struct deck_scratch *scratch)
{
	free(scratch);
}

struct deck *deck_new(int rate_hz, enum resampler_quality quality, struct kept *kept)
{
	struct deck *deck = calloc(1, sizeof(*deck));
	if (!deck)
		return NULL;
	deck->rate_hz = rate_hz;
	deck->quality = quality;
	deck->kept = kept;
	return deck;
}

static void leave_clip(struct deck *deck)
{
	struct clip *done = deck->current;
	decoder_close(deck->decoder);
	deck->decoder = NULL;
	deck->begun = deck->silent = false;
	deck->n_read = 0;
	deck->current = done->next_in_deck;
	clip_release(done);
}

static void close_all(struct deck *deck)
{
	while (deck->current)
		leave_clip(deck);
	resampler_free(deck->resampler);
	deck->resampler = NULL;
}

void deck_free(struct deck *deck)
{
	if (!deck)
		return;
	close_all(deck);
	free(deck);
}

void deck_add(struct deck *deck, struct clip *clip)
{
	clip_hold(clip);
	if (deck->current)
		deck->last->next_in_deck = clip;
	else
		deck->current = clip;
	deck->last = clip;
	deck->n_out_due += clip->plan.n_frames;
}

void deck_end(struct deck *deck)
{
	deck->is_last = true;
}

int deck_begun(const struct deck *deck)
{
	return deck->n_begun;
}

/* ---- the current clip's file ---------------------------------------------------------------- */

static bool is_resampled(const struct deck *deck, const struct plan_clip *plan)
{
	return plan->source_hz != deck->rate_hz;
}

static void fail(struct deck *deck, const char *reason)
{
	struct clip *clip = deck->current;
	const struct plan_clip *plan = &clip->plan;
	deck->silent = true;
	if (atomic_load(&clip->failed))
		return;
	int64_t frame = llround((double)deck->n_read * deck->rate_hz / plan->source_hz);
	clip->failed_frame = frame < plan->n_frames ? frame : plan->n_frames - 1;
	snprintf(clip->failure, sizeof(clip->failure), "%s", reason);
	atomic_store(&clip->failed, true);
}

static enum status begin_clip(struct deck *deck, struct error *error)
{
	const struct plan_clip *plan = &deck->current->plan;
	deck->begun = true;
	deck->n_begun++;
	if (kept_open(deck->kept, plan->path, &deck->decoder, error) != STATUS_OK)
		TRY(decoder_open(plan->path, &deck->decoder, error));
	int hz = decoder_facts(deck->decoder)->sample_rate_hz;
	if (hz != plan->source_hz)
		return error_set(error, STATUS_BAD_DATA, "its rate is %d Hz, the plan says %d Hz",
		        hz, plan->source_hz);
	if (plan->from_frame == 0)
		return STATUS_OK;
	return decoder_seek(deck->decoder, plan->from_frame, error);
}

/* Up to `most` frames of the file as stereo. */
static enum status read_file(struct deck *deck, struct deck_scratch *scratch, float *to,
        size_t most, size_t *n, struct error *error)
{
	int channels = decoder_facts(deck->decoder)->channels;
	if (channels == 2)
		return decoder_read(deck->decoder, to, most, n, error);
	most = most < DECK_RAW_FRAMES ? most : DECK_RAW_FRAMES;
	TRY(decoder_read(deck->decoder, scratch->raw, most, n, error));
	downmix_to_stereo(scratch->raw, channels, *n, to);
	return STATUS_OK;
}

/* A file may begin at digital zero and have its offset from there on: taken off at once it would click. */
static double offset_share(const struct plan_clip *plan, int64_t at)
{
	int64_t ramp = plan->joined ? 0 : plan->source_hz / OFFSET_RAMP_PARTS_OF_SECOND;
	return at < ramp ? 0.5 - 0.5 * cos(M_PI * ((double)at + 0.5) / (double)ramp) : 1;
}

/* n frames of the clip from its frame `at` on. */
static void take_offset_off(float *frames, size_t n, const struct plan_clip *plan, int64_t at)
{
	float left = (float)plan->offset[0], right = (float)plan->offset[1];
	if (left == 0 && right == 0)
		return;
	for (double share; n > 0 && (share = offset_share(plan, at)) < 1; n--, at++, frames += 2) {
		frames[0] -= (float)share * left;
		frames[1] -= (float)share * right;
	}
	for (size_t i = 0; i < n; i++) {
		frames[2 * i] -= left;
		frames[2 * i + 1] -= right;
	}
}

static void end_early(struct deck *deck, int64_t missing)
{
	int hz = deck->current->plan.source_hz;
	struct error error;
	deck->silent = true;
	if (missing <= hz / SHORT_PARTS_OF_SECOND)
		return;
	error_set(&error, STATUS_END, "ends %.3f s before the plan's end", (double)missing / hz);
	fail(deck, error.text);
}

/* What the clip has of its file: frames left to its end in the plan. */
static size_t read_source(
        struct deck *deck, struct deck_scratch *scratch, float *to, size_t most, int64_t left)
{
	struct error error = {0};
	size_t n = 0;
	most = (uint64_t)left < most ? (size_t)left : most;
	enum status status = read_file(deck, scratch, to, most, &n, &error);
	if (status == STATUS_OK && n > 0) {
		take_offset_off(to, n, &deck->current->plan, deck->n_read);
		return n;
	}
	if (status == STATUS_OK || status == STATUS_END)
		end_early(deck, left);
	else
		fail(deck, error.text);
	return 0;
}

/* How many source frames the current clip is: without resampling exactly what it fills. */
static int64_t clip_length(const struct deck *deck)
{
	const struct plan_clip *plan = &deck->current->plan;
	return is_resampled(deck, plan) ? plan->to_frame - plan->from_frame : plan->n_frames;
}

/* 1 to `most` source frames of the current clip, then leaves it when it is through. */
static size_t read_clip(struct deck *deck, struct deck_scratch *scratch, float *to, size_t most)
{
	const struct plan_clip *plan = &deck->current->plan;
	int64_t left = clip_length(deck) - deck->n_read;
	int64_t in_file = plan->to_frame - plan->from_frame - deck->n_read;
	struct error error = {0};
	size_t n = 0;
	most = (uint64_t)left < most ? (size_t)left : most;
	if (!deck->begun && begin_clip(deck, &error) != STATUS_OK)
		fail(deck, error.text);
	if (!deck->silent && in_file > 0)
		n = read_source(deck, scratch, to, most, in_file);
	if (n == 0) {
		memset(to, 0, 2 * most * sizeof(*to));
		n = most;
	}
	deck->n_read += (int64_t)n;
	if (deck->n_read >= clip_length(deck))
		leave_clip(deck);
	return n;
}

/* ---- to the bus' rate --------------------------------------------------------------------------- */

static bool has_resampler(struct deck *deck)
{
	if (!deck->resampler && !deck->resampler_failed && deck->current) {
		deck->resampler = resampler_new(
		        deck->current->plan.source_hz, deck->rate_hz, 2, deck->quality);
		deck->resampler_failed = !deck->resampler;
		if (deck->resampler_failed)
			fail(deck, "no resampler for its rate");
	}
	return deck->resampler != NULL;
}

/* From the input at hand, or, at the very end, from the filter's tail. */
static size_t resample(struct deck *deck, float *out, size_t most)
{
	size_t taken = 0, n = 0;
	const float *in = deck->n_input ? deck->input + 2 * deck->input_at : NULL;
	if (resampler_run(deck->resampler, in, deck->n_input, &taken, out, most, &n) != STATUS_OK) {
		resampler_free(deck->resampler);
		deck->resampler = NULL;
		deck->resampler_failed = true;
		if (deck->current)
			fail(deck, "out of memory in the resampler");
		return 0;
	}
	deck->input_at += taken;
	deck->n_input -= taken;
	return n;
}

/* Frames for `out`; 0 when the resampler swallowed its input or, with no input left, has no more. */
static size_t next_resampled(
        struct deck *deck, struct deck_scratch *scratch, float *out, size_t most)
{
	if (deck->n_input == 0 && deck->current) {
		deck->input_at = 0;
		deck->n_input = read_clip(deck, scratch, deck->input, DECK_RAW_FRAMES);
	}
	return resample(deck, out, most);
}

static bool has_input(const struct deck *deck)
{
	return deck->current || deck->n_input;
}

static size_t silence(float *out, size_t n)
{
	memset(out, 0, 2 * n * sizeof(*out));
	return n;
}

/* 1 to `most` frames, or 0 when it must wait. */
static size_t next_frames(struct deck *deck, struct deck_scratch *scratch, float *out, size_t most)
{
	if (!deck->resampler && deck->current && !is_resampled(deck, &deck->current->plan))
		return read_clip(deck, scratch, out, most);
	while (has_resampler(deck) && (has_input(deck) || deck->is_last)) {
		bool is_tail = !has_input(deck);
		size_t n = next_resampled(deck, scratch, out, most);
		if (n || is_tail)
			return n ? n : silence(out, most);
	}
	return deck->resampler_failed || deck->is_last ? silence(out, most) : 0;
}

enum deck_state deck_fill(struct deck *deck, struct deck_scratch *scratch, float *out,
        size_t max_frames, size_t *n_frames)
{
	size_t n = 0;
	while (n < max_frames && deck->n_out < deck->n_out_due) {
		int64_t due = deck->n_out_due - deck->n_out;
		size_t most = (uint64_t)due < max_frames - n ? (size_t)due : max_frames - n;
		size_t got = next_frames(deck, scratch, out + 2 * n, most);
		if (got == 0)
			break;
		n += got;
		deck->n_out += (int64_t)got;
	}
	*n_frames = n;
	if (deck->n_out < deck->n_out_due && n == max_frames)
		return DECK_MORE;
	if (!deck->is_last)
		return DECK_WAITING;
	close_all(deck);
	return DECK_FINISHED;
}
