/* test_radio_state.c - what is written is read again, bytes that are no text too; anything else is refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "jukebox/state.h"

static void read_text(const char *text, struct state *s)
{
	struct error error = {0};
	if (state_from_text(text, strlen(text), s, &error) != STATUS_OK)
		fail_msg("%s: %s", text, error.text);
}

static void refuse(const char *text, size_t n)
{
	struct state s;
	struct error error = {0};
	assert_int_equal(state_from_text(text, n, &s, &error), STATUS_BAD_DATA);
	assert_true(error.text[0] != '\0');
	assert_null(s.last);
	assert_null(s.queued);
	assert_int_equal(s.n_history, 0);
	state_done(&s);
}

static void test_of_a_run(void **state)
{
	struct lineup *lineup = lineup_new();
	struct onair *onair = onair_new(44100);
	struct pick listed = {.path = (char *)"m/\xff\xfe \"x\".ogg", .round = 3, .place = 17};
	struct plan_clip clip = {
	        .path = (char *)"m/now.ogg", .title = (char *)"N\xc3\xbcn", .n_frames = 10};
	struct state s, again;
	struct error error = {0};
	size_t id, queued;
	assert_int_equal(lineup_append(lineup, &listed, &id), STATUS_OK);
	lineup_began(lineup, id);
	assert_int_equal(lineup_queue(lineup, "q/one.wav", false, &queued, &error), STATUS_OK);
	assert_int_equal(lineup_queue(lineup, "q/\x80.wav", false, &queued, &error), STATUS_OK);
	onair_title(onair, &clip, 0);
	assert_int_equal(state_take(&s, -5, lineup, onair), STATUS_OK);
	char *text = state_to_text(&s);
	assert_non_null(text);
	read_text(text, &again);
	assert_int_equal(again.seed, -5);
	assert_true(again.has_place);
	assert_int_equal(again.round, 3);
	assert_int_equal(again.place, 17);
	assert_string_equal(again.last, listed.path);
	assert_int_equal(again.n_queued, 2);
	assert_string_equal(again.queued[0].path, "q/one.wav");
	assert_string_equal(again.queued[1].path, "q/\x80.wav");
	assert_int_equal(again.n_history, 1);
	assert_string_equal(again.history[0].path, "m/now.ogg");
	assert_string_equal(again.history[0].title, "N\xc3\xbcn");
	assert_null(again.history[0].artist);
	char *twice = state_to_text(&again);
	assert_string_equal(twice, text);
	free(twice);
	free(text);
	state_done(&again);
	state_done(&s);
	onair_free(onair);
	lineup_free(lineup);
}

static void test_of_nothing(void **state)
{
	struct lineup *lineup = lineup_new();
	struct onair *onair = onair_new(44100);
	struct state s, again;
	assert_int_equal(state_take(&s, 1, lineup, onair), STATUS_OK);
	assert_false(s.has_place);
	char *text = state_to_text(&s);
	read_text(text, &again);
	assert_false(again.has_place);
	assert_int_equal(again.n_queued + again.n_history, 0);
	free(text);
	state_done(&again);
	state_done(&s);
	state_done(&s); /* twice is fine */
	onair_free(onair);
	lineup_free(lineup);
}

/* A file that was cut anywhere is not half believed. */
static void test_cut_anywhere(void **state)
{
	static const char whole[] =
	        "{\"version\": 1, \"seed\": 7, \"list\": {\"round\": 0, \"place\": 2, \"path\": "
	        "\"a.ogg\"},"
	        " \"queue\": [\"b.ogg\"], \"history\": [{\"path\": \"c.ogg\"}]}";
	struct state s;
	for (size_t n = 0; n + 1 < strlen(whole); n++)
		refuse(whole, n);
	read_text(whole, &s);
	assert_string_equal(s.last, "a.ogg");
	assert_int_equal(s.n_queued, 1);
	state_done(&s);
}

static void test_strangers_words(void **state)
{
	static const char *const wrong[] = {"", "[]", "null", "{}",
	        "{\"version\": 2, \"seed\": 1, \"list\": null}",
	        "{\"version\": 1, \"seed\": \"x\", \"list\": null}",
	        "{\"version\": 1, \"seed\": 1, \"list\": {\"round\": -1, \"place\": 0, \"path\": "
	        "\"a\"}}",
	        "{\"version\": 1, \"seed\": 1, \"list\": {\"round\": 0, \"place\": -1, \"path\": "
	        "\"a\"}}",
	        "{\"version\": 1, \"seed\": 1, \"list\": {\"round\": 0, \"place\": 1e3, \"path\": "
	        "\"a\"}}",
	        "{\"version\": 1, \"seed\": 1, \"list\": {\"round\": 0, \"place\": 0}}",
	        "{\"version\": 1, \"seed\": 1, \"list\": {\"round\": 0, \"place\": 0, \"path\": "
	        "{\"hex\": \"0\"}}}",
	        "{\"version\": 1, \"seed\": 1, \"list\": {\"round\": 0, \"place\": 0, \"path\": "
	        "{\"hex\": \"6100\"}}}",
	        "{\"version\": 1, \"seed\": 1, \"list\": {\"round\": 0, \"place\": 0, \"path\": "
	        "{\"hex\": \"zz\"}}}",
	        "{\"version\": 1, \"version\": 1, \"seed\": 1, \"list\": null}"};
	struct state s;
	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
		refuse(wrong[i], strlen(wrong[i]));
	/* What is wrong with one item costs that one. */
	read_text("{\"version\": 1, \"seed\": 1, \"list\": null, \"queue\": [1, \"a\", {\"hex\": "
	          "\"6\"}, {\"hex\": \"62\"}],"
	          " \"history\": [{}, {\"path\": 3}, {\"path\": \"c\", \"title\": 4}]}",
	        &s);
	assert_int_equal(s.n_queued, 2);
	assert_string_equal(s.queued[1].path, "b");
	assert_int_equal(s.n_history, 1);
	assert_null(s.history[0].title);
	state_done(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_of_a_run),
	        cmocka_unit_test(test_of_nothing),
	        cmocka_unit_test(test_cut_anywhere),
	        cmocka_unit_test(test_strangers_words),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
