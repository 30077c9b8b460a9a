/* test_mix_gain.c - curves have the values that their laws say, at every frame. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "mix/gain.h"

enum { N = 1000 };

/* The factor at each frame of a clip. */
static void factors_of(const struct plan_clip *clip, float factors[N])
{
	struct gain_curve curve;
	gain_curve_init(&curve, clip);
	for (size_t at = 0; at < N;) {
		size_t n = gain_flat(&curve, (int64_t)at, N - at);
		for (size_t i = 0; i < n; i++)
			factors[at + i] = (float)curve.level_lin;
		if (n == 0)
			n = gain_ramp(&curve, (int64_t)at, N - at < 7 ? N - at : 7, factors + at);
		assert_true(n > 0);
		at += n;
	}
}

static void level_alone(void **state)
{
	(void)state;
	float f[N];
	factors_of(&(struct plan_clip){.n_frames = N, .gain_db = -6.0206}, f);
	for (int i = 0; i < N; i++)
		assert_true(fabsf(f[i] - 0.5f) < 1e-6f);
	factors_of(&(struct plan_clip){.n_frames = N}, f);
	for (int i = 0; i < N; i++)
		assert_true(f[i] == 1);
}

static void crossed_fades_add_up(void **state)
{
	(void)state;
	float out[N], in[N];
	struct plan_clip clip = {.n_frames = N, .fade_in_frames = N, .law = FADE_EQUAL_POWER};
	factors_of(&clip, in);
	clip.fade_out_frames = N;
	clip.fade_in_frames = 0;
	factors_of(&clip, out);
	for (int i = 0; i < N; i++)
		assert_true(fabs((double)in[i] * in[i] + (double)out[i] * out[i] - 1) < 1e-6);
	assert_true(fabs(out[0] - 1) < 1e-3 && in[0] < 1e-3);
	assert_true(fabs(in[N / 2] - sin(M_PI / 4 + M_PI / 4 / N)) < 1e-6);
	clip.law = FADE_LINEAR;
	factors_of(&clip, out);
	clip.fade_in_frames = N;
	clip.fade_out_frames = 0;
	factors_of(&clip, in);
	for (int i = 0; i < N; i++)
		assert_true(fabsf(in[i] + out[i] - 1) < 1e-6f);
	assert_true(fabsf(in[N / 4] - 0.2505f) < 1e-6f);
}

static void ramps_lie_at_the_ends(void **state)
{
	(void)state;
	float f[N];
	struct plan_clip clip = {.n_frames = N,
	        .declick_in_frames = 100,
	        .declick_out_frames = 50,
	        .fade_out_frames = 200,
	        .law = FADE_LINEAR};
	factors_of(&clip, f);
	for (int i = 0; i < 100; i++)
		assert_true(fabs(f[i] - (0.5 - 0.5 * cos(M_PI * (i + 0.5) / 100))) < 1e-6);
	for (int i = 100; i < 800; i++)
		assert_true(f[i] == 1);
	for (int i = 800; i < 950; i++)
		assert_true(fabs(f[i] - (999.5 - i) / 200) < 1e-6);
	for (int i = 950; i < 1000; i++)
		assert_true(fabs(f[i] - (999.5 - i) / 200 *
		                                (0.5 - 0.5 * cos(M_PI * (999.5 - i) / 50))) < 1e-6);
}

static void ramps_may_meet(void **state)
{
	(void)state;
	float f[N];
	struct plan_clip clip = {
	        .n_frames = N, .fade_in_frames = 5000, .fade_out_frames = 700, .law = FADE_LINEAR};
	factors_of(&clip, f);
	assert_true(fabs(f[500] - 0.5005 * (499.5 / 700)) < 1e-6);
}

static void setting_and_adding_agree(void **state)
{
	(void)state;
	float in[26], set[26], added[26] = {0}, factors[13];
	for (int i = 0; i < 26; i++)
		in[i] = i % 3 ? (float)(i - 13) / 7 : -0.0f;
	for (int i = 0; i < 13; i++)
		factors[i] = 0.7f;
	gain_apply(set, in, 0.7f, 13, false);
	gain_apply(added, in, 0.7f, 13, true);
	assert_memory_equal(set, added, sizeof(set));
	gain_apply_ramp(set, in, factors, 13, false);
	assert_memory_equal(set, added, sizeof(set));
	gain_apply_ramp(added, in, factors, 13, true);
	gain_apply(set, in, 0.7f, 13, true);
	assert_memory_equal(set, added, sizeof(set));
	for (int i = 0; i < 26; i++)
		assert_true(fabsf(set[i] - 1.4f * in[i]) < 1e-6f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(level_alone),
	        cmocka_unit_test(crossed_fades_add_up),
	        cmocka_unit_test(ramps_lie_at_the_ends),
	        cmocka_unit_test(ramps_may_meet),
	        cmocka_unit_test(setting_and_adding_agree),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
