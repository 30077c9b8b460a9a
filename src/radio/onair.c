/* onair.c - what is on, what comes next, what was.  Who is told about it, and how, is others' affair. */
#include "jukebox/onair.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

struct onair {
	pthread_mutex_t lock; /* guards all below; a leaf */
	struct onair_snapshot facts; /* its history is a ring that begins at `newest` */
	size_t newest;
	struct plan_clip old, coming; /* copies around the next joint; no path: not known */
};

const char *onair_state_name(enum onair_state state)
{
	static const char *const names[] = {
	        "starting", "playing", "paused", "fallback", "stopping"};
	return names[state];
}

static int64_t wall_clock_ms(void)
{
	struct timespec now;
	clock_gettime(CLOCK_REALTIME, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void track_done(struct onair_track *t)
{
	free(t->path);
	free(t->title);
	free(t->artist);
	*t = (struct onair_track){0};
}

static char *copy_text(const char *text)
{
	return text ? strdup(text) : NULL;
}

static void track_copy(struct onair_track *to, const struct onair_track *from)
{
	*to = *from;
	to->path = copy_text(from->path);
	to->title = copy_text(from->title);
	to->artist = copy_text(from->artist);
}

static void track_set(struct onair_track *t, const struct plan_clip *clip, int64_t start_frame)
{
	track_done(t);
	t->path = copy_text(clip->path);
	t->title = copy_text(clip->title);
	t->artist = copy_text(clip->artist);
	t->start_frame = start_frame;
	t->end_frame = start_frame + clip->n_frames;
}

struct onair *onair_new(int rate_hz)
{
	struct onair *o = calloc(1, sizeof *o);
	if (!o)
		return NULL;
	pthread_mutex_init(&o->lock, NULL);
	o->facts.rate_hz = rate_hz;
	o->facts.began_at_ms = wall_clock_ms();
	return o;
}

void onair_free(struct onair *o)
{
	if (!o)
		return;
	onair_snapshot_done(&o->facts);
	plan_clip_done(&o->old);
	plan_clip_done(&o->coming);
	pthread_mutex_destroy(&o->lock);
	free(o);
}

void onair_snapshot_done(struct onair_snapshot *s)
{
	track_done(&s->now);
	track_done(&s->next);
	for (size_t i = 0; i < ONAIR_HISTORY; i++)
		track_done(&s->history[i]);
	*s = (struct onair_snapshot){0};
}

void onair_take(struct onair *o, struct onair_snapshot *s)
{
	*s = (struct onair_snapshot){.rate_hz = 1};
	if (!o)
		return;
	pthread_mutex_lock(&o->lock);
	*s = o->facts;
	track_copy(&s->now, &o->facts.now);
	track_copy(&s->next, &o->facts.next);
	memset(s->history, 0, sizeof s->history);
	for (size_t i = 0; i < s->n_history; i++)
		track_copy(&s->history[i], &o->facts.history[(o->newest + i) % ONAIR_HISTORY]);
	pthread_mutex_unlock(&o->lock);
}

static double seconds(const struct onair_snapshot *s, int64_t frames)
{
	return s->has_now && frames > 0 ? (double)frames / s->rate_hz : 0;
}

double onair_duration_s(const struct onair_snapshot *s)
{
	return seconds(s, s->now.end_frame - s->now.start_frame);
}

double onair_elapsed_s(const struct onair_snapshot *s)
{
	double heard = seconds(s, s->frame - s->now.start_frame), all = onair_duration_s(s);
	return heard < all ? heard : all;
}

/* What cannot be copied is not known. */
static void keep_clip(struct plan_clip *to, const struct plan_clip *from)
{
	plan_clip_done(to);
	*to = (struct plan_clip){0};
	if (plan_clip_copy(to, from) != STATUS_OK)
		*to = (struct plan_clip){0};
}

bool onair_joint(struct onair *o, struct plan_clip *old, struct plan_clip *next)
{
	*old = *next = (struct plan_clip){0};
	if (!o)
		return false;
	pthread_mutex_lock(&o->lock);
	if (o->old.path && o->coming.path) {
		keep_clip(old, &o->old);
		keep_clip(next, &o->coming);
	}
	pthread_mutex_unlock(&o->lock);
	if (old->path && next->path)
		return true;
	plan_clip_done(old);
	plan_clip_done(next);
	return false;
}

/* `now` was: it becomes the newest of the history. */
static void remember(struct onair *o)
{
	struct onair_snapshot *f = &o->facts;
	if (!f->has_now)
		return;
	o->newest = (o->newest + ONAIR_HISTORY - 1) % ONAIR_HISTORY;
	track_done(&f->history[o->newest]);
	f->history[o->newest] = f->now;
	f->now = (struct onair_track){0};
	if (f->n_history < ONAIR_HISTORY)
		f->n_history++;
}

void onair_remember(struct onair *o, const struct onair_track *track)
{
	if (!o)
		return;
	pthread_mutex_lock(&o->lock);
	if (o->facts.n_history < ONAIR_HISTORY)
		track_copy(&o->facts.history[(o->newest + o->facts.n_history++) % ONAIR_HISTORY],
		        track);
	pthread_mutex_unlock(&o->lock);
}

void onair_title(struct onair *o, const struct plan_clip *clip, int64_t start_frame)
{
	if (!o)
		return;
	struct onair_snapshot *f = &o->facts;
	pthread_mutex_lock(&o->lock);
	keep_clip(&o->old, clip);
	if (f->has_now && strcmp(clip->transition, "inner") == 0) {
		f->now.end_frame = start_frame + clip->n_frames;
	} else {
		remember(o);
		track_set(&f->now, clip, start_frame);
		f->now.started_at_ms = wall_clock_ms();
		f->has_now = true;
		f->n_tracks++;
		if (f->state == ONAIR_STARTING)
			f->state = ONAIR_PLAYING;
	}
	pthread_mutex_unlock(&o->lock);
}

void onair_next(struct onair *o, const struct plan_clip *clip)
{
	if (!o)
		return;
	pthread_mutex_lock(&o->lock);
	track_done(&o->facts.next);
	o->facts.has_next = clip != NULL;
	plan_clip_done(&o->coming);
	o->coming = (struct plan_clip){0};
	if (clip) {
		keep_clip(&o->coming, clip);
		track_set(&o->facts.next, clip, clip->start_frame);
	}
	pthread_mutex_unlock(&o->lock);
}

void onair_progress(struct onair *o, int64_t frame)
{
	if (!o)
		return;
	pthread_mutex_lock(&o->lock);
	o->facts.frame = frame;
	pthread_mutex_unlock(&o->lock);
}

void onair_hold(struct onair *o, int64_t frames)
{
	if (!o)
		return;
	pthread_mutex_lock(&o->lock);
	o->facts.now.start_frame += frames;
	o->facts.now.end_frame += frames;
	pthread_mutex_unlock(&o->lock);
}

void onair_set_state(struct onair *o, enum onair_state state)
{
	if (!o)
		return;
	pthread_mutex_lock(&o->lock);
	o->facts.state = state;
	pthread_mutex_unlock(&o->lock);
}

void onair_set_volume(struct onair *o, double volume_db)
{
	if (!o)
		return;
	pthread_mutex_lock(&o->lock);
	o->facts.volume_db = volume_db;
	pthread_mutex_unlock(&o->lock);
}
