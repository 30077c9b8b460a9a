/* Where pairs of drawn tracks meet: the rules that are not for sale, and the places that cost least. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>
#include <string.h>

#include "jukebox/plan.h"
#include "plan/joint.h"
#include "support/tape.h"
#include "support/within.h"

struct pair {
	struct joint_side old, new;
	struct outline old_outline, new_outline;
	struct policy policy;
	struct joint joint;
};

/* Takes both tapes. */
static void decide(struct pair *p, struct tape *old, struct tape *new)
{
	struct record a = tape_record(old), b = tape_record(new);
	policy_defaults(&p->policy);
	outline_of(&a, &p->old_outline);
	outline_of(&b, &p->new_outline);
	joint_side_of_end(&p->old, &a, &p->old_outline, p->policy.max_overlap_s);
	joint_side_of_start(&p->new, &b, &p->new_outline, p->policy.max_overlap_s);
	p->old.gain_lin = pow(10, (p->policy.target_lufs - a.loudness_lufs) / 20);
	p->new.gain_lin = pow(10, (p->policy.target_lufs - b.loudness_lufs) / 20);
	joint_decide(&p->old, &p->new, &p->policy, p->policy.max_overlap_s, &p->joint);
	record_done(&a);
	record_done(&b);
}

static struct tape *song(double lufs)
{
	struct tape *t = tape_new(120, 44100);
	tape_level(t, 0.5, 119, lufs, lufs);
	return t;
}

static struct tape *fading(double seconds)
{
	struct tape *t = tape_new(180, 44100);
	tape_level(t, 0.5, 179 - seconds, -14, -14);
	tape_fade_out(t, 179 - seconds, 179, -14);
	return t;
}

static void cold_meets_immediate_on_its_heels(void **state)
{
	struct pair p;
	decide(&p, song(-14), song(-9));
	assert_within(p.joint.overlap_s, -0.15, 0.3);
	assert_within(p.joint.terms.hole, 0, 0.25);
	assert_within(p.joint.terms.clash, 0, 0.25);
	assert_string_equal(p.joint.reason, "cold ending, immediate intro: on its heels");
}

static void in_a_fade_the_next_one_begins(void **state)
{
	struct pair p;
	decide(&p, fading(8), song(-14));
	assert_true(p.joint.at_s >= p.old_outline.mix_out_s);
	assert_within(p.joint.overlap_s, 1, 6);
	assert_within(p.joint.terms.hole, 0, 0.25);
	assert_non_null(strstr(p.joint.reason, "fade ending"));
}

static void a_long_fade_starts_the_next_one_later(void **state)
{
	struct pair p;
	struct tape *t = tape_new(180, 44100);
	tape_level(t, 0.5, 130, -14, -14);
	tape_level(t, 130, 179, -14, -60); /* low enough for the next one only after 20 s */
	decide(&p, t, song(-14));
	assert_within(p.joint.overlap_s, 5.9, 6 + 1e-9);
	/* The old song's end is where it was. */
	assert_within(p.joint.at_s + p.joint.overlap_s, p.old_outline.cue_out_s - 1e-9,
	        p.old_outline.cue_out_s + 1e-9);
}

static void a_smaller_bound_is_kept(void **state)
{
	struct pair p;
	decide(&p, fading(12), song(-14));
	for (double most = 0; most < 6; most += 0.5) {
		joint_decide(&p.old, &p.new, &p.policy, most, &p.joint);
		assert_within(p.joint.overlap_s, -0.41, most + 1e-6);
	}
}

static void a_jingle_is_not_swallowed(void **state)
{
	struct pair p;
	struct tape *jingle = tape_new(4.2, 44100);
	tape_level(jingle, 0.1, 4.1, -14, -14);
	decide(&p, fading(12), jingle);
	assert_within(p.joint.overlap_s, -0.41, p.new.length_s / 4 + 1e-6);
	jingle = tape_new(4.2, 44100);
	tape_level(jingle, 0.1, 1, -14, -14);
	tape_level(jingle, 1, 4.1, -14, -50);
	decide(&p, jingle, song(-14));
	assert_within(p.joint.overlap_s, -0.41, p.old.length_s / 4 + 1e-6);
}

/* What is behind its own end is no fault of where it begins: it comes as early as it may. */
static void a_jingle_ends_a_soft_fade(void **state)
{
	struct pair p;
	struct tape *fade = tape_new(180, 44100), *jingle = tape_new(3.2, 44100);
	tape_level(fade, 0.5, 168, -14, -14);
	tape_level(fade, 168, 178, -14, -72);
	tape_level(jingle, 0.1, 3.1, -14, -14);
	decide(&p, fade, jingle);
	assert_within(p.joint.overlap_s, 0.7, 0.76); /* a quarter */
}

static void one_frame_has_its_joints(void **state)
{
	struct pair p;
	struct tape *frame = tape_new(1.0 / 44100, 44100);
	tape_level(frame, 0, 0.01, -14, -14);
	decide(&p, fading(8), frame);
	assert_within(p.joint.overlap_s, -0.41, 1e-4);
	frame = tape_new(1.0 / 44100, 44100);
	tape_level(frame, 0, 0.01, -14, -14);
	decide(&p, frame, song(-14));
	assert_within(p.joint.overlap_s, -0.41, 1e-4);
}

static void a_quiet_coda_is_heard_to_its_end(void **state)
{
	struct pair p;
	struct tape *t = tape_new(180, 44100);
	tape_level(t, 0.5, 140, -12, -12);
	tape_level(t, 140, 170, -32, -32);
	tape_level(t, 170, 176, -32, -66);
	decide(&p, t, song(-12));
	assert_int_equal(p.old_outline.ending, ENDING_QUIET);
	assert_true(p.joint.at_s >= p.old_outline.mix_out_s);
	assert_true(p.joint.at_s > 171); /* in the last chord's decay */
	assert_within(p.joint.terms.tail, 0, 1.5);
}

static void a_soft_intro_slips_under_a_cold_end_by_two_seconds_at_most(void **state)
{
	struct pair p;
	struct tape *soft = tape_new(120, 44100);
	tape_fade_in(soft, 0.5, 8, -14);
	tape_level(soft, 8, 119, -14, -14);
	decide(&p, song(-14), soft);
	assert_int_equal(p.new_outline.intro, INTRO_FADE);
	assert_true(p.joint.at_s >= p.old_outline.mix_out_s - 2 - 1e-9);
	assert_within(p.joint.overlap_s, 0.3, 2.5);
	soft = tape_new(120, 44100);
	tape_level(soft, 0.5, 30, -40, -40);
	tape_level(soft, 30, 119, -14, -14);
	decide(&p, song(-14), soft);
	assert_int_equal(p.new_outline.intro, INTRO_QUIET);
	assert_true(p.joint.at_s >= p.old_outline.mix_out_s - 2 - 1e-9);
	/* A loud beginning does not. */
	decide(&p, song(-14), song(-14));
	assert_true(p.joint.at_s >= p.old_outline.mix_out_s);
}

struct beat {
	double bpm, confidence, first_s;
};

/* A fade that leaves a choice, and drums in both songs. */
static void decide_beats(struct pair *p, struct beat old, struct beat new)
{
	struct tape *tapes[2] = {fading(8), song(-14)};
	struct record a = tape_record(tapes[0]), b = tape_record(tapes[1]);
	policy_defaults(&p->policy);
	outline_of(&a, &p->old_outline);
	outline_of(&b, &p->new_outline);
	a.bpm = old.bpm, a.bpm_confidence = old.confidence, a.first_beat_s = old.first_s;
	b.bpm = new.bpm, b.bpm_confidence = new.confidence, b.first_beat_s = new.first_s;
	joint_side_of_end(&p->old, &a, &p->old_outline, p->policy.max_overlap_s);
	joint_side_of_start(&p->new, &b, &p->new_outline, p->policy.max_overlap_s);
	joint_decide(&p->old, &p->new, &p->policy, p->policy.max_overlap_s, &p->joint);
	record_done(&a);
	record_done(&b);
}

/* Beats of the old song by which the new one's lie off. */
static double beats_off(const struct pair *p, struct beat old, struct beat new)
{
	double second = p->joint.at_s + new.first_s - p->new.cue_in_s;
	double phase = (second - old.first_s) * old.bpm / 60;
	return fabs(phase - round(phase));
}

static void beats_fall_on_beats(void **state)
{
	struct pair none, p;
	decide_beats(&none, (struct beat){0}, (struct beat){0});
	for (int i = 0; i < 10; i++) {
		struct beat old = {120, 0.6, 0.05 * i}, new = {120, 0.5, 0.23};
		decide_beats(&p, old, new);
		assert_within(beats_off(&p, old, new), 0, 0.045); /* the search goes by 20 ms */
		assert_within(p.joint.at_s - none.joint.at_s, -0.27, 0.27);
		assert_within(p.joint.overlap_s, 0, 6 + 1e-9);
		assert_within(p.joint.terms.beat, 0, 0.01);
		/* Twice as fast is the same grid. */
		new.bpm = 240;
		decide_beats(&p, old, new);
		assert_within(p.joint.terms.beat, 0, 0.02);
	}
}

static void beats_that_are_no_grid_move_nothing(void **state)
{
	static const struct beat cases[][2] = {
	        {{120, 0.6, 0.1}, {120, 0.2, 0.3}}, /* one is not sure */
	        {{120, 0.6, 0.1}, {132, 0.6, 0.3}}, /* two tempos */
	        {{120, 0.6, 0.1}, {122.9, 0.6, 0.3}}, /* a quarter of a beat apart within 6 s */
	        {{120, 0.6, 0.1}, {0, 0, 0}},
	        {{0, 0, 0}, {120, 0.6, 0.3}},
	        {{1e-300, 1, 1e300}, {1e300, 1, -1e300}},
	};
	struct pair none, p;
	decide_beats(&none, (struct beat){0}, (struct beat){0});
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		decide_beats(&p, cases[i][0], cases[i][1]);
		assert_float_equal(p.joint.at_s, none.joint.at_s, 0);
		assert_float_equal(p.joint.terms.beat, 0, 0);
	}
}

/* An overlap of a quarter of a minute, where somebody allows it. */
static void a_longer_bound_is_used(void **state)
{
	struct pair p;
	struct tape *t = tape_new(180, 44100);
	struct record a, b;
	tape_level(t, 0.5, 150, -14, -14);
	tape_level(t, 150, 160, -14, -30); /* soft from there on, and long */
	tape_level(t, 160, 179, -30, -56);
	a = tape_record(t), b = tape_song(120);
	policy_defaults(&p.policy);
	outline_of(&a, &p.old_outline);
	outline_of(&b, &p.new_outline);
	joint_side_of_end(&p.old, &a, &p.old_outline, 15);
	joint_side_of_start(&p.new, &b, &p.new_outline, 15);
	joint_decide(&p.old, &p.new, &p.policy, 15, &p.joint);
	assert_within(p.joint.overlap_s, 14.9, 15 + 1e-9);
	joint_decide(&p.old, &p.new, &p.policy, 600, &p.joint);
	assert_within(p.joint.overlap_s, 14.9, SIDE_SECONDS + 1e-9);
	record_done(&a);
	record_done(&b);
}

static void gain_does_not_move_a_joint(void **state)
{
	struct pair loud, soft;
	decide(&loud, fading(9), song(-10));
	struct tape *t = tape_new(180, 44100);
	tape_level(t, 0.5, 170, -39, -39);
	tape_fade_out(t, 170, 179, -39);
	decide(&soft, t, song(-35));
	assert_within(soft.joint.at_s - loud.joint.at_s, -0.05, 0.05);
	assert_within(soft.joint.terms.total - loud.joint.terms.total, -0.02, 0.02);
}

static void the_terms_add_up(void **state)
{
	struct pair p;
	decide(&p, fading(9), song(-10));
	for (double at = 165; at < 180; at += 0.7) {
		struct joint j = {.at_s = at};
		joint_measure(&p.old, &p.new, &p.policy, &j);
		const struct joint_terms *t = &j.terms;
		double sum = t->hole + t->clash + t->bump + t->buried + t->playing + t->tail +
		             t->pause + t->peak + t->beat;
		assert_within(t->total - sum, -1e-9, 1e-9);
		assert_within(
		        j.overlap_s, p.old.cue_out_s - at - 1e-9, p.old.cue_out_s - at + 1e-9);
		if (at >= p.old_outline.mix_out_s && at < p.old.cue_out_s - 0.4 &&
		        j.overlap_s < 6) /* nothing the search looked at costs less */
			assert_true(j.terms.total >= p.joint.terms.total - 0.02);
	}
}

/* What each term is about: alone in its case, it is the one that is there. */
static void each_term_names_its_fault(void **state)
{
	struct pair p;
	struct joint j = {0};
	decide(&p, song(-14), song(-14));
	j.at_s = p.old.cue_out_s + 2; /* two seconds of nothing */
	joint_measure(&p.old, &p.new, &p.policy, &j);
	assert_within(j.terms.hole, 1.5, 2.2);
	assert_within(j.terms.pause, 0.05, 0.07);
	assert_within(j.terms.clash + j.terms.bump + j.terms.tail, 0, 0.01);
	j.at_s = p.old.cue_out_s - 3; /* both at full level */
	joint_measure(&p.old, &p.new, &p.policy, &j);
	assert_within(j.terms.clash, 2.5, 3.3);
	assert_within(j.terms.playing, 0.9, 1.3);
	assert_within(j.terms.hole, 0, 0.01);
	/* Peaks of -8 dBTP each: the sum is at -2, under the usual ceiling and 4 dB over one of -6. */
	assert_within(j.terms.peak, 0, 1e-9);
	p.policy.ceiling_dbtp = -6;
	joint_measure(&p.old, &p.new, &p.policy, &j);
	assert_within(j.terms.peak, 0.75, 1.5);
	assert_within(20 * log10(j.expected_peak_lin), -2.6, -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(cold_meets_immediate_on_its_heels),
	        cmocka_unit_test(in_a_fade_the_next_one_begins),
	        cmocka_unit_test(a_long_fade_starts_the_next_one_later),
	        cmocka_unit_test(a_smaller_bound_is_kept),
	        cmocka_unit_test(a_jingle_is_not_swallowed),
	        cmocka_unit_test(a_jingle_ends_a_soft_fade),
	        cmocka_unit_test(one_frame_has_its_joints),
	        cmocka_unit_test(a_quiet_coda_is_heard_to_its_end),
	        cmocka_unit_test(a_soft_intro_slips_under_a_cold_end_by_two_seconds_at_most),
	        cmocka_unit_test(beats_fall_on_beats),
	        cmocka_unit_test(beats_that_are_no_grid_move_nothing),
	        cmocka_unit_test(a_longer_bound_is_used),
	        cmocka_unit_test(gain_does_not_move_a_joint),
	        cmocka_unit_test(the_terms_add_up),
	        cmocka_unit_test(each_term_names_its_fault),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
