/* overrule.h - what a person, or a file's own tags, decided about an item.  Private to plan/. */
#ifndef PLAN_OVERRULE_H
#define PLAN_OVERRULE_H

#include "jukebox/plan.h"

enum item_kind { KIND_SONG, KIND_JINGLE, KIND_SPOKEN };

/* What a word or tag can say something about, and where that was said. */
enum overruled {
	OVERRULED_CUE_IN,
	OVERRULED_CUE_OUT,
	OVERRULED_GAIN,
	OVERRULED_OVERLAP,
	OVERRULED_PAUSE,
	OVERRULED_FADE_IN,
	OVERRULED_FADE_OUT,
	OVERRULED_MOST,
};

/* NAN or false: not said.  Seconds of the source; about the item itself and its joint to the next one. */
struct overrule {
	double cue_in_s, cue_out_s, gain_db, overlap_s, pause_s;
	double fade_in_s, fade_out_s; /* only tags ask for fades of one song */
	double mixramp_start_s,
	        mixramp_end_s; /* an overlap needs both: one song's end, the next one's start */
	bool keep_whole, gapless, has_kind;
	enum item_kind kind;
	const char *from[OVERRULED_MOST]; /* constant texts: "#JUKEBOX:", "liq_cue_in", ... */
};

void overrule_clear(struct overrule *overrule);

/* Reads "#JUKEBOX:" texts: words "name=value" or "name", separated by blanks, commas or line ends.  What is
 * not understood is named in `note` and passed over. */
void overrule_from_directives(
        struct overrule *overrule, const char *directives, char note[PLAN_REASON_BYTES]);

/* liq_cue_in, liq_cue_out, liq_cross_duration, liq_fade_in, liq_fade_out, liq_amplify ("dB" behind it, or a factor);
 * mixramp_start, mixramp_end; replaygain_track_gain (89 dB: -18 LUFS), r128_track_gain (-23 LUFS), and album_gain of both
 * before these with LOUDNESS_ALBUM.  `loudness_lufs` is the track's.  Directives, read later, win. */
void overrule_from_tags(struct overrule *overrule, const struct tags *tags, double loudness_lufs,
        const struct policy *policy);

/* Where values came from: "cue-in: liq_cue_in, gain: #JUKEBOX:"; "" when all was measured. */
void overrule_sources(const struct overrule *overrule, char *text, size_t text_bytes);

#endif
