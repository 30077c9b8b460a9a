#include "tape.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { FINE_PER_BLOCK = RECORD_FINE_PER_SECOND / RECORD_BLOCKS_PER_SECOND };

static const double PEAK_OVER_LEVEL = 10; /* dB; dense music */

struct tape {
	int rate_hz;
	int64_t frames;
	size_t n_fine, n_blocks;
	double *lufs; /* per 10 ms; -HUGE_VAL: silence */
	uint8_t *onset, *flatness, *side, *bass;
};

static void *room(size_t count, size_t bytes)
{
	void *p = calloc(count + 1, bytes);
	if (!p)
		abort();
	return p;
}

struct tape *tape_new(double seconds, int rate_hz)
{
	struct tape *t = room(1, sizeof *t);
	t->rate_hz = rate_hz;
	t->frames = llround(seconds * rate_hz);
	t->n_blocks = (size_t)ceil(seconds * RECORD_BLOCKS_PER_SECOND - 1e-9);
	t->n_fine = t->n_blocks * FINE_PER_BLOCK;
	t->lufs = room(t->n_fine, sizeof *t->lufs);
	for (size_t i = 0; i < t->n_fine; i++)
		t->lufs[i] = -HUGE_VAL;
	t->onset = room(t->n_blocks, 1);
	t->flatness = room(t->n_blocks, 1);
	t->side = room(t->n_blocks, 1);
	t->bass = room(t->n_blocks, 1);
	memset(t->onset, 60, t->n_blocks);
	memset(t->flatness, 40, t->n_blocks);
	memset(t->side, 172, t->n_blocks);
	memset(t->bass, 12, t->n_blocks);
	return t;
}

static size_t fine_at(const struct tape *t, double second)
{
	int64_t i = llround(second * RECORD_FINE_PER_SECOND);
	return i < 0 ? 0 : (size_t)i > t->n_fine ? t->n_fine : (size_t)i;
}

static void set_curve(
        const struct tape *t, uint8_t *curve, double from_s, double to_s, uint8_t value)
{
	size_t from = fine_at(t, from_s) / FINE_PER_BLOCK, to = fine_at(t, to_s) / FINE_PER_BLOCK;
	memset(curve + from, value, to > from ? to - from : 0);
}

void tape_level(struct tape *t, double from_s, double to_s, double from_lufs, double to_lufs)
{
	size_t from = fine_at(t, from_s), to = fine_at(t, to_s);
	for (size_t i = from; i < to; i++)
		t->lufs[i] = from_lufs + (to_lufs - from_lufs) * ((double)(i - from) + 0.5) /
		                                 (double)(to - from);
}

static void linear_fade(struct tape *t, double from_s, double to_s, double lufs, int out)
{
	size_t from = fine_at(t, from_s), to = fine_at(t, to_s);
	for (size_t i = from; i < to; i++) {
		double share = ((double)(i - from) + 0.5) / (double)(to - from);
		t->lufs[i] = lufs + 20 * log10(out ? 1 - share : share);
	}
}

void tape_fade_out(struct tape *t, double from_s, double to_s, double lufs)
{
	linear_fade(t, from_s, to_s, lufs, 1);
}

void tape_fade_in(struct tape *t, double from_s, double to_s, double lufs)
{
	linear_fade(t, from_s, to_s, lufs, 0);
}

void tape_speech(struct tape *t, double from_s, double to_s, double lufs)
{
	size_t from = fine_at(t, from_s), to = fine_at(t, to_s);
	for (size_t i = from; i < to; i++) /* 150 ms of vowel, then 100 ms of next to nothing */
		t->lufs[i] = (i - from) % 25 < 15 ? lufs : lufs - 25;
	set_curve(t, t->side, from_s, to_s, 0);
	set_curve(t, t->bass, from_s, to_s, 70);
}

void tape_drums(struct tape *t, double from_s, double to_s, double lufs)
{
	size_t from = fine_at(t, from_s), to = fine_at(t, to_s);
	for (size_t i = from; i < to; i++) /* every 300 ms, 1 LU per 10 ms down */
		t->lufs[i] = lufs - (double)((i - from) % 30);
	set_curve(t, t->side, from_s, to_s, 0);
	set_curve(t, t->bass, from_s, to_s, 40);
}

void tape_onsets(struct tape *t, double from_s, double to_s, int onset)
{
	set_curve(t, t->onset, from_s, to_s, (uint8_t)onset);
}

void tape_flatness(struct tape *t, double from_s, double to_s, int flatness)
{
	set_curve(t, t->flatness, from_s, to_s, (uint8_t)flatness);
}

/* ---- the record ---------------------------------------------------------------------------- */

static int16_t clu_of(double energy)
{
	return energy < 1e-13 ? RECORD_SILENCE_CLU : (int16_t)lround(1000 * log10(energy));
}

static double energy_of(const struct tape *t, size_t from, size_t count)
{
	double sum = 0;
	for (size_t i = from; i < from + count && i < t->n_fine; i++)
		sum += isinf(t->lufs[i]) ? 0 : pow(10, t->lufs[i] / 10);
	return sum / (double)count;
}

static double gated(const struct tape *t, double above)
{
	double sum = 0;
	int64_t n = 0;
	for (size_t i = 0; i + 4 <= t->n_blocks; i++) {
		double energy = energy_of(t, i * FINE_PER_BLOCK, 4 * FINE_PER_BLOCK);
		if (10 * log10(energy + 1e-13) > above)
			sum += energy, n++;
	}
	return n ? 10 * log10(sum / (double)n) : -HUGE_VAL;
}

static struct record_edge edge_of(const struct tape *t, size_t from_block, size_t to_block)
{
	struct record_edge e = {.from_block = (int64_t)from_block,
	        .count = (to_block - from_block) * FINE_PER_BLOCK};
	e.level_clu = room(e.count, sizeof *e.level_clu);
	for (size_t i = 0; i < e.count; i++)
		e.level_clu[i] = clu_of(energy_of(t, from_block * FINE_PER_BLOCK + i, 1));
	return e;
}

static void find_edges(const struct tape *t, struct record *r)
{
	enum { BLOCKS = RECORD_FINE_SECONDS * RECORD_BLOCKS_PER_SECOND };
	size_t first = 0, end = t->n_blocks;
	while (first < end && r->curves.level_clu[first] == RECORD_SILENCE_CLU)
		first++;
	while (end > first && r->curves.level_clu[end - 1] == RECORD_SILENCE_CLU)
		end--;
	first = first > 0 ? first - 1 : 0;
	end = end + RECORD_BLOCKS_PER_SECOND < t->n_blocks ? end + RECORD_BLOCKS_PER_SECOND
	                                                   : t->n_blocks;
	r->head = edge_of(t, first, first + BLOCKS < t->n_blocks ? first + BLOCKS : t->n_blocks);
	r->tail = edge_of(t, end > BLOCKS ? end - BLOCKS : 0, end);
}

struct record tape_record(struct tape *t)
{
	struct record r = {
	        .codec = "tape", .sample_rate_hz = t->rate_hz, .channels = 2, .frames = t->frames};
	double highest = -HUGE_VAL;
	r.curves.count = t->n_blocks;
	r.curves.level_clu = room(t->n_blocks, sizeof *r.curves.level_clu);
	r.curves.peak = room(t->n_blocks, 1);
	r.curves.centroid = room(t->n_blocks, 1);
	r.curves.onset = t->onset;
	r.curves.flatness = t->flatness;
	r.curves.side = t->side;
	r.curves.bass = t->bass;
	for (size_t i = 0; i < t->n_blocks; i++) {
		int16_t clu = clu_of(energy_of(t, i * FINE_PER_BLOCK, FINE_PER_BLOCK));
		double peak = clu == RECORD_SILENCE_CLU ? -HUGE_VAL : clu / 100.0 + PEAK_OVER_LEVEL;
		r.curves.level_clu[i] = clu;
		r.curves.peak[i] = (uint8_t)fmin(255, fmax(0, floor((20 - peak) * 2)));
		highest = fmax(highest, peak);
	}
	double absolute = gated(t, -70);
	r.loudness_lufs = isfinite(absolute) ? gated(t, absolute - 10) : -HUGE_VAL;
	r.loudness_range_lu = 5;
	r.true_peak_dbtp = r.sample_peak_dbfs = highest;
	find_edges(t, &r);
	free(t->lufs);
	free(t);
	return r;
}

struct record tape_song(double seconds)
{
	struct tape *t = tape_new(seconds, 44100);
	tape_level(t, 0.5, seconds - 0.5, -14, -14);
	return tape_record(t);
}

/* ---- changes -------------------------------------------------------------------------------- */

static void shift_levels(int16_t *clu, size_t count, double db)
{
	for (size_t i = 0; i < count; i++)
		if (clu[i] != RECORD_SILENCE_CLU)
			clu[i] = (int16_t)(clu[i] + lround(100 * db));
}

void tape_shift(struct record *r, double db)
{
	shift_levels(r->curves.level_clu, r->curves.count, db);
	shift_levels(r->head.level_clu, r->head.count, db);
	shift_levels(r->tail.level_clu, r->tail.count, db);
	for (size_t i = 0; i < r->curves.count; i++)
		if (r->curves.peak[i] != 255)
			r->curves.peak[i] = (uint8_t)fmin(254, fmax(0, r->curves.peak[i] - 2 * db));
	r->loudness_lufs += db;
	r->true_peak_dbtp += db;
	r->sample_peak_dbfs += db;
}

static void copy_samples(
        struct record_samples *to, const float *frames, size_t n_frames, int channels)
{
	size_t n = n_frames * (size_t)channels;
	free(to->frames);
	*to = (struct record_samples){.n_frames = n_frames, .channels = channels};
	to->frames = room(n, sizeof *to->frames);
	memcpy(to->frames, frames, n * sizeof *frames);
}

void tape_cut_samples(
        struct record *r, const float *first, const float *last, size_t n_frames, int channels)
{
	if (first)
		copy_samples(&r->first, first, n_frames, channels);
	if (last)
		copy_samples(&r->last, last, n_frames, channels);
	r->channels = channels;
}
