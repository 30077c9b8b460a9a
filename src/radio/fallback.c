/* fallback.c - mixes a list to a loop in memory.  When it plays is the mixer's affair.
 *
 * Of two rounds of the list the first is kept, up to where the second begins, and as much more as songs overlap there: that
 * stretch is the beginning of the loop with the end under it, and from there on the second round would be as the first.
 */
#include "jukebox/fallback.h"

#include <stdlib.h>

struct fallback {
	struct plan plan;
	size_t next; /* clip that the mixer is given */
	bool failed;
	struct error error; /* why */
	float *frames;
	struct mix_loop loop;
};

void fallback_free(struct fallback *f)
{
	if (!f)
		return;
	plan_done(&f->plan);
	free(f->frames);
	free(f);
}

const struct mix_loop *fallback_loop(const struct fallback *f)
{
	return f ? &f->loop : NULL;
}

const struct plan_clip *fallback_title(const struct fallback *f)
{
	return f ? &f->plan.clips[0] : NULL;
}

static enum status collect(struct fallback *f, struct programme *programme, struct error *error)
{
	struct plan_clip clip;
	enum status status;
	while ((status = programme_next(programme, &clip, error)) == STATUS_OK)
		if (plan_append(&f->plan, &clip) != STATUS_OK)
			return error_set(error, STATUS_NO_MEMORY, "out of memory");
	return status == STATUS_END ? STATUS_OK : status;
}

static int64_t seconds(int64_t frames, int rate_hz)
{
	return frames / rate_hz;
}

/* Entries of the second round have numbers behind those of the first. */
static enum status find_loop(struct fallback *f, size_t n_entries, int rate_hz, struct error *error)
{
	const int64_t most = FALLBACK_MOST_BYTES / (2 * (int64_t)sizeof *f->frames);
	int64_t period = 0, end = 0;
	for (size_t i = 0; i < f->plan.count && period == 0; i++) {
		const struct plan_clip *clip = &f->plan.clips[i];
		if (clip->entry > n_entries)
			period = clip->start_frame;
		else if (clip->start_frame + clip->n_frames > end)
			end = clip->start_frame + clip->n_frames;
	}
	if (period <= 0)
		return error_set(error, STATUS_NOT_FOUND, "nothing in it can be played");
	if (period > most || end > most)
		return error_set(error, STATUS_UNSUPPORTED, "%lld s of music: at most %lld s fit",
		        (long long)seconds(period, rate_hz), (long long)seconds(most, rate_hz));
	f->loop.loop_from = end > period ? end - period : 0;
	f->loop.n_frames = period + f->loop.loop_from;
	return STATUS_OK;
}

static enum status next_clip(void *user, struct plan_clip *clip, struct error *error)
{
	struct fallback *f = user;
	if (f->next == f->plan.count)
		return STATUS_END;
	if (plan_clip_copy(clip, &f->plan.clips[f->next++]) != STATUS_OK)
		return error_set(error, STATUS_NO_MEMORY, "out of memory");
	return STATUS_OK;
}

static void on_event(void *user, enum mix_event event, int64_t frame, const struct plan_clip *clip,
        const char *text)
{
	struct fallback *f = user;
	(void)frame;
	if (event == MIX_CLIP_FAILED && !f->failed)
		error_set(&f->error, STATUS_BAD_DATA, "%s: %s", clip->path, text);
	f->failed |= event == MIX_CLIP_FAILED;
}

static enum status read_all(struct fallback *f, struct mixer *mixer,
        const struct mix_options *options, struct error *error)
{
	int64_t at = 0;
	while (at < f->loop.n_frames) {
		if (options->stopping && atomic_load(options->stopping))
			return error_set(error, STATUS_CANCELLED, "cancelled");
		size_t n = 0, left = (size_t)(f->loop.n_frames - at);
		TRY(mixer_read(mixer, f->frames + 2 * at, left, &n, error));
		at += (int64_t)n;
	}
	return STATUS_OK;
}

static enum status render(
        struct fallback *f, const struct mix_options *options, struct error *error)
{
	f->frames = calloc((size_t)f->loop.n_frames, 2 * sizeof *f->frames);
	struct mixer *mixer = f->frames ? mixer_new(options, next_clip, on_event, f, NULL) : NULL;
	if (!mixer)
		return error_set(error, STATUS_NO_MEMORY, "out of memory, or no thread to be had");
	f->loop.frames = f->frames;
	enum status status = read_all(f, mixer, options, error);
	mixer_free(mixer);
	if (f->failed)
		*error = f->error;
	return f->failed ? STATUS_BAD_DATA : status == STATUS_END ? STATUS_OK : status;
}

enum status fallback_new(struct programme *programme, size_t n_entries,
        const struct mix_options *options, struct fallback **fallback, struct error *error)
{
	struct fallback *f = calloc(1, sizeof *f);
	*fallback = NULL;
	if (!f)
		return error_set(error, STATUS_NO_MEMORY, "out of memory");
	enum status status = collect(f, programme, error);
	if (status == STATUS_OK)
		status = find_loop(f, n_entries, options->rate_hz, error);
	if (status == STATUS_OK)
		status = render(f, options, error);
	if (status != STATUS_OK) {
		fallback_free(f);
		return status;
	}
	*fallback = f;
	return STATUS_OK;
}
