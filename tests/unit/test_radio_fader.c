/* test_radio_fader.c - a volume moves without a step, arrives, and touches nothing at 1. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "radio/fader.h"

enum { N = 8000 };

static void fill(float *frames)
{
	for (size_t i = 0; i < 2 * (size_t)N; i++)
		frames[i] = 1;
}

static void test_moves_without_a_step(void **state)
{
	struct fader f;
	static float frames[2 * N];
	fader_init(&f, 48000);
	fader_set(&f, 0);
	fill(frames);
	/* cut in two, as blocks are */
	fader_apply(&f, frames, 1000);
	assert_false(fader_is_silent(&f));
	fader_apply(&f, frames + 2000, N - 1000);
	assert_true(fader_is_silent(&f));
	for (size_t i = 1; i < N; i++)
		assert_true(frames[2 * i - 2] - frames[2 * i] < 0.0005f);
	assert_true(frames[2 * 2401] == 0);
	fader_set(&f, 0.5);
	fill(frames);
	fader_apply(&f, frames, N);
	assert_true(frames[0] < 0.001f && frames[2 * N - 1] == 0.5f);
}

static void test_one_touches_nothing(void **state)
{
	struct fader f;
	float frames[2] = {NAN, 0.1f};
	fader_init(&f, 48000);
	fader_set(&f, 1);
	fader_apply(&f, frames, 1);
	assert_true(isnan(frames[0]) && frames[1] == 0.1f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_moves_without_a_step),
	        cmocka_unit_test(test_one_touches_nothing),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
