/* silence.c - pauses inside a track: music when short, dead air when long. */
#include "shape.h"

#include <math.h>

static const double SHORTEST = 2.0; /* seconds: what is listed */

void shape_silences(const struct record *record, struct outline *o)
{
	int64_t from = llround(ceil(o->cue_in_s * RECORD_BLOCKS_PER_SECOND));
	int64_t to = llround(floor(o->cue_out_s * RECORD_BLOCKS_PER_SECOND)), start = -1,
	        n = (int64_t)record->curves.count;
	double level = fmax(o->loudness_lufs - 46, o->noise_floor_lufs + 3);
	int quiet_clu =
	        (int)ceil(fmax(level, RECORD_SILENCE_CLU / 100.0) * 100); /* -HUGE_VAL is none */
	for (int64_t i = from; i <= to && o->n_silences < OUTLINE_SILENCES; i++) {
		while (start < 0 && i < to && i < n && record->curves.level_clu[i] >= quiet_clu)
			i++;
		bool quiet = i < to && (i >= n || record->curves.level_clu[i] < quiet_clu);
		if (quiet && start < 0)
			start = i;
		if (quiet || start < 0)
			continue;
		if ((double)(i - start) >= SHORTEST * RECORD_BLOCKS_PER_SECOND) {
			o->silences[o->n_silences].from_s =
			        (double)start / RECORD_BLOCKS_PER_SECOND;
			o->silences[o->n_silences++].to_s = (double)i / RECORD_BLOCKS_PER_SECOND;
		}
		start = -1;
	}
}
