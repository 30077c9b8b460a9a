/* tempo.c - beats per minute, and where on the time line they fall, from one envelope of onset strength.
 * One tempo a track: music that changes its own gets a low confidence.  What to do with the beat is plan/'s affair.
 *
 * Autocorrelation of the envelope, scored by a comb of four beats (Scheirer 1998; Davies and Plumbley 2007) and a
 * preference for the middle of the range (Ellis, "Beat tracking by dynamic programming", 2007, 3.2); then the period is
 * sharpened at ever longer lags, and the phase found by folding the envelope at the period. */
#include "tempo.h"

#include <math.h>
#include <stdlib.h>

enum {
	COMB_BEATS = 4,
	SHARPEN_MOST_BEATS = 64,
	FOLD_BINS = 128,
};
#define LOWEST_BPM 60.0
#define HIGHEST_BPM 200.0
#define PREFERRED_BPM 120.0
#define PREFERENCE_OCTAVES 1.0 /* standard deviation */
#define LOCAL_MEAN_S 0.5 /* either side: onsets count against what is around them */
#define SHARPEN_MOST_S 30.0 /* players drift, machines need no more */
#define SHORTEST_S 6.0 /* fewer beats prove nothing */
/* Share of the comb in the autocorrelation at 0; chance, at the best of all lags of 30 s of noise, comes near 0.1,
 * clicks to 1. */
#define CHANCE 0.10
/* An attack raises windows whose middle lies this much behind it, on average; measured on the drum tracks of the
 * synthetic corpus (0.0 to 0.3). */
#define ONSET_DELAY_WINDOWS 0.17

struct onsets {
	float *strength; /* n, from 0 */
	size_t n;
	double rate_hz;
	double *correlation; /* n_lags of them */
	size_t n_lags;
};

/* What stands out of the mean around it. */
static void stand_out(const float *envelope, struct onsets *o)
{
	size_t reach = (size_t)(LOCAL_MEAN_S * o->rate_hz) + 1, from = 0, to = 0;
	double sum = 0;

	for (size_t i = 0; i < o->n; i++) {
		while (to < o->n && to <= i + reach)
			sum += (double)envelope[to++];
		while (from + reach < i)
			sum -= (double)envelope[from++];
		double above = (double)envelope[i] - sum / (double)(to - from);
		o->strength[i] = above > 0 ? (float)above : 0;
	}
}

/* Half of the strengths are 0, which is why this is not done by FFT. */
static void correlate(struct onsets *o)
{
	double sum = 0, mean;

	for (size_t i = 0; i < o->n; i++) {
		double strength = (double)o->strength[i];
		size_t n = o->n - i < o->n_lags ? o->n - i : o->n_lags;

		sum += strength;
		if (strength == 0)
			continue;
		for (size_t lag = 0; lag < n; lag++)
			o->correlation[lag] += strength * (double)o->strength[i + lag];
	}
	/* Longer lags have fewer products; and strengths that know nothing of each other give their mean squared. */
	mean = sum / (double)o->n;
	for (size_t lag = 0; lag < o->n_lags; lag++)
		o->correlation[lag] = o->correlation[lag] / (double)(o->n - lag) - mean * mean;
}

static double between(const struct onsets *o, double lag)
{
	size_t whole = (size_t)lag;
	double part = lag - (double)whole;

	if (whole + 1 >= o->n_lags)
		return 0;
	return (1 - part) * o->correlation[whole] + part * o->correlation[whole + 1];
}

static double comb(const struct onsets *o, double period)
{
	double sum = 0;

	for (int beat = 1; beat <= COMB_BEATS; beat++)
		sum += between(o, beat * period);
	return sum / COMB_BEATS;
}

static double preference(double bpm)
{
	double octaves = log2(bpm / PREFERRED_BPM) / PREFERENCE_OCTAVES;

	return exp(-0.5 * octaves * octaves);
}

/* Period in envelope values, 0 when there is none. */
static double best_period(const struct onsets *o)
{
	double best = 0, best_score = 0;

	for (double bpm = LOWEST_BPM; bpm < HIGHEST_BPM; bpm *= 1.002) {
		double period = 60 * o->rate_hz / bpm;
		double score = comb(o, period) * preference(bpm);

		if (score > best_score) {
			best_score = score;
			best = period;
		}
	}
	return best;
}

static double correlation_at(const struct onsets *o, size_t lag)
{
	double sum = 0;

	for (size_t i = 0; i + lag < o->n; i++)
		sum += (double)(o->strength[i] * o->strength[i + lag]);
	return sum;
}

/* Top of the parabola through three values, from the middle one. */
static double parabola(double before, double middle, double after)
{
	double bend = before - 2 * middle + after;

	return bend < 0 ? 0.5 * (before - after) / bend : 0;
}

/* Where the autocorrelation near `lag` is highest, within `reach`; 0 when it is nowhere. */
static double peak_near(const struct onsets *o, double lag, int reach)
{
	long middle = lrint(lag), best = 0;
	double highest = 0;

	for (long at = middle - reach; at <= middle + reach; at++) {
		double value = at > 0 ? correlation_at(o, (size_t)at) : 0;

		if (value > highest) {
			highest = value;
			best = at;
		}
	}
	if (best <= 0)
		return 0;
	return (double)best + parabola(correlation_at(o, (size_t)best - 1), highest,
	                              correlation_at(o, (size_t)best + 1));
}

/* At twice the lag a peak tells the period twice as well; each step starts close enough to find it. */
static double sharpen(const struct onsets *o, double period)
{
	for (int beats = 2; beats <= SHARPEN_MOST_BEATS; beats *= 2) {
		double lag = period * beats, peak;

		if (lag > (double)o->n / 2 || lag > SHARPEN_MOST_S * o->rate_hz)
			break;
		peak = peak_near(o, lag, 2);
		if (peak > 0)
			period = peak / beats;
	}
	return period;
}

/* Phase of the beat, in envelope values: the place in the period with most onsets, each spread over the hop it
 * stands for. */
static double phase(const struct onsets *o, double period)
{
	double bins[FOLD_BINS] = {0}, highest = 0, step = period / FOLD_BINS;
	int best = 0, reach = (int)(1 / step) + 1;

	for (size_t i = 0; i < o->n; i++) {
		double place = fmod((double)i, period) / step;

		if (o->strength[i] == 0)
			continue;
		for (int k = -reach; k <= reach; k++) {
			double near = 1 - fabs(floor(place) + k + 0.5 - place) * step;
			int bin = ((int)place + k + FOLD_BINS) % FOLD_BINS;

			bins[bin] += near > 0 ? near * (double)o->strength[i] : 0;
		}
	}
	for (int k = 0; k < FOLD_BINS; k++)
		if (bins[k] > highest) {
			highest = bins[k];
			best = k;
		}
	return (best + 0.5 +
	               parabola(bins[(best + FOLD_BINS - 1) % FOLD_BINS], highest,
	                       bins[(best + 1) % FOLD_BINS])) *
	       step;
}

static void find(const struct onsets *o, struct tempo *tempo)
{
	double period = best_period(o), share, first;

	if (period == 0 || o->correlation[0] <= 0)
		return;
	share = comb(o, period) / o->correlation[0];
	if (share <= CHANCE)
		return;
	period = sharpen(o, period);
	first = (phase(o, period) - ONSET_DELAY_WINDOWS) / o->rate_hz;
	period /= o->rate_hz;
	tempo->bpm = 60 / period;
	tempo->confidence = fmin(1, (share - CHANCE) / (1 - CHANCE));
	tempo->first_beat_s = first - period * floor(first / period);
}

enum status tempo_find(const float *envelope, size_t n, double rate_hz, struct tempo *tempo)
{
	struct onsets o = {.n = n, .rate_hz = rate_hz};

	*tempo = (struct tempo){0};
	/* At the lowest rates a window is longer than a beat. */
	if ((double)n < SHORTEST_S * rate_hz || rate_hz < 8 * HIGHEST_BPM / 60)
		return STATUS_OK;
	o.n_lags = (size_t)(COMB_BEATS * 60 / LOWEST_BPM * rate_hz) + 2;
	o.n_lags = o.n_lags < n ? o.n_lags : n;
	o.strength = malloc(n * sizeof(*o.strength));
	o.correlation = calloc(o.n_lags, sizeof(*o.correlation));
	if (o.strength && o.correlation) {
		stand_out(envelope, &o);
		correlate(&o);
		find(&o, tempo);
	}
	enum status status = o.strength && o.correlation ? STATUS_OK : STATUS_NO_MEMORY;
	free(o.strength);
	free(o.correlation);
	return status;
}
