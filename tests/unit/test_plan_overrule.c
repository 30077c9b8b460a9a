/* What people and tags say about an item: each word, and words that are none. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "plan/overrule.h"

static struct overrule said(const char *directives, char note[PLAN_REASON_BYTES])
{
	struct overrule o;
	note[0] = '\0';
	overrule_clear(&o);
	overrule_from_directives(&o, directives, note);
	return o;
}

static const char *sources_of(const struct overrule *o)
{
	static char text[PLAN_REASON_BYTES];
	overrule_sources(o, text, sizeof text);
	return text;
}

static void nothing_said(void **state)
{
	char note[PLAN_REASON_BYTES];
	struct overrule o = said(NULL, note);
	assert_true(isnan(o.cue_in_s) && isnan(o.cue_out_s) && isnan(o.gain_db));
	assert_true(isnan(o.overlap_s) && isnan(o.pause_s));
	assert_false(o.keep_whole || o.gapless || o.has_kind);
	o = said(" ,;\t\n", note);
	assert_string_equal(note, "");
	assert_string_equal(sources_of(&o), "");
}

static void each_word(void **state)
{
	char note[PLAN_REASON_BYTES];
	struct overrule o =
	        said("cue-in=0:12.5 cue-out=3:05, gain=-3\noverlap=4;pause=2 KIND=Jingle "
	             "keep-whole\ngapless",
	                note);
	assert_string_equal(note, "");
	assert_float_equal(o.cue_in_s, 12.5, 0);
	assert_float_equal(o.cue_out_s, 185, 0);
	assert_float_equal(o.gain_db, -3, 0);
	assert_float_equal(o.overlap_s, 4, 0);
	assert_float_equal(o.pause_s, 2, 0);
	assert_true(o.keep_whole && o.gapless && o.has_kind);
	assert_int_equal(o.kind, KIND_JINGLE);
	assert_int_equal(said("kind=spoken", note).kind, KIND_SPOKEN);
	assert_int_equal(said("kind=song", note).kind, KIND_SONG);
	assert_string_equal(sources_of(&o),
	        "cue-in: #JUKEBOX:, cue-out: #JUKEBOX:, gain: #JUKEBOX:, overlap: #JUKEBOX:, "
	        "pause: #JUKEBOX:");
}

static void unknown_words_are_named(void **state)
{
	static const char *const words[] = {"loud", "gain=", "gain=x", "gain=61", "gain=nan",
	        "cue-in=-1", "cue-in=1e999", "pause=soon", "kind=opera", "overlap", "=3",
	        "gain=1=2"};
	char note[PLAN_REASON_BYTES], expected[PLAN_REASON_BYTES];
	for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
		struct overrule o = said(words[i], note);
		snprintf(expected, sizeof expected, "#JUKEBOX: does not understand '%s'", words[i]);
		assert_string_equal(note, expected);
		assert_string_equal(sources_of(&o), "");
		assert_true(isnan(o.gain_db) && isnan(o.pause_s) && isnan(o.cue_in_s));
	}
	/* The rest of the line still counts. */
	assert_float_equal(said("loud gain=2", note).gain_db, 2, 0);
	assert_non_null(strstr(note, "'loud'"));
}

static void a_long_word_is_cut(void **state)
{
	char note[PLAN_REASON_BYTES], text[3000];
	memset(text, 'x', sizeof text);
	memcpy(text + 2000, " gain=5", 8);
	assert_float_equal(said(text, note).gain_db, 5, 0);
	assert_non_null(strstr(note, "does not understand 'xxxx"));
	assert_true(strlen(note) < PLAN_REASON_BYTES);
}

/* Of a track of -18 LUFS. */
static struct overrule tagged_for(const struct policy *policy, const char *name, const char *value,
        const char *name_2, const char *value_2)
{
	struct tags tags = {0};
	struct overrule o;
	assert_int_equal(tags_set(&tags, name, value), STATUS_OK);
	if (name_2)
		assert_int_equal(tags_set(&tags, name_2, value_2), STATUS_OK);
	overrule_clear(&o);
	overrule_from_tags(&o, &tags, -18, policy);
	tags_done(&tags);
	return o;
}

static struct overrule tagged(const char *name, const char *value, double target)
{
	struct policy policy;
	policy_defaults(&policy);
	policy.target_lufs = target;
	return tagged_for(&policy, name, value, NULL, NULL);
}

static void tags_of_other_programs(void **state)
{
	struct overrule o;
	assert_float_equal(tagged("liq_cue_in", "1.25", -18).cue_in_s, 1.25, 0);
	assert_float_equal(tagged("liq_cue_out", "200.5", -18).cue_out_s, 200.5, 0);
	assert_float_equal(tagged("liq_cross_duration", "3", -18).overlap_s, 3, 0);
	assert_float_equal(tagged("liq_fade_in", "0.2", -18).fade_in_s, 0.2, 0);
	assert_float_equal(tagged("liq_fade_out", "2.5", -18).fade_out_s, 2.5, 0);
	/* ReplayGain 2 brings to -18 LUFS, R128 (in 1/256 dB) to -23. */
	assert_float_equal(tagged("replaygain_track_gain", "-6.20 dB", -18).gain_db, -6.2, 1e-9);
	assert_float_equal(tagged("replaygain_track_gain", "-6.20 dB", -14).gain_db, -2.2, 1e-9);
	assert_float_equal(tagged("r128_track_gain", "-512", -18).gain_db, 3, 1e-9);
	o = tagged("liq_cue_in", "1", -18);
	assert_string_equal(sources_of(&o), "cue-in: liq_cue_in");
	o = tagged("r128_track_gain", "0", -18);
	assert_string_equal(sources_of(&o), "gain: r128_track_gain");
}

/* As in Liquidsoap: decibels where it says so, else a factor. */
static void amplify_in_both_units(void **state)
{
	assert_float_equal(tagged("liq_amplify", "-2.5 dB", -18).gain_db, -2.5, 0);
	assert_float_equal(tagged("liq_amplify", "-2.5db", -18).gain_db, -2.5, 0);
	assert_float_equal(tagged("liq_amplify", "0.5", -18).gain_db, -6.0206, 1e-4);
	assert_true(isnan(tagged("liq_amplify", "0", -18).gain_db));
	assert_true(isnan(tagged("liq_amplify", "-1", -18).gain_db));
}

/* -17 dB lies half way between 2 and 4 seconds; the level is that of the music as it is played. */
static void ramps(void **state)
{
	static const char table[] = "-24.0 2.0;-10.0 4.0;-5 6;";
	struct policy policy;
	policy_defaults(&policy);
	assert_float_equal(tagged("mixramp_end", table, -18).mixramp_end_s, 3, 1e-9);
	assert_float_equal(tagged("mixramp_start", table, -18).mixramp_start_s, 3, 1e-9);
	assert_true(isnan(tagged("mixramp_end", table, -18).mixramp_start_s));
	assert_true(isnan(tagged("mixramp_end", table, -18).overlap_s));
	struct overrule o =
	        tagged_for(&policy, "mixramp_end", table, "replaygain_track_gain", "-7.00 dB");
	assert_float_equal(o.mixramp_end_s, 4, 1e-9); /* -10 dB in the file */
	o = tagged_for(&policy, "mixramp_end", table, "replaygain_track_gain", "-20 dB");
	assert_true(isnan(o.mixramp_end_s)); /* as loud as that it never is */
}

static void gains_of_albums(void **state)
{
	struct policy policy;
	policy_defaults(&policy);
	struct overrule o =
	        tagged_for(&policy, "replaygain_track_gain", "-7", "replaygain_album_gain", "-5");
	assert_float_equal(o.gain_db, -7, 1e-9);
	policy.loudness = LOUDNESS_ALBUM;
	o = tagged_for(&policy, "replaygain_track_gain", "-7", "replaygain_album_gain", "-5");
	assert_float_equal(o.gain_db, -5, 1e-9);
	assert_string_equal(sources_of(&o), "gain: replaygain_album_gain");
	o = tagged_for(&policy, "r128_track_gain", "-512", "r128_album_gain", "256");
	assert_float_equal(o.gain_db, 6, 1e-9);
	o = tagged_for(&policy, "replaygain_track_gain", "-7", NULL, NULL);
	assert_float_equal(o.gain_db, -7, 1e-9);
}

static void tags_that_are_no_numbers(void **state)
{
	static const char *const names[] = {"liq_cue_in", "liq_cue_out", "liq_cross_duration",
	        "liq_amplify", "replaygain_track_gain", "r128_track_gain", "mixramp_end",
	        "mixramp_start", "liq_fade_in", "liq_fade_out"};
	static const char *const values[] = {"x", "-", "+-3", "nan", "inf dB", "1e9", "..",
	        "99999999999999999999999999999999999999", "-20", "nan nan;", "3 -1;"};
	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		for (size_t k = 0; k < sizeof values / sizeof *values; k++) {
			struct overrule o = tagged(names[i], values[k], -18);
			assert_true(isnan(o.gain_db) || fabs(o.gain_db) <= 60);
			assert_true(isnan(o.cue_in_s) || (o.cue_in_s >= 0 && o.cue_in_s < 1e6));
			assert_true(isnan(o.cue_out_s) || (o.cue_out_s >= 0 && o.cue_out_s < 1e6));
			assert_true(isnan(o.overlap_s) || (o.overlap_s >= 0 && o.overlap_s < 1e6));
			assert_true(isnan(o.fade_in_s) || (o.fade_in_s >= 0 && o.fade_in_s < 1e6));
			assert_true(isnan(o.mixramp_end_s) ||
			            (o.mixramp_end_s >= 0 && o.mixramp_end_s < 1e6));
		}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(nothing_said),
	        cmocka_unit_test(each_word),
	        cmocka_unit_test(unknown_words_are_named),
	        cmocka_unit_test(a_long_word_is_cut),
	        cmocka_unit_test(tags_of_other_programs),
	        cmocka_unit_test(amplify_in_both_units),
	        cmocka_unit_test(ramps),
	        cmocka_unit_test(gains_of_albums),
	        cmocka_unit_test(tags_that_are_no_numbers),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
