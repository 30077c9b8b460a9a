/* How loud a track is played: the target, and the two things that hold a gain. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>
#include <string.h>

#include "plan/gain.h"
#include "support/tape.h"

/* The gain of tracks as one, under the usual policy. */
static double gain_of(const struct record *records, size_t count, const struct policy *policy,
        char note[PLAN_REASON_BYTES])
{
	static struct gain_pool pool; /* 16 KB */
	struct outline o;
	note[0] = '\0';
	gain_pool_init(&pool);
	for (size_t i = 0; i < count; i++) {
		outline_of(&records[i], &o);
		gain_pool_add(&pool, &records[i], &o);
	}
	double gain = gain_pool_db(&pool, policy, note);
	gain_pool_clear(&pool);
	return gain;
}

static void the_target_is_reached(void **state)
{
	struct record r = tape_song(60);
	struct policy policy;
	char note[PLAN_REASON_BYTES];
	policy_defaults(&policy);
	r.loudness_lufs = -9.3;
	assert_float_equal(gain_of(&r, 1, &policy, note), -8.7, 1e-9);
	policy.target_lufs = -23;
	assert_float_equal(gain_of(&r, 1, &policy, note), -13.7, 1e-9);
	r.loudness_lufs = -31;
	assert_float_equal(gain_of(&r, 1, &policy, note), 8, 1e-9);
	assert_string_equal(note, "");
	policy.loudness = LOUDNESS_OFF;
	assert_float_equal(gain_of(&r, 1, &policy, note), 0, 0);
	record_done(&r);
}

static void the_limiter_is_given_twelve_decibels_at_most(void **state)
{
	struct record r = tape_song(60);
	struct policy policy;
	char note[PLAN_REASON_BYTES];
	policy_defaults(&policy);
	r.loudness_lufs = -38; /* +20 dB wanted, */
	r.true_peak_dbtp = -4; /* which would make +16 dBTP of its peaks, 17 over the ceiling */
	assert_float_equal(gain_of(&r, 1, &policy, note), 15, 1e-9);
	assert_non_null(strstr(note, "gain held at +15.0 dB in place of +20.0"));
	r.true_peak_dbtp = -9; /* exactly 12 */
	assert_float_equal(gain_of(&r, 1, &policy, note), 20, 1e-9);
	assert_string_equal(note, "");
	record_done(&r);
}

static void noise_is_not_lifted_over_45_lufs(void **state)
{
	struct tape *t = tape_new(60, 44100);
	struct policy policy;
	char note[PLAN_REASON_BYTES];
	policy_defaults(&policy);
	tape_level(t, 0, 60, -60, -60);
	tape_level(t, 10, 50, -26, -26);
	tape_level(t, 50, 51, -90, -90); /* so that gating is not all there is */
	struct record r = tape_record(t);
	r.loudness_lufs = -38;
	r.true_peak_dbtp = -20;
	/* +20 dB wanted, the noise of -60 LUFS allows 15.  (It is 22 LU under: a fault of this record's, made so.) */
	struct outline o;
	outline_of(&r, &o);
	o.noise_floor_lufs = -60;
	struct gain_pool pool;
	gain_pool_init(&pool);
	gain_pool_add(&pool, &r, &o);
	note[0] = '\0';
	assert_float_equal(gain_pool_db(&pool, &policy, note), 15, 1e-9);
	assert_non_null(strstr(note, "noise of -60 LUFS"));
	/* Noise that is too loud already holds no attenuation, and makes none. */
	pool.noise_floor_lufs = -30;
	assert_float_equal(gain_pool_db(&pool, &policy, note), 0, 1e-9);
	policy.target_lufs = -50;
	assert_float_equal(gain_pool_db(&pool, &policy, note), -12, 1e-9);
	gain_pool_clear(&pool);
	record_done(&r);
}

static void an_album_has_the_loudness_of_all_its_music(void **state)
{
	struct record r[2] = {tape_song(61), tape_song(61)};
	struct policy policy;
	char note[PLAN_REASON_BYTES];
	policy_defaults(&policy);
	tape_shift(&r[1], -6);
	/* Equally long, 6 dB apart: the energy mean is 10 log ((1 + 10^-0.6) / 2) = -2.04 dB. */
	assert_float_equal(gain_of(r, 2, &policy, note), -18 + 14 + 2.04, 0.06);
	/* What is over 10 LU under the rest is gated away. */
	tape_shift(&r[1], -20);
	assert_float_equal(gain_of(r, 2, &policy, note), -18 + 14, 0.06);
	record_done(&r[0]);
	record_done(&r[1]);
}

static void silence_has_no_gain(void **state)
{
	struct record r = tape_record(tape_new(10, 44100));
	struct policy policy;
	char note[PLAN_REASON_BYTES];
	policy_defaults(&policy);
	assert_float_equal(gain_of(&r, 1, &policy, note), 0, 0);
	record_done(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(the_target_is_reached),
	        cmocka_unit_test(the_limiter_is_given_twelve_decibels_at_most),
	        cmocka_unit_test(noise_is_not_lifted_over_45_lufs),
	        cmocka_unit_test(an_album_has_the_loudness_of_all_its_music),
	        cmocka_unit_test(silence_has_no_gain),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
