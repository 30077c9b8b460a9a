/* joint.c - the offset of a pair: the one that costs least, over both songs' curves.
 *
 * The cost of a place is a sum of faults in seconds, each with a weight (seconds of harm per second of fault)
 * and a soft edge, so that a tenth of a LU never decides:
 *
 *   hole    nobody in the foreground: the louder of the two is far under its own loudness
 *   clash   two foregrounds at once
 *   bump    the sum stands over the louder of the two, and over its song's loudness: 3 LU is all that two songs can add
 *   buried  the new song's own intro sounds, and the old song covers it
 *   playing the old song still plays, not decays, while the new one sounds
 *   tail    a quiet ending still sounds, and the new song covers it
 *   pause   the new song begins behind the old one's end
 *   peak    the sum's true peak would need the limiter where neither song alone does
 *   beat    the new song's beat lies off the old song's, where both keep the same time
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
static const double WEIGHT_BEAT =
        0.1; /* of the whole joint, half a beat off: moves it by a tenth of a second, no more */

static const double COARSE = 0.1, FINE = 0.02; /* steps of the search, seconds */
/* A quiet ending is waited for while it is within 14 LU of what it held, or less than 32 LU under the loudness: at
 * the usual target that is -50 LUFS, where dead air begins, which no last breath is worth. */
static const double TAIL_HELD = 14, TAIL_HEARD = -32;
/* Seconds before the last decay that a soft beginning may take. */
static const double SOFT_EARLY = 2.0;
static const double LATEST = 0.4; /* seconds behind the old song's end that are tried */
static const double WINDOW = 0.2; /* seconds a level is taken over: half of momentary, as an
                                               * ending on a drum is over in less than 400 ms */
static const double AROUND = 3.0; /* seconds before and behind the overlap that count */
static const double INTRO_MOST = 12; /* seconds of an intro that count */
/* Tempos that differ by more than this are two, heard as such; and over an overlap they may not drift apart by more
 * than this, since nothing is stretched. */
static const double BEAT_SURE = 0.3; /* confidence: drums of players have less, machines more */
static const double TEMPO_ALIKE = 0.03, DRIFT_BEATS = 0.25;

/* Moments are many: from here to cost_at all is float, and plain enough for conditional moves. */
static float at_least(float x, float low)
{
	return x > low ? x : low;
}

static float at_most(float x, float high)
{
	return x < high ? x : high;
}

static float clamp01(float x)
{
	return at_most(at_least(x, 0), 1);
}

/* 0 at 12 LU under the song's own loudness, 1 at 6. */
static float foreground(float lu)
{
	return clamp01((lu + 12) * (1 / 6.0f));
}

/* 1 where nobody would say that music is playing: from 12 LU under, nothing of it at 7. */
static float background(float lu)
{
	return clamp01((-7 - lu) * (1 / 5.0f));
}

/* How far the sum of two unrelated signals stands over the louder one, and over 0 LU: 3 LU at most. */
static float bump_lu(float a, float b)
{
	float hi = at_least(a, b), lo = at_most(a, b);
	if (hi < -3 || hi - lo > 10)
		return 0;
	return hi + 10 * log10f(1 + powf(10, (lo - hi) / 10)) - at_least(hi, 0);
}

/* Faults without their weights, in moments. */
struct faults {
	float hole, clash, bump, buried, playing, tail, peak_db;
};

/* What is the same at all moments of a place. */
struct ending_ear {
	float quiet; /* 0 ... 1: how much the old song's end is a quiet one */
	float heard_lu; /* such an end counts while it is louder than this */
};

static void add_moment(struct faults *f, float old, float new, const struct ending_ear *ear,
        bool intro, bool playing)
{
	f->hole += background(at_least(old, new));
	if (at_most(old, new) > -12) {
		f->clash += foreground(old) * foreground(new);
		f->bump += clamp01((bump_lu(old, new) - 1) / 2);
	}
	if (playing)
		f->playing += clamp01((new + 30) * (1 / 18.0f));
	if (intro && new > -25)
		f->buried += clamp01((old - new - 3) * (1 / 6.0f));
	if (old > ear->heard_lu && new > old + 10)
		f->tail += ear->quiet;
}

/* The sum of two peaks bounds the peak of the sum; the limiter has work where it is over the ceiling and
 * neither song alone is. */
static float peak_excess_db(float old, float new, float ceiling_lin)
{
	float own = at_least(at_least(old, new), ceiling_lin);
	return old + new > own ? 6.0206f * log2f((old + new) / own) : 0;
}

struct evaluation {
	const struct joint_side *old, *new;
	float ceiling_lin;
	struct ending_ear ear;
	double from_s; /* of the old song: one for all places, so that they compare */
	double old_beat_s, new_beat_s; /* as one grid; 0 where they are none */
};

/* ---- the cost of one place ------------------------------------------------------------------- */

/* The moments of one place, counted in steps from from_s.  Both songs sound in [both_from, both_to); before that, or where
 * neither sounds, only a hole can be, and what that comes to was summed up when the sides were made. */
struct moments {
	int64_t stride; /* in values of a strip */
	int64_t old_index, new_index; /* of moment 0 in the strips */
	int64_t both_from, both_to, end;
	int64_t enters, old_ends, decays, arrives; /* first moments at or behind these */
};

static int64_t first_moment(double second, double from_s, double step)
{
	return llround(fmax(ceil((second - from_s) / step - 1e-9), 0));
}

static int64_t index_at(const struct strip *strip, double second)
{
	return llround(floor((second - strip->from_s) / strip->step_s + 0.5));
}

static int64_t larger(int64_t a, int64_t b)
{
	return a > b ? a : b;
}

static int64_t smaller(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

/* Only moments that both strips have: a joint that somebody chose may reach further. */
static void stay_within(struct moments *m, const struct evaluation *e)
{
	int64_t first = smaller(m->old_index, m->new_index),
	        old_left = (int64_t)e->old->momentary.count - m->old_index,
	        new_left = (int64_t)e->new->momentary.count - m->new_index;
	if (first < 0)
		m->both_from = larger(m->both_from, (-first + m->stride - 1) / m->stride);
	m->both_to = smaller(m->both_to, (smaller(old_left, new_left) + m->stride - 1) / m->stride);
}

static struct moments moments_at(const struct evaluation *e, double at, double step)
{
	const struct joint_side *old = e->old, *new = e->new;
	double intro = fmin(new->mix_in_s - new->cue_in_s, INTRO_MOST);
	double to = fmax(old->cue_out_s, at + intro) + AROUND;
	/* What comes behind a jingle is the next joint's affair. */
	to = fmin(to, fmax(old->cue_out_s, at + new->length_s));
	struct moments m = {.stride = llround(step / FINE),
	        .old_index = index_at(&old->momentary, e->from_s),
	        .new_index = index_at(&new->momentary, new->cue_in_s + e->from_s - at),
	        .both_from = first_moment(at - 0.2 + 1e-6, e->from_s, step),
	        .both_to = first_moment(old->cue_out_s + 0.2, e->from_s, step),
	        .end = first_moment(to, e->from_s, step),
	        .enters = first_moment(at, e->from_s, step),
	        .old_ends = first_moment(old->cue_out_s, e->from_s, step),
	        .decays = first_moment(old->mix_out_s, e->from_s, step),
	        .arrives = first_moment(at + new->mix_in_s - new->cue_in_s, e->from_s, step)};
	stay_within(&m, e);
	return m;
}

static int64_t within(const struct joint_side *side, int64_t index)
{
	int64_t count = (int64_t)side->momentary.count;
	return index < 0 ? 0 : index > count ? count : index;
}

/* Values of hole in [from, to) of a strip: outside of it there is nothing but hole. */
static double hole_alone(const struct joint_side *side, int64_t from, int64_t to)
{
	int64_t a = within(side, from), b = within(side, to);
	return (double)(side->hole_before[b] - side->hole_before[a]) +
	       (double)(to - from - (b - a));
}

/* Where one sounds, or none: steps of hole. */
static double hole_of_one(const struct evaluation *e, const struct moments *m)
{
	int64_t old_end = m->both_from < m->both_to ? m->both_from : m->both_to;
	int64_t new_from = m->both_from > m->both_to ? m->both_from : m->both_to;
	double values = hole_alone(e->old, m->old_index, m->old_index + old_end * m->stride);
	if (m->both_to < m->both_from)
		values += (double)((m->both_from - m->both_to) * m->stride);
	values += hole_alone(
	        e->new, m->new_index + new_from * m->stride, m->new_index + m->end * m->stride);
	return values / (double)m->stride;
}

static double sum_of(const struct joint_terms *t)
{
	return t->hole + t->clash + t->bump + t->buried + t->playing + t->tail + t->pause +
	       t->peak + t->beat;
}

/* What belongs to a place as a whole. */
struct place {
	double pause_s;
	double off_beat; /* 0 ... 1: half a beat */
};

static struct joint_terms weigh(const struct faults *f, const struct place *place, double step)
{
	struct joint_terms t = {.hole = WEIGHT_HOLE * step * (double)f->hole,
	        .clash = WEIGHT_CLASH * step * (double)f->clash,
	        .bump = WEIGHT_BUMP * step * (double)f->bump,
	        .buried = WEIGHT_BURIED * step * (double)f->buried,
	        .playing = WEIGHT_PLAYING * step * (double)f->playing,
	        .tail = WEIGHT_TAIL * step * (double)f->tail,
	        .peak = WEIGHT_PEAK * step * (double)f->peak_db,
	        .pause = WEIGHT_PAUSE * place->pause_s,
	        .beat = WEIGHT_BEAT * place->off_beat};
	t.total = sum_of(&t);
	return t;
}

/* How far the new song's beat in the middle of the overlap lies off the old song's grid. */
static double off_beat(const struct evaluation *e, double at)
{
	if (e->old_beat_s <= 0)
		return 0;
	double middle = fmax(e->old->cue_out_s - at, 0) / 2;
	double beats = ceil((e->new->cue_in_s + middle - e->new->first_beat_s) / e->new_beat_s);
	double second = at + e->new->first_beat_s + beats * e->new_beat_s - e->new->cue_in_s;
	double phase = (second - e->old->first_beat_s) / e->old_beat_s;
	return 2 * fabs(phase - floor(phase + 0.5));
}

/* Adds the moments [from, to) at which both songs sound. */
static void add_moments(struct faults *f, const struct evaluation *e, const struct moments *m,
        int64_t from, int64_t to)
{
	const struct joint_side *old = e->old, *new = e->new;
	float old_gain = (float)old->gain_lin, new_gain = (float)new->gain_lin;
	for (int64_t i = from; i < to; i++) {
		int64_t in_old = m->old_index + i * m->stride,
		        in_new = m->new_index + i * m->stride;
		add_moment(f, old->momentary.lufs[in_old], new->momentary.lufs[in_new], &e->ear,
		        i < m->arrives, i >= m->enters && i < m->decays);
		if (i >= m->enters && i < m->old_ends)
			f->peak_db += peak_excess_db(old_gain * old->peak_lin[in_old],
			        new_gain * new->peak_lin[in_new], e->ceiling_lin);
	}
}

/* Gives up once the total is over `enough`: no fault is negative. */
static struct joint_terms cost_at(const struct evaluation *e, double at, double step, double enough)
{
	enum { AT_ONCE = 25 };
	struct moments m = moments_at(e, at, step);
	struct faults f = {.hole = (float)hole_of_one(e, &m)};
	struct place place = {fmax(at - e->old->cue_out_s, 0), off_beat(e, at)};
	struct joint_terms t = weigh(&f, &place, step);
	for (int64_t i = m.both_from; i < m.both_to && t.total <= enough; i += AT_ONCE) {
		add_moments(&f, e, &m, i, smaller(i + AT_ONCE, m.both_to));
		t = weigh(&f, &place, step);
	}
	return t;
}

/* The highest sum of both songs' peaks while both sound; 0 when they do not. */
static double peak_at(const struct evaluation *e, double at)
{
	struct moments m = moments_at(e, at, FINE);
	double peak = 0;
	for (int64_t i = larger(m.both_from, m.enters); i < smaller(m.both_to, m.old_ends); i++)
		peak = fmax(
		        peak, e->old->gain_lin * (double)e->old->peak_lin[m.old_index + i] +
		                      e->new->gain_lin *(double)e->new->peak_lin[m.new_index + i]);
	return peak;
}

/* One grid, if there is one: half of a beat is as good as a beat, so that 70 and 140 go together. */
static void find_beats(struct evaluation *e, double longest_overlap_s)
{
	double old = e->old->beat_s, new = e->new->beat_s;
	if (old <= 0 || new <= 0)
		return;
	for (int i = 0; i < 2; i++) {
		old = old > 1.5 * new ? old / 2 : old;
		new = new > 1.5 * old ? new / 2 : new;
	}
	double apart = fabs(new / old - 1);
	if (apart > TEMPO_ALIKE || longest_overlap_s / old * apart > DRIFT_BEATS)
		return;
	e->old_beat_s = old;
	e->new_beat_s = new;
}

static struct evaluation evaluation_of(
        const struct joint_side *old, const struct joint_side *new, const struct policy *policy)
{
	double from = fmin(old->mix_out_s, old->cue_out_s) - AROUND;
	float quiet = clamp01((-8 - (float)old->ending_lu) / 6);
	return (struct evaluation){.old = old,
	        .new = new,
	        .from_s = fmax(from, old->momentary.from_s),
	        .ceiling_lin = (float)pow(10, policy->ceiling_dbtp / 20),
	        .ear = {.quiet = quiet,
	                .heard_lu = quiet > 0 ? (float)fmin(old->ending_lu - TAIL_HELD, TAIL_HEARD)
	                                      : HUGE_VALF}};
}

static double clamp_reach(double reach_s)
{
	return fmin(fmax(reach_s, 0), SIDE_SECONDS);
}

/* Overlap is bounded by a quarter of either side: a jingle is not swallowed. */
static double most_overlap(
        const struct joint_side *old, const struct joint_side *new, double max_overlap_s)
{
	return fmin(clamp_reach(max_overlap_s), fmin(old->length_s, new->length_s) / 4);
}

static void try_places(
        const struct evaluation *e, double from, double to, double step, struct joint *best)
{
	for (double at = from; at <= to + 1e-9; at += step) {
		struct joint_terms t = cost_at(e, at, step, best->terms.total + 1e-9);
		/* Of two equal places the later one: less of the old song is covered. */
		if (t.total <= best->terms.total + 1e-9) {
			best->terms = t;
			best->at_s = at;
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
	find_beats(&e, old->cue_out_s - earliest);
	*joint = (struct joint){.at_s = old->cue_out_s, .terms = {.total = HUGE_VAL}};
	try_places(&e, earliest, latest, COARSE, joint);
	double around = joint->at_s;
	joint->terms.total = HUGE_VAL;
	try_places(&e, fmax(around - COARSE, earliest), fmin(around + COARSE, latest), FINE, joint);
	joint->overlap_s = old->cue_out_s - joint->at_s;
	joint->expected_peak_lin = peak_at(&e, joint->at_s);
	say_why(old, new, earliest, joint);
}

void joint_measure(const struct joint_side *old, const struct joint_side *new,
        const struct policy *policy, struct joint *joint)
{
	struct evaluation e = evaluation_of(old, new, policy);
	find_beats(&e, fmax(old->cue_out_s - joint->at_s, 0));
	joint->terms = cost_at(&e, joint->at_s, FINE, HUGE_VAL);
	joint->expected_peak_lin = peak_at(&e, joint->at_s);
	joint->overlap_s = old->cue_out_s - joint->at_s;
}

/* ---- the sides ----------------------------------------------------------------------------- */

/* True peaks of the blocks, linear, at the places of the strip. */
static void fill_peaks(struct joint_side *side, const struct record *record)
{
	static const double HALF_DB = 0.9440608762859234; /* 10^(-0.5/20) */
	float lin[256];
	double peak = 10; /* +20 dBTP */
	for (int i = 0; i < 255; i++, peak *= HALF_DB)
		lin[i] = (float)peak;
	lin[255] = 0;
	const struct strip *strip = &side->momentary;
	int64_t step = llround(strip->step_s * RECORD_FINE_PER_SECOND),
	        at = llround(strip->from_s * RECORD_FINE_PER_SECOND);
	for (size_t i = 0; i < strip->count; i++, at += step) {
		int64_t block = at / (RECORD_FINE_PER_SECOND / RECORD_BLOCKS_PER_SECOND);
		bool inside = at >= 0 && block < (int64_t)record->curves.count;
		side->peak_lin[i] = inside ? lin[record->curves.peak[block]] : 0;
	}
}

static void fill_levels(struct joint_side *side, const struct record *record, double loudness_lufs)
{
	struct strip *strip = &side->momentary;
	side->hole_before[0] = 0;
	for (size_t i = 0; i < strip->count; i++) {
		strip->lufs[i] -= (float)loudness_lufs;
		side->hole_before[i + 1] = side->hole_before[i] + background(strip->lufs[i]);
	}
	fill_peaks(side, record);
}

static void fill_side(struct joint_side *side, const struct record *record, const struct outline *o)
{
	side->cue_in_s = o->cue_in_s;
	side->cue_out_s = o->cue_out_s;
	side->mix_in_s = o->mix_in_s;
	side->mix_out_s = o->mix_out_s;
	side->ending_lu = o->ending_lufs - o->loudness_lufs;
	side->intro = o->intro;
	side->ending = o->ending;
	side->length_s = o->cue_out_s - o->cue_in_s;
	bool steady = record->bpm > 0 && record->bpm_confidence >= BEAT_SURE;
	side->beat_s = steady ? 60 / record->bpm : 0;
	side->first_beat_s = record->first_beat_s;
	side->gain_lin = 1;
	fill_levels(side, record, o->loudness_lufs);
}

void joint_side_of_end(struct joint_side *side, const struct record *record,
        const struct outline *o, double reach_s)
{
	double earliest = fmax(o->mix_out_s - SOFT_EARLY, o->cue_out_s - clamp_reach(reach_s));
	double from = fmin(earliest, o->cue_out_s) - AROUND;
	strip_fill(&side->momentary, record, from, o->cue_out_s + LATEST, FINE, WINDOW);
	fill_side(side, record, o);
}

void joint_side_of_start(struct joint_side *side, const struct record *record,
        const struct outline *o, double reach_s)
{
	double intro = fmin(o->mix_in_s - o->cue_in_s, INTRO_MOST);
	double to = o->cue_in_s + fmax(intro, clamp_reach(reach_s)) + AROUND;
	strip_fill(&side->momentary, record, o->cue_in_s - LATEST, to, FINE, WINDOW);
	fill_side(side, record, o);
}
