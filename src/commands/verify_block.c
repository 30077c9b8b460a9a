/* verify_block.c - expected and heard frames of a block, compared; pure functions. */
#include <float.h>
#include <math.h>

#include "verify.h"

static const double TINY = 1e-12; /* energy under which there is nothing to compare */

void verify_bounds_for(bool lossy, struct verify_bounds *bounds)
{
	*bounds = (struct verify_bounds){.null_dbfs = -80,
	        .null_relative_db = 300,
	        .failing_share = 0,
	        .position_s = 0.010,
	        .length_s = 0.010,
	        .gain_db = 0.3,
	        .loudness_lu = 0.5,
	        .target_lu = 1,
	        .click_lin = 0.05,
	        .offset_lin = 0.003,
	        .dead_air_s = 0.5,
	        .peak_margin_db = 0.05,
	        .hole_s = 0.5,
	        .bump_lu = 3};
	if (!lossy)
		return;
	bounds->null_dbfs = -50;
	bounds->null_relative_db = 8;
	bounds->failing_share = 0.05;
	bounds->length_s = 0.1;
	bounds->album_frames = 4; /* where a codec leaves the highest correlation */
	bounds->gain_db = 0.5;
	bounds->click_lin = 0.3;
	bounds->peak_margin_db = 1.5;
}

static double mean(const float *frames, size_t n, int side)
{
	double sum = 0;
	for (size_t i = 0; i < n; i++)
		sum += (double)frames[2 * i + (size_t)side];
	return sum / (double)n;
}

void sums_of(const float *expected, const float *heard, size_t n, struct sums *s)
{
	*s = (struct sums){.n_frames = (int64_t)n};
	double e0[SIDES], h0[SIDES];
	for (int side = 0; side < SIDES && n > 0; side++) {
		e0[side] = mean(expected, n, side);
		h0[side] = mean(heard, n, side);
		s->difference[side] = (h0[side] - e0[side]) * (double)n;
	}
	for (size_t i = 0; i < n; i++) {
		double e[SIDES], h[SIDES];
		for (size_t k = 0; k < SIDES; k++) {
			double rest = (double)heard[2 * i + k] - (double)expected[2 * i + k];
			e[k] = (double)expected[2 * i + k] - e0[k];
			h[k] = (double)heard[2 * i + k] - h0[k];
			s->residual += rest * rest;
			s->ee[k] += e[k] * e[k];
			s->hh[k] += h[k] * h[k];
		}
		for (size_t k = 0; k < SIDES; k++)
			for (size_t l = 0; l < SIDES; l++)
				s->eh[k][l] += e[k] * h[l];
	}
}

void sums_add(struct sums *to, const struct sums *from)
{
	to->n_frames += from->n_frames;
	to->residual += from->residual;
	for (int k = 0; k < SIDES; k++) {
		to->ee[k] += from->ee[k];
		to->hh[k] += from->hh[k];
		to->difference[k] += from->difference[k];
		for (int l = 0; l < SIDES; l++)
			to->eh[k][l] += from->eh[k][l];
	}
}

static double correlation(const struct sums *s, double product)
{
	double energy = (s->ee[0] + s->ee[1]) * (s->hh[0] + s->hh[1]);
	return energy > TINY * TINY ? product / sqrt(energy) : 0;
}

double sums_correlation(const struct sums *s)
{
	return correlation(s, s->eh[0][0] + s->eh[1][1]);
}

double sums_correlation_swapped(const struct sums *s)
{
	return correlation(s, s->eh[0][1] + s->eh[1][0]);
}

double sums_gain_db(const struct sums *s)
{
	double energy = s->ee[0] + s->ee[1];
	double gain = energy > TINY ? fabs(s->eh[0][0] + s->eh[1][1]) / energy : 1;
	return 20 * log10(gain > TINY ? gain : TINY);
}

static double level_dbfs(double energy, int64_t n_frames)
{
	return n_frames > 0 ? 10 * log10(energy / (double)(SIDES * n_frames) + DBL_MIN) : -HUGE_VAL;
}

double sums_null_dbfs(const struct sums *s)
{
	return level_dbfs(s->residual, s->n_frames);
}

enum block_kind block_kind_of(const struct sums *s, const struct verify_bounds *bounds)
{
	static const double SILENT_DBFS = -70, QUIET_DBFS = -60, PRESENT_DBFS = -55;
	double expected = level_dbfs(s->ee[0] + s->ee[1], s->n_frames);
	double heard = level_dbfs(s->hh[0] + s->hh[1], s->n_frames);
	double rest = sums_null_dbfs(s);
	if (rest <= fmax(bounds->null_dbfs, expected - bounds->null_relative_db))
		return BLOCK_GOOD;
	if (heard < SILENT_DBFS && expected > PRESENT_DBFS)
		return BLOCK_HOLE;
	/* What is hardly audible has no shape to recognise. */
	if (expected < QUIET_DBFS)
		return heard < QUIET_DBFS + 6 ? BLOCK_CHANGED : BLOCK_STRANGE;
	double fit = fmax(fabs(sums_correlation(s)), fabs(sums_correlation_swapped(s)));
	/* One side turned over, the other not: neither of the two says so. */
	for (int k = 0; k < SIDES; k++)
		if (s->ee[k] * s->hh[k] > TINY * TINY && s->ee[k] > 0.2 * (s->ee[0] + s->ee[1]))
			fit = fmax(fit, fabs(s->eh[k][k]) / sqrt(s->ee[k] * s->hh[k]));
	return fit >= 0.9 ? BLOCK_CHANGED : BLOCK_STRANGE;
}

/* ---- clicks -------------------------------------------------------------------------------------------- */

/* A click is a few samples that stand 30 dB out of what else is left in the block: a wrong level or place, or a
 * drop-out, leaves more than that. */
struct spike spike_of(const float *expected, const float *heard, size_t n)
{
	enum { SAMPLES_MOST = 48 };
	static const double PART = 0.25, OUT_OF = 1000; /* 30 dB */
	struct spike spike = {0};
	double peak = 0, rest = 0;
	size_t high = 0;
	for (size_t i = 0; i < 2 * n; i++)
		peak = fmax(peak, fabs((double)heard[i] - (double)expected[i]));
	for (size_t i = 0; i < 2 * n; i++) {
		double r = (double)heard[i] - (double)expected[i];
		if (fabs(r) > PART * peak)
			high++;
		else
			rest += r * r;
		if (i < 2 || i + 2 >= 2 * n)
			continue;
		double before = (double)heard[i - 2] - (double)expected[i - 2];
		double after = (double)heard[i + 2] - (double)expected[i + 2];
		spike.height_lin = fmax(spike.height_lin, fabs(before - 2 * r + after));
	}
	spike.lone = n > SAMPLES_MOST && high <= SAMPLES_MOST &&
	             rest * OUT_OF < peak * peak * (double)(2 * n);
	return spike;
}

void tally_add(struct tally *t, const struct sums *sums, enum block_kind kind,
        const struct spike *spike, int64_t frame, const struct verify_bounds *bounds)
{
	t->frames += sums->n_frames;
	if (kind == BLOCK_GOOD || kind == BLOCK_CHANGED)
		sums_add(&t->sums, sums);
	if (kind != BLOCK_GOOD && spike->lone && spike->height_lin > bounds->click_lin) {
		if (t->clicks++ == 0)
			t->click_frame = frame;
		return;
	}
	if (kind == BLOCK_HOLE) {
		if (t->hole == 0)
			t->hole_frame = frame;
		t->hole += sums->n_frames;
	} else if (kind == BLOCK_STRANGE) {
		if (t->strange == 0)
			t->strange_frame = frame;
		t->strange += sums->n_frames;
	} else if (kind == BLOCK_CHANGED) {
		double null = sums_null_dbfs(sums);
		if (t->changed == 0 || null > t->worst_dbfs) {
			t->worst_dbfs = null;
			t->worst_gain_db = sums_gain_db(sums);
			t->worst_frame = frame;
		}
		t->changed += sums->n_frames;
	}
}
