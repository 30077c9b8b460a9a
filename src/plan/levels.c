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

static float clu_to_energy(int16_t clu)
{
	return clu == RECORD_SILENCE_CLU
	               ? 0.0f
	               : exp2f((float)clu * (float)(0.0033219280948873623)); /* log2(10)/1000 */
}

static float energy_to_lufs(double energy)
{
	return energy > 1e-12 ? 3.0102999566f * log2f((float)energy) : (float)LEVEL_NOTHING;
}

enum { SUMS_MOST = 10 * STRIP_MOST };

void strip_fill(struct strip *strip, const struct record *record, double from_s, double to_s,
        double step_s, double window_s)
{
	int64_t half = llround(window_s * RECORD_FINE_PER_SECOND / 2),
	        step = llround(step_s * RECORD_FINE_PER_SECOND);
	int64_t from = llround(from_s * RECORD_FINE_PER_SECOND),
	        to = llround(to_s * RECORD_FINE_PER_SECOND);
	if (half < 1)
		half = 1;
	if (to > from + SUMS_MOST - 2 * half - 1)
		to = from + SUMS_MOST - 2 * half - 1;
	strip->from_s = (double)from / RECORD_FINE_PER_SECOND;
	strip->step_s = (double)step / RECORD_FINE_PER_SECOND;
	strip->count = 0;
	/* A running window: what enters on the right leaves on the left. Sums in double: no drift that matters
	 * over a minute. */
	double sum = 0;
	int64_t right = from - half, left = from - half;
	for (int64_t at = from; at <= to && strip->count < STRIP_MOST; at += step) {
		for (; right < at + half; right++)
			sum += (double)clu_to_energy(fine_clu(record, right));
		for (; left < at - half; left++)
			sum -= (double)clu_to_energy(fine_clu(record, left));
		strip->lufs[strip->count++] =
		        energy_to_lufs((sum > 0 ? sum : 0) / (double)(2 * half));
	}
}

double strip_at(const struct strip *strip, double second)
{
	double i = floor((second - strip->from_s) / strip->step_s + 0.5);
	return i < 0 || i >= (double)strip->count ? LEVEL_NOTHING : (double)strip->lufs[(size_t)i];
}
