/* gain.h - how loud a track is played.  Private to plan/. */
#ifndef PLAN_GAIN_H
#define PLAN_GAIN_H

#include "jukebox/plan.h"

/* Loudness of several tracks as one: the gate of BS.1770-4 over all their momentary blocks.  Most tracks stay alone, and
 * have their loudness: the blocks of the first are summed up only when another one comes. */
struct gain_pool {
	double energy[1000]; /* per 0.1 LU from -80 LUFS */
	int64_t count[1000];
	int16_t *first_clu; /* owned; NULL once it is summed up */
	size_t first_count;
	double true_peak_dbtp, noise_floor_lufs, only_lufs;
	size_t tracks;
};

void gain_pool_init(struct gain_pool *pool);
void gain_pool_clear(struct gain_pool *pool); /* as after init; frees what it holds */
void gain_pool_add(
        struct gain_pool *pool, const struct record *record, const struct outline *outline);
double gain_pool_lufs(const struct gain_pool *pool);

/* Gated loudness of what lies between two seconds; -HUGE_VAL where nothing does. */
double gain_part_lufs(const struct record *record, double from_s, double to_s);

/* The gain of a track that shares it with no other. */
double gain_alone_db(
        const struct record *record, const struct outline *outline, const struct policy *policy);

/* The gain that brings it to the target, unless the limiter would have to take more than 12 dB, or noise would be
 * lifted over -45 LUFS; then less, with words in `note`. */
double gain_pool_db(
        const struct gain_pool *pool, const struct policy *policy, char note[PLAN_REASON_BYTES]);

#endif
