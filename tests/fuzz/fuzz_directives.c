/* fuzz_directives.c - any bytes as the "#JUKEBOX:" text of an item, and as a mixing tag. */
#include <math.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "plan/overrule.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(const struct overrule *o)
{
	const double seconds[] = {o->cue_in_s, o->cue_out_s, o->overlap_s, o->pause_s};
	for (size_t i = 0; i < sizeof seconds / sizeof *seconds; i++)
		if (!isnan(seconds[i]) && !(seconds[i] >= 0 && isfinite(seconds[i])))
			abort();
	if (!isnan(o->gain_db) && !(fabs(o->gain_db) <= 60))
		abort();
	char sources[PLAN_REASON_BYTES];
	overrule_sources(o, sources, sizeof sources);
	if (strlen(sources) >= sizeof sources)
		abort();
}

static void as_tags(const char *text)
{
	static const char *const names[] = {"liq_cue_in", "liq_cue_out", "liq_cross_duration",
	        "liq_fade_in", "liq_fade_out", "liq_amplify", "replaygain_track_gain",
	        "r128_track_gain", "mixramp_start", "mixramp_end"};
	struct policy policy;
	policy_defaults(&policy);
	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		struct tags tags = {0};
		struct overrule o;
		if (tags_set(&tags, names[i], text) != STATUS_OK)
			abort();
		overrule_clear(&o);
		overrule_from_tags(&o, &tags, -14, &policy);
		check(&o);
		tags_done(&tags);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char note[PLAN_REASON_BYTES] = "", *text = malloc(size + 1);
	struct overrule o;
	if (!text)
		return 0;
	if (size > 0)
		memcpy(text, data, size);
	text[size] = '\0';
	overrule_clear(&o);
	overrule_from_directives(&o, text, note);
	check(&o);
	if (strlen(note) >= sizeof note)
		abort();
	as_tags(text);
	free(text);
	return 0;
}
