/* Cutting a plan down to its joints. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "jukebox/plan.h"

enum { HZ = 1000 };

static void add(struct plan *plan, int64_t start, int64_t n, int source_hz)
{
	struct plan_clip clip = {.source_hz = source_hz,
	        .from_frame = 500,
	        .to_frame = 500 + n * source_hz / HZ,
	        .start_frame = start,
	        .n_frames = n,
	        .title_frame = start,
	        .path = strdup("song")};
	assert_non_null(clip.path);
	assert_int_equal(plan_append(plan, &clip), STATUS_OK);
}

static struct plan cut(struct plan *plan, double around_s)
{
	struct plan joints;
	assert_int_equal(plan_joints(plan, around_s, 0.5, &joints), STATUS_OK);
	return joints;
}

static void check(const struct plan_clip *c, int64_t start, int64_t n, int64_t from, int64_t to)
{
	assert_int_equal(c->start_frame, start);
	assert_int_equal(c->n_frames, n);
	assert_int_equal(c->from_frame, from);
	assert_int_equal(c->to_frame, to);
}

static void test_overlaps(void **state)
{
	struct plan plan = {.rate_hz = HZ};
	add(&plan, 0, 60000, HZ);
	add(&plan, 57000, 60000, 2 * HZ); /* overlap of 3 s */
	add(&plan, 117000, 60000, HZ); /* butt */
	plan.clips[0].gain_db = -3;
	plan.clips[0].fade_out_frames = 2000;
	plan.clips[1].declick_in_frames = 5;
	struct plan j = cut(&plan, 8);
	assert_int_equal(j.count, 4);
	/* [49 s, 68 s) and [109 s, 125 s), half a second between */
	check(&j.clips[0], 0, 11000, 49500, 60500);
	check(&j.clips[1], 8000, 11000, 500, 22500);
	check(&j.clips[2], 19500, 8000, 104500, 120500);
	check(&j.clips[3], 27500, 8000, 500, 8500);
	assert_int_equal(j.clips[0].overlap_frames, 3000);
	assert_int_equal(j.clips[1].overlap_frames, -500);
	assert_int_equal(plan_frames(&j), 35500);
	/* What is at the joint stays, the new edges do not click. */
	assert_true(j.clips[0].gain_db == -3);
	assert_int_equal(j.clips[0].fade_out_frames, 2000);
	assert_int_equal(j.clips[0].declick_in_frames, 20);
	assert_int_equal(j.clips[1].declick_in_frames, 5);
	assert_int_equal(j.clips[1].declick_out_frames, 20);
	assert_int_equal(j.clips[3].declick_in_frames, 0);
	plan_done(&plan);
	plan_done(&j);
}

static void test_pause_and_album(void **state)
{
	struct plan plan = {.rate_hz = HZ};
	add(&plan, 0, 30000, HZ);
	add(&plan, 32000, 30000, HZ); /* a pause of 2 s */
	add(&plan, 62000, 30000, HZ);
	plan.clips[2].joined = true;
	struct plan j = cut(&plan, 1);
	assert_int_equal(j.count, 4);
	check(&j.clips[0], 0, 1000, 29500, 30500);
	check(&j.clips[1], 3000, 1000, 500, 1500);
	check(&j.clips[2], 4500, 1000, 29500, 30500);
	check(&j.clips[3], 5500, 1000, 500, 1500);
	assert_false(j.clips[2].joined);
	assert_true(j.clips[3].joined);
	plan_done(&plan);
	plan_done(&j);
}

/* A jingle between two songs: both its joints are heard as one piece, and it once. */
static void test_close_joints(void **state)
{
	struct plan plan = {.rate_hz = HZ};
	add(&plan, 0, 30000, HZ);
	add(&plan, 29000, 5000, HZ);
	add(&plan, 33000, 30000, HZ);
	struct plan j = cut(&plan, 8);
	assert_int_equal(j.count, 3);
	check(&j.clips[0], 0, 9000, 21500, 30500);
	check(&j.clips[1], 8000, 5000, 500, 5500);
	check(&j.clips[2], 12000, 9000, 500, 9500);
	plan_done(&plan);
	plan_done(&j);
}

/* Fades that are longer than the window come whole: no curve begins in its middle. */
static void test_long_fades(void **state)
{
	struct plan plan = {.rate_hz = HZ};
	add(&plan, 0, 30000, HZ);
	add(&plan, 28000, 30000, HZ);
	plan.clips[0].fade_out_frames = 12000;
	plan.clips[1].fade_in_frames = 10000;
	struct plan j = cut(&plan, 1);
	assert_int_equal(j.count, 2);
	check(&j.clips[0], 0, 12000, 18500, 30500);
	check(&j.clips[1], 10000, 10000, 500, 10500);
	assert_int_equal(j.clips[1].fade_in_frames, 10000);
	plan_done(&plan);
	plan_done(&j);
}

/* Wherever it is cut, each frame of the result is the frame that the plan has there. */
static void test_every_frame_is_the_plans(void **state)
{
	struct plan plan = {.rate_hz = HZ};
	for (int i = 0; i < 20; i++)
		add(&plan, i * 3700, i % 3 == 0 ? 9000 : 4100, HZ);
	for (int around = 0; around < 6; around++) {
		struct plan j = cut(&plan, around * 0.3);
		for (size_t i = 0; i < j.count; i++) {
			const struct plan_clip *c = &j.clips[i];
			assert_int_equal(c->to_frame - c->from_frame, c->n_frames);
			assert_true(c->n_frames > 0);
			assert_true(c->from_frame >= 500);
			assert_true(i == 0 || c->start_frame >= j.clips[i - 1].start_frame);
		}
		plan_done(&j);
	}
	plan_done(&plan);
}

static void test_no_joints(void **state)
{
	struct plan plan = {.rate_hz = HZ};
	struct plan j = cut(&plan, 8);
	assert_int_equal(j.count, 0);
	add(&plan, 0, 30000, HZ);
	j = cut(&plan, 8);
	assert_int_equal(j.count, 0);
	plan_done(&plan);
	plan_done(&j);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_overlaps),
	        cmocka_unit_test(test_pause_and_album),
	        cmocka_unit_test(test_close_joints),
	        cmocka_unit_test(test_long_fades),
	        cmocka_unit_test(test_every_frame_is_the_plans),
	        cmocka_unit_test(test_no_joints),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
