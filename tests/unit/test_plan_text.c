/* Plans as JSON, and back to the frame; plans of strangers; tables and cue sheets. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "jukebox/plan.h"
#include "jukebox/text.h"

static void add(struct plan *plan, struct plan_clip clip, const char *path, const char *title)
{
	clip.path = strdup(path);
	clip.title = title ? strdup(title) : NULL;
	assert_non_null(clip.path);
	assert_int_equal(plan_append(plan, &clip), STATUS_OK);
}

/* Frames that no short decimal of seconds names. */
static struct plan a_plan(int rate_hz, int source_hz, size_t count)
{
	struct plan plan = {.rate_hz = rate_hz, .channels = 2, .target_lufs = -18};
	int64_t start = 0;
	for (size_t i = 0; i < count; i++) {
		struct plan_clip c = {.source_hz = source_hz,
		        .from_frame = 12345 + (int64_t)i,
		        .to_frame = 12345 + 7654321 + 3 * (int64_t)i,
		        .start_frame = start,
		        .title_frame = start + 17,
		        .gain_db = -3.141593,
		        .offset = {0.012345678, -1e-9},
		        .declick_in_frames = 221,
		        .declick_out_frames = 441,
		        .fade_in_frames = 1001,
		        .fade_out_frames = 2003,
		        .law = i % 2 ? FADE_LINEAR : FADE_EQUAL_POWER,
		        .joined = i == 1,
		        .expected_peak_dbtp = i % 2 ? -HUGE_VAL : -1.25,
		        .transition = "overlap",
		        .reason = "fade ending, immediate intro: 1.2 s into the decay",
		        .sources = "gain: #JUKEBOX:"};
		c.n_frames = llround((double)(c.to_frame - c.from_frame) * rate_hz / source_hz);
		c.overlap_frames = i % 2 ? -77777 : c.n_frames / 3;
		add(&plan, c, "music/a song.flac", i % 2 ? "T\xc3\xa4ter" : NULL);
		start += c.n_frames - c.overlap_frames;
	}
	return plan;
}

static struct plan back(const struct plan *plan)
{
	struct plan again;
	struct error error = {0};
	char *json = plan_to_text(plan, PLAN_JSON, NULL);
	assert_non_null(json);
	if (plan_from_json(json, strlen(json), &again, &error) != STATUS_OK)
		fail_msg("%s", error.text);
	free(json);
	return again;
}

static void a_plan_comes_back_to_the_frame(void **state)
{
	static const int rates[][2] = {{44100, 44100}, {44100, 48000}, {48000, 22050},
	        {192000, 44100}, {768000, 1000}, {1000, 768000}};
	for (size_t k = 0; k < sizeof rates / sizeof *rates; k++) {
		struct plan plan = a_plan(rates[k][0], rates[k][1], 9), again = back(&plan);
		assert_int_equal(again.count, plan.count);
		assert_int_equal(again.rate_hz, plan.rate_hz);
		assert_int_equal(plan_frames(&again), plan_frames(&plan));
		for (size_t i = 0; i < plan.count; i++) {
			struct plan_clip a = plan.clips[i], b = again.clips[i];
			assert_int_equal(a.start_frame, b.start_frame);
			assert_int_equal(a.n_frames, b.n_frames);
			assert_int_equal(a.from_frame, b.from_frame);
			assert_int_equal(a.to_frame, b.to_frame);
			assert_int_equal(a.source_hz, b.source_hz);
			assert_int_equal(a.title_frame, b.title_frame);
			assert_int_equal(a.overlap_frames, b.overlap_frames);
			assert_int_equal(a.fade_in_frames, b.fade_in_frames);
			assert_int_equal(a.fade_out_frames, b.fade_out_frames);
			assert_int_equal(a.declick_in_frames, b.declick_in_frames);
			assert_int_equal(a.declick_out_frames, b.declick_out_frames);
			assert_int_equal(a.law, b.law);
			assert_int_equal(a.joined, b.joined);
			assert_memory_equal(&a.gain_db, &b.gain_db, sizeof a.gain_db);
			assert_memory_equal(a.offset, b.offset, sizeof a.offset);
			assert_true(a.expected_peak_dbtp == b.expected_peak_dbtp);
			assert_string_equal(a.reason, b.reason);
			assert_string_equal(a.sources, b.sources);
			assert_string_equal(a.path, b.path);
			assert_true(!a.title == !b.title);
		}
		plan_done(&plan);
		plan_done(&again);
	}
}

static void paths_are_bytes(void **state)
{
	struct plan plan = {.rate_hz = 44100, .channels = 2}, again;
	struct plan_clip c = {.source_hz = 44100, .to_frame = 1000, .n_frames = 1000};
	add(&plan, c, "caf\xe9/\x01\"\\.wav", NULL);
	again = back(&plan);
	assert_string_equal(again.clips[0].path, plan.clips[0].path);
	plan_done(&plan);
	plan_done(&again);
}

/* A text that was cut in the middle of a letter is still a text. */
static void long_words_are_cut_between_letters(void **state)
{
	char json[2000], word[601] = "x";
	struct plan plan;
	for (size_t i = 1; i + 2 < sizeof word; i += 2)
		memcpy(word + i, "\xc3\xa4", 3);
	snprintf(json, sizeof json,
	        "{\"sample_rate\":44100,\"tracks\":[{\"path\":\"a\",\"start\":0,\"cue_out\":1,"
	        "\"transition\":\"x%s\",\"reason\":\"%s\"}]}",
	        word, word);
	assert_int_equal(plan_from_json(json, strlen(json), &plan, NULL), STATUS_OK);
	assert_true(text_is_utf8(plan.clips[0].reason));
	assert_true(text_is_utf8(plan.clips[0].transition));
	char *again = plan_to_text(&plan, PLAN_JSON, NULL);
	assert_non_null(again);
	free(again);
	plan_done(&plan);
}

static void hostile_plans_are_refused(void **state)
{
	static const char *const texts[] = {"", "{", "[]", "null", "{}", "{\"sample_rate\":44100}",
	        "{\"sample_rate\":44100,\"tracks\":{}}", "{\"sample_rate\":0,\"tracks\":[]}",
	        "{\"sample_rate\":1e9,\"tracks\":[]}", "{\"sample_rate\":\"44100\",\"tracks\":[]}",
	        "{\"sample_rate\":44100,\"sample_rate\":44100,\"tracks\":[]}"};
	static const char *const tracks[] = {"null", "{}", "[]", "3",
	        "{\"path\":\"a\",\"start\":0}", "{\"path\":\"a\",\"cue_out\":3}",
	        "{\"path\":\"\",\"start\":0,\"cue_out\":3}",
	        "{\"path\":7,\"start\":0,\"cue_out\":3}",
	        "{\"path\":\"a\\u0000b\",\"start\":0,\"cue_out\":3}",
	        "{\"path_hex\":\"00\",\"start\":0,\"cue_out\":3}",
	        "{\"path_hex\":\"6g\",\"start\":0,\"cue_out\":3}",
	        "{\"path\":\"a\",\"start\":-1,\"cue_out\":3}",
	        "{\"path\":\"a\",\"start\":1e300,\"cue_out\":3}",
	        "{\"path\":\"a\",\"start\":1e999,\"cue_out\":3}",
	        "{\"path\":\"a\",\"start\":NaN,\"cue_out\":3}",
	        "{\"path\":\"a\",\"start\":0,\"cue_in\":3,\"cue_out\":3}",
	        "{\"path\":\"a\",\"start\":0,\"cue_in\":-2,\"cue_out\":3}",
	        "{\"path\":\"a\",\"start\":0,\"cue_out\":3,\"gain_db\":61}",
	        "{\"path\":\"a\",\"start\":0,\"cue_out\":3,\"gain_db\":\"1\"}",
	        "{\"path\":\"a\",\"start\":0,\"cue_out\":3,\"fade_in\":4}",
	        "{\"path\":\"a\",\"start\":0,\"cue_out\":3,\"fade_out\":-1}",
	        "{\"path\":\"a\",\"start\":0,\"cue_out\":3,\"source_rate\":0}"};
	struct plan plan;
	struct error error;
	char text[512];
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
		error.text[0] = '\0';
		assert_int_equal(
		        plan_from_json(texts[i], strlen(texts[i]), &plan, &error), STATUS_BAD_DATA);
		assert_true(error.text[0] != '\0' && plan.count == 0 && !plan.clips);
	}
	for (size_t i = 0; i < sizeof tracks / sizeof *tracks; i++) {
		snprintf(text, sizeof text, "{\"sample_rate\":44100,\"tracks\":[%s]}", tracks[i]);
		error.text[0] = '\0';
		if (plan_from_json(text, strlen(text), &plan, &error) != STATUS_BAD_DATA)
			fail_msg("taken: %s", tracks[i]);
		assert_true(error.text[0] != '\0' && plan.count == 0 && !plan.clips);
	}
}

static void clips_come_in_order(void **state)
{
	static const char format[] = "{\"sample_rate\":44100,\"tracks\":["
	                             "{\"path\":\"a\",\"start\":5,\"cue_out\":3},"
	                             "{\"path\":\"b\",\"start\":%d,\"cue_out\":3}]}";
	struct plan plan;
	struct error error;
	char text[512];
	snprintf(text, sizeof text, format, 4);
	assert_int_equal(plan_from_json(text, strlen(text), &plan, &error), STATUS_BAD_DATA);
	assert_string_equal(error.text, "track 2 begins before the one above it");
	snprintf(text, sizeof text, format, 5);
	assert_int_equal(plan_from_json(text, strlen(text), &plan, &error), STATUS_OK);
	plan_done(&plan);
}

static void a_hand_written_plan_needs_little(void **state)
{
	const char *text = "{\"sample_rate\":44100,\"tracks\":["
	                   "{\"path\":\"a\",\"start\":0,\"cue_out\":10},"
	                   "{\"path\":\"b\",\"start\":8.5,\"cue_in\":1,\"cue_out\":10,\"end\":3}]}";
	struct plan plan;
	assert_int_equal(plan_from_json(text, strlen(text), &plan, NULL), STATUS_OK);
	assert_int_equal(plan.clips[0].n_frames, 441000);
	assert_int_equal(plan.clips[1].start_frame, 374850);
	assert_int_equal(plan.clips[1].n_frames, 9 * 44100); /* the cues say how long */
	assert_int_equal(plan.clips[1].entry, SIZE_MAX);
	plan_done(&plan);
}

static void names_do_not_reach_the_terminal_raw(void **state)
{
	struct plan plan = {.rate_hz = 44100, .channels = 2};
	struct plan_clip c = {.source_hz = 44100, .to_frame = 1000, .n_frames = 1000};
	add(&plan, c, "\x1b[31mred.wav", NULL);
	add(&plan, c, "b.wav", "two\nlines\x9b\"quoted\"");
	char *table = plan_to_text(&plan, PLAN_TABLE, NULL),
	     *cue = plan_to_text(&plan, PLAN_CUE, "/a/mix \"1\"\n.wav");
	assert_non_null(table);
	assert_non_null(cue);
	for (int i = 0; i < 2; i++)
		for (const char *p = i ? cue : table; *p; p++)
			assert_true(*p == '\n' || (unsigned char)*p >= ' ');
	assert_non_null(strstr(table, "[31mred.wav"));
	assert_non_null(strstr(cue, "FILE \"mix '1'\\n.wav\" WAVE\n"));
	assert_non_null(strstr(cue, "TITLE \"two\\nlines"));
	assert_non_null(strstr(cue, "'quoted'\"\n"));
	plan_done(&plan);
	free(table);
	free(cue);
}

static void a_cue_sheet_counts_songs_in_cd_frames(void **state)
{
	struct plan plan = {.rate_hz = 44100, .channels = 2};
	struct plan_clip c = {.source_hz = 44100, .to_frame = 441000, .n_frames = 441000};
	add(&plan, c, "a.wav", NULL);
	snprintf(c.transition, sizeof c.transition, "inner");
	add(&plan, c, "a.wav", NULL);
	snprintf(c.transition, sizeof c.transition, "overlap");
	c.start_frame = c.title_frame = 44100 * 3725 + 588 * 74; /* 62:05, and 74 frames */
	add(&plan, c, "b.wav", NULL);
	char *cue = plan_to_text(&plan, PLAN_CUE, "mix.wav");
	assert_string_equal(cue, "FILE \"mix.wav\" WAVE\n"
	                         "  TRACK 01 AUDIO\n    TITLE \"a.wav\"\n    INDEX 01 00:00:00\n"
	                         "  TRACK 02 AUDIO\n    TITLE \"b.wav\"\n    INDEX 01 62:05:74\n");
	free(cue);
	plan_done(&plan);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(a_plan_comes_back_to_the_frame),
	        cmocka_unit_test(paths_are_bytes),
	        cmocka_unit_test(long_words_are_cut_between_letters),
	        cmocka_unit_test(hostile_plans_are_refused),
	        cmocka_unit_test(clips_come_in_order),
	        cmocka_unit_test(a_hand_written_plan_needs_little),
	        cmocka_unit_test(names_do_not_reach_the_terminal_raw),
	        cmocka_unit_test(a_cue_sheet_counts_songs_in_cd_frames),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
