/* player.c - pulls the mix and hands it to every output; answers skip, reload and stop on the way.
 *
 * A skip fades the mix out and begins another one with the clips that had not begun: the programme is not
 * planned anew, it only moves forward in time.
 */
#include "jukebox/player.h"

#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fader.h"
#include "pace.h"

enum { BLOCK_FRAMES = 4096, TAPE_MOST = 256 };
static const double STOP_FADE_S = 0.8, SKIP_FADE_S = 0.6;

/* Clips given to the mixer that have not begun: what a skip goes on with. */
struct tape {
	struct plan_clip clips[TAPE_MOST];
	size_t count, again; /* again: how many at the front are to be given once more */
};

struct player {
	const struct player_source *source;
	struct output **outputs;
	size_t n_outputs;
	struct control *control;
	struct events *events;
	struct onair *onair;
	struct log *log;
	struct player_report *report;
	struct mix_options options;

	pthread_mutex_t lock; /* guards tape and shift: the mixer asks in a thread of its own */
	struct tape tape;
	int64_t shift; /* from the programme's time line to this mixer's */

	int64_t base; /* frames written before this mixer */
	struct pace pace;
	bool skipping, stopping, paused;
	struct fader fader;
	float block[2 * BLOCK_FRAMES];
};

/* ---- clips on their way to the mixer --------------------------------------------------------------- */

static enum status copy_clip(struct plan_clip *to, const struct plan_clip *from)
{
	*to = *from;
	to->path = strdup(from->path);
	to->title = from->title ? strdup(from->title) : NULL;
	to->artist = from->artist ? strdup(from->artist) : NULL;
	if (to->path && (!from->title || to->title) && (!from->artist || to->artist))
		return STATUS_OK;
	plan_clip_done(to);
	return STATUS_NO_MEMORY;
}

/* Keeps a copy for a skip.  A tape that is full keeps no more: then a skip goes on behind what was asked. */
static void keep(struct tape *tape, const struct plan_clip *clip)
{
	if (tape->count < TAPE_MOST && copy_clip(&tape->clips[tape->count], clip) == STATUS_OK)
		tape->count++;
}

static enum status next_from_tape(struct player *p, struct plan_clip *clip)
{
	enum status status = STATUS_END;
	pthread_mutex_lock(&p->lock);
	if (p->tape.again > 0) {
		status = copy_clip(clip, &p->tape.clips[p->tape.count - p->tape.again]);
		p->tape.again--;
	}
	pthread_mutex_unlock(&p->lock);
	return status;
}

/* With the lock: the first clip on the tape that begins another track. */
static void tell_next(struct player *p)
{
	const struct plan_clip *next = NULL;
	for (size_t i = 0; i < p->tape.count && !next; i++)
		if (strcmp(p->tape.clips[i].transition, "inner") != 0)
			next = &p->tape.clips[i];
	onair_next(p->onair, next);
}

static enum status next_clip(void *user, struct plan_clip *clip, struct error *error)
{
	struct player *p = user;
	enum status status = next_from_tape(p, clip);
	if (status == STATUS_END) {
		if (p->control && p->source->reload && control_take_reload(p->control)) {
			p->source->reload(p->source->user);
			events_write(p->events, "reload", p->base, NULL, NULL);
		}
		status = p->source->next(p->source->user, clip, error);
		if (status == STATUS_OK) {
			pthread_mutex_lock(&p->lock);
			keep(&p->tape, clip);
			tell_next(p);
			pthread_mutex_unlock(&p->lock);
		}
	}
	if (status == STATUS_OK) {
		clip->start_frame += p->shift;
		clip->title_frame += p->shift;
	}
	return status;
}

static void drop_first(struct tape *tape)
{
	plan_clip_done(&tape->clips[0]);
	memmove(tape->clips, tape->clips + 1, --tape->count * sizeof *tape->clips);
}

/* The oldest clip on the tape has begun. */
static void forget_begun(struct player *p)
{
	pthread_mutex_lock(&p->lock);
	if (p->tape.count > 0)
		drop_first(&p->tape);
	tell_next(p);
	pthread_mutex_unlock(&p->lock);
}

/* ---- what happens ------------------------------------------------------------------------------------- */

/* A file without a title is told by its name: where it lies is nobody's affair. */
static void heard_title(const struct plan_clip *clip, char *to, size_t to_bytes)
{
	const char *slash = strrchr(clip->path, '/');
	const char *name = slash && slash[1] ? slash + 1 : clip->path;
	const char *dot = strrchr(name, '.');
	int n = dot && dot > name ? (int)(dot - name) : (int)strlen(name);
	if (clip->title)
		snprintf(to, to_bytes, "%s", clip->title);
	else
		snprintf(to, to_bytes, "%.*s", n, name);
}

static void announce(struct player *p, const struct plan_clip *clip)
{
	struct tags tags = {0};
	char title[TAG_VALUE_BYTES];
	heard_title(clip, title, sizeof title);
	enum status status = tags_set(&tags, "title", title);
	if (status == STATUS_OK && clip->artist)
		status = tags_set(&tags, "artist", clip->artist);
	for (size_t i = 0; i < p->n_outputs && status == STATUS_OK; i++)
		if (p->outputs[i] && output_announce(p->outputs[i], &tags) != STATUS_OK)
			log_print(p->log, LOG_DEBUG, "%s: the title was not passed on",
			        output_name(p->outputs[i]));
	tags_done(&tags);
}

static void on_event(void *user, enum mix_event event, int64_t frame, const struct plan_clip *clip,
        const char *text)
{
	struct player *p = user;
	frame += p->base;
	switch (event) {
	case MIX_CLIP_START:
		p->report->clips++;
		forget_begun(p);
		events_write(p->events, "start", frame, clip, NULL);
		log_status(p->log, "playing %s", clip->title ? clip->title : clip->path);
		break;
	case MIX_TITLE:
		announce(p, clip);
		onair_title(p->onair, clip, p->base + clip->start_frame);
		events_write(p->events, "mixpoint", frame, clip, NULL);
		break;
	case MIX_CLIP_END:
		events_write(p->events, "end", frame, clip, clip->reason);
		break;
	case MIX_CLIP_FAILED:
		p->report->failed_clips++;
		log_file(p->log, LOG_ERROR, clip->path, "%s", text);
		events_write(p->events, "failed", frame, clip, text);
		break;
	}
}

/* ---- outputs --------------------------------------------------------------------------------------------- */

static void lose_output(struct player *p, size_t i, const struct error *error)
{
	log_print(p->log, LOG_ERROR, "%s", error->text);
	events_write(p->events, "output-lost", p->report->frames, NULL, output_name(p->outputs[i]));
	p->outputs[i] = NULL;
	p->report->failed_outputs++;
}

static bool write_block(struct player *p, size_t n_frames)
{
	size_t alive = 0;
	for (size_t i = 0; i < p->n_outputs; i++) {
		struct error error = {0};
		if (!p->outputs[i])
			continue;
		if (pace_write(&p->pace, i, p->block, n_frames, &error) == STATUS_OK)
			alive++;
		else
			lose_output(p, i, &error);
	}
	p->report->frames += (int64_t)n_frames;
	onair_progress(p->onair, p->report->frames);
	pace_wait(&p->pace, n_frames);
	return alive > 0;
}

static bool finish_outputs(struct player *p)
{
	size_t alive = 0;
	for (size_t i = 0; i < p->n_outputs; i++) {
		struct error error = {0};
		if (!p->outputs[i])
			continue;
		if (output_finish(p->outputs[i], &error) == STATUS_OK)
			alive++;
		else
			lose_output(p, i, &error);
	}
	return alive > 0;
}

/* ---- the loop ---------------------------------------------------------------------------------------------- */

static void set_paused(struct player *p, bool paused)
{
	if (paused == p->paused)
		return;
	p->paused = paused;
	events_write(p->events, paused ? "pause" : "resume", p->report->frames, NULL, NULL);
	if (!p->stopping)
		onair_set_state(p->onair, paused ? ONAIR_PAUSED : ONAIR_PLAYING);
}

static void set_volume(struct player *p)
{
	double volume_db = control_volume_db(p->control);
	onair_set_volume(p->onair, volume_db);
	fader_set(&p->fader, p->paused ? 0 : pow(10, volume_db / 20));
}

static void answer_requests(struct player *p, struct mixer *mixer)
{
	if (!p->control)
		return;
	set_paused(p, control_paused(p->control));
	set_volume(p);
	if (!p->stopping && control_stopping(p->control)) {
		p->stopping = true;
		onair_set_state(p->onair, ONAIR_STOPPING);
		events_write(p->events, "stop", p->report->frames, NULL, NULL);
		mixer_fade_out(mixer, (int64_t)(STOP_FADE_S * p->options.rate_hz));
	} else if (!p->stopping && !p->skipping && control_take_skip(p->control)) {
		p->skipping = true;
		events_write(p->events, "skip", p->report->frames, NULL, NULL);
		mixer_fade_out(mixer, (int64_t)(SKIP_FADE_S * p->options.rate_hz));
	}
}

static void add_limiter_report(struct player *p, const struct mixer *mixer)
{
	struct mix_limiter_report r;
	mixer_limiter_report(mixer, &r);
	if (r.most_db > p->report->limiter.most_db)
		p->report->limiter.most_db = r.most_db;
	p->report->limiter.reduced_s += r.reduced_s;
}

static bool is_live(const struct player *p)
{
	for (size_t i = 0; i < p->n_outputs; i++)
		if (p->outputs[i] && output_is_live(p->outputs[i]))
			return true;
	return false;
}

/* The programme stands still.  Who listens at this moment gets silence; files alone get nothing. */
static bool hold(struct player *p)
{
	if (!is_live(p)) {
		control_wait(p->control, 100);
		return true;
	}
	memset(p->block, 0, sizeof p->block);
	p->base += BLOCK_FRAMES;
	onair_hold(p->onair, BLOCK_FRAMES);
	return write_block(p, BLOCK_FRAMES);
}

/* STATUS_END: this mixer is through. */
static enum status run_mixer(struct player *p, struct mixer *mixer, struct error *error)
{
	for (;;) {
		size_t n;
		answer_requests(p, mixer);
		if (p->paused && !p->stopping && fader_is_silent(&p->fader)) {
			if (!hold(p))
				return error_set(error, STATUS_IO, "no output is left");
			continue;
		}
		TRY(mixer_read(mixer, p->block, BLOCK_FRAMES, &n, error));
		fader_apply(&p->fader, p->block, n);
		if (!write_block(p, n))
			return error_set(error, STATUS_IO, "no output is left");
	}
}

/* The next mixer begins with the first clip that had not begun, and is not the rest of the skipped file.  The
 * mixer may not have asked for it yet, when it is still being measured.  STATUS_END: there is none. */
static enum status move_on(struct player *p, struct error *error)
{
	struct tape *tape = &p->tape;
	p->skipping = false;
	p->base = p->report->frames;
	while (tape->count == 0 || strcmp(tape->clips[0].transition, "inner") == 0) {
		if (tape->count > 0) {
			drop_first(tape);
			continue;
		}
		TRY(p->source->next(p->source->user, &tape->clips[0], error));
		tape->count = 1;
	}
	tape->again = tape->count;
	tape->clips[0].joined = false;
	p->shift = -tape->clips[0].start_frame;
	return STATUS_OK;
}

static enum status run_mixers(struct player *p, struct error *error)
{
	for (;;) {
		struct mixer *mixer = mixer_new(&p->options, next_clip, on_event, p, p->log);
		if (!mixer)
			return error_set(
			        error, STATUS_NO_MEMORY, "out of memory, or no thread to be had");
		enum status status = run_mixer(p, mixer, error);
		add_limiter_report(p, mixer);
		mixer_free(mixer);
		if (status == STATUS_END && p->skipping)
			status = move_on(p, error);
		/* Who is told to stop waits for nothing: what came of it is as good as an end. */
		if (status == STATUS_CANCELLED && p->control && control_stopping(p->control))
			status = STATUS_END;
		if (status != STATUS_OK)
			return status == STATUS_END ? STATUS_OK : status;
	}
}

enum status player_run(const struct player_source *source, const struct mix_options *options,
        struct output **outputs, size_t n_outputs, const struct player_links *links,
        struct player_report *report, struct error *error)
{
	*report = (struct player_report){0};
	struct player *p = calloc(1, sizeof *p);
	if (!p)
		return error_set(error, STATUS_NO_MEMORY, "out of memory");
	p->source = source;
	p->outputs = outputs;
	p->n_outputs = n_outputs;
	p->control = links->control;
	p->events = links->events;
	p->onair = links->onair;
	p->log = links->log;
	p->report = report;
	p->options = *options;
	pace_init(&p->pace, outputs, n_outputs, options->rate_hz);
	fader_init(&p->fader, options->rate_hz);
	pthread_mutex_init(&p->lock, NULL);
	enum status status = run_mixers(p, error);
	if (!finish_outputs(p) && status == STATUS_OK)
		status = error_set(error, STATUS_IO, "no output is left");
	for (size_t i = 0; i < p->tape.count; i++)
		plan_clip_done(&p->tape.clips[i]);
	pthread_mutex_destroy(&p->lock);
	free(p);
	return status;
}
