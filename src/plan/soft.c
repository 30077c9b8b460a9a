/* soft.c - loudness and loudness range of a very soft recording, as they would be if it were louder.
 *
 * BS.1770 and EBU Tech 3342 leave out what is under -70 LUFS, which in a recording 30 dB down is a part of the
 * music: then a gain would change where it ends and begins.  Here the gate lies 60 LU under the loudest 400 ms, which is
 * where it is in a recording of usual level.  Only for the shape: the gain is that of the standard's loudness.
 */
#include <math.h>

#include "shape.h"

enum { BINS = 600, BINS_PER_LU = 10, MOMENTARY = 4, SHORT_TERM = 30 }; /* blocks of 100 ms */

/* How often each level under the loudest occurs, in tenths of a LU. */
struct histogram {
	double loudest_lufs;
	int64_t count[BINS];
};

static void fill(struct histogram *h, const struct record *record, int64_t window)
{
	double energy = 0;
	int64_t n = (int64_t)record->curves.count;
	for (int64_t i = 0; i < n; i++) {
		energy += pow(10, level_block(record, i) / 10);
		if (i >= window)
			energy -= pow(10, level_block(record, i - window) / 10);
		double lufs = 10 * log10(fmax(energy, 1e-30) / (double)window);
		double under = (h->loudest_lufs - lufs) * BINS_PER_LU;
		if (i >= window - 1 && under < BINS)
			h->count[under > 0 ? (int)under : 0]++;
	}
}

static double loudest_block(const struct record *record)
{
	double loudest = -HUGE_VAL;
	for (int64_t i = 0; i < (int64_t)record->curves.count; i++)
		loudest = fmax(loudest, level_block(record, i));
	return loudest;
}

static double level_of_bin(const struct histogram *h, int bin)
{
	return h->loudest_lufs - (bin + 0.5) / BINS_PER_LU;
}

/* Energy mean of what is at most `under_lu` under the loudest. */
static double mean_within(const struct histogram *h, double under_lu)
{
	double energy = 0;
	int64_t n = 0;
	for (int bin = 0; bin < BINS && bin < under_lu * BINS_PER_LU; bin++) {
		energy += (double)h->count[bin] * pow(10, level_of_bin(h, bin) / 10);
		n += h->count[bin];
	}
	return n > 0 ? 10 * log10(energy / (double)n) : -HUGE_VAL;
}

/* The level that a share of what is within `under_lu` is louder than. */
static double percentile(const struct histogram *h, double under_lu, double share)
{
	int64_t all = 0, n = 0;
	int bin = 0, bins = (int)fmin(under_lu * BINS_PER_LU, BINS);
	for (int i = 0; i < bins; i++)
		all += h->count[i];
	while (bin < bins && (double)(n += h->count[bin]) <= share * (double)all)
		bin++;
	return level_of_bin(h, bin);
}

void shape_soft(const struct record *record, struct outline *o)
{
	struct histogram momentary = {.loudest_lufs = loudest_block(record)},
	                 short_term = momentary;
	if (momentary.loudest_lufs <= LEVEL_NOTHING)
		return;
	fill(&momentary, record, MOMENTARY);
	fill(&short_term, record, SHORT_TERM);
	double mean = mean_within(&momentary, (double)BINS / BINS_PER_LU);
	double gated = mean_within(&momentary, momentary.loudest_lufs - mean + 10);
	if (isfinite(gated))
		o->loudness_lufs = gated;
	mean = mean_within(&short_term, (double)BINS / BINS_PER_LU);
	if (!isfinite(mean))
		return;
	double within = short_term.loudest_lufs - mean + 20;
	o->loudness_range_lu =
	        percentile(&short_term, within, 0.05) - percentile(&short_term, within, 0.90);
}
