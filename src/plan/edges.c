/* edges.c - where a track becomes audible, and where it stops to be.
 *
 * Relative to the track's own loudness, so that a gain changes nothing, and above the file's own noise.
 * 42 LU under the integrated loudness is what both known autocues trim at; wide dynamics (a high loudness
 * range) move it down, since their quiet ends are music.  From the crossing the edge follows the slope
 * outwards, so that a fade keeps its soft end.  A click alone, a second and more from the music, is no part of it.
 */
#include <math.h>
#include <stdlib.h>

#include "shape.h"

static const double STEP = 0.01; /* edges are refined to 10 ms */
static const double UNDER_LOUDNESS =
        42; /* LU; with a loudness range above 12 LU: 30 + range, ... */
static const double UNDER_LOUDNESS_MOST = 56;
static const double OVER_NOISE = 6; /* LU */
static const double SLOPE_FLOOR = 62; /* LU under the loudness: nobody hears further */
static const double SLOPE_LONGEST = 3.0; /* seconds */
static const double CLICK_UNDER = 6; /* LU under the loudness, in a block of 100 ms */
static const double TRIM_LEAST = 0.04; /* seconds: less is not worth a cut */
/* A trim of both over this share of what is heard, and over these seconds, is refused. */
static const double TRIM_SHARE = 0.25, TRIM_SECONDS = 5;

static double threshold(const struct outline *o, double noise)
{
	double under = fmin(fmax(UNDER_LOUDNESS, 30 + o->loudness_range_lu), UNDER_LOUDNESS_MOST);
	return fmax(o->loudness_lufs - under, noise + OVER_NOISE);
}

static int compare_doubles(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;
	return (x > y) - (x < y);
}

enum { NOISE_BLOCKS = 50, NOISE_LEAST = 4 };

/* Noise is there when the blocks outside the music hold one level: the middle half of them lies within
 * 2.5 LU, and the first and the last half agree within 2 LU (a fade does not).  Returns the level of
 * blocks [from, to), -HUGE_VAL when there is none. */
static double steady_level(const struct record *record, int64_t from, int64_t to)
{
	double all[NOISE_BLOCKS], first[NOISE_BLOCKS], last[NOISE_BLOCKS];
	int64_t n = to - from > NOISE_BLOCKS ? NOISE_BLOCKS : to - from, half = n / 2;
	if (n < NOISE_LEAST)
		return -HUGE_VAL;
	for (int64_t i = 0; i < n; i++) {
		double level = level_block(record, from + i * (to - from) / n);
		all[i] = level;
		if (i < half)
			first[i] = level;
		if (i >= n - half)
			last[i - (n - half)] = level;
	}
	qsort(all, (size_t)n, sizeof *all, compare_doubles);
	qsort(first, (size_t)half, sizeof *first, compare_doubles);
	qsort(last, (size_t)half, sizeof *last, compare_doubles);
	bool steady =
	        all[n * 3 / 4] - all[n / 4] < 2.5 && fabs(first[half / 2] - last[half / 2]) < 2;
	return steady && all[n / 2] > LEVEL_NOTHING ? all[n / 2] : -HUGE_VAL;
}

static bool is_inside(const struct record *record, int64_t block)
{
	return block >= 0 && block < (int64_t)record->curves.count;
}

/* From block i on, the first that is over the level; -1 or the count of blocks without one. */
static int64_t seek_block(const struct record *record, int64_t i, int direction, double level)
{
	while (is_inside(record, i) && level_block(record, i) <= level)
		i += direction;
	return i;
}

/* Blocks over the level from block i on, as far as `most`. */
static int64_t count_blocks(
        const struct record *record, int64_t i, int direction, double level, int64_t most)
{
	int64_t n = 0;
	while (n < most && is_inside(record, i + direction * n) &&
	        level_block(record, i + direction * n) > level)
		n++;
	return n;
}

/* A scratch, a plug that is pulled, the run-out groove: over in 50 ms, and not as loud as the music. */
static bool is_click(const struct record *record, int64_t from, int64_t to, int direction,
        double level, double loudness)
{
	enum { FINE_A_BLOCK = 10, FINE_MOST = 5 };
	int64_t first = direction > 0 ? from : to + 1, last = direction > 0 ? to - 1 : from;
	int n = 0;
	for (int64_t i = first; i <= last; i++)
		if (level_block(record, i) > loudness - CLICK_UNDER)
			return false;
	for (int64_t k = first * FINE_A_BLOCK; k < (last + 1) * FINE_A_BLOCK; k++)
		n += level_fine(record, (double)k / RECORD_FINE_PER_SECOND) > level;
	return n <= FINE_MOST;
}

/* The first block over a level from the start of a track (direction +1), or the last one from its end (-1), that is
 * no click alone. */
static int64_t outermost_block(
        const struct record *record, int direction, double level, double loudness)
{
	enum { CLICK_BLOCKS = 2, ALONE_BLOCKS = RECORD_BLOCKS_PER_SECOND };
	int64_t count = (int64_t)record->curves.count;
	int64_t i = seek_block(record, direction > 0 ? 0 : count - 1, direction, level);
	for (;;) {
		int64_t n = count_blocks(record, i, direction, level, CLICK_BLOCKS + 1);
		int64_t end = i + direction * n;
		int64_t next = n > CLICK_BLOCKS ? i : seek_block(record, end, direction, level);
		bool alone = direction * (next - end) >= ALONE_BLOCKS;
		if (!is_inside(record, next) || !alone ||
		        !is_click(record, i, end, direction, level, loudness))
			return i;
		i = next;
	}
}

static int64_t first_block_above(const struct record *record, double level, double loudness)
{
	return outermost_block(record, +1, level, loudness);
}

static int64_t last_block_above(const struct record *record, double level, double loudness)
{
	return outermost_block(record, -1, level, loudness);
}

/* Noise before (direction +1) or after the music.  What is steady within 30 LU of the loudness may be a
 * held note, and is left alone. */
static double noise_at_end(const struct record *record, double loudness, int direction)
{
	int64_t from, to;
	double level = -HUGE_VAL;
	if (direction > 0) {
		from = first_block_above(record, LEVEL_NOTHING + 1, loudness);
		to = first_block_above(record, loudness - 30, loudness);
		level = steady_level(record, from, from + (to - from) * 3 / 4);
	} else {
		from = last_block_above(record, loudness - 30, loudness) + 1;
		to = last_block_above(record, LEVEL_NOTHING + 1, loudness) + 1;
		level = steady_level(record, to - (to - from) * 3 / 4, to);
	}
	return level < loudness - 30 ? level : -HUGE_VAL;
}

/* From an audible second outwards while the level goes on falling.  Levels are means of the 100 ms outside of a place:
 * single ones of 10 ms come and go with where in the file they lie. */
static double follow_slope(
        const struct record *record, double at, int direction, double lowest, double limit)
{
	struct stretch stretch;
	double start = at, far = at + direction * (SLOPE_LONGEST + 0.3),
	       half = direction * 5 * STEP;
	stretch_fill(&stretch, record, fmin(at, far), fmax(at, far), STEP, 10 * STEP);
	while (fabs(at - start) < SLOPE_LONGEST) {
		double outside = stretch_at(&stretch, at + half),
		       further = stretch_at(&stretch, at + 3 * half);
		if (outside < lowest || further > outside - 0.2)
			break;
		at += direction * STEP;
		if (direction * (limit - at) <= 0)
			return limit;
	}
	return at;
}

static double refine_start(const struct record *record, int64_t block, double level)
{
	double from = (double)(block - 1) / RECORD_BLOCKS_PER_SECOND;
	for (double t = fmax(from, 0); t < from + 0.3; t += STEP)
		if (level_fine(record, t) > level)
			return t;
	return fmax(from + 0.1, 0);
}

static double refine_end(const struct record *record, int64_t block, double level)
{
	double to = (double)(block + 2) / RECORD_BLOCKS_PER_SECOND;
	for (double t = to; t > to - 0.3; t -= STEP)
		if (level_fine(record, t - STEP) > level)
			return t;
	return to - 0.1;
}

static void find_start(const struct record *record, struct outline *o, double noise)
{
	double level = threshold(o, noise);
	double t = refine_start(record, first_block_above(record, level, o->loudness_lufs), level);
	double lowest = fmax(o->loudness_lufs - SLOPE_FLOOR, noise + OVER_NOISE / 2);
	o->cue_in_s = fmax(follow_slope(record, t, -1, lowest, 0) - STEP, 0);
	if (o->cue_in_s < TRIM_LEAST)
		o->cue_in_s = 0;
}

static void find_end(const struct record *record, struct outline *o, double noise, double level)
{
	double t = refine_end(record, last_block_above(record, level, o->loudness_lufs), level);
	double lowest = fmax(o->loudness_lufs - SLOPE_FLOOR, noise + OVER_NOISE / 2);
	o->cue_out_s =
	        fmin(follow_slope(record, t, +1, lowest, o->duration_s) + STEP, o->duration_s);
	if (o->duration_s - o->cue_out_s < TRIM_LEAST)
		o->cue_out_s = o->duration_s;
}

/* Seconds outside of the edges from the first to the last that is heard, pauses of talk included.  Silence beyond that is
 * no loss, however long. */
static double heard_outside(const struct record *record, const struct outline *o)
{
	double audible = fmax(o->loudness_lufs - SLOPE_FLOOR, o->noise_floor_lufs + OVER_NOISE);
	int64_t from = first_block_above(record, audible, o->loudness_lufs),
	        to = last_block_above(record, audible, o->loudness_lufs) + 1;
	double first = (double)from / RECORD_BLOCKS_PER_SECOND,
	       last = (double)to / RECORD_BLOCKS_PER_SECOND;
	return fmax(o->cue_in_s - first, 0) + fmax(last - o->cue_out_s, 0);
}

/* A talk recording must not lose minutes: a large trim is believed only when it takes what nobody hears. */
static void refuse_large_trim(const struct record *record, struct outline *o)
{
	double heard;
	if (o->cue_in_s + o->duration_s - o->cue_out_s < TRIM_SECONDS)
		return;
	heard = heard_outside(record, o);
	if (heard < TRIM_SECONDS || heard < TRIM_SHARE * (o->cue_out_s - o->cue_in_s + heard))
		return;
	o->trim_refused = true;
	o->cue_in_s = 0;
	o->cue_out_s = o->duration_s;
}

void shape_edges(const struct record *record, struct outline *o)
{
	double before = noise_at_end(record, o->loudness_lufs, +1),
	       after = noise_at_end(record, o->loudness_lufs, -1);
	o->noise_floor_lufs = fmax(before, after);
	find_start(record, o, before);
	find_end(record, o, after, threshold(o, after));
	if (o->cue_out_s < o->cue_in_s + STEP)
		o->cue_out_s = fmin(o->cue_in_s + STEP, o->duration_s);
	refuse_large_trim(record, o);
	o->starts_cut = o->cue_in_s < 0.02 && level_fine(record, 0) > o->loudness_lufs - 30;
	o->ends_cut = o->duration_s - o->cue_out_s < 0.02 &&
	              level_fine(record, o->duration_s - 0.015) > o->loudness_lufs - 30;
}

void shape_quiet_end(const struct record *record, struct outline *o)
{
	/* 32 LU under what the ending held is as soft there as 42 LU is elsewhere: the ear has rested. */
	double after = noise_at_end(record, o->loudness_lufs, -1);
	double level =
	        fmax(fmax(o->ending_lufs - 32, o->loudness_lufs - SLOPE_FLOOR), after + OVER_NOISE);
	double before = o->cue_out_s;
	if (o->trim_refused || o->ending_lufs > o->loudness_lufs - 10)
		return;
	find_end(record, o, after, level);
	o->cue_out_s = fmax(o->cue_out_s, before);
}
