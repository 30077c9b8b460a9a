/* test_radio_onair.c - now, next and history as others see them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "jukebox/onair.h"

static struct plan_clip clip(const char *path, const char *transition)
{
	struct plan_clip c = {.path = (char *)path, .title = (char *)path, .n_frames = 1000};
	snprintf(c.transition, sizeof c.transition, "%s", transition);
	return c;
}

static void test_now_next_history(void **state)
{
	struct onair *o = onair_new(100);
	struct onair_snapshot s;
	struct plan_clip a = clip("a", "start"), b = clip("b", "overlap");
	onair_take(o, &s);
	assert_false(s.has_now);
	assert_int_equal(s.state, ONAIR_STARTING);
	onair_snapshot_done(&s);
	onair_title(o, &a, 0);
	onair_next(o, &b);
	onair_progress(o, 500);
	onair_take(o, &s);
	assert_int_equal(s.state, ONAIR_PLAYING);
	assert_string_equal(s.now.path, "a");
	assert_string_equal(s.next.title, "b");
	assert_true(s.now.started_at_ms > 0);
	assert_true(onair_elapsed_s(&s) == 5 && onair_duration_s(&s) == 10);
	onair_snapshot_done(&s);
	onair_title(o, &b, 900);
	onair_next(o, NULL);
	onair_take(o, &s);
	assert_string_equal(s.now.path, "b");
	assert_false(s.has_next);
	assert_int_equal(s.n_history, 1);
	assert_string_equal(s.history[0].path, "a");
	onair_snapshot_done(&s);
	onair_free(o);
}

static void test_parts_of_a_file_are_one_track(void **state)
{
	struct onair *o = onair_new(100);
	struct onair_snapshot s;
	struct plan_clip a = clip("a", "start"), rest = clip("a", "inner");
	onair_title(o, &a, 0);
	onair_title(o, &rest, 1000);
	onair_take(o, &s);
	assert_int_equal(s.n_history, 0);
	assert_int_equal(s.n_tracks, 1);
	assert_int_equal(s.now.end_frame, 2000);
	onair_snapshot_done(&s);
	onair_free(o);
}

static void test_history_is_bounded_newest_first(void **state)
{
	struct onair *o = onair_new(100);
	struct onair_snapshot s;
	char names[ONAIR_HISTORY + 10][16];
	for (int i = 0; i < ONAIR_HISTORY + 10; i++) {
		snprintf(names[i], sizeof names[i], "%d", i % 1000);
		struct plan_clip c = clip(names[i], "overlap");
		onair_title(o, &c, 1000 * i);
	}
	onair_take(o, &s);
	assert_int_equal(s.n_history, ONAIR_HISTORY);
	assert_string_equal(s.now.path, names[ONAIR_HISTORY + 9]);
	for (int i = 0; i < ONAIR_HISTORY; i++)
		assert_string_equal(s.history[i].path, names[ONAIR_HISTORY + 8 - i]);
	onair_snapshot_done(&s);
	onair_free(o);
}

static void test_null_is_fine(void **state)
{
	struct onair_snapshot s;
	struct plan_clip a = clip("a", "start");
	onair_title(NULL, &a, 0);
	onair_next(NULL, &a);
	onair_progress(NULL, 1);
	onair_set_state(NULL, ONAIR_PAUSED);
	onair_take(NULL, &s);
	assert_false(s.has_now);
	onair_snapshot_done(&s);
	onair_free(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_now_next_history),
	        cmocka_unit_test(test_parts_of_a_file_are_one_track),
	        cmocka_unit_test(test_history_is_bounded_newest_first),
	        cmocka_unit_test(test_null_is_fine),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
