/* shape.h - private parts of the outline: each looks at one thing.  All in seconds and LUFS. */
#ifndef PLAN_SHAPE_H
#define PLAN_SHAPE_H

#include "jukebox/plan.h"
#include "levels.h"

/* soft.c: loudness and its range where the recording is so soft that gates in LUFS count.  Before all others. */
void shape_soft(const struct record *record, struct outline *outline);

/* edges.c: audible start and end, noise floor, trim rule.  Needs loudness_lufs and duration_s. */
void shape_edges(const struct record *record, struct outline *outline);
/* Once the level of the ending is known: a quiet ending is audible further down. */
void shape_quiet_end(const struct record *record, struct outline *outline);

/* silence.c: pauses between the edges. */
void shape_silences(const struct record *record, struct outline *outline);

/* ending.c: the last decay, its class. */
void shape_ending(const struct record *record, struct outline *outline);

/* intro.c: where the song has arrived, and how. */
void shape_intro(const struct record *record, struct outline *outline);

/* speech.c: does somebody speak alone between two seconds?  0 ... 1. */
double speech_likeness(const struct record *record, double from_s, double to_s);

/* Mean of a curve between two seconds. */
double curve_mean(const struct record *record, const uint8_t *curve, double from_s, double to_s);

#endif
