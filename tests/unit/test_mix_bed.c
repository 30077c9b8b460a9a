/* test_mix_bed.c - the loop comes in at once, goes round without a seam, and leaves slowly; without one there is nothing. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "mix/bed.h"

enum { RATE = 8000, LOOP = 1000, FROM = 300, N = 4 * RATE };

static float frames[2 * LOOP], sound[2 * N];

/* Each frame is its own number: 1001 ... 2000 left, negative right. */
static struct mix_loop numbered(void)
{
	for (int i = 0; i < LOOP; i++) {
		frames[2 * i] = (float)(1001 + i);
		frames[2 * i + 1] = -frames[2 * i];
	}
	return (struct mix_loop){.frames = frames, .n_frames = LOOP, .loop_from = FROM};
}

static void add(struct bed *bed, size_t n)
{
	for (size_t i = 0; i < 2 * n; i++)
		sound[i] = 0;
	for (size_t at = 0; at < n; at += 777)
		bed_add(bed, sound + 2 * at, n - at < 777 ? n - at : 777);
}

static void test_round_and_round(void **state)
{
	struct mix_loop loop = numbered();
	struct bed bed;
	bed_init(&bed, &loop, RATE);
	assert_false(bed_is_heard(&bed));
	bed_set(&bed, true);
	assert_true(bed_is_heard(&bed));
	add(&bed, 5000);
	assert_true(sound[0] > 0 && sound[0] < 20); /* no click */
	for (int i = 200; i < 5000; i++) {
		int at = i < LOOP ? i : FROM + (i - LOOP) % (LOOP - FROM);
		assert_true(
		        sound[2 * i] == (float)(1001 + at) && sound[2 * i + 1] == -sound[2 * i]);
	}
	bed_set(&bed, false);
	add(&bed, N);
	assert_false(bed_is_heard(&bed));
	assert_true(sound[2 * RATE] > 300 && sound[2 * (N - 1)] == 0);
	bed_set(&bed, true); /* from its beginning */
	add(&bed, 300);
	assert_true(sound[2 * 250] == 1251);
}

static void test_adds_to_what_is_there(void **state)
{
	struct mix_loop loop = numbered();
	struct bed bed;
	float one[2] = {0.5f, 0.5f};
	bed_init(&bed, &loop, RATE);
	bed_add(&bed, one, 1);
	assert_true(one[0] == 0.5f && one[1] == 0.5f); /* off: not a bit */
	bed_set(&bed, true);
	add(&bed, 400);
	bed_add(&bed, one, 1);
	assert_true(one[0] == 1401.5f && one[1] == -1400.5f);
}

static void test_none(void **state)
{
	struct mix_loop empty = {.frames = frames},
	                odd = {.frames = frames, .n_frames = 5, .loop_from = 5};
	const struct mix_loop *loops[] = {NULL, &empty, &odd};
	for (size_t i = 0; i < 3; i++) {
		struct bed bed;
		bed_init(&bed, loops[i], RATE);
		bed_set(&bed, true);
		assert_false(bed_is_heard(&bed));
		add(&bed, 100);
		assert_true(sound[100] == 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_round_and_round),
	        cmocka_unit_test(test_adds_to_what_is_there),
	        cmocka_unit_test(test_none),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
