/* levels.c - curves of a record at the resolution and smoothing that a decision needs. */
#include "levels.h"

#include <math.h>

enum { FINE_PER_BLOCK = RECORD_FINE_PER_SECOND / RECORD_BLOCKS_PER_SECOND };

static double clu_to_lufs(int16_t clu)
{
	return clu == RECORD_SILENCE_CLU ? LEVEL_NOTHING : clu / 100.0;
}

static int16_t edge_clu(const struct record_edge *edge, int64_t fine, int16_t otherwise)
{
	int64_t i = fine - edge->from_block * FINE_PER_BLOCK;
	return i >= 0 && i < (int64_t)edge->count ? edge->level_clu[i] : otherwise;
}

static int16_t fine_clu(const struct record *record, int64_t fine)
{
	int64_t block = fine / FINE_PER_BLOCK;
	if (fine < 0 || block >= (int64_t)record->curves.count)
		return RECORD_SILENCE_CLU;
	int16_t coarse = record->curves.level_clu[block];
	return edge_clu(&record->head, fine, edge_clu(&record->tail, fine, coarse));
}

double level_fine(const struct record *record, double second)
{
	return clu_to_lufs(fine_clu(record, llround(second * RECORD_FINE_PER_SECOND)));
}

double level_block(const struct record *record, int64_t i)
{
	return i < 0 || i >= (int64_t)record->curves.count
	               ? LEVEL_NOTHING
	               : clu_to_lufs(record->curves.level_clu[i]);
}

float energy_to_lufs(double energy)
{
	return energy > 1e-12 ? 3.0102999566f * log2f((float)energy) : (float)LEVEL_NOTHING;
}

double energy_at_least(double lufs)
{
	return pow(10, (lufs - 0.01) / 10);
}

/* ---- from levels to energies: thousands a song, so by table --------------------------------- */

/* 10^(clu/1000) as the product of two table entries, for the high and the low byte of clu + 32768.  Silence (INT16_MIN)
 * comes to 2e-33: nothing. */
struct energy_scale {
	float high[256], low[256];
};

static void energy_scale_init(struct energy_scale *scale)
{
	static const double LOW_STEP = 1.0023052380778996, /* 10^(1/1000) */
	        HIGH_STEP = 1.8030177408595695; /* 10^(256/1000) */
	double high = 1.7060823890031265e-33, low = 1; /* 10^(-32768/1000) */
	for (int i = 0; i < 256; i++) {
		scale->high[i] = (float)high;
		scale->low[i] = (float)low;
		high *= HIGH_STEP;
		low *= LOW_STEP;
	}
}

static float energy_of(const struct energy_scale *scale, int16_t clu)
{
	unsigned u = (unsigned)(clu + 32768);
	return scale->high[u >> 8] * scale->low[u & 255];
}

static int64_t smaller(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

/* Where the next change of source lies behind `at`: blocks give way to edges and the other way round. */
static int64_t until_edge(const struct record_edge *edge, int64_t at, int64_t to)
{
	int64_t first = edge->from_block * FINE_PER_BLOCK, end = first + (int64_t)edge->count;
	return at < first ? smaller(to, first) : at < end ? smaller(to, end) : to;
}

static bool in_edge(const struct record_edge *edge, int64_t at)
{
	int64_t i = at - edge->from_block * FINE_PER_BLOCK;
	return i >= 0 && i < (int64_t)edge->count;
}

/* Sums of the 10 ms energies from `from` on: sums[i] of the first i.  As fine_clu tells: nothing outside of the track, and
 * the head before the tail before the blocks. */
static void sum_energies(double *sums, const struct record *record, int64_t from, int64_t to)
{
	struct energy_scale scale;
	const struct record_edge *head = &record->head, *tail = &record->tail;
	int64_t end = smaller((int64_t)record->curves.count * FINE_PER_BLOCK, to), at = from;
	double sum = 0;
	energy_scale_init(&scale);
	*sums++ = 0;
	for (; at < to && at < 0; at++)
		*sums++ = 0;
	while (at < end) {
		int64_t stop = until_edge(tail, at, until_edge(head, at, end));
		const struct record_edge *edge = in_edge(head, at)   ? head
		                                 : in_edge(tail, at) ? tail
		                                                     : NULL;
		int64_t first = edge ? edge->from_block * FINE_PER_BLOCK : 0;
		for (; edge && at < stop; at++)
			*sums++ = sum += (double)energy_of(&scale, edge->level_clu[at - first]);
		while (at < stop) {
			int64_t block = at / FINE_PER_BLOCK,
			        behind = smaller((block + 1) * FINE_PER_BLOCK, stop);
			double energy = (double)energy_of(&scale, record->curves.level_clu[block]);
			for (; at < behind; at++)
				*sums++ = sum += energy;
		}
	}
	for (; at < to; at++)
		*sums++ = sum;
}

enum { SUMS_MOST = 2 * STRIP_MOST };

void stretch_fill(struct stretch *stretch, const struct record *record, double from_s, double to_s,
        double step_s, double window_s)
{
	int64_t half = llround(window_s * RECORD_FINE_PER_SECOND / 2),
	        step = llround(step_s * RECORD_FINE_PER_SECOND);
	int64_t from = llround(from_s * RECORD_FINE_PER_SECOND),
	        to = llround(to_s * RECORD_FINE_PER_SECOND);
	if (half < 1)
		half = 1;
	to = smaller(to, from + SUMS_MOST - 2 * half - 1);
	stretch->from_s = (double)from / RECORD_FINE_PER_SECOND;
	stretch->step_s = (double)step / RECORD_FINE_PER_SECOND;
	stretch->step = (size_t)step;
	stretch->window = (size_t)(2 * half);
	stretch->count = 0;
	if (to < from)
		return;
	stretch->count = (size_t)smaller((to - from) / step + 1, STRIP_MOST);
	sum_energies(stretch->sums, record, from - half, to + half);
}

/* Differences of sums in double: good to 120 dB under the loudest over a minute. */
double stretch_energy(const struct stretch *stretch, size_t i)
{
	const double *first = &stretch->sums[i * stretch->step];
	/* NOLINTNEXTLINE(clang-analyzer-core.UndefinedBinaryOperatorResult): sum_energies left none out */
	return (first[stretch->window] - *first) * (1 / (double)stretch->window);
}

float stretch_lufs(const struct stretch *stretch, size_t i)
{
	return energy_to_lufs(stretch_energy(stretch, i));
}

static double index_of(double from_s, double step_s, double second)
{
	return floor((second - from_s) / step_s + 0.5);
}

double stretch_at(const struct stretch *stretch, double second)
{
	double i = index_of(stretch->from_s, stretch->step_s, second);
	return i < 0 || i >= (double)stretch->count ? LEVEL_NOTHING
	                                            : (double)stretch_lufs(stretch, (size_t)i);
}

void strip_fill(struct strip *strip, const struct record *record, double from_s, double to_s,
        double step_s, double window_s)
{
	struct stretch stretch;
	stretch_fill(&stretch, record, from_s, to_s, step_s, window_s);
	strip->from_s = stretch.from_s;
	strip->step_s = stretch.step_s;
	strip->count = stretch.count;
	for (size_t i = 0; i < stretch.count; i++)
		strip->lufs[i] = stretch_lufs(&stretch, i);
}

void momentary_energies(const int16_t *level_clu, size_t count, float *energies)
{
	struct energy_scale scale;
	double window[4] = {0};
	energy_scale_init(&scale);
	for (size_t i = 0; i < count; i++) {
		window[i % 4] = (double)energy_of(&scale, level_clu[i]);
		energies[i] = (float)((window[0] + window[1] + window[2] + window[3]) / 4);
	}
}

double strip_at(const struct strip *strip, double second)
{
	double i = index_of(strip->from_s, strip->step_s, second);
	return i < 0 || i >= (double)strip->count ? LEVEL_NOTHING : (double)strip->lufs[(size_t)i];
}
