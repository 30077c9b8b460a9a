/* Outlines of drawn tracks: edges, endings, intros, pauses; and what must not change them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>
#include <string.h>

#include "jukebox/plan.h"
#include "plan/shape.h"
#include "support/tape.h"
#include "support/within.h"

static struct outline outline_and_free(struct tape *tape)
{
	struct record record = tape_record(tape);
	struct outline o;
	outline_of(&record, &o);
	record_done(&record);
	return o;
}

/* ---- edges --------------------------------------------------------------------------------- */

static void silence_around_is_trimmed(void **state)
{
	struct tape *t = tape_new(120, 44100);
	tape_level(t, 3, 115, -14, -14);
	struct outline o = outline_and_free(t);
	assert_within(o.cue_in_s, 2.98, 3);
	assert_within(o.cue_out_s, 115, 115.03);
	assert_int_equal(o.intro, INTRO_IMMEDIATE);
	assert_int_equal(o.ending, ENDING_COLD);
	assert_true(isinf(o.noise_floor_lufs));
	assert_false(o.starts_cut || o.ends_cut || o.trim_refused);
}

static void steady_noise_around_is_trimmed(void **state)
{
	struct tape *t = tape_new(120, 44100);
	tape_level(t, 0, 120, -54, -54);
	tape_level(t, 3, 115, -14, -14);
	struct outline o = outline_and_free(t);
	assert_within(o.cue_in_s, 2.95, 3);
	assert_within(o.cue_out_s, 115, 115.05);
	assert_within(o.noise_floor_lufs, -54.1, -53.9);
}

static void a_held_note_is_no_noise(void **state)
{
	struct tape *t = tape_new(120, 44100);
	tape_level(t, 0, 120, -34, -34); /* 20 LU under the song: somebody plays */
	tape_level(t, 3, 115, -14, -14);
	struct outline o = outline_and_free(t);
	assert_within(o.cue_in_s, 0, 0.02);
	assert_within(o.cue_out_s, 119.98, 120);
}

static void a_fade_in_is_followed_down(void **state)
{
	struct tape *t = tape_new(120, 44100);
	tape_level(t, 2, 6, -84, -14); /* 17.5 LU/s: crosses 42 LU under the loudness at 3.6 s */
	tape_level(t, 6, 119, -14, -14);
	struct outline o = outline_and_free(t);
	assert_within(o.cue_in_s, 2.3, 2.7); /* 62 LU under: 2.46 s */
	assert_int_equal(o.intro, INTRO_FADE);
	assert_within(o.mix_in_s, 5.2, 5.8);
}

static void a_large_trim_is_refused(void **state)
{
	struct tape *t = tape_new(400, 44100);
	/* Two minutes of soft talk before the music, too irregular to be a noise floor. */
	for (int i = 0; i < 240; i++)
		tape_level(t, i * 0.5, i * 0.5 + 0.5, i % 2 ? -52 : -74, i % 2 ? -52 : -74);
	tape_level(t, 120, 399, -9, -9);
	struct outline o = outline_and_free(t);
	assert_within(o.cue_in_s, 0, 0);
	assert_true(o.trim_refused);

	/* The same length of digital silence is taken away. */
	t = tape_new(400, 44100);
	tape_level(t, 120, 399, -9, -9);
	o = outline_and_free(t);
	assert_within(o.cue_in_s, 119.9, 120);
	assert_false(o.trim_refused);
}

static void a_click_alone_is_no_music(void **state)
{
	/* A scratch before, one after, over some noise or none. */
	for (double noise = -54; noise > -100; noise -= 40) {
		struct tape *t = tape_new(130, 44100);
		tape_level(t, 0, 130, noise, noise);
		tape_level(t, 1.5, 1.52, -14, -14);
		tape_level(t, 3, 115, -14, -14);
		tape_level(t, 120, 120.02, -14, -14);
		tape_level(t, 126.08, 126.12, -16, -16); /* in two blocks */
		struct outline o = outline_and_free(t);
		assert_within(o.cue_in_s, 2.95, 3);
		assert_within(o.cue_out_s, 115, 115.05);
		assert_false(o.trim_refused);
	}

	/* A last stroke behind a rest rings; a rest of half a second is a rest, whatever follows. */
	struct tape *t = tape_new(120, 44100);
	tape_level(t, 3, 115, -14, -14);
	tape_level(t, 117, 117.15, -20, -50);
	struct outline o = outline_and_free(t);
	assert_within(o.cue_out_s, 117.1, 117.3);
	t = tape_new(120, 44100);
	tape_level(t, 3, 115, -14, -14);
	tape_level(t, 115.5, 115.53, -20, -20);
	o = outline_and_free(t);
	assert_within(o.cue_out_s, 115.5, 115.6);

	/* Clicks that are the music. */
	t = tape_new(60, 44100);
	for (int i = 0; i < 30; i++)
		tape_level(t, 2 * i, 2 * i + 0.02, -14, -14);
	o = outline_and_free(t);
	assert_within(o.cue_in_s, 0, 0.01);
	assert_within(o.cue_out_s, 58, 58.1);
}

static void cut_edges_are_seen(void **state)
{
	struct tape *t = tape_new(60, 44100);
	tape_level(t, 0, 60, -14, -14);
	struct outline o = outline_and_free(t);
	assert_true(o.starts_cut && o.ends_cut);
	assert_within(o.cue_in_s, 0, 0);
	assert_within(o.cue_out_s, 60, 60);
}

static void silence_is_silent(void **state)
{
	struct outline o = outline_and_free(tape_new(10, 44100));
	assert_true(o.silent);
}

static void one_block_has_an_outline(void **state)
{
	struct tape *t = tape_new(1.0 / 44100, 44100);
	tape_level(t, 0, 0.01, -14, -14);
	struct record record = tape_record(t);
	record.loudness_lufs = -14;
	struct outline o;
	outline_of(&record, &o);
	assert_false(o.silent);
	assert_true(o.cue_in_s <= o.mix_out_s && o.mix_out_s <= o.cue_out_s);
	assert_true(o.cue_out_s <= o.duration_s);
	record_done(&record);
}

/* ---- endings ------------------------------------------------------------------------------- */

static void a_linear_fade_is_a_fade(void **state)
{
	struct tape *t = tape_new(180, 44100);
	tape_level(t, 0.5, 168, -14, -14);
	tape_fade_out(t, 168, 178, -14);
	struct outline o = outline_and_free(t);
	assert_int_equal(o.ending, ENDING_FADE);
	/* In its first 2 s such a fade falls by 2 LU; then by 2 more. */
	assert_within(o.mix_out_s, 168, 172);
	assert_within(o.cue_out_s, 177.8, 178.03);
}

static void an_exponential_fade_is_a_fade(void **state)
{
	struct tape *t = tape_new(180, 44100);
	tape_level(t, 0.5, 160, -14, -14);
	tape_level(t, 160, 178, -14, -68);
	struct outline o = outline_and_free(t);
	assert_int_equal(o.ending, ENDING_FADE);
	assert_within(o.mix_out_s, 160, 161.5);
	assert_within(o.cue_out_s, 173, 178.03);
}

static void a_fade_of_any_length_begins_where_it_does(void **state)
{
	for (double length = 3; length <= 52; length += 3.5) {
		struct tape *t = tape_new(180, 44100);
		tape_level(t, 0.5, 179 - length, -14, -14);
		tape_level(t, 179 - length, 179, -14, -68);
		struct outline o = outline_and_free(t);
		assert_int_equal(o.ending, ENDING_FADE);
		/* It is held while it falls by less than 1.5 LU, and left 2 LU under that. */
		assert_within(o.mix_out_s - (179 - length), 0, length * 3.5 / 54 + 0.3);
	}
}

static void a_sustained_chord_is_one(void **state)
{
	struct tape *t = tape_new(180, 44100);
	tape_level(t, 0.5, 170, -14, -14);
	tape_level(t, 170, 178, -14, -60);
	tape_onsets(t, 170, 178, 4);
	struct outline o = outline_and_free(t);
	assert_int_equal(o.ending, ENDING_SUSTAINED);
	assert_within(o.mix_out_s, 170, 171);
}

static void applause_is_noise(void **state)
{
	struct tape *t = tape_new(180, 44100);
	tape_level(t, 0.5, 166, -14, -14);
	tape_level(t, 166, 178, -15, -55);
	tape_flatness(t, 166, 178, 190);
	struct outline o = outline_and_free(t);
	assert_int_equal(o.ending, ENDING_NOISE);
}

/* Bohemian Rhapsody: a loud song, then half a minute 20 LU under it, whose last chord dies away. */
static struct tape *coda(void)
{
	struct tape *t = tape_new(180, 44100);
	tape_level(t, 0.5, 140, -12, -12);
	tape_level(t, 140, 143, -12, -32);
	for (double s = 143; s < 170; s += 3) { /* notes, each dying a little */
		tape_level(t, s, s + 0.5, -30, -30);
		tape_level(t, s + 0.5, s + 3, -30, -38);
	}
	tape_level(t, 170, 177, -30, -64);
	tape_onsets(t, 170, 178, 4);
	return t;
}

static void a_quiet_coda_is_not_a_fade(void **state)
{
	struct outline o = outline_and_free(coda());
	assert_int_equal(o.ending, ENDING_QUIET);
	assert_within(o.mix_out_s, 170, 171.5); /* the last chord, not the end of the loud part */
	assert_within(o.cue_out_s, 176, 177.03);
	assert_within(o.ending_lufs, -32, -29);
}

static void a_drum_in_the_last_second_is_no_decay(void **state)
{
	struct tape *t = tape_new(120, 44100);
	tape_level(t, 0.5, 118, -14, -14);
	tape_level(t, 118, 118.2, -10, -10);
	tape_level(t, 118.2, 119, -14, -14);
	struct outline o = outline_and_free(t);
	assert_int_equal(o.ending, ENDING_COLD);
	assert_within(o.mix_out_s, 118.6, 119.03);
}

static void a_last_stroke_behind_a_rest_is_waited_for(void **state)
{
	/* After a rest of silence, or of a room; as loud as the song, or 10 LU softer. */
	for (double rest = -100; rest < -40; rest += 50)
		for (double stroke = -14; stroke > -25; stroke -= 5) {
			struct tape *t = tape_new(120, 44100);
			tape_level(t, 0.5, 110, -14, -14);
			tape_level(t, 110, 111.5, rest, rest);
			tape_level(t, 111.5, 112.3, stroke, stroke - 30);
			struct outline o = outline_and_free(t);
			assert_within(o.mix_out_s, 111.5, 112.2);
			assert_within(o.cue_out_s, 112.2, 112.4);
		}

	/* What is so soft is an echo. */
	struct tape *t = tape_new(120, 44100);
	tape_level(t, 0.5, 110, -14, -14);
	tape_level(t, 110.8, 111.5, -36, -60);
	struct outline o = outline_and_free(t);
	assert_within(o.mix_out_s, 109.5, 110.5);
}

static void an_earlier_end_is_an_ending_too(void **state)
{
	struct tape *t = tape_new(180, 44100);
	tape_level(t, 0.5, 100, -14, -14);
	tape_level(t, 160, 179, -14, -14);
	struct record record = tape_record(t);
	struct outline o;
	outline_of(&record, &o);
	assert_int_equal(o.n_silences, 1);
	outline_end_at(&record, &o, o.silences[0].from_s);
	assert_within(o.cue_out_s, 100, 100.1);
	assert_within(o.mix_out_s, 99.5, 100.1);
	assert_int_equal(o.ending, ENDING_COLD);
	record_done(&record);
}

/* ---- speech and intros ---------------------------------------------------------------------- */

static void speech_is_told_from_drums(void **state)
{
	struct tape *t = tape_new(60, 44100);
	tape_level(t, 12, 40, -14, -14);
	tape_speech(t, 0, 6, -16);
	tape_drums(t, 40, 58, -12);
	struct record record = tape_record(t);
	assert_within(speech_likeness(&record, 0, 6), 0.6, 1);
	assert_within(speech_likeness(&record, 42, 56), 0, 0.3);
	assert_within(speech_likeness(&record, 14, 30), 0, 0.1);
	record_done(&record);
}

static void a_spoken_intro_is_spoken(void **state)
{
	struct tape *t = tape_new(100, 44100);
	tape_speech(t, 0.5, 6, -18);
	tape_level(t, 6, 99, -14, -14);
	struct outline o = outline_and_free(t);
	assert_int_equal(o.intro, INTRO_SPOKEN);
}

static void a_quiet_intro_holds_its_level(void **state)
{
	struct tape *t = tape_new(100, 44100);
	tape_level(t, 0.5, 10, -28, -28);
	tape_level(t, 10, 99, -14, -14);
	struct outline o = outline_and_free(t);
	assert_int_equal(o.intro, INTRO_QUIET);
	assert_within(o.mix_in_s, 9.5, 10.1);
}

/* ---- pauses ---------------------------------------------------------------------------------- */

static void pauses_inside_are_listed(void **state)
{
	struct tape *t = tape_new(300, 44100);
	tape_level(t, 0.5, 299, -14, -14);
	tape_level(t, 50, 51.5, -HUGE_VAL, -HUGE_VAL); /* too short to be one */
	tape_level(t, 80, 83, -90, -90);
	tape_level(t, 100, 160, -90, -90);
	struct outline o = outline_and_free(t);
	assert_int_equal(o.n_silences, 2);
	assert_within(o.silences[0].from_s, 80, 80.1);
	assert_within(o.silences[0].to_s, 83, 83.1);
	assert_within(o.silences[1].from_s, 100, 100.1);
	assert_within(o.silences[1].to_s, 160, 160.1);
}

static void more_pauses_than_are_listed(void **state)
{
	struct tape *t = tape_new(400, 44100);
	for (int i = 0; i < 60; i++)
		tape_level(t, i * 6, i * 6 + 3, -14, -14);
	struct outline o = outline_and_free(t);
	assert_int_equal(o.n_silences, OUTLINE_SILENCES);
}

/* ---- invariance ------------------------------------------------------------------------------- */

enum { N_SHAPES = 7 };

/* Several songs, each with `before` seconds of silence in front. */
static struct record shape(int which, double before)
{
	struct tape *t = tape_new(before + 120, 44100);
	double b = before;
	tape_level(t, b + 0.7, b + 105, -13, -13);
	if (which == 1)
		tape_fade_out(t, b + 105, b + 117, -13);
	if (which == 2)
		tape_level(t, b + 105, b + 117, -13, -70);
	if (which == 3) {
		tape_level(t, b + 105, b + 117, -15, -60);
		tape_onsets(t, b + 105, b + 117, 4);
	}
	if (which == 4) {
		tape_level(t, b + 80, b + 105, -30, -32);
		tape_level(t, b + 105, b + 116, -32, -65);
	}
	if (which == 5)
		tape_fade_in(t, b + 0.7, b + 8, -13);
	if (which == 6)
		tape_speech(t, b + 0.7, b + 7, -17);
	return tape_record(t);
}

static void gain_changes_nothing(void **state)
{
	for (int i = 0; i < N_SHAPES; i++) {
		struct record record = shape(i, 1);
		struct outline loud, soft;
		outline_of(&record, &loud);
		tape_shift(&record, -30);
		outline_of(&record, &soft);
		record_done(&record);
		assert_int_equal(loud.intro, soft.intro);
		assert_int_equal(loud.ending, soft.ending);
		assert_int_equal(loud.n_silences, soft.n_silences);
		assert_within(soft.cue_in_s - loud.cue_in_s, -0.05, 0.05);
		assert_within(soft.cue_out_s - loud.cue_out_s, -0.05, 0.05);
		assert_within(soft.mix_in_s - loud.mix_in_s, -0.05, 0.05);
		assert_within(soft.mix_out_s - loud.mix_out_s, -0.05, 0.05);
		assert_within(soft.ending_lufs - loud.ending_lufs + 30, -0.05, 0.05);
	}
}

static void silence_in_front_moves_everything_by_itself(void **state)
{
	for (int i = 0; i < N_SHAPES; i++) {
		struct record near = shape(i, 1), far = shape(i, 8.3);
		struct outline a, b;
		outline_of(&near, &a);
		outline_of(&far, &b);
		record_done(&near);
		record_done(&far);
		assert_int_equal(a.intro, b.intro);
		assert_int_equal(a.ending, b.ending);
		assert_within(b.cue_in_s - a.cue_in_s, 7.3 - 1e-6, 7.3 + 1e-6);
		assert_within(b.cue_out_s - a.cue_out_s, 7.3 - 1e-6, 7.3 + 1e-6);
		assert_within(b.mix_in_s - a.mix_in_s, 7.3 - 1e-6, 7.3 + 1e-6);
		assert_within(b.mix_out_s - a.mix_out_s, 7.3 - 1e-6, 7.3 + 1e-6);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(silence_around_is_trimmed),
	        cmocka_unit_test(steady_noise_around_is_trimmed),
	        cmocka_unit_test(a_held_note_is_no_noise),
	        cmocka_unit_test(a_fade_in_is_followed_down),
	        cmocka_unit_test(a_large_trim_is_refused),
	        cmocka_unit_test(a_click_alone_is_no_music),
	        cmocka_unit_test(cut_edges_are_seen),
	        cmocka_unit_test(silence_is_silent),
	        cmocka_unit_test(one_block_has_an_outline),
	        cmocka_unit_test(a_linear_fade_is_a_fade),
	        cmocka_unit_test(an_exponential_fade_is_a_fade),
	        cmocka_unit_test(a_fade_of_any_length_begins_where_it_does),
	        cmocka_unit_test(a_sustained_chord_is_one),
	        cmocka_unit_test(applause_is_noise),
	        cmocka_unit_test(a_quiet_coda_is_not_a_fade),
	        cmocka_unit_test(a_drum_in_the_last_second_is_no_decay),
	        cmocka_unit_test(a_last_stroke_behind_a_rest_is_waited_for),
	        cmocka_unit_test(an_earlier_end_is_an_ending_too),
	        cmocka_unit_test(speech_is_told_from_drums),
	        cmocka_unit_test(a_spoken_intro_is_spoken),
	        cmocka_unit_test(a_quiet_intro_holds_its_level),
	        cmocka_unit_test(pauses_inside_are_listed),
	        cmocka_unit_test(more_pauses_than_are_listed),
	        cmocka_unit_test(gain_changes_nothing),
	        cmocka_unit_test(silence_in_front_moves_everything_by_itself),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
