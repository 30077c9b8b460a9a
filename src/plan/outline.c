/* outline.c - what the decisions see of a track, put together. */
#include <math.h>
#include <string.h>

#include "gain.h"
#include "shape.h"

static const double SOFT_LUFS = -35; /* below, the gate at -70 LUFS may cut into the music */

const char *intro_kind_name(enum intro_kind kind)
{
	static const char *const names[] = {"immediate", "fade", "quiet", "spoken"};
	return names[kind];
}

const char *ending_kind_name(enum ending_kind kind)
{
	static const char *const names[] = {
	        "cold", "fade", "sustained", "noise", "quiet", "spoken"};
	return names[kind];
}

double curve_mean(const struct record *record, const uint8_t *curve, double from_s, double to_s)
{
	int64_t from = llround(from_s * RECORD_BLOCKS_PER_SECOND),
	        to = llround(to_s * RECORD_BLOCKS_PER_SECOND), n = 0;
	double sum = 0;
	for (int64_t i = from < 0 ? 0 : from; i < to && i < (int64_t)record->curves.count; i++, n++)
		sum += curve[i];
	return n > 0 ? sum / (double)n : 0;
}

void outline_of(const struct record *record, struct outline *o)
{
	*o = (struct outline){.duration_s = record_duration(record),
	        .loudness_lufs = record->loudness_lufs,
	        .loudness_range_lu = record->loudness_range_lu,
	        .noise_floor_lufs = -HUGE_VAL,
	        .ending_lufs = -HUGE_VAL};
	o->silent = !(record->loudness_lufs > -70) && !(record->sample_peak_dbfs > -60);
	if (o->silent || record->curves.count == 0) {
		o->silent = true;
		o->cue_out_s = o->mix_out_s = o->duration_s;
		return;
	}
	if (!isfinite(o->loudness_lufs))
		o->loudness_lufs = -70;
	if (o->loudness_lufs < SOFT_LUFS)
		shape_soft(record, o);
	shape_edges(record, o);
	shape_ending(record, o);
	shape_silences(record, o);
	shape_intro(record, o);
}

void outline_part(const struct record *record, struct outline *o)
{
	double lufs = gain_part_lufs(record, o->cue_in_s, o->cue_out_s);
	o->part = true;
	if (isfinite(lufs))
		o->loudness_lufs = lufs;
}

void outline_end_at(const struct record *record, struct outline *o, double cue_out_s)
{
	o->cue_out_s = cue_out_s;
	outline_part(record, o);
	o->ends_cut = false;
	shape_ending(record, o);
	o->cue_out_s = fmin(o->cue_out_s, cue_out_s);
	o->mix_out_s = fmin(o->mix_out_s, cue_out_s);
}
