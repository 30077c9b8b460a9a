/* overrule.h - what a person, or a file's own tags, decided about an item.  Private to plan/. */
#ifndef PLAN_OVERRULE_H
#define PLAN_OVERRULE_H

#include "jukebox/plan.h"

enum item_kind { KIND_SONG, KIND_JINGLE, KIND_SPOKEN };

/* NAN or false: not said.  Seconds of the source; about the item itself and its joint to the next one. */
struct overrule {
	double cue_in_s, cue_out_s, gain_db, overlap_s, pause_s;
	bool keep_whole, gapless, has_kind;
	enum item_kind kind;
	char sources
	        [64]; /* where values came from: "#JUKEBOX:", "liq_cue_in", ... for the reason */
};

void overrule_clear(struct overrule *overrule);

/* Reads "#JUKEBOX:" texts: words "name=value" or "name", separated by blanks, commas or line ends.  What is
 * not understood is named in `note` and passed over. */
void overrule_from_directives(
        struct overrule *overrule, const char *directives, char note[PLAN_REASON_BYTES]);

/* liq_cue_in, liq_cue_out, liq_cross_duration, liq_amplify; replaygain_track_gain (89 dB reference: -18 LUFS),
 * r128_track_gain (-23 LUFS).  Directives, read later, win. */
void overrule_from_tags(
        struct overrule *overrule, const struct tags *tags, const struct policy *policy);

#endif
