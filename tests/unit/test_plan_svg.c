/* Pictures of plans: well-formed whatever stands in titles and paths, no script, curves where they belong. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <expat.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "jukebox/plan.h"

/* Counts what is asked for, and refuses what a picture must not have. */
struct seen {
	int elements, texts, paths;
	char words[20000];
};

static void element(void *user, const XML_Char *name, const XML_Char **attributes)
{
	struct seen *seen = user;
	static const char *const allowed[] = {"svg", "rect", "path", "text", "title"};
	bool known = false;
	for (size_t i = 0; i < sizeof allowed / sizeof *allowed; i++)
		known |= strcmp(name, allowed[i]) == 0;
	assert_true(known);
	for (; *attributes; attributes += 2) {
		assert_int_not_equal(strncmp(attributes[0], "on", 2), 0);
		assert_null(strstr(attributes[0], "href"));
		assert_null(strstr(attributes[1], "nan"));
		assert_null(strstr(attributes[1], "inf"));
	}
	seen->elements++;
	seen->texts += strcmp(name, "text") == 0;
	seen->paths += strcmp(name, "path") == 0;
}

static void words(void *user, const XML_Char *text, int n)
{
	struct seen *seen = user;
	size_t have = strlen(seen->words);
	if (have + (size_t)n < sizeof seen->words)
		strncat(seen->words, text, (size_t)n);
}

static void look(char *svg, struct seen *seen)
{
	XML_Parser parser = XML_ParserCreate(NULL);
	*seen = (struct seen){0};
	assert_non_null(svg);
	XML_SetUserData(parser, seen);
	XML_SetElementHandler(parser, element, NULL);
	XML_SetCharacterDataHandler(parser, words);
	if (XML_Parse(parser, svg, (int)strlen(svg), 1) != XML_STATUS_OK)
		fail_msg("%s in %.400s", XML_ErrorString(XML_GetErrorCode(parser)), svg);
	XML_ParserFree(parser);
	free(svg);
}

static struct plan_clip clip_at(int64_t start, int64_t frames, char *title)
{
	return (struct plan_clip){.path = (char *)"music/a.flac",
	        .title = title,
	        .source_hz = 44100,
	        .to_frame = frames,
	        .start_frame = start,
	        .n_frames = frames,
	        .transition = "overlap",
	        .reason = "fade ending, immediate intro: 1.2 s into the decay"};
}

/* `seconds` of -23 LUFS. */
static struct record steady(size_t seconds)
{
	struct record r = {.sample_rate_hz = 44100,
	        .channels = 2,
	        .frames = (int64_t)seconds * 44100,
	        .loudness_lufs = -23};
	r.curves.count = seconds * RECORD_BLOCKS_PER_SECOND;
	r.curves.level_clu = malloc(r.curves.count * sizeof *r.curves.level_clu);
	assert_non_null(r.curves.level_clu);
	for (size_t i = 0; i < r.curves.count; i++)
		r.curves.level_clu[i] = -2300;
	return r;
}

static void a_joint_shows_both_songs(void **state)
{
	struct plan_clip old = clip_at(0, 60 * 44100, (char *)"Old"),
	                 next = clip_at(55 * 44100, 60 * 44100, (char *)"Next");
	struct record r = steady(60);
	struct seen seen;
	old.overlap_frames = 5 * 44100;
	old.gain_db = next.gain_db = 5;
	char *svg = plan_joint_to_svg(&(struct joint_picture){.old = &old,
	        .next = &next,
	        .old_record = &r,
	        .next_record = &r,
	        .rate_hz = 44100,
	        .target_lufs = -18});
	/* 43 s to 72 s over 1000 units: the next song begins at 12/29 of them, with half a window of silence (3 dB, 6
	 * units), and is on the line of the target half a window later. */
	assert_non_null(strstr(svg, "M413.8 162.0L413.8 68.0"));
	assert_non_null(strstr(svg, "L417.2 62.0"));
	look(svg, &seen);
	assert_non_null(strstr(seen.words, "Old"));
	assert_non_null(strstr(seen.words, "Next"));
	assert_non_null(strstr(seen.words, "0:55.000, overlap of 5.00 s: fade ending"));
	free(r.curves.level_clu);
}

static void a_fade_is_drawn(void **state)
{
	struct plan_clip old = clip_at(0, 60 * 44100, (char *)"Old"),
	                 next = clip_at(55 * 44100, 60 * 44100, (char *)"Next");
	struct record r = steady(60);
	next.fade_in_frames = 5 * 44100;
	next.gain_db = 5;
	char *svg = plan_joint_to_svg(&(struct joint_picture){.old = &old,
	        .next = &next,
	        .next_record = &r,
	        .rate_hz = 44100,
	        .target_lufs = -18});
	assert_non_null(strstr(svg, "M413.8 162.0L413.8 162.0")); /* from nothing */
	free(svg);
	free(r.curves.level_clu);
}

static void hostile_names_stay_words(void **state)
{
	static const char *const names[] = {"<script>alert(1)</script>", "a\"b' onload=\"x",
	        "]]>&amp;", "\x01\x02\x7f\x1b[31m", "\xff\xfe\xc3", "\xef\xbf\xbf\xef\xbf\xbe",
	        "%s%n", ""};
	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		struct seen seen;
		struct plan_clip clips[] = {clip_at(0, 44100, (char *)names[i]),
		        clip_at(44100, 44100, (char *)names[i]), clip_at(88200, 1, NULL)};
		clips[0].artist = clips[2].path = (char *)names[i];
		snprintf(clips[0].reason, sizeof clips[0].reason, "%s", names[i]);
		struct plan plan = {
		        .rate_hz = 44100, .target_lufs = -18, .clips = clips, .count = 3};
		look(plan_to_svg(&plan, NULL, NULL), &seen);
		if (i == 0)
			assert_non_null(strstr(seen.words, "<script>alert(1)</script>"));
	}
}

/* What was lent for a clip has to hold until two more were asked for: the order is the contract. */
static const struct record *lend(void *user, const struct plan_clip *clip)
{
	struct record *records = user;
	int64_t n = clip->start_frame / 44100;
	assert_true(n >= 0 && n < 4);
	records[(n + 2) % 4].loudness_lufs = -99;
	return n == 2 ? NULL : &records[n];
}

static void a_plan_shows_every_joint(void **state)
{
	struct record records[4];
	struct plan_clip clips[4];
	struct seen seen;
	for (int i = 0; i < 4; i++) {
		records[i] = steady(1);
		clips[i] = clip_at(i * 44100, 44100, NULL);
	}
	for (size_t count = 0; count <= 4; count++) {
		struct plan plan = {
		        .rate_hz = 44100, .target_lufs = -18, .clips = clips, .count = count};
		look(plan_to_svg(&plan, lend, records), &seen);
		assert_int_equal(seen.paths >= (count > 1 ? 4 * (int)(count - 1) : 0), true);
		assert_int_equal(seen.elements > (int)count, true);
	}
	for (int i = 0; i < 4; i++)
		free(records[i].curves.level_clu);
}

/* A clip far from the joint, a joint of hours, a clip without a frame: still a picture. */
static void odd_places(void **state)
{
	struct plan_clip old = clip_at(0, 44100, NULL),
	                 far = clip_at((int64_t)1 << 40, (int64_t)1 << 40, NULL),
	                 none = clip_at(0, 0, NULL);
	const struct plan_clip *clips[] = {&old, &far, &none};
	struct record r = steady(1);
	struct seen seen;
	for (int i = 0; i < 9; i++)
		look(plan_joint_to_svg(&(struct joint_picture){.old = clips[i / 3],
		             .next = clips[i % 3],
		             .old_record = &r,
		             .next_record = &r,
		             .rate_hz = 44100,
		             .target_lufs = -18,
		             .around_s = i % 2 ? 1e6 : 0.001}),
		        &seen);
	free(r.curves.level_clu);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(a_joint_shows_both_songs),
	        cmocka_unit_test(a_fade_is_drawn),
	        cmocka_unit_test(hostile_names_stay_words),
	        cmocka_unit_test(a_plan_shows_every_joint),
	        cmocka_unit_test(odd_places),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
