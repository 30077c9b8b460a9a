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

/* The same, where few of the levels will be looked at: each is taken when it is asked for. */
struct stretch {
	double from_s, step_s;
	size_t count;
	size_t step, window; /* in 10 ms */
	double sums[2 * STRIP_MOST + 1]; /* of the energies of the first 0, 1, 2 ... 10 ms */
};
void stretch_fill(struct stretch *stretch, const struct record *record, double from_s, double to_s,
        double step_s, double window_s);

/* Mean energy (10^(LUFS/10)) around the i-th step; i < count. */
double stretch_energy(const struct stretch *stretch, size_t i);
float stretch_lufs(const struct stretch *stretch, size_t i);

/* LUFS at a second of it; LEVEL_NOTHING outside. */
double stretch_at(const struct stretch *stretch, double second);

float energy_to_lufs(double energy);

/* No energy under this reaches the level: tells of most moments without a logarithm. */
double energy_at_least(double lufs);

/* Energies (10^(LUFS/10)) of the 400 ms that end with each block. */
void momentary_energies(const int16_t *level_clu, size_t count, float *energies);

/* LUFS at a second of the strip; LEVEL_NOTHING outside. */
double strip_at(const struct strip *strip, double second);

/* Level of one 10 ms part that begins at `second`, in LUFS. */
double level_fine(const struct record *record, double second);

/* Level of the i-th 100 ms block, in LUFS. */
double level_block(const struct record *record, int64_t i);

#endif
