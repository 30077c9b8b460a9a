/* Blocks, alignment, dead air and judgement of `verify`: signals with known answers. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "commands/verify.h"
#include "jukebox/meter.h"

enum { N = 882, RATE = 44100 };

static struct verify_bounds bounds;

static uint32_t random_state;

/* Numerical Recipes' LCG: the same noise everywhere. */
static float noise(void)
{
	random_state = random_state * 1664525u + 1013904223u;
	return (float)((double)random_state / 4294967296.0 - 0.5);
}

/* Without a mean: the second half is the first one turned over. */
static void fill(float *frames, size_t n)
{
	random_state = 1;
	for (size_t i = 0; i < 2 * n; i++)
		frames[i] = i < n ? 0.5f * noise() : -frames[i - n];
}

static struct sums compare(const float *expected, const float *heard, enum block_kind *kind)
{
	struct sums s;
	sums_of(expected, heard, N, &s);
	*kind = block_kind_of(&s, &bounds);
	return s;
}

static int setup(void **state)
{
	verify_bounds_for(false, &bounds);
	return 0;
}

static void test_level(void **state)
{
	float e[2 * N], h[2 * N];
	enum block_kind kind;
	fill(e, N);
	memcpy(h, e, sizeof h);
	compare(e, h, &kind);
	assert_int_equal(kind, BLOCK_GOOD);
	for (size_t i = 0; i < 2 * N; i++)
		h[i] = -2 * e[i];
	struct sums s = compare(e, h, &kind);
	assert_int_equal(kind, BLOCK_CHANGED);
	assert_true(fabs(sums_gain_db(&s) - 6.0206) < 1e-4);
	assert_true(fabs(sums_correlation(&s) + 1) < 1e-9);
}

static void test_null(void **state)
{
	float e[2 * N], h[2 * N];
	enum block_kind kind;
	fill(e, N);
	for (size_t i = 0; i < 2 * N; i++)
		h[i] = e[i] + (i % 2 ? 1 : -1) * 0.001f;
	struct sums s = compare(e, h, &kind);
	assert_true(fabs(sums_null_dbfs(&s) + 60) < 0.01);
	assert_int_equal(kind, BLOCK_CHANGED);
	for (size_t i = 0; i < 2 * N; i++)
		h[i] = e[i] + 0.00009f; /* -80.9 dBFS */
	compare(e, h, &kind);
	assert_int_equal(kind, BLOCK_GOOD);
}

static void test_sides(void **state)
{
	float e[2 * N], h[2 * N];
	enum block_kind kind;
	fill(e, N);
	for (size_t i = 0; i < N; i++) {
		h[2 * i] = e[2 * i + 1];
		h[2 * i + 1] = e[2 * i];
	}
	struct sums s = compare(e, h, &kind);
	assert_int_equal(kind, BLOCK_CHANGED);
	assert_true(fabs(sums_correlation_swapped(&s) - 1) < 1e-9);
	assert_true(fabs(sums_correlation(&s)) < 0.2);
}

static void test_hole_and_strange(void **state)
{
	float e[2 * N], h[2 * N] = {0};
	enum block_kind kind;
	fill(e, N);
	compare(e, h, &kind);
	assert_int_equal(kind, BLOCK_HOLE);
	for (size_t i = 0; i < 2 * N; i++)
		h[i] = 0.5f * noise();
	compare(e, h, &kind);
	assert_int_equal(kind, BLOCK_STRANGE);
	memset(e, 0, sizeof e);
	compare(e, h, &kind);
	assert_int_equal(kind, BLOCK_STRANGE);
}

static void test_clicks(void **state)
{
	float e[2 * N], h[2 * N];
	fill(e, N);
	memcpy(h, e, sizeof h);
	h[1001] += 0.3f;
	struct spike spike = spike_of(e, h, N);
	assert_true(spike.lone);
	assert_true(fabs(spike.height_lin - 0.6) < 1e-3);
	/* A drop-out is no click, nor is another level. */
	memset(h + 1000, 0, sizeof h - 1000 * sizeof *h);
	assert_false(spike_of(e, h, N).lone);
	for (size_t i = 0; i < 2 * N; i++)
		h[i] = 0.9f * e[i];
	assert_false(spike_of(e, h, N).lone);
}

static void test_align(void **state)
{
	enum { ROOM = 200000, WANTED = 3000 };
	float *room = malloc(ROOM * sizeof *room), wanted[WANTED];
	size_t place;
	double fit;
	assert_non_null(room);
	random_state = 7;
	for (size_t i = 0; i < ROOM; i++)
		room[i] = noise();
	for (size_t at = 0; at <= ROOM - WANTED; at += 49250) {
		for (size_t i = 0; i < WANTED; i++)
			wanted[i] = -0.1f * room[at + i];
		assert_int_equal(
		        align_find(wanted, WANTED, room, ROOM, 5, &place, &fit), STATUS_OK);
		assert_int_equal(place, at);
		assert_true(fabs(fit + 1) < 1e-4);
	}
	/* The same sound twice: the place nearer to the favourite. */
	memcpy(room + 150000, room + 20000, WANTED * sizeof *room);
	memcpy(wanted, room + 20000, sizeof wanted);
	for (int i = 0; i < 2; i++) {
		size_t favourite = i ? 160000 : 10000;
		assert_int_equal(
		        align_find(wanted, WANTED, room, ROOM, favourite, &place, &fit), STATUS_OK);
		assert_int_equal(place, i ? 150000 : 20000);
	}
	/* Not there, silence, no room. */
	for (size_t i = 0; i < WANTED; i++)
		wanted[i] = noise();
	assert_int_equal(align_find(wanted, WANTED, room, ROOM, 0, &place, &fit), STATUS_OK);
	assert_true(fabs(fit) < 0.2);
	memset(room, 0, ROOM * sizeof *room);
	assert_int_equal(align_find(wanted, WANTED, room, ROOM, 0, &place, &fit), STATUS_OK);
	assert_true(fit == 0);
	assert_int_equal(align_find(wanted, WANTED, room, 10, 0, &place, &fit), STATUS_OK);
	assert_true(fit == 0);
	free(room);
}

static void test_dead_air(void **state)
{
	struct dead_air *heard = calloc(1, sizeof *heard), *expected = calloc(1, sizeof *expected);
	double loud = meter_lufs_to_energy(-18), dead = meter_lufs_to_energy(-51);
	size_t i = 0;
	assert_non_null(heard);
	assert_non_null(expected);
	for (int block = 0; block < 100; block++) {
		dead_air_add(heard, block >= 20 && block < 30 ? dead : loud);
		dead_air_add(expected, block >= 22 && block < 28 ? dead : loud);
	}
	assert_int_equal(heard->count, 1);
	assert_int_equal(heard->stretches[0].from, 20);
	assert_int_equal(heard->stretches[0].to, 30);
	assert_false(dead_air_too_long(heard, expected, &bounds, &i)); /* 0.4 s more */
	expected->count = 0;
	i = 0;
	assert_true(dead_air_too_long(heard, expected, &bounds, &i));
	assert_int_equal(i, 0);
	free(heard);
	free(expected);
}

/* ---- judgement ------------------------------------------------------------------------------------------ */

static struct plan_clip clip = {.n_frames = 10 * RATE};

/* Ten seconds of noise, of which the heard is `gain` times the expected. */
static struct clip_check song(double gain)
{
	struct clip_check c = {.clip = &clip, .loudness_lufs = -18, .expected_lufs = -18};
	float e[2 * N], h[2 * N];
	struct spike spike = {0};
	enum block_kind kind;
	fill(e, N);
	for (size_t i = 0; i < 2 * N; i++)
		h[i] = (float)gain * e[i];
	for (int64_t at = 0; at < clip.n_frames; at += N) {
		struct sums s = compare(e, h, &kind);
		tally_add(&c.solo, &s, kind, &spike, at, &bounds);
	}
	return c;
}

static void names(struct clip_check *c, const struct clip_check *before, int n, ...)
{
	va_list kinds;
	judge_clip(c, before, RATE, &bounds);
	assert_int_equal(c->n_problems, n);
	va_start(kinds, n);
	for (int i = 0; i < n; i++)
		assert_int_equal(c->problems[i].kind, va_arg(kinds, int));
	va_end(kinds);
}

static void test_judge(void **state)
{
	struct clip_check good = song(1), loud = song(1.05), turned = song(-1);
	names(&good, NULL, 0);
	names(&loud, NULL, 1, PROBLEM_LEVEL);
	names(&turned, NULL, 1, PROBLEM_POLARITY);

	struct clip_check late = song(1);
	late.position_frames = RATE / 100;
	names(&late, NULL, 0);
	late.position_frames++;
	names(&late, NULL, 1, PROBLEM_POSITION);

	struct clip_check missing = song(1);
	missing.solo.strange = 6 * RATE;
	names(&missing, NULL, 1, PROBLEM_MISSING);
	struct clip_check hole = song(1);
	hole.solo.hole = N;
	names(&hole, NULL, 1, PROBLEM_DROP_OUT);

	struct clip_check loudness = song(1);
	loudness.loudness_lufs = -18.6;
	names(&loudness, NULL, 1, PROBLEM_LOUDNESS);
	loudness.n_problems = 0;
	loudness.loudness_lufs = -HUGE_VAL;
	loudness.expected_lufs = -HUGE_VAL;
	names(&loudness, NULL, 0);
}

static void test_judge_joints(void **state)
{
	struct plan_clip half = clip;
	struct clip_check before = song(1), after = song(1);
	half.joined = true;
	after.clip = &half;
	after.position_frames = -1;
	names(&after, &before, 1, PROBLEM_ALBUM);

	/* What is wrong with a song is not told again of its overlap. */
	struct clip_check overlap = song(1);
	overlap.joint.frames = overlap.joint.changed = N;
	names(&overlap, &before, 1, PROBLEM_JOINT);
	before = song(2);
	judge_clip(&before, NULL, RATE, &bounds);
	overlap.n_problems = 0;
	names(&overlap, &before, 0);
}

/* Two songs of 40 s at -20 LUFS, the second of which starts at `start_s`. */
static struct meeting_check meet(
        double start_s, int fade_out_s, double change_at_s, double change_lu)
{
	struct levels levels = {0};
	struct plan_clip old = {.n_frames = 40 * RATE, .fade_out_frames = fade_out_s * RATE};
	struct plan_clip new = {.start_frame = (int64_t)(start_s * RATE), .n_frames = 40 * RATE};
	struct clip_check a = {.clip = &old, .loudness_lufs = -20};
	struct clip_check b = {.clip = &new, .loudness_lufs = -20};
	for (int i = 0; i < (start_s + 40) * 10; i++) {
		double at = i / 10.0, lufs = -20;
		if (at >= 40 && at < start_s)
			lufs = -80;
		if (at >= change_at_s && at < change_at_s + 2)
			lufs += change_lu;
		assert_int_equal(levels_add(&levels, meter_lufs_to_energy(lufs)), STATUS_OK);
	}
	struct meeting_check meeting;
	meeting_measure(&levels, &a, &b, RATE, &meeting);
	free(levels.energies);
	return meeting;
}

static void test_meetings(void **state)
{
	struct meeting_check even = meet(38, 0, 0, 0);
	assert_true(fabs(even.dip_lu) < 0.01 && fabs(even.bump_lu) < 0.01);
	assert_true(even.soft_s == 0 && even.hole_s == 0);

	/* a pause: what both songs' last and first 200 ms do not reach */
	struct meeting_check pause = meet(42, 0, 0, 0);
	assert_true(pause.dip_lu < -59 && fabs(pause.hole_s - 1.7) < 0.11);
	assert_true(pause.soft_s == pause.hole_s);

	/* soft by itself, and because it is faded */
	struct meeting_check soft = meet(38, 0, 38, -20);
	assert_true(soft.soft_s > 1.5 && soft.hole_s == 0 && fabs(soft.dip_lu + 20) < 0.1);
	struct meeting_check faded = meet(40, 6, 36, -20);
	assert_true(faded.hole_s > 1.5 && faded.soft_s == faded.hole_s);

	struct meeting_check bump = meet(38, 0, 38, 4);
	assert_true(fabs(bump.bump_lu - 4) < 0.1 && bump.soft_s == 0);
}

static void test_judge_meetings(void **state)
{
	struct plan_clip meant = clip;
	struct clip_check before = song(1), after = song(1);
	after.meeting = (struct meeting_check){.hole_s = 0.5, .bump_lu = 3};
	names(&after, &before, 0);
	after.meeting = (struct meeting_check){.hole_s = 0.6, .bump_lu = 3.1};
	names(&after, &before, 2, PROBLEM_HOLE, PROBLEM_BUMP);
	after.n_problems = 0;
	snprintf(meant.sources, sizeof meant.sources, "pause: #JUKEBOX:");
	before.clip = &meant;
	names(&after, &before, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_level),
	        cmocka_unit_test(test_null),
	        cmocka_unit_test(test_sides),
	        cmocka_unit_test(test_hole_and_strange),
	        cmocka_unit_test(test_clicks),
	        cmocka_unit_test(test_align),
	        cmocka_unit_test(test_dead_air),
	        cmocka_unit_test(test_judge),
	        cmocka_unit_test(test_judge_joints),
	        cmocka_unit_test(test_meetings),
	        cmocka_unit_test(test_judge_meetings),
	};
	return cmocka_run_group_tests(tests, setup, NULL);
}
