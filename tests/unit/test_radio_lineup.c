/* test_radio_lineup.c - what is on and what will be: queueing, removing, reloading, beginning. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "jukebox/lineup.h"

static size_t append(struct lineup *l, const char *path, size_t place)
{
	struct pick pick = {.path = (char *)path, .place = place};
	size_t id = LINEUP_NONE;
	assert_int_equal(lineup_append(l, &pick, &id), STATUS_OK);
	return id;
}

static size_t queue(struct lineup *l, const char *path, bool next)
{
	size_t id = LINEUP_NONE;
	assert_int_equal(lineup_queue(l, path, next, &id, NULL), STATUS_OK);
	return id;
}

/* What comes, as one word of first letters. */
static void assert_coming(struct lineup *l, const char *letters)
{
	struct pick picks[32];
	char got[33] = "";
	size_t n = lineup_coming(l, picks, 32);
	for (size_t i = 0; i < n; i++) {
		got[i] = picks[i].path[0];
		pick_done(&picks[i]);
	}
	assert_string_equal(got, letters);
}

static void assert_asked(struct lineup *l, const char *letters)
{
	struct pick pick;
	for (; *letters; letters++) {
		assert_int_equal(lineup_ask(l, &pick), STATUS_OK);
		assert_int_equal(pick.path[0], *letters);
		pick_done(&pick);
	}
	assert_int_equal(lineup_ask(l, &pick), STATUS_END);
}

static void test_people_come_first(void **state)
{
	(void)state;
	struct lineup *l = lineup_new();
	size_t a = append(l, "a", 0);
	append(l, "b", 1);
	lineup_began(l, a);
	queue(l, "X", false);
	queue(l, "Y", false);
	queue(l, "Z", true);
	assert_coming(l, "ZXYb");
	assert_int_equal(lineup_on_air(l), a);
	lineup_free(l);
}

static void test_asked_once_and_again(void **state)
{
	(void)state;
	struct lineup *l = lineup_new();
	size_t a = append(l, "a", 0);
	append(l, "b", 1);
	assert_asked(l, "ab");
	lineup_began(l, a);
	append(l, "c", 2);
	assert_asked(l, "c");
	lineup_ask_again(l, a);
	assert_asked(l, "bc");
	lineup_free(l);
}

static void test_removing(void **state)
{
	(void)state;
	struct lineup *l = lineup_new();
	struct error error;
	size_t a = append(l, "a", 0), b = append(l, "b", 1), x = queue(l, "X", false);
	lineup_began(l, a);
	assert_int_equal(lineup_remove(l, a, &error), STATUS_USAGE);
	assert_int_equal(lineup_remove(l, b, &error), STATUS_OK);
	assert_int_equal(lineup_remove(l, b, &error), STATUS_NOT_FOUND);
	assert_int_equal(lineup_remove(l, x, &error), STATUS_OK);
	assert_coming(l, "");
	lineup_drop(l, a); /* it is on: nothing happens */
	assert_int_equal(lineup_on_air(l), a);
	lineup_free(l);
}

/* The next song of the list began before what was queued could be planned: it comes all the same, unless it was tried. */
static void test_queued_too_late(void **state)
{
	(void)state;
	struct lineup *l = lineup_new();
	size_t a = append(l, "a", 0), b = append(l, "b", 1), c = append(l, "c", 2);
	append(l, "d", 3);
	lineup_began(l, a);
	assert_asked(l, "bcd");
	size_t x = queue(l, "X", true);
	queue(l, "Y", false);
	lineup_began(l, b);
	assert_int_equal(lineup_on_air(l), b);
	assert_coming(l, "XYcd");
	lineup_failed(l, x);
	lineup_began(l, c);
	assert_coming(l, "Yd");
	lineup_free(l);
}

/* Another list: what has not begun does not come, but for what people want; what began all the same is told once. */
static void test_another_list(void **state)
{
	(void)state;
	struct lineup *l = lineup_new();
	struct pick pick;
	size_t a = append(l, "a", 0), b = append(l, "b", 1);
	append(l, "c", 2);
	lineup_began(l, a);
	queue(l, "X", false);
	lineup_drop_listed(l);
	assert_coming(l, "X");
	lineup_began(l, b);
	assert_int_equal(lineup_take_dropped(l, b, &pick), STATUS_OK);
	assert_int_equal(pick.path[0], 'b');
	pick_done(&pick);
	assert_int_equal(lineup_take_dropped(l, b, &pick), STATUS_END);
	lineup_free(l);
}

static void test_the_place_of_the_list(void **state)
{
	(void)state;
	struct lineup *l = lineup_new();
	struct pick pick;
	assert_int_equal(lineup_last_listed(l, &pick), STATUS_END);
	size_t a = append(l, "a", 7);
	lineup_began(l, a);
	lineup_began(l, queue(l, "X", true));
	assert_int_equal(lineup_last_listed(l, &pick), STATUS_OK);
	assert_true(pick.place == 7 && pick.path[0] == 'a');
	pick_done(&pick);
	lineup_set_place(l, 2, 3);
	assert_int_equal(lineup_last_listed(l, &pick), STATUS_OK);
	assert_true(pick.place == 3 && pick.round == 2);
	pick_done(&pick);
	lineup_free(l);
}

/* As a plan without a player does it: several ahead, and nobody tells that anything began. */
static void test_a_long_list_is_asked_in_order(void **state)
{
	enum { AHEAD = 8 };
	(void)state;
	struct lineup *l = lineup_new();
	struct pick pick;
	for (size_t i = 0; i < 2 * LINEUP_MOST; i++) {
		append(l, "a", i);
		if (i < AHEAD)
			continue;
		assert_int_equal(lineup_ask(l, &pick), STATUS_OK);
		assert_int_equal(pick.place, i - AHEAD);
		size_t id = pick.id;
		pick_done(&pick);
		assert_int_equal(lineup_get(l, id, &pick), STATUS_OK);
		assert_int_equal(pick.place, i - AHEAD);
		pick_done(&pick);
	}
	queue(l, "X", true);
	assert_int_equal(lineup_ask(l, &pick), STATUS_OK);
	assert_string_equal(pick.path, "X");
	pick_done(&pick);
	for (size_t i = 0; i < AHEAD; i++) {
		assert_int_equal(lineup_ask(l, &pick), STATUS_OK);
		pick_done(&pick);
	}
	assert_int_equal(lineup_ask(l, &pick), STATUS_END);
	lineup_free(l);
}

static void test_bounds(void **state)
{
	(void)state;
	struct lineup *l = lineup_new();
	struct error error;
	size_t id;
	for (int i = 0; i < LINEUP_MOST_QUEUED; i++)
		queue(l, "X", false);
	assert_int_equal(lineup_queue(l, "X", true, &id, &error), STATUS_USAGE);
	for (int i = 0; i < 2 * LINEUP_MOST; i++) /* a plan without a player: the oldest go */
		append(l, "a", (size_t)i);
	size_t last = append(l, "z", 0);
	struct pick pick;
	assert_int_equal(lineup_get(l, last, &pick), STATUS_OK);
	pick_done(&pick);
	assert_int_equal(lineup_get(l, 1, &pick), STATUS_NOT_FOUND);
	lineup_free(l);
	lineup_free(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_people_come_first),
	        cmocka_unit_test(test_asked_once_and_again),
	        cmocka_unit_test(test_removing),
	        cmocka_unit_test(test_queued_too_late),
	        cmocka_unit_test(test_another_list),
	        cmocka_unit_test(test_the_place_of_the_list),
	        cmocka_unit_test(test_a_long_list_is_asked_in_order),
	        cmocka_unit_test(test_bounds),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
