/* levels.h - the level of a track over time, from its record's curves. */
#ifndef PLAN_LEVELS_H
#define PLAN_LEVELS_H

#include "jukebox/record.h"

/* Levels of a stretch of a track at a fixed step, in LUFS; outside the track there is silence. */
enum { STRIP_MOST = 4096 };
struct strip {
	double from_s, step_s;
	size_t count;
	float lufs[STRIP_MOST];
};

#define LEVEL_NOTHING \
	(-120.0) /* LUFS that stand for silence, so that sums and differences stay finite */

/* 10 ms energies from the fine edges where they reach, else from the 100 ms curve, averaged over
 * `window_s` around each step: 0.4 gives momentary loudness (EBU Tech 3341). */
void strip_fill(struct strip *strip, const struct record *record, double from_s, double to_s,
        double step_s, double window_s);

/* Energies (10^(LUFS/10)) of the 400 ms that end with each block. */
void momentary_energies(const int16_t *level_clu, size_t count, float *energies);

/* LUFS at a second of the strip; LEVEL_NOTHING outside. */
double strip_at(const struct strip *strip, double second);

/* Level of one 10 ms part that begins at `second`, in LUFS. */
double level_fine(const struct record *record, double second);

/* Level of the i-th 100 ms block, in LUFS. */
double level_block(const struct record *record, int64_t i);

#endif
