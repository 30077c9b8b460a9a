/* player.c - pulls the mix and hands it to every output; answers skip, reload, pause and stop on the way.
 *
 * Whatever changes what comes next is a turn of the mixer: the source is asked anew, by another asking, for what follows
 * the song on air, while that goes on.
 */
#include "jukebox/player.h"

#include <math.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fader.h"
#include "jukebox/clock.h"
#include "pace.h"
#include "progress.h"
#include "silence.h"

enum { BLOCK_FRAMES = 4096, TAPE_MOST = 64, ASKINGS = 64 };
/* A source that has nothing is asked again after so many seconds, then seldom and more seldom. */
enum { RETRY_FIRST_S = 1, RETRY_MOST_S = 16 };
enum { HURRY_S = 10 };
/* Threads that hang at the end are waited for so long. */
static const int64_t END_NS = 3000000000;
/* Two clocks are not read at once: less is no sleep. */
static const int64_t ASLEEP_NS = 1000000000;
static const double STOP_FADE_S = 0.8;
/* A skip: the old song has sunk a little when the new one enters, and is gone when that has arrived. */
static const double SKIP_LEAD_S = 0.8, SKIP_FADE_LEAST_S = 2.4, SKIP_FADE_MOST_S = 5;

/* One row of questions to the source: up to the next turn. */
struct asking {
	struct player *player;
	unsigned number;
	size_t on_air;
	bool now, begun;
	int64_t frame; /* written when it was made */
	_Atomic int64_t fade_frames;
};

/* Clips given to the mixer that have not begun, for the names of what comes next. */
struct tape {
	struct plan_clip clips[TAPE_MOST];
	size_t count;
};

struct player {
	const struct player_source *source;
	struct output **outputs;
	size_t n_outputs;
	struct control *control;
	struct events *events;
	struct onair *onair;
	struct lineup *lineup;
	struct errands *errands;
	struct fallback *_Atomic *fallback_place; /* where it will be; NULL: nowhere */
	const struct fallback *fallback; /* NULL: not there */
	struct log *log;
	struct player_report *report;
	struct mix_options options;
	struct mixer *mixer;

	struct asking askings[ASKINGS]; /* reused: who asked so long ago has ended */
	bool turn_due, turn_due_now; /* one that could not be made yet */
	bool gave_up; /* the turn is for a song that was given up: without a lead */
	atomic_bool idle; /* the source has nothing to give */
	atomic_bool over; /* nothing is asked any more */
	pthread_mutex_t retry_lock; /* a leaf, for the condition alone */
	pthread_cond_t retry_now;
	atomic_uint asking; /* number of the one that counts */
	atomic_uint made; /* of the last one that is heard */
	unsigned begun_asking; /* of the last one that began; with source_lock */
	atomic_bool
	        reload_due; /* for the next asking that begins: one that is overtaken never does */
	pthread_mutex_t
	        source_lock; /* held while the source is asked: an old asking may not have ended */
	pthread_mutex_t lock; /* guards tape */
	struct tape tape;

	int64_t base; /* frames written that are not of the mixer */
	size_t begun; /* entry of the clip that was told last to begin */
	bool title_is_due; /* and its title has not been told */
	struct pace pace;
	struct progress progress;
	bool turning, turning_now; /* a turn is under way; it is a skip */
	bool has_skipped; /* the last turn that was made is a skip */
	size_t skipped; /* entry that was on then: while it is, what comes has not begun */
	bool stopping, ending, paused;
	struct fader fader;
	const struct player_alarm *alarm;
	struct silence *silence; /* NULL: nobody asked */
	int64_t asleep_ns; /* of the machine, at the last block */
	float block[2 * BLOCK_FRAMES];
};

/* ---- clips on their way to the mixer --------------------------------------------------------------- */

static void drop_first(struct tape *tape)
{
	plan_clip_done(&tape->clips[0]);
	memmove(tape->clips, tape->clips + 1, --tape->count * sizeof *tape->clips);
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

/* Keeps a copy; a tape that is full keeps no more. */
static void keep(struct player *p, unsigned number, const struct plan_clip *clip)
{
	struct tape *tape = &p->tape;
	pthread_mutex_lock(&p->lock);
	if (tape->count < TAPE_MOST && number == atomic_load(&p->asking) &&
	        plan_clip_copy(&tape->clips[tape->count], clip) == STATUS_OK)
		tape->count++;
	tell_next(p);
	pthread_mutex_unlock(&p->lock);
}

static void clear_tape(struct player *p)
{
	pthread_mutex_lock(&p->lock);
	while (p->tape.count > 0)
		drop_first(&p->tape);
	pthread_mutex_unlock(&p->lock);
}

/* The clip has begun, and with it all that were before it. */
static void forget_begun(struct player *p, size_t entry)
{
	size_t n = 0;
	pthread_mutex_lock(&p->lock);
	while (n < p->tape.count && p->tape.clips[n].entry != entry)
		n++;
	if (n < p->tape.count)
		for (n++; n > 0; n--)
			drop_first(&p->tape);
	tell_next(p);
	pthread_mutex_unlock(&p->lock);
}

/* The first question of this asking: the source turns. */
static void begin_asking(struct player *p, struct asking *a)
{
	const struct player_source *s = p->source;
	if (a->begun)
		return;
	a->begun = true;
	if (atomic_exchange(&p->reload_due, false) && s->reload && s->reload(s->user))
		events_write(p->events, "reload", a->frame, NULL, NULL);
	if (a->number > 0 && s->turn)
		s->turn(s->user, a->on_air, a->now, p->begun_asking != atomic_load(&p->made));
	p->begun_asking = a->number;
}

static void set_fade(struct player *p, struct asking *a)
{
	double arrival = p->source->arrival_s ? p->source->arrival_s(p->source->user) : 0;
	double fade = fmin(fmax(SKIP_LEAD_S + arrival, SKIP_FADE_LEAST_S), SKIP_FADE_MOST_S);
	atomic_store(&a->fade_frames, (int64_t)(fade * p->options.rate_hz));
}

static bool counts(struct player *p, unsigned number)
{
	return number == atomic_load(&p->asking) && !atomic_load(&p->over);
}

/* Seconds, or until something new is asked for. */
static void wait_to_retry(struct player *p, unsigned number, int seconds)
{
	int64_t deadline_ns = clock_now_ns() + seconds * INT64_C(1000000000);
	pthread_mutex_lock(&p->retry_lock);
	while (counts(p, number) && clock_wait(&p->retry_now, &p->retry_lock, deadline_ns))
		;
	pthread_mutex_unlock(&p->retry_lock);
}

static void wake_retry(struct player *p)
{
	pthread_mutex_lock(&p->retry_lock);
	pthread_cond_broadcast(&p->retry_now);
	pthread_mutex_unlock(&p->retry_lock);
}

/* With source_lock.  A source that has no end by itself is asked until it has something. */
static enum status ask_source(
        struct player *p, unsigned number, struct plan_clip *clip, struct error *error)
{
	int pause_s = RETRY_FIRST_S;
	for (;;) {
		enum status status = p->source->next(p->source->user, clip, error);
		if (status != STATUS_END || !p->source->retry) {
			atomic_store(&p->idle, false);
			return status;
		}
		if (!atomic_exchange(&p->idle, true))
			log_print(p->log, LOG_WARNING,
			        "nothing can be played: trying again and again");
		pthread_mutex_unlock(&p->source_lock);
		wait_to_retry(p, number, pause_s);
		pthread_mutex_lock(&p->source_lock);
		if (!counts(p, number))
			return STATUS_END;
		pause_s = pause_s < RETRY_MOST_S ? 2 * pause_s : RETRY_MOST_S;
		p->source->retry(p->source->user);
	}
}

static enum status next_clip(void *user, struct plan_clip *clip, struct error *error)
{
	struct asking *a = user;
	struct player *p = a->player;
	unsigned number = a->number;
	enum status status = STATUS_END;
	pthread_mutex_lock(&p->source_lock);
	if (counts(p, number)) {
		bool is_first = !a->begun;
		begin_asking(p, a);
		status = ask_source(p, number, clip, error);
		if (status == STATUS_OK && is_first)
			set_fade(p, a);
		if (status != STATUS_OK && !counts(p, number))
			status = STATUS_END; /* it was interrupted */
	}
	pthread_mutex_unlock(&p->source_lock);
	if (status == STATUS_OK)
		keep(p, number, clip);
	return status;
}

/* The row of questions that counts from here on. */
static struct asking *new_asking(struct player *p, size_t on_air, bool now)
{
	unsigned number = atomic_load(&p->asking) + 1;
	struct asking *a = &p->askings[number % ASKINGS];
	a->number = number;
	a->on_air = on_air;
	a->now = now;
	a->frame = p->report->frames;
	a->begun = false;
	atomic_store(&a->fade_frames, (int64_t)(SKIP_FADE_LEAST_S * p->options.rate_hz));
	atomic_store(&p->asking, number);
	wake_retry(p);
	return a;
}

/* ---- turns --------------------------------------------------------------------------------------------------- */

static void turn(struct player *p, bool now)
{
	size_t on_air = mixer_on_air(p->mixer);
	/* What was skipped has no end any more behind which something could be planned. */
	now |= p->turning_now || (p->has_skipped && p->skipped == on_air);
	p->turn_due = !mixer_can_turn(p->mixer);
	p->turn_due_now = now;
	if (p->turn_due)
		return;
	const struct asking *a = new_asking(p, on_air, now);
	struct mix_turn mix_turn = {.user = (void *)a,
	        .on_air = on_air,
	        .now = now,
	        .lead_frames = p->gave_up ? 0 : (int64_t)(SKIP_LEAD_S * p->options.rate_hz),
	        .fade_frames = &a->fade_frames};
	clear_tape(p);
	if (p->source->interrupt)
		p->source->interrupt(p->source->user); /* what was asked before counts no more */
	if (mixer_turn(p->mixer, &mix_turn) == STATUS_OK) {
		p->turning = true;
		p->turning_now = now;
	} else {
		log_print(p->log, LOG_WARNING, "out of memory, or no thread to be had: try again");
	}
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

static void announce(struct player *p, const struct plan_clip *clip, int64_t frame)
{
	struct tags tags = {0};
	char title[TAG_VALUE_BYTES];
	heard_title(clip, title, sizeof title);
	enum status status = tags_set(&tags, "title", title);
	if (status == STATUS_OK && clip->artist)
		status = tags_set(&tags, "artist", clip->artist);
	int64_t ahead = frame - p->report->frames;
	for (size_t i = 0; i < p->n_outputs && status == STATUS_OK; i++)
		if (p->outputs[i] && output_announce(p->outputs[i], &tags, ahead) != STATUS_OK)
			log_print(p->log, LOG_DEBUG, "%s: the title was not passed on",
			        output_name(p->outputs[i]));
	tags_done(&tags);
}

static void tell_failure(
        struct player *p, const struct plan_clip *clip, int64_t frame, const char *text)
{
	p->report->failed_clips++;
	log_file(p->log, LOG_ERROR, clip->path, "%s", text);
	events_write(p->events, "failed", frame, clip, text);
	if (p->lineup)
		lineup_failed(p->lineup, clip->entry);
	if (!mixer_wants_turn(p->mixer))
		return;
	bool is_on = mixer_on_air(p->mixer) == clip->entry;
	if (!is_on && p->source->drop)
		p->source->drop(p->source->user, clip->entry);
	p->gave_up = true;
	turn(p, is_on);
	p->gave_up = false;
}

/* The programme cannot be had, or can again. */
static void tell_dry(struct player *p, bool dry, int64_t frame)
{
	const char *what = p->fallback ? "the fallback plays" : "silence";
	if (dry)
		log_print(p->log, LOG_WARNING, "nothing is there in time: %s", what);
	else
		log_print(p->log, LOG_INFO, "the programme goes on");
	events_write(p->events, dry ? "fallback" : "programme", frame, NULL, dry ? what : NULL);
	if (dry && p->fallback)
		announce(p, fallback_title(p->fallback), frame);
	if (!p->stopping && !p->paused)
		onair_set_state(p->onair, dry ? ONAIR_FALLBACK : ONAIR_PLAYING);
}

static void on_event(void *user, enum mix_event event, int64_t frame, const struct plan_clip *clip,
        const char *text)
{
	struct player *p = ((struct asking *)user)->player;
	frame += p->base;
	switch (event) {
	case MIX_CLIP_START:
		p->report->clips++;
		p->begun = clip->entry;
		p->title_is_due = true;
		if (p->lineup)
			lineup_began(p->lineup, clip->entry);
		forget_begun(p, clip->entry);
		errands_poke(p->errands);
		events_write(p->events, "start", frame, clip, NULL);
		progress_clip(&p->progress, clip, p->base + clip->start_frame);
		break;
	case MIX_TITLE:
		p->title_is_due &= clip->entry != p->begun;
		announce(p, clip, frame);
		onair_title(p->onair, clip, p->base + clip->start_frame);
		errands_poke(p->errands);
		events_write(p->events, "mixpoint", frame, clip, NULL);
		log_record(p->log, "on air: %s%s%s", clip->artist ? clip->artist : "",
		        clip->artist ? " - " : "", clip->title ? clip->title : clip->path);
		break;
	case MIX_CLIP_END:
		events_write(p->events, "end", frame, clip, clip->reason);
		break;
	case MIX_CLIP_FAILED:
		tell_failure(p, clip, frame, text);
		break;
	case MIX_DRY:
	case MIX_FLOWS:
		tell_dry(p, event == MIX_DRY, frame);
		break;
	case MIX_TURNED:
		errands_poke(p->errands);
		events_write(p->events, "planned", frame, NULL, NULL);
		p->has_skipped = p->turning_now;
		p->skipped = p->askings[atomic_load(&p->asking) % ASKINGS].on_air;
		atomic_store(&p->made, atomic_load(&p->asking));
		p->turning = p->turning_now = false;
		break;
	case MIX_TURN_LOST: /* a song began by itself meanwhile: a skip is granted, the rest is planned behind that one */
		p->turning_now = false;
		turn(p, false);
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

static void tell_late(struct player *p, const char *what, int64_t ns)
{
	char text[64];
	snprintf(text, sizeof text, "%s for %.1f s", what, (double)ns * 1e-9);
	log_print(p->log, LOG_WARNING, "%s: the programme goes on from there", text);
	events_write(p->events, "late", p->report->frames, NULL, text);
}

/* What stood still, the process or the machine, is not made up for: listeners are told nothing twice as fast. */
static void watch_time(struct player *p, int64_t late_ns)
{
	int64_t asleep_ns = clock_asleep_ns();
	if (late_ns > 0)
		tell_late(p, "stood still", late_ns);
	if (asleep_ns - p->asleep_ns > ASLEEP_NS)
		tell_late(p, "the machine was suspended", asleep_ns - p->asleep_ns);
	p->asleep_ns = asleep_ns;
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
	progress_tick(&p->progress, p->report->frames);
	watch_time(p, pace_wait(&p->pace, n_frames));
	return alive > 0;
}

/* Who told us to stop does not wait until all is heard: a live output that was cut short then has not failed. */
static bool finish_output(struct player *p, size_t i)
{
	struct error error = {0};
	bool is_live = output_is_live(p->outputs[i]);
	enum status status = output_finish(p->outputs[i], &error);
	if (status == STATUS_OK || (is_live && status == STATUS_CANCELLED && p->stopping))
		return true;
	lose_output(p, i, &error);
	return false;
}

/* Files first: they are whole before the last listener has heard the end. */
static bool finish_outputs(struct player *p)
{
	size_t alive = 0;
	for (int live = 0; live < 2; live++)
		for (size_t i = 0; i < p->n_outputs; i++)
			if (p->outputs[i] && output_is_live(p->outputs[i]) == (live == 1))
				alive += finish_output(p, i);
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
		onair_set_state(p->onair, paused                   ? ONAIR_PAUSED
		                          : mixer_is_dry(p->mixer) ? ONAIR_FALLBACK
		                                                   : ONAIR_PLAYING);
}

static void set_volume(struct player *p)
{
	double volume_db = control_volume_db(p->control);
	onair_set_volume(p->onair, volume_db);
	fader_set(&p->fader, p->paused ? 0 : pow(10, volume_db / 20));
}

/* While two songs overlap, and the title is still that of the old one, that one goes. */
static void skip(struct player *p, struct mixer *mixer)
{
	events_write(p->events, "skip", p->report->frames, NULL, NULL);
	if (p->title_is_due &&
	        mixer_leave_older(mixer, (int64_t)(SKIP_FADE_LEAST_S * p->options.rate_hz)))
		return;
	if (p->source->turn)
		turn(p, true);
}

static void begin_stop(struct player *p, struct mixer *mixer)
{
	p->stopping = true;
	onair_set_state(p->onair, ONAIR_STOPPING);
	events_write(p->events, "stop", p->report->frames, NULL, NULL);
	mixer_fade_out(mixer, (int64_t)(STOP_FADE_S * p->options.rate_hz));
}

/* It may come later than the programme begins. */
static bool fallback_arrives(struct player *p)
{
	if (p->fallback || !p->fallback_place)
		return false;
	p->fallback = atomic_load(p->fallback_place);
	return p->fallback != NULL;
}

static void look_for_fallback(struct player *p, struct mixer *mixer)
{
	if (!fallback_arrives(p))
		return;
	mixer_set_fallback(mixer, fallback_loop(p->fallback));
	if (mixer_is_dry(mixer))
		tell_dry(p, true, p->report->frames);
}

/* The music goes on with what it has until the other list is there. */
static bool reload_is_there(struct player *p)
{
	const struct player_source *s = p->source;
	if (control_take_reload(p->control) && s->ask_reload)
		s->ask_reload(s->user);
	return s->reload_is_there && s->reload_is_there(s->user);
}

static void answer_requests(struct player *p, struct mixer *mixer)
{
	if (!p->control)
		return;
	set_paused(p, control_paused(p->control));
	set_volume(p);
	if (p->stopping)
		return;
	if (control_stopping(p->control)) {
		begin_stop(p, mixer);
		return;
	}
	if (p->ending)
		return;
	if (control_ending(p->control) && mixer_is_dry(mixer)) {
		begin_stop(p, mixer);
		return;
	}
	if (control_ending(p->control)) {
		p->ending = true;
		mixer_end_here(mixer);
		return;
	}
	bool reload = reload_is_there(p), changed = control_take_lineup_changed(p->control);
	if (control_take_skip(p->control))
		skip(p, mixer);
	if (reload)
		atomic_store(&p->reload_due, true);
	if ((reload || changed) && p->source->turn)
		turn(p, false);
	else if (p->turn_due)
		turn(p, p->turn_due_now);
}

static bool is_live(const struct player *p)
{
	for (size_t i = 0; i < p->n_outputs; i++)
		if (p->outputs[i] && output_is_live(p->outputs[i]))
			return true;
	return false;
}

/* Measuring may take its time, until what is on is nearly over. */
static void hurry_source(struct player *p, const struct mixer *mixer)
{
	bool late = mixer_known_frames(mixer) < HURRY_S * (int64_t)p->options.rate_hz;
	if (late && p->source->hurry && mixer_on_air(mixer) != SIZE_MAX && is_live(p))
		p->source->hurry(p->source->user);
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
	progress_hold(&p->progress, BLOCK_FRAMES);
	return write_block(p, BLOCK_FRAMES);
}

static void watch_silence(struct player *p, size_t n_frames)
{
	enum silence_news news =
	        p->silence ? silence_add(p->silence, p->block, n_frames) : SILENCE_NO_NEWS;
	char text[64];
	if (news == SILENCE_NO_NEWS)
		return;
	snprintf(text, sizeof text, "%g s below %g LUFS", p->alarm->seconds, p->alarm->level_lufs);
	bool alarm = news == SILENCE_ALARM;
	if (alarm)
		log_print(p->log, LOG_ERROR, "silence: %s", text);
	else
		log_print(p->log, LOG_INFO, "there is sound again");
	events_write(p->events, alarm ? "silence" : "sound", p->report->frames, NULL,
	        alarm ? text : NULL);
	p->report->silenced = alarm && p->alarm->ends && !p->stopping;
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
		hurry_source(p, mixer);
		look_for_fallback(p, mixer);
		TRY(mixer_read(mixer, p->block, BLOCK_FRAMES, &n, error));
		fader_apply(&p->fader, p->block, n);
		if (!write_block(p, n))
			return error_set(error, STATUS_IO, "no output is left");
		watch_silence(p, n);
		if (p->report->silenced)
			return STATUS_END;
	}
}

static enum status play(struct player *p, struct error *error)
{
	const struct player_alarm *alarm = p->alarm;
	if (alarm)
		p->silence = silence_new(alarm->seconds, alarm->level_lufs, p->options.rate_hz);
	if (alarm && !p->silence)
		return error_set(error, STATUS_NO_MEMORY, "out of memory");
	if (fallback_arrives(p))
		p->options.fallback = fallback_loop(p->fallback);
	struct mixer *mixer = mixer_new(&p->options, next_clip, on_event, &p->askings[0], p->log);
	if (!mixer)
		return error_set(error, STATUS_NO_MEMORY, "out of memory, or no thread to be had");
	p->mixer = mixer;
	enum status status = run_mixer(p, mixer, error);
	mixer_limiter_report(mixer, &p->report->limiter);
	/* Who is told to stop waits for nothing: what came of it is as good as an end. */
	if (status == STATUS_CANCELLED && p->control && control_stopping(p->control))
		status = STATUS_END;
	return status == STATUS_END ? STATUS_OK : status;
}

/* Threads that hang are left behind. */
static void end_mixer(struct player *p)
{
	atomic_store(&p->over, true);
	wake_retry(p);
	if (p->source->interrupt)
		p->source->interrupt(p->source->user);
	p->report->threads_hang = !mixer_try_free(p->mixer, clock_now_ns() + END_NS);
}

static void free_player(struct player *p)
{
	pthread_mutex_destroy(&p->lock);
	pthread_mutex_destroy(&p->source_lock);
	pthread_mutex_destroy(&p->retry_lock);
	pthread_cond_destroy(&p->retry_now);
	free(p);
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
	p->lineup = links->lineup;
	p->errands = links->errands;
	p->log = links->log;
	p->report = report;
	p->options = *options;
	p->begun = SIZE_MAX;
	for (size_t i = 0; i < ASKINGS; i++)
		p->askings[i].player = p;
	p->fallback_place = links->fallback;
	p->alarm = links->alarm;
	p->asleep_ns = clock_asleep_ns();
	p->options.idle = &p->idle;
	if (p->control)
		p->options.stopping = control_stopping_flag(p->control);
	pace_init(&p->pace, outputs, n_outputs, options->rate_hz);
	progress_init(&p->progress, p->log, options->rate_hz, is_live(p));
	p->progress.n_tracks = links->n_tracks;
	p->progress.n_frames = links->n_frames;
	fader_init(&p->fader, options->rate_hz);
	pthread_mutex_init(&p->lock, NULL);
	pthread_mutex_init(&p->source_lock, NULL);
	pthread_mutex_init(&p->retry_lock, NULL);
	clock_condition_init(&p->retry_now);
	enum status status = play(p, error);
	if (!finish_outputs(p) && status == STATUS_OK)
		status = error_set(error, STATUS_IO, "no output is left");
	end_mixer(p); /* last: listeners do not wait for what hangs */
	clear_tape(p);
	silence_free(p->silence);
	if (!report->threads_hang)
		free_player(p);
	return status;
}
