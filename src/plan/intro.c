/* intro.c - how a song begins, and where it has arrived. */
#include <math.h>

#include "shape.h"

static const double ARRIVED_UNDER = 8; /* LU under the loudness, momentary */
static const double LONGEST =
        60; /* seconds; a song that has not arrived by then is taken as it is */

static double arrival(const struct record *record, const struct outline *o)
{
	/* From the 100 ms curve: the mean of four neighbours is the momentary loudness. */
	int64_t from = llround(floor(o->cue_in_s * RECORD_BLOCKS_PER_SECOND));
	for (int64_t i = from; i < from + (int64_t)(LONGEST * RECORD_BLOCKS_PER_SECOND); i++) {
		double energy = 0;
		for (int64_t k = i; k < i + 4; k++)
			energy += pow(10, level_block(record, k) / 10) / 4;
		if (10 * log10(energy) > o->loudness_lufs - ARRIVED_UNDER)
			return fmin(fmax((double)i / RECORD_BLOCKS_PER_SECOND, o->cue_in_s),
			        o->cue_out_s);
	}
	return fmin(o->cue_in_s + LONGEST, o->cue_out_s);
}

/* A fade-in rises all the way; a quiet beginning holds its level first: the first third is not much under the
 * middle. */
static bool rises(const struct record *record, const struct outline *o)
{
	struct strip m;
	double length = o->mix_in_s - o->cue_in_s;
	strip_fill(&m, record, o->cue_in_s, o->mix_in_s, 0.1, 0.4);
	double early = strip_at(&m, o->cue_in_s + length * 0.15),
	       middle = strip_at(&m, o->cue_in_s + length * 0.5);
	return middle - early > 4;
}

void shape_intro(const struct record *record, struct outline *o)
{
	o->mix_in_s = arrival(record, o);
	double length = o->mix_in_s - o->cue_in_s;
	if (speech_likeness(record, o->cue_in_s, o->cue_in_s + fmax(4, fmin(length, 10))) > 0.6)
		o->intro = INTRO_SPOKEN;
	else if (length < 0.5)
		o->intro = INTRO_IMMEDIATE;
	else
		o->intro = rises(record, o) ? INTRO_FADE : INTRO_QUIET;
}
