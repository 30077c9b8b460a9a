/* ending.c - the shape of the ending: where the last decay begins, and what kind of ending it is.
 *
 * Not a threshold under the loudness, which takes a quiet coda for a fade, but the envelope seen from the end:
 * E(t) = the loudest momentary level from t on.  Backwards from the end it rises while the music decays, and
 * stands still where a level is held.  The last decay begins where it first stands still.
 */
#include <math.h>

#include "shape.h"

static const double LOOK_BACK = 60; /* seconds of ending that are looked at */
static const double NEAR_END = 10,
                    FURTHER = 20; /* of these, those that tell enough of most endings */
static const double STEP =
        0.02; /* fine, so that where the drums fall between the steps does not matter */
static const double HELD_FOR = 3.0; /* seconds in which a held level ... */
static const double HELD_WITHIN =
        1.5; /* ... changes by less than this, in LU: 0.5 LU/s, a fade of two minutes */
static const double LEFT_AFTER = 2; /* LU under what was held */
static const double COLD_WITHIN =
        1.2; /* seconds: a decay as short as a drum's or a room's is a cold ending */
/* A last stroke behind a rest: so much louder than the rest, which lasts so long, and not further under the song. */
static const double REST_UNDER = 12, REST_S = 0.5, STROKE_UNDER = 16;
static const double QUIET_UNDER = 10; /* LU under the loudness: a quiet coda */

struct decay {
	double begins_s, level_lufs, length_s;
};

/* The ending, with the envelope of what was looked at so far. */
struct look {
	struct stretch stretch; /* momentary loudness */
	size_t seen; /* from here on there is an envelope */
	double loudest; /* energy of that */
	float envelope_lufs[STRIP_MOST];
	size_t decay_at; /* step of the stretch at which the last decay begins */
};

static void extend_envelope(struct look *look, size_t to)
{
	float lufs = look->seen < look->stretch.count ? look->envelope_lufs[look->seen]
	                                              : (float)LEVEL_NOTHING;
	while (look->seen > to) {
		double energy = stretch_energy(&look->stretch, --look->seen);
		if (energy > look->loudest) {
			look->loudest = energy;
			lufs = energy_to_lufs(energy);
		}
		look->envelope_lufs[look->seen] = lufs;
	}
}

static double envelope_at(struct look *look, size_t i)
{
	if (i < look->seen)
		extend_envelope(look, i);
	return (double)look->envelope_lufs[i];
}

/* False: it is not over within these seconds. */
static bool last_decay_within(struct look *look, const struct record *record,
        const struct outline *o, double seconds, struct decay *decay)
{
	double first = floor(fmax(o->cue_out_s - LOOK_BACK, o->cue_in_s) * 10) / 10; /* a block's */
	double skipped = floor(fmax(o->cue_out_s - seconds - first, 0) / STEP);
	size_t held = (size_t)(HELD_FOR / STEP + 0.5);
	stretch_fill(&look->stretch, record, first + skipped * STEP, o->cue_out_s, STEP, 0.4);
	look->seen = look->stretch.count;
	look->loudest = 0;
	look->decay_at = 0;
	*decay = (struct decay){o->cue_out_s, o->loudness_lufs, 0};
	if (look->stretch.count == 0)
		return true;
	size_t i = look->stretch.count - 1;
	while (i > 0) {
		/* At the very start of what is seen, and in a jingle, there is less to compare with: it is held
		 * unless it clearly falls. */
		double level = envelope_at(look, i);
		double fall = i >= held ? envelope_at(look, i - held) - level
		                        : (envelope_at(look, 0) - level) / 2;
		if (fall < HELD_WITHIN)
			break;
		i--;
	}
	double begins = first + (skipped + (double)i) * STEP;
	*decay = (struct decay){begins, envelope_at(look, i), o->cue_out_s - begins};
	look->decay_at = i;
	return i >= held;
}

/* The first step behind the last rest of a decay; 0: it has none.  In a decay what comes later is never much louder. */
static size_t behind_rest(struct look *look, double loudness_lufs)
{
	const size_t rest = (size_t)(REST_S / STEP + 0.5);
	size_t n = 0, i = look->stretch.count;
	while (i-- > look->decay_at) {
		double later = envelope_at(look, i);
		bool quiet = later > loudness_lufs - STROKE_UNDER &&
		             (double)stretch_lufs(&look->stretch, i) < later - REST_UNDER;
		n = quiet ? n + 1 : 0;
		if (n == rest)
			return i + rest;
	}
	return 0;
}

/* What was taken for a decay may be a rest and the last stroke of the music, softer than what was before. */
static void wait_for_stroke(struct look *look, const struct outline *o, struct decay *decay)
{
	size_t stroke = behind_rest(look, o->loudness_lufs);
	if (stroke == 0)
		return;
	decay->begins_s += (double)(stroke - look->decay_at) * look->stretch.step_s;
	decay->length_s = o->cue_out_s - decay->begins_s;
	decay->level_lufs = envelope_at(look, stroke);
	look->decay_at = stroke;
}

static struct decay last_decay(
        struct look *look, const struct record *record, const struct outline *o)
{
	struct decay decay;
	if (!last_decay_within(look, record, o, NEAR_END, &decay) &&
	        !last_decay_within(look, record, o, FURTHER, &decay))
		(void)last_decay_within(look, record, o, LOOK_BACK, &decay);
	wait_for_stroke(look, o, &decay);
	return decay;
}

static double ratio(double a, double b)
{
	return b > 0 ? a / b : 0;
}

/* Fade, sustained or noise: in a fade the music goes on, with its note starts and its spectrum; in a held chord
 * or a room's tail nothing new begins; applause is noise. */
static void classify_decay(const struct record *record, struct outline *o, const struct decay *d)
{
	double from = d->begins_s + 0.4,
	       to = fmin(d->begins_s + 0.75 * d->length_s, o->cue_out_s - 0.2);
	double body = curve_mean(
	        record, record->curves.onset, fmax(d->begins_s - 20, o->cue_in_s), d->begins_s);
	double onsets = ratio(curve_mean(record, record->curves.onset, from, to), body);
	double flat = curve_mean(record, record->curves.flatness, from, to);
	double flat_body = curve_mean(record, record->curves.flatness,
	        fmax(d->begins_s - 20, o->cue_in_s), d->begins_s - 1);
	if (flat > 110 && flat > flat_body + 30) {
		o->ending = ENDING_NOISE;
		o->ending_confidence = fmin(1, 0.5 + (flat - flat_body - 30) / 100);
	} else if (onsets > 0.45) {
		o->ending = ENDING_FADE;
		o->ending_confidence = fmin(1, 0.5 + (onsets - 0.45));
	} else {
		o->ending = ENDING_SUSTAINED;
		o->ending_confidence = fmin(1, 0.5 + (0.45 - onsets));
	}
}

static void classify(const struct record *record, struct outline *o, const struct decay *d)
{
	double under = o->loudness_lufs - d->level_lufs;
	double spoken = speech_likeness(record, fmax(d->begins_s - 6, o->cue_in_s), o->cue_out_s);
	if (spoken > 0.6) {
		o->ending = ENDING_SPOKEN;
		o->ending_confidence = spoken;
	} else if (under > QUIET_UNDER) {
		o->ending = ENDING_QUIET;
		o->ending_confidence = fmin(1, 0.5 + (under - QUIET_UNDER) / 10);
	} else if (d->length_s < COLD_WITHIN) {
		o->ending = ENDING_COLD;
		o->ending_confidence = fmin(1, 0.5 + (COLD_WITHIN - d->length_s) / COLD_WITHIN / 2);
	} else {
		classify_decay(record, o, d);
	}
}

/* The level has left what was held: from here on it is decay.  A drum a second before a cold end is the loudest
 * of the ending, but not its decay. */
static double leaves_plateau(const struct look *look, const struct decay *d, double under)
{
	double held = d->level_lufs - under, least = energy_at_least(held);
	size_t i = look->stretch.count;
	while (i-- > look->decay_at)
		if (stretch_energy(&look->stretch, i) > least &&
		        (double)stretch_lufs(&look->stretch, i) > held)
			return d->begins_s + (double)(i - look->decay_at) * look->stretch.step_s;
	return d->begins_s;
}

void shape_ending(const struct record *record, struct outline *o)
{
	struct look look;
	struct decay d = last_decay(&look, record, o);
	o->ending_lufs = d.level_lufs;
	if (d.level_lufs < o->loudness_lufs - QUIET_UNDER) {
		shape_quiet_end(record, o);
		d = last_decay(&look, record, o);
		o->ending_lufs = d.level_lufs;
	}
	double left = leaves_plateau(&look, &d, LEFT_AFTER);
	if (o->cue_out_s - left <
	        COLD_WITHIN) /* half the window's energy is gone: the sound itself ends here */
		left = leaves_plateau(&look, &d, 6);
	d.length_s -= left - d.begins_s;
	d.begins_s = left;
	o->mix_out_s = fmin(d.begins_s, o->cue_out_s);
	classify(record, o, &d);
}
