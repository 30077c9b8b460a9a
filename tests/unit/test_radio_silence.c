/* test_radio_silence.c - silence is told once, in time, however calls are cut, and so is its end. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "radio/silence.h"

enum { RATE = 48000, CUT = 997 };

struct told {
	int n_alarms, n_over;
	int64_t alarm_at, over_at;
};

/* `seconds` of a tone of this level, on top of a constant offset, from frame *at on. */
static void play(
        struct silence *s, double seconds, double db, float offset, int64_t *at, struct told *told)
{
	float frames[2 * CUT];
	int64_t end = *at + (int64_t)(seconds * RATE);
	while (*at < end) {
		size_t n = end - *at < CUT ? (size_t)(end - *at) : CUT;
		for (size_t i = 0; i < n; i++)
			frames[2 * i] = frames[2 * i + 1] =
			        offset +
			        (float)(pow(10, db / 20) * sin((double)(*at + (int64_t)i) * 0.13));
		enum silence_news news = silence_add(s, frames, n);
		*at += (int64_t)n;
		told->n_alarms += news == SILENCE_ALARM;
		told->n_over += news == SILENCE_OVER;
		if (news == SILENCE_ALARM)
			told->alarm_at = *at;
		if (news == SILENCE_OVER)
			told->over_at = *at;
	}
}

static void test_alarm_and_end(void **state)
{
	struct silence *s = silence_new(2, -60, RATE);
	struct told told = {0};
	int64_t at = 0;
	assert_non_null(s);
	play(s, 1, -20, 0, &at, &told);
	play(s, 1.8, -200, 0, &at, &told);
	play(s, 0.3, -20, 0, &at, &told);
	assert_int_equal(told.n_alarms, 0);
	play(s, 5, -200, 0, &at, &told);
	assert_int_equal(told.n_alarms, 1);
	assert_int_equal(told.n_over, 0);
	assert_true(llabs(told.alarm_at - (int64_t)(5.1 * RATE)) < RATE / 4);
	play(s, 0.5, -20, 0, &at, &told);
	assert_int_equal(told.n_over, 1);
	assert_true(told.over_at - (int64_t)(8.1 * RATE) < RATE / 4);
	play(s, 3, -200, 0, &at, &told);
	assert_int_equal(told.n_alarms, 2);
	silence_free(s);
}

static void test_what_counts_as_sound(void **state)
{
	struct told told = {0};
	int64_t at = 0;
	struct silence *s = silence_new(1, -60, RATE);
	play(s, 3, -50, 0, &at, &told); /* quiet, but there */
	assert_int_equal(told.n_alarms, 0);
	play(s, 3, -75, 0.1f, &at, &told); /* hiss on a constant offset */
	assert_int_equal(told.n_alarms, 1);
	silence_free(s);
	s = silence_new(1, -40, RATE);
	at = 0;
	play(s, 3, -50, 0, &at, &told);
	assert_int_equal(told.n_alarms, 2);
	silence_free(s);
	silence_free(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_alarm_and_end),
	        cmocka_unit_test(test_what_counts_as_sound),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
