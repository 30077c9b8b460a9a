/* gain.c - every song reaches the target by its gated loudness; an album by its own as a whole. */
#include "gain.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "levels.h"

static const double LIMITER_MOST_DB = 12; /* what a limiter can take without being heard as one */
static const double NOISE_HIGHEST_LUFS = -45; /* hiss louder than this is heard in every pause */
static const double LOWEST_LUFS = -80, BINS_PER_LU = 10;

void gain_pool_clear(struct gain_pool *pool)
{
	memset(pool, 0, sizeof *pool);
	pool->true_peak_dbtp = pool->noise_floor_lufs = pool->only_lufs = -HUGE_VAL;
}

void gain_pool_add(
        struct gain_pool *pool, const struct record *record, const struct outline *outline)
{
	double window = 0, block[4] = {0};
	pool->tracks++;
	pool->only_lufs = record->loudness_lufs;
	pool->true_peak_dbtp = fmax(pool->true_peak_dbtp, record->true_peak_dbtp);
	pool->noise_floor_lufs = fmax(pool->noise_floor_lufs, outline->noise_floor_lufs);
	for (int64_t i = 0; i < (int64_t)record->curves.count; i++) {
		window -= block[i % 4];
		block[i % 4] = pow(10, level_block(record, i) / 10);
		window += block[i % 4];
		double lufs = 10 * log10(fmax(window / 4, 1e-13));
		int bin = (int)floor((lufs - LOWEST_LUFS) * BINS_PER_LU);
		if (i >= 3 && lufs > -70 && bin >= 0 && bin < 1000) {
			pool->energy[bin] += window / 4;
			pool->count[bin]++;
		}
	}
}

static double mean_above(const struct gain_pool *pool, double lufs)
{
	double energy = 0;
	int64_t n = 0;
	int from = (int)fmax(0, ceil((lufs - LOWEST_LUFS) * BINS_PER_LU));
	for (int i = from; i < 1000; i++) {
		energy += pool->energy[i];
		n += pool->count[i];
	}
	return n > 0 ? 10 * log10(energy / (double)n) : -HUGE_VAL;
}

double gain_pool_lufs(const struct gain_pool *pool)
{
	if (pool->tracks == 1)
		return pool->only_lufs;
	double absolute = mean_above(pool, -70);
	return isfinite(absolute) ? mean_above(pool, absolute - 10) : pool->only_lufs;
}

double gain_pool_db(
        const struct gain_pool *pool, const struct policy *policy, char note[PLAN_REASON_BYTES])
{
	double lufs = gain_pool_lufs(pool);
	if (policy->loudness == LOUDNESS_OFF || !isfinite(lufs))
		return 0;
	double gain = policy->target_lufs - lufs;
	double peaks = policy->ceiling_dbtp + LIMITER_MOST_DB - pool->true_peak_dbtp;
	double noise = fmax(NOISE_HIGHEST_LUFS - pool->noise_floor_lufs, 0);
	if (gain > peaks) {
		snprintf(note, PLAN_REASON_BYTES,
		        "gain held at %+.1f dB in place of %+.1f: peaks of %+.1f dBTP", peaks, gain,
		        pool->true_peak_dbtp);
		gain = peaks;
	}
	if (gain > noise) {
		snprintf(note, PLAN_REASON_BYTES,
		        "gain held at %+.1f dB in place of %+.1f: noise of %.0f LUFS", noise, gain,
		        pool->noise_floor_lufs);
		gain = noise;
	}
	return gain;
}
