/* gain.c - every song reaches the target by its gated loudness; an album by its own as a whole. */
#include "gain.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "levels.h"

static const double LIMITER_MOST_DB = 12; /* what a limiter can take without being heard as one */
static const double NOISE_HIGHEST_LUFS = -45; /* hiss louder than this is heard in every pause */
static const double LOWEST_LUFS = -80, BINS_PER_LU = 10;

void gain_pool_init(struct gain_pool *pool)
{
	memset(pool, 0, sizeof *pool);
	pool->true_peak_dbtp = pool->noise_floor_lufs = pool->only_lufs = -HUGE_VAL;
}

void gain_pool_clear(struct gain_pool *pool)
{
	free(pool->first_clu);
	gain_pool_init(pool);
}

static void sum_up(struct gain_pool *pool, const int16_t *level_clu, size_t count)
{
	enum { AT_ONCE = 1024, BEFORE = 3 }; /* a momentary block reaches three blocks back */
	float energies[AT_ONCE];
	for (size_t from = 0; from + BEFORE < count; from += AT_ONCE - BEFORE) {
		size_t n = count - from < AT_ONCE ? count - from : AT_ONCE;
		momentary_energies(level_clu + from, n, energies);
		for (size_t i = BEFORE; i < n; i++) {
			double lufs = 10 * log10(fmax((double)energies[i], 1e-13));
			int bin = (int)floor((lufs - LOWEST_LUFS) * BINS_PER_LU);
			if (lufs > -70 && bin >= 0 && bin < 1000) {
				pool->energy[bin] += (double)energies[i];
				pool->count[bin]++;
			}
		}
	}
}

/* The blocks of what is played. */
struct blocks {
	const int16_t *clu;
	size_t count;
};

static struct blocks blocks_between(const struct record *record, double from_s, double to_s)
{
	double count = (double)record->curves.count;
	size_t from = (size_t)fmin(fmax(floor(from_s * RECORD_BLOCKS_PER_SECOND + 1e-6), 0), count),
	       to = (size_t)fmin(fmax(ceil(to_s * RECORD_BLOCKS_PER_SECOND - 1e-6), 0), count);
	return (struct blocks){record->curves.level_clu + from, to > from ? to - from : 0};
}

static struct blocks blocks_played(const struct record *record, const struct outline *o)
{
	return o->part ? blocks_between(record, o->cue_in_s, o->cue_out_s)
	               : (struct blocks){record->curves.level_clu, record->curves.count};
}

/* Without memory for a copy it is summed up at once. */
static void keep_first(struct gain_pool *pool, struct blocks blocks)
{
	size_t bytes = blocks.count * sizeof *blocks.clu;
	pool->first_clu = bytes > 0 ? malloc(bytes) : NULL;
	if (!pool->first_clu) {
		sum_up(pool, blocks.clu, blocks.count);
		return;
	}
	memcpy(pool->first_clu, blocks.clu, bytes);
	pool->first_count = blocks.count;
}

/* A recording without any loudness has none in parts either. */
static double played_lufs(const struct record *record, const struct outline *o)
{
	return o->part && isfinite(record->loudness_lufs) ? o->loudness_lufs
	                                                  : record->loudness_lufs;
}

void gain_pool_add(
        struct gain_pool *pool, const struct record *record, const struct outline *outline)
{
	struct blocks blocks = blocks_played(record, outline);
	pool->only_lufs = played_lufs(record, outline);
	pool->true_peak_dbtp = fmax(pool->true_peak_dbtp, record->true_peak_dbtp);
	pool->noise_floor_lufs = fmax(pool->noise_floor_lufs, outline->noise_floor_lufs);
	if (pool->tracks++ == 0) {
		keep_first(pool, blocks);
		return;
	}
	if (pool->first_clu)
		sum_up(pool, pool->first_clu, pool->first_count);
	free(pool->first_clu);
	pool->first_clu = NULL;
	sum_up(pool, blocks.clu, blocks.count);
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

static double gated_lufs(const struct gain_pool *pool)
{
	double absolute = mean_above(pool, -70);
	return isfinite(absolute) ? mean_above(pool, absolute - 10) : absolute;
}

double gain_pool_lufs(const struct gain_pool *pool)
{
	if (pool->tracks == 1)
		return pool->only_lufs;
	double lufs = gated_lufs(pool);
	return isfinite(lufs) ? lufs : pool->only_lufs;
}

double gain_part_lufs(const struct record *record, double from_s, double to_s)
{
	struct gain_pool part;
	struct blocks blocks = blocks_between(record, from_s, to_s);
	gain_pool_init(&part);
	sum_up(&part, blocks.clu, blocks.count);
	return gated_lufs(&part);
}

static double held_gain_db(double lufs, double true_peak_dbtp, double noise_floor_lufs,
        const struct policy *policy, char note[PLAN_REASON_BYTES])
{
	if (policy->loudness == LOUDNESS_OFF || !isfinite(lufs))
		return 0;
	double gain = policy->target_lufs - lufs;
	double peaks = policy->ceiling_dbtp + LIMITER_MOST_DB - true_peak_dbtp;
	double noise = fmax(NOISE_HIGHEST_LUFS - noise_floor_lufs, 0);
	if (gain > peaks) {
		snprintf(note, PLAN_REASON_BYTES,
		        "gain held at %+.1f dB in place of %+.1f: peaks of %+.1f dBTP", peaks, gain,
		        true_peak_dbtp);
		gain = peaks;
	}
	if (gain > noise) {
		snprintf(note, PLAN_REASON_BYTES,
		        "gain held at %+.1f dB in place of %+.1f: noise of %.0f LUFS", noise, gain,
		        noise_floor_lufs);
		gain = noise;
	}
	return gain;
}

double gain_pool_db(
        const struct gain_pool *pool, const struct policy *policy, char note[PLAN_REASON_BYTES])
{
	return held_gain_db(
	        gain_pool_lufs(pool), pool->true_peak_dbtp, pool->noise_floor_lufs, policy, note);
}

double gain_alone_db(
        const struct record *record, const struct outline *outline, const struct policy *policy)
{
	char unsaid[PLAN_REASON_BYTES];
	return held_gain_db(played_lufs(record, outline), record->true_peak_dbtp,
	        outline->noise_floor_lufs, policy, unsaid);
}
