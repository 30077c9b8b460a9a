/* joint.c - the offset of a pair: the one that costs least, over both songs' curves.
 *
 * The cost of a place is a sum of faults in seconds, each with a weight (seconds of harm per second of fault)
 * and a soft edge, so that a tenth of a LU never decides:
 *
 *   hole    nobody in the foreground: the louder of the two is far under its own loudness
 *   clash   two foregrounds at once
 *   bump    the sum is more than 3 LU over the louder of the two songs
 *   buried  the new song's own intro sounds, and the old song covers it
 *   playing the old song still plays, not decays, while the new one sounds
 *   tail    a quiet ending still sounds, and the new song covers it
 *   pause   the new song begins behind the old one's end
 *   peak    the sum's true peak would need the limiter where neither song alone does
 *
 * Levels are momentary loudness (400 ms, EBU Tech 3341) against each song's own integrated loudness, which is
 * what both have after the gain; the foreground is 6 LU under it and up, the background 12 LU and down.
 * The search keeps the rules that are not for sale: never before the old song's last decay (but a soft beginning,
 * which would leave a hole behind a cold ending, may slip under its last two seconds), never more overlap than allowed (the new song starts later instead), never a part of either left out.
 */
#include "joint.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* Weights: seconds of harm per second. */
static const double WEIGHT_HOLE = 1.0; /* dead air is the worst thing a station does */
static const double WEIGHT_CLASH = 1.0; /* two songs at once is the second worst */
static const double WEIGHT_BUMP = 0.5; /* a level step of the sum */
static const double WEIGHT_BURIED = 0.3; /* an intro under a decay is heard less, not lost */
static const double WEIGHT_PLAYING =
        0.4; /* held music under a soft beginning: the old song keeps the foreground */
static const double WEIGHT_TAIL = 1.2; /* a quiet coda covered is a coda cut: more than a hole */
static const double WEIGHT_PAUSE =
        0.03; /* silence for its own sake; also settles what is equal otherwise */
static const double WEIGHT_PEAK = 0.1; /* ten dB of limiting are as bad as a hole */

static const double COARSE = 0.1, FINE = 0.02; /* steps of the search, seconds */
/* A quiet ending is waited for while it is within 14 LU of what it held, and over 36 LU under the loudness: at
 * the usual target that is -54 LUFS, where dead air begins. */
static const double TAIL_HELD = 14, TAIL_HEARD = -36;
/* Seconds before the last decay that a soft beginning may take. */
static const double SOFT_EARLY = 2.0;
static const double LATEST = 0.4; /* seconds behind the old song's end that are tried */
static const double WINDOW = 0.2; /* seconds a level is taken over: half of momentary, as an
                                               * ending on a drum is over in less than 400 ms */
static const double AROUND = 3.0; /* seconds before and behind the overlap that count */

static double clamp01(double x)
{
	return x < 0 ? 0 : x > 1 ? 1 : x;
}

/* 0 at 12 LU under the song's own loudness, 1 at 6. */
static double foreground(double lu)
{
	return clamp01((lu + 12) / 6);
}

/* 1 where nobody would say that music is playing: from 12 LU under, nothing of it at 7. */
static double background(double lu)
{
	return clamp01((-7 - lu) / 5);
}

static double sum_lu(double a, double b)
{
	double hi = fmax(a, b), lo = fmin(a, b);
	return hi - lo > 30 ? hi : hi + 10 * log10(1 + pow(10, (lo - hi) / 10));
}

/* Faults of one moment; `quiet_ending` 0 ... 1 tells how much the old song's end is a quiet one. */
static void add_moment(struct joint_terms *t, double old, double new, double quiet_ending,
        double ending_lu, bool intro, bool playing)
{
	double both = fmin(old, new);
	t->hole += WEIGHT_HOLE * background(fmax(old, new));
	if (both > -12)
		t->clash += WEIGHT_CLASH * foreground(old) * foreground(new);
	if (both > -20)
		t->bump +=
		        WEIGHT_BUMP * clamp01((sum_lu(old, new) - fmax(fmax(old, new), 0) - 3) / 3);
	if (playing)
		t->playing += WEIGHT_PLAYING * clamp01((new + 30) / 18);
	if (intro && new > -25 && old > new + 3)
		t->buried += WEIGHT_BURIED * clamp01((old - new - 3) / 6);
	if (quiet_ending > 0 && old > fmin(ending_lu - TAIL_HELD, TAIL_HEARD) && new > old + 10)
		t->tail += WEIGHT_TAIL * quiet_ending;
}

static double peak_of(const struct joint_side *side, double second)
{
	double i = floor((second - side->peak_from_s) * RECORD_BLOCKS_PER_SECOND);
	return i < 0 || i >= (double)side->peak_count ? 0 : (double)side->peak_lin[(size_t)i];
}

/* The sum of two peaks bounds the peak of the sum; the limiter has work where it is over the ceiling and
 * neither song alone is. */
static double peak_excess_db(double old, double new, double ceiling_lin)
{
	double own = fmax(fmax(old, new), ceiling_lin);
	return old + new > own ? 20 * log10((old + new) / own) : 0;
}

struct evaluation {
	const struct joint_side *old, *new;
	double ceiling_lin, quiet_ending;
	double from_s; /* of the old song: one for all places, so that they compare */
};

static struct joint_terms cost_at(
        const struct evaluation *e, double at, double step, double *expected_peak)
{
	struct joint_terms t = {0};
	double from = e->from_s, peak = 0;
	double to = fmax(e->old->cue_out_s, at + fmin(e->new->mix_in_s - e->new->cue_in_s, 12)) +
	            AROUND;
	for (double s = from; s < to; s += step) {
		double in_new = e->new->cue_in_s + s - at;
		double old = s < e->old->cue_out_s + 0.2 ? strip_at(&e->old->momentary, s)
		                                         : LEVEL_NOTHING;
		double new = s > at - 0.2 ? strip_at(&e->new->momentary, in_new) : LEVEL_NOTHING;
		add_moment(&t, old, new, e->quiet_ending, e->old->ending_lu,
		        in_new < e->new->mix_in_s, s >= at && s < e->old->mix_out_s);
		if (s >= at && s < e->old->cue_out_s) {
			double a = peak_of(e->old, s), b = peak_of(e->new, in_new);
			t.peak += WEIGHT_PEAK * peak_excess_db(a, b, e->ceiling_lin);
			peak = fmax(peak, a + b);
		}
	}
	t.hole *= step, t.clash *= step, t.bump *= step, t.buried *= step, t.tail *= step,
	        t.playing *= step, t.peak *= step;
	t.pause = WEIGHT_PAUSE * fmax(at - e->old->cue_out_s, 0);
	t.total = t.hole + t.clash + t.bump + t.buried + t.playing + t.tail + t.pause + t.peak;
	*expected_peak = peak;
	return t;
}

static struct evaluation evaluation_of(
        const struct joint_side *old, const struct joint_side *new, const struct policy *policy)
{
	return (struct evaluation){.old = old,
	        .from_s = fmin(old->mix_out_s, old->cue_out_s) - AROUND,
	        .new = new,
	        .ceiling_lin = pow(10, policy->ceiling_dbtp / 20),
	        .quiet_ending = clamp01((-8 - old->ending_lu) / 6)};
}

/* Overlap is bounded by a quarter of either side: a jingle is not swallowed. */
static double most_overlap(
        const struct joint_side *old, const struct joint_side *new, double max_overlap_s)
{
	return fmin(max_overlap_s, fmin(old->length_s, new->length_s) / 4);
}

static void try_places(
        const struct evaluation *e, double from, double to, double step, struct joint *best)
{
	for (double at = from; at <= to + 1e-9; at += step) {
		double peak;
		struct joint_terms t = cost_at(e, at, step, &peak);
		/* Of two equal places the later one: less of the old song is covered. */
		if (t.total <= best->terms.total + 1e-9) {
			best->terms = t;
			best->at_s = at;
			best->expected_peak_lin = peak;
		}
	}
}

static void say_why(const struct joint_side *old, const struct joint_side *new, double earliest,
        struct joint *j)
{
	double into = j->at_s - old->mix_out_s;
	const char *ending = ending_kind_name(old->ending), *intro = intro_kind_name(new->intro);
	if (j->overlap_s < 0.3 || old->ending == ENDING_COLD)
		snprintf(j->reason, sizeof j->reason, "%s ending, %s intro: on its heels", ending,
		        intro);
	else if (j->at_s < earliest + FINE && earliest > old->mix_out_s + FINE)
		snprintf(j->reason, sizeof j->reason,
		        "%s ending, %s intro: %.1f s into the decay, overlap at its limit", ending,
		        intro, into);
	else
		snprintf(j->reason, sizeof j->reason, "%s ending, %s intro: %.1f s into the decay",
		        ending, intro, into);
}

void joint_decide(const struct joint_side *old, const struct joint_side *new,
        const struct policy *policy, double max_overlap_s, struct joint *joint)
{
	struct evaluation e = evaluation_of(old, new, policy);
	double latest = old->cue_out_s + LATEST;
	bool soft = new->intro == INTRO_FADE || new->intro == INTRO_QUIET;
	double earliest = fmax(old->mix_out_s - (soft ? SOFT_EARLY : 0),
	        old->cue_out_s - most_overlap(old, new, max_overlap_s));
	*joint = (struct joint){.at_s = old->cue_out_s, .terms = {.total = HUGE_VAL}};
	try_places(&e, earliest, latest, COARSE, joint);
	double around = joint->at_s;
	joint->terms.total = HUGE_VAL;
	try_places(&e, fmax(around - COARSE, earliest), fmin(around + COARSE, latest), FINE, joint);
	joint->overlap_s = old->cue_out_s - joint->at_s;
	say_why(old, new, earliest, joint);
}

void joint_measure(const struct joint_side *old, const struct joint_side *new,
        const struct policy *policy, struct joint *joint)
{
	struct evaluation e = evaluation_of(old, new, policy);
	joint->terms = cost_at(&e, joint->at_s, FINE, &joint->expected_peak_lin);
	joint->overlap_s = old->cue_out_s - joint->at_s;
}

/* ---- the sides ----------------------------------------------------------------------------- */

enum { SIDE_SECONDS = 16 };

static void fill_side(struct joint_side *side, const struct record *record, const struct outline *o,
        double from, double to, double gain_db)
{
	side->cue_in_s = o->cue_in_s;
	side->cue_out_s = o->cue_out_s;
	side->mix_in_s = o->mix_in_s;
	side->mix_out_s = o->mix_out_s;
	side->ending_lu = o->ending_lufs - o->loudness_lufs;
	side->intro = o->intro;
	side->ending = o->ending;
	side->length_s = o->cue_out_s - o->cue_in_s;
	strip_fill(&side->momentary, record, from, to, FINE, WINDOW);
	for (size_t i = 0; i < side->momentary.count; i++)
		side->momentary.lufs[i] -= (float)o->loudness_lufs;
	int64_t first = (int64_t)floor(from * RECORD_BLOCKS_PER_SECOND),
	        n = (int64_t)record->curves.count;
	side->peak_from_s = (double)first / RECORD_BLOCKS_PER_SECOND;
	side->peak_count = 0;
	for (int64_t i = first; i < first + 256 && i < n; i++) {
		uint8_t peak = i < 0 ? 255 : record->curves.peak[i];
		side->peak_lin[side->peak_count++] =
		        peak == 255 ? 0 : (float)pow(10, (20 - peak / 2.0 + gain_db) / 20);
	}
}

void joint_side_of_end(struct joint_side *side, const struct record *record,
        const struct outline *o, double gain_db)
{
	double from =
	        fmax(fmin(o->mix_out_s, o->cue_out_s - AROUND - 1), o->cue_out_s - SIDE_SECONDS);
	fill_side(side, record, o, from - AROUND, o->cue_out_s + 0.4, gain_db);
}

void joint_side_of_start(struct joint_side *side, const struct record *record,
        const struct outline *o, double gain_db)
{
	fill_side(side, record, o, o->cue_in_s - 0.4, o->cue_in_s + SIDE_SECONDS + AROUND, gain_db);
}
