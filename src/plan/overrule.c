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
	        .pause_s = NAN};
}

static void came_from(struct overrule *o, const char *source)
{
	size_t n = strlen(o->sources);
	if (!strstr(o->sources, source))
		snprintf(o->sources + n, sizeof o->sources - n, "%s%s", n ? ", " : "", source);
}

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

static bool set_seconds(double *field, const char *value)
{
	return text_to_seconds(value, field) == STATUS_OK;
}

static bool set_gain(double *field, const char *value)
{
	double db;
	if (text_to_double(value, &db) != STATUS_OK || fabs(db) > 60)
		return false;
	*field = db;
	return true;
}

static bool set_word(struct overrule *o, const char *name, const char *value)
{
	if (strcasecmp(name, "cue-in") == 0)
		return set_seconds(&o->cue_in_s, value);
	if (strcasecmp(name, "cue-out") == 0)
		return set_seconds(&o->cue_out_s, value);
	if (strcasecmp(name, "gain") == 0)
		return set_gain(&o->gain_db, value);
	if (strcasecmp(name, "overlap") == 0)
		return set_seconds(&o->overlap_s, value);
	if (strcasecmp(name, "pause") == 0)
		return set_seconds(&o->pause_s, value);
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
			if (set_word(o, word, equals ? equals + 1 : ""))
				came_from(o, "#JUKEBOX:");
			else
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

static void take_seconds(
        struct overrule *o, const struct tags *tags, const char *name, double *field)
{
	double value;
	const char *text = tags_get(tags, name);
	if (text && leading_number(text, &value) && value >= 0) {
		*field = value;
		came_from(o, name);
	}
}

/* MixRamp: "dB seconds;" pairs, the time at which the start or end of the track crosses a level (89 dB reference).
 * -17 dB is what its manual suggests. */
static bool mixramp_time(const char *text, double level_db, double *seconds)
{
	double db, s, before_db = NAN, before_s = 0;
	while (text && sscanf(text, "%lf %lf", &db, &s) == 2) {
		if (db >= level_db) {
			double share = isnan(before_db) || db <= before_db
			                       ? 1
			                       : (level_db - before_db) / (db - before_db);
			*seconds = before_s + share * (s - before_s);
			return isfinite(*seconds) && *seconds >= 0 && *seconds < 1e5;
		}
		before_db = db;
		before_s = s;
		text = strchr(text, ';');
		text = text ? text + 1 : NULL;
	}
	return false;
}

static void take_mixramp(struct overrule *o, const struct tags *tags)
{
	double out;
	if (isnan(o->overlap_s) && mixramp_time(tags_get(tags, "mixramp_end"), -17, &out)) {
		o->overlap_s = out;
		came_from(o, "mixramp_end");
	}
}

static void take_gain(struct overrule *o, const struct tags *tags, const struct policy *policy)
{
	double value;
	const char *text = tags_get(tags, "replaygain_track_gain");
	if (text && leading_number(text, &value)) {
		o->gain_db = value + policy->target_lufs + 18;
		came_from(o, "replaygain_track_gain");
	} else if ((text = tags_get(tags, "r128_track_gain")) && leading_number(text, &value)) {
		o->gain_db = value / 256 + policy->target_lufs + 23;
		came_from(o, "r128_track_gain");
	}
	if ((text = tags_get(tags, "liq_amplify")) && leading_number(text, &value)) {
		o->gain_db = value;
		came_from(o, "liq_amplify");
	}
	if (!isnan(o->gain_db))
		o->gain_db = fmin(fmax(o->gain_db, -60), 40);
}

void overrule_from_tags(struct overrule *o, const struct tags *tags, const struct policy *policy)
{
	take_seconds(o, tags, "liq_cue_in", &o->cue_in_s);
	take_seconds(o, tags, "liq_cue_out", &o->cue_out_s);
	take_seconds(o, tags, "liq_cross_duration", &o->overlap_s);
	take_mixramp(o, tags);
	take_gain(o, tags, policy);
}
