/* verify_judge.c - from figures to problems; pure functions. */
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "jukebox/meter.h"
#include "jukebox/text.h"
#include "verify.h"

const char *problem_name(enum problem_kind kind)
{
	static const char *const names[] = {"missing", "strange", "drop-out", "position", "album",
	        "polarity", "channels", "level", "offset", "sound", "loudness", "click", "joint",
	        "hole", "bump", "source", "length", "true-peak", "clipping", "dead-air", "format"};
	return names[kind];
}

void problem_add(struct problem *problems, size_t most, size_t *n, enum problem_kind kind,
        int64_t frame, const char *format, ...)
{
	va_list arguments;
	if (*n == most)
		return;
	problems[*n].kind = kind;
	problems[*n].frame = frame;
	va_start(arguments, format);
	vsnprintf(problems[*n].text, sizeof problems[*n].text, format, arguments);
	va_end(arguments);
	++*n;
}

#define ADD(check, ...) \
	problem_add((check)->problems, PROBLEMS_MOST, &(check)->n_problems, __VA_ARGS__)

/* ---- a song -------------------------------------------------------------------------------------------- */

static void judge_presence(struct clip_check *c, int rate_hz)
{
	static const double STRANGE_S = 0.08;
	const struct tally *t = &c->solo;
	double unheard = (double)(t->strange + t->hole) / rate_hz,
	       all = (double)t->frames / rate_hz;
	if (unheard > 0.5 * all && all > 0.2) {
		ADD(c, PROBLEM_MISSING, c->clip->start_frame,
		        "not heard where the plan has it (%.1f s of %.1f s)", unheard, all);
		return;
	}
	if (t->strange > STRANGE_S * rate_hz)
		ADD(c, PROBLEM_STRANGE, t->strange_frame, "%.2f s are something else",
		        (double)t->strange / rate_hz);
	if (t->hole > 0)
		ADD(c, PROBLEM_DROP_OUT, t->hole_frame, "%.2f s are silent",
		        (double)t->hole / rate_hz);
}

static void judge_place(struct clip_check *c, const struct clip_check *before, int rate_hz,
        const struct verify_bounds *bounds)
{
	double late_s = (double)c->position_frames / rate_hz;
	if (fabs(late_s) > bounds->position_s)
		ADD(c, PROBLEM_POSITION, c->clip->start_frame, "%.1f ms too %s",
		        fabs(late_s) * 1000, late_s > 0 ? "late" : "early");
	int64_t apart = before ? c->position_frames - before->position_frames : 0;
	if (c->clip->joined && llabs((long long)apart) > bounds->album_frames)
		ADD(c, PROBLEM_ALBUM, c->clip->start_frame,
		        "one recording with the song before it, but %lld frames %s",
		        llabs((long long)apart), apart > 0 ? "apart" : "short");
}

/* The sides exchanged fit better than as they are: not because the song is nearly mono. */
static bool is_swapped(const struct sums *s)
{
	double straight = fabs(sums_correlation(s)), swapped = fabs(sums_correlation_swapped(s));
	return 1 - straight > 0.001 && 1 - swapped < 0.5 * (1 - straight);
}

static bool is_turned_over(const struct sums *s)
{
	for (int k = 0; k < SIDES; k++)
		if (s->eh[k][k] < -0.5 * sqrt(s->ee[k] * s->hh[k]))
			return true;
	return false;
}

/* Largest departure of a side that has a share in the song. */
static double level_error_db(const struct sums *s)
{
	double worst = 0, all = s->ee[0] + s->ee[1];
	if (all < 1e-6 * (double)s->n_frames) /* -60 dBFS: dither has a say */
		return 0;
	for (int k = 0; k < SIDES; k++) {
		if (s->ee[k] < 0.001 * all || s->ee[k] <= 0)
			continue;
		double db = 20 * log10(fmax(fabs(s->eh[k][k]) / s->ee[k], 1e-6));
		if (fabs(db) > fabs(worst))
			worst = db;
	}
	return worst;
}

static double offset_of(const struct sums *s)
{
	double worst = 0;
	for (int k = 0; k < SIDES && s->n_frames > 0; k++)
		if (fabs(s->difference[k]) > fabs(worst * (double)s->n_frames))
			worst = s->difference[k] / (double)s->n_frames;
	return worst;
}

static void judge_sound(struct clip_check *c, int rate_hz, const struct verify_bounds *bounds)
{
	const struct tally *t = &c->solo;
	const struct sums *s = &t->sums;
	size_t n = c->n_problems;
	double level_db = level_error_db(s), offset = offset_of(s);
	if (is_turned_over(s))
		ADD(c, PROBLEM_POLARITY, c->clip->start_frame, "the polarity is turned over");
	if (is_swapped(s))
		ADD(c, PROBLEM_CHANNELS, c->clip->start_frame, "left and right are exchanged");
	else if (fabs(level_db) > bounds->gain_db)
		ADD(c, PROBLEM_LEVEL, c->clip->start_frame, "%.2f dB too %s", fabs(level_db),
		        level_db > 0 ? "loud" : "quiet");
	if (fabs(offset) > bounds->offset_lin)
		ADD(c, PROBLEM_OFFSET, c->clip->start_frame, "a constant offset of %+.4f", offset);
	if (c->n_problems == n && (double)t->changed > bounds->failing_share * (double)t->frames)
		ADD(c, PROBLEM_SOUND, t->worst_frame,
		        "%.2f s differ; at worst a null of %.1f dBFS, with %+.2f dB of gain",
		        (double)t->changed / rate_hz, t->worst_dbfs, t->worst_gain_db);
}

static void judge_loudness(struct clip_check *c, const struct verify_bounds *bounds)
{
	double more = c->loudness_lufs - c->expected_lufs;
	if (c->n_problems == 0 && isfinite(more) && fabs(more) > bounds->loudness_lu)
		ADD(c, PROBLEM_LOUDNESS, c->clip->start_frame,
		        "%.1f LUFS where sources and plan make %.1f", c->loudness_lufs,
		        c->expected_lufs);
}

static void judge_clicks(struct clip_check *c, const struct tally *t)
{
	if (t->clicks > 0)
		ADD(c, PROBLEM_CLICK, t->click_frame, "%zu click%s", t->clicks,
		        t->clicks == 1 ? "" : "s");
}

/* What is wrong with a song is wrong in its overlaps too, and is told once. */
static void judge_joint(struct clip_check *c, const struct clip_check *before, int rate_hz,
        const struct verify_bounds *bounds)
{
	const struct tally *t = &c->joint;
	int64_t bad = t->changed + t->strange + t->hole;
	if (c->n_problems > 0 || (before && before->n_problems > 0))
		return;
	if ((double)bad > bounds->failing_share * (double)t->frames)
		ADD(c, PROBLEM_JOINT,
		        t->strange ? t->strange_frame
		        : t->hole  ? t->hole_frame
		                   : t->worst_frame,
		        "%.2f s of the joint before it are not what the plan says",
		        (double)bad / rate_hz);
}

/* What was asked for is no fault: a pause that somebody set, dead air cut down to two seconds. */
static bool is_meant(const struct plan_clip *old, const struct plan_clip *new)
{
	return strcmp(old->transition, "inner") == 0 || strstr(old->sources, "pause: ") ||
	       strstr(new->sources, "pause: ");
}

static void judge_meeting(
        struct clip_check *c, const struct clip_check *before, const struct verify_bounds *bounds)
{
	if (!before || is_meant(before->clip, c->clip))
		return;
	if (c->meeting.hole_s > bounds->hole_s)
		ADD(c, PROBLEM_HOLE, c->clip->start_frame,
		        "%.1f s more than %.0f LU under the song before it or this one",
		        c->meeting.hole_s, HOLE_LU);
	if (c->meeting.bump_lu > bounds->bump_lu)
		ADD(c, PROBLEM_BUMP, c->clip->start_frame,
		        "%.1f LU over both songs alone where they meet", c->meeting.bump_lu);
}

void judge_clip(struct clip_check *c, const struct clip_check *before, int rate_hz,
        const struct verify_bounds *bounds)
{
	judge_presence(c, rate_hz);
	bool is_missing = c->n_problems > 0 && c->problems[0].kind == PROBLEM_MISSING;
	if (!is_missing) {
		judge_place(c, before, rate_hz, bounds);
		judge_sound(c, rate_hz, bounds);
		judge_loudness(c, bounds);
	}
	judge_joint(c, before, rate_hz, bounds);
	judge_meeting(c, before, bounds);
	judge_clicks(c, &c->solo);
	judge_clicks(c, &c->joint);
}

/* ---- dead air ------------------------------------------------------------------------------------------ */

void dead_air_add(struct dead_air *d, double block_energy)
{
	static const double DEAD_LUFS = -50;
	int64_t block = d->n_blocks++;
	if (block_energy >= meter_lufs_to_energy(DEAD_LUFS))
		return;
	if (d->count > 0 && d->stretches[d->count - 1].to == block) {
		d->stretches[d->count - 1].to = block + 1;
	} else if (d->count < DEAD_AIR_MOST) {
		d->stretches[d->count].from = block;
		d->stretches[d->count++].to = block + 1;
	}
}

bool dead_air_too_long(const struct dead_air *heard, const struct dead_air *expected,
        const struct verify_bounds *bounds, size_t *i)
{
	enum { NEAR_BLOCKS = 10 };
	for (; *i < heard->count; ++*i) {
		int64_t from = heard->stretches[*i].from, to = heard->stretches[*i].to, allowed = 0;
		for (size_t k = 0; k < expected->count; k++) {
			int64_t a = expected->stretches[k].from, b = expected->stretches[k].to;
			if (a < to + NEAR_BLOCKS && b > from - NEAR_BLOCKS && b - a > allowed)
				allowed = b - a;
		}
		if ((double)(to - from - allowed) / 10 > bounds->dead_air_s)
			return true;
	}
	return false;
}
