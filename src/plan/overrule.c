/* overrule.c - "#JUKEBOX:" lines and mixing tags, read strictly, never trusted further than a number. */
#include "overrule.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "jukebox/text.h"

void overrule_clear(struct overrule *o)
{
	*o = (struct overrule){.cue_in_s = NAN,
	        .cue_out_s = NAN,
	        .gain_db = NAN,
	        .overlap_s = NAN,
	        .pause_s = NAN,
	        .fade_in_s = NAN,
	        .fade_out_s = NAN,
	        .mixramp_start_s = NAN,
	        .mixramp_end_s = NAN};
}

void overrule_sources(const struct overrule *o, char *text, size_t text_bytes)
{
	static const char *const names[OVERRULED_MOST] = {
	        "cue-in", "cue-out", "gain", "overlap", "pause", "fade-in", "fade-out"};
	size_t n = 0;
	text[0] = '\0';
	for (int i = 0; i < OVERRULED_MOST && n < text_bytes; i++)
		if (o->from[i])
			n += (size_t)snprintf(text + n, text_bytes - n, "%s%s: %s", n ? ", " : "",
			        names[i], o->from[i]);
}

static const char DIRECTIVE[] = "#JUKEBOX:";

static bool set_kind(struct overrule *o, const char *value)
{
	static const char *const kinds[] = {"song", "jingle", "spoken"};
	for (int i = 0; i < 3; i++)
		if (strcasecmp(value, kinds[i]) == 0) {
			o->kind = (enum item_kind)i;
			o->has_kind = true;
			return true;
		}
	return false;
}

static bool set_seconds(struct overrule *o, double *field, enum overruled what, const char *value)
{
	if (text_to_seconds(value, field) != STATUS_OK)
		return false;
	o->from[what] = DIRECTIVE;
	return true;
}

static bool set_gain(struct overrule *o, const char *value)
{
	double db;
	if (text_to_double(value, &db) != STATUS_OK || fabs(db) > 60)
		return false;
	o->gain_db = db;
	o->from[OVERRULED_GAIN] = DIRECTIVE;
	return true;
}

static bool set_word(struct overrule *o, const char *name, const char *value)
{
	if (strcasecmp(name, "cue-in") == 0)
		return set_seconds(o, &o->cue_in_s, OVERRULED_CUE_IN, value);
	if (strcasecmp(name, "cue-out") == 0)
		return set_seconds(o, &o->cue_out_s, OVERRULED_CUE_OUT, value);
	if (strcasecmp(name, "gain") == 0)
		return set_gain(o, value);
	if (strcasecmp(name, "overlap") == 0)
		return set_seconds(o, &o->overlap_s, OVERRULED_OVERLAP, value);
	if (strcasecmp(name, "pause") == 0)
		return set_seconds(o, &o->pause_s, OVERRULED_PAUSE, value);
	if (strcasecmp(name, "kind") == 0)
		return set_kind(o, value);
	if (strcasecmp(name, "keep-whole") == 0)
		return o->keep_whole = true;
	if (strcasecmp(name, "gapless") == 0)
		return o->gapless = true;
	return false;
}

void overrule_from_directives(
        struct overrule *o, const char *directives, char note[PLAN_REASON_BYTES])
{
	static const char blanks[] = " \t\r\n,;";
	for (const char *p = directives; p && *p;) {
		char word[80];
		size_t n = strcspn(p, blanks);
		if (n > 0 && n < sizeof word) {
			memcpy(word, p, n);
			word[n] = '\0';
			char *equals = strchr(word, '=');
			if (equals)
				*equals = '\0';
			if (!set_word(o, word, equals ? equals + 1 : ""))
				snprintf(note, PLAN_REASON_BYTES,
				        "#JUKEBOX: does not understand '%.*s'", (int)n, p);
		} else if (n > 0) {
			snprintf(note, PLAN_REASON_BYTES,
			        "#JUKEBOX: does not understand '%.40s...'", p);
		}
		p += n;
		p += strspn(p, blanks);
	}
}

/* "-6.20 dB", "3.5", "+1 dB": the number in front. */
static bool leading_number(const char *text, double *value)
{
	char digits[32];
	text += strspn(text, " ");
	size_t n = strspn(text, "+-0123456789.");
	if (n == 0 || n >= sizeof digits)
		return false;
	memcpy(digits, text, n);
	digits[n] = '\0';
	return text_to_double(digits, value) == STATUS_OK && fabs(*value) < 1e6;
}

static void take_seconds(struct overrule *o, const struct tags *tags, const char *name,
        double *field, enum overruled what)
{
	double value;
	const char *text = tags_get(tags, name);
	if (text && leading_number(text, &value) && value >= 0) {
		*field = value;
		o->from[what] = name;
	}
}

/* MixRamp: "dB seconds;" pairs, the time from the start or the end of the track at which it crosses a level. */
static double mixramp_time(const char *text, double level_db)
{
	double db, s, before_db = NAN, before_s = 0;
	while (text && sscanf(text, "%lf %lf", &db, &s) == 2) {
		if (db >= level_db) {
			double share = isnan(before_db) || db <= before_db
			                       ? 1
			                       : (level_db - before_db) / (db - before_db);
			double at = before_s + share * (s - before_s);
			return isfinite(at) && at >= 0 && at < 1e5 ? at : NAN;
		}
		before_db = db;
		before_s = s;
		text = strchr(text, ';');
		text = text ? text + 1 : NULL;
	}
	return NAN;
}

/* The level is that of the music as it is played: as MPD does, -17 dB (what its manual suggests) less the ReplayGain. */
static void take_mixramp(struct overrule *o, const struct tags *tags, double loudness_lufs)
{
	double gain = isfinite(loudness_lufs) ? -18 - loudness_lufs : 0;
	const char *text = tags_get(tags, "replaygain_track_gain");
	if (text && !leading_number(text, &gain))
		return;
	o->mixramp_start_s = mixramp_time(tags_get(tags, "mixramp_start"), -17 - gain);
	o->mixramp_end_s = mixramp_time(tags_get(tags, "mixramp_end"), -17 - gain);
}

/* `scale` is the tag's unit in dB, `offset_db` what is between its reference and the target. */
static bool take_level(struct overrule *o, const struct tags *tags, const char *name, double scale,
        double offset_db)
{
	double value;
	const char *text = tags_get(tags, name);
	if (!text || !leading_number(text, &value))
		return false;
	o->gain_db = value * scale + offset_db;
	o->from[OVERRULED_GAIN] = name;
	return true;
}

/* Liquidsoap: "-8.2 dB", or "0.7" for a factor. */
static void take_amplify(struct overrule *o, const struct tags *tags)
{
	double value;
	const char *text = tags_get(tags, "liq_amplify");
	if (!text || !leading_number(text, &value))
		return;
	bool decibels = strcasestr(text, "db") != NULL;
	if (!decibels && value <= 0)
		return;
	o->gain_db = decibels ? value : 20 * log10(value);
	o->from[OVERRULED_GAIN] = "liq_amplify";
}

static void take_gain(struct overrule *o, const struct tags *tags, const struct policy *policy)
{
	double replaygain = policy->target_lufs + 18, r128 = policy->target_lufs + 23;
	bool found = policy->loudness == LOUDNESS_ALBUM &&
	             (take_level(o, tags, "replaygain_album_gain", 1, replaygain) ||
	                     take_level(o, tags, "r128_album_gain", 1 / 256.0, r128));
	if (!found)
		(void)(take_level(o, tags, "replaygain_track_gain", 1, replaygain) ||
		        take_level(o, tags, "r128_track_gain", 1 / 256.0, r128));
	take_amplify(o, tags);
	if (!isnan(o->gain_db))
		o->gain_db = fmin(fmax(o->gain_db, -60), 40);
}

void overrule_from_tags(struct overrule *o, const struct tags *tags, double loudness_lufs,
        const struct policy *policy)
{
	take_seconds(o, tags, "liq_cue_in", &o->cue_in_s, OVERRULED_CUE_IN);
	take_seconds(o, tags, "liq_cue_out", &o->cue_out_s, OVERRULED_CUE_OUT);
	take_seconds(o, tags, "liq_cross_duration", &o->overlap_s, OVERRULED_OVERLAP);
	take_seconds(o, tags, "liq_fade_in", &o->fade_in_s, OVERRULED_FADE_IN);
	take_seconds(o, tags, "liq_fade_out", &o->fade_out_s, OVERRULED_FADE_OUT);
	take_mixramp(o, tags, loudness_lufs);
	take_gain(o, tags, policy);
}
