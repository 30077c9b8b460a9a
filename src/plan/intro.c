/* intro.c - how a song begins, and where it has arrived. */
#include <math.h>

#include "shape.h"

static const double ARRIVED_UNDER = 8; /* LU under the loudness, momentary */
static const double LONGEST =
        60; /* seconds; a song that has not arrived by then is taken as it is */

/* Where the momentary loudness of what comes reaches that level, to 20 ms; a few seconds at a time, since most songs are
 * there at once. */
static double arrival(const struct record *record, const struct outline *o)
{
	static const double AT_ONCE = 4, STEP = 0.02, WINDOW = 0.4;
	double to = fmin(o->cue_in_s + LONGEST, o->cue_out_s);
	double enough = o->loudness_lufs - ARRIVED_UNDER, least = energy_at_least(enough);
	struct stretch m;
	for (double from = o->cue_in_s; from < to; from += AT_ONCE) {
		stretch_fill(
		        &m, record, from + WINDOW / 2, from + WINDOW / 2 + AT_ONCE, STEP, WINDOW);
		for (size_t i = 0; i < m.count; i++)
			if (stretch_energy(&m, i) > least && (double)stretch_lufs(&m, i) > enough)
				return fmin(from + (double)i * STEP, to);
	}
	return to;
}

/* A fade-in rises all the way; a quiet beginning holds its level first: the first third is not much under the
 * middle. */
static bool rises(const struct record *record, const struct outline *o)
{
	struct stretch m;
	double length = o->mix_in_s - o->cue_in_s;
	stretch_fill(&m, record, o->cue_in_s, o->mix_in_s, 0.1, 0.4);
	double early = stretch_at(&m, o->cue_in_s + length * 0.15),
	       middle = stretch_at(&m, o->cue_in_s + length * 0.5);
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
