/* test_tags.c - what strangers claim of their music: names folded, values bounded, and UTF-8 whatever they were. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "jukebox/tags.h"
#include "jukebox/text.h"

static void set(struct tags *tags, const char *name, const char *value)
{
	assert_int_equal(tags_set(tags, name, value), STATUS_OK);
}

static void names_are_folded(void **state)
{
	static const struct {
		const char *name, *becomes; /* NULL: of no use */
	} cases[] = {
	        {"TITLE", "title"},
	        {"ALBUMARTIST", "album_artist"},
	        {"Album Artist", "album_artist"},
	        {"TRACKNUMBER", "track"},
	        {"DiscNumber", "disc"},
	        {"YEAR", "date"},
	        {"REPLAYGAIN_TRACK_GAIN", "replaygain_track_gain"},
	        {"R128_ALBUM_GAIN", "r128_album_gain"},
	        {"MixRamp_Start", "mixramp_start"},
	        {"liq_cue_in", "liq_cue_in"},
	        {"comment", NULL},
	        {"liq_\xff", NULL},
	        {"", NULL},
	        {"liq_0123456789012345678901234567890123456789012345678901234567890", NULL},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct tags tags = {0};

		set(&tags, cases[i].name, "x");
		assert_int_equal(tags.count, cases[i].becomes != NULL);
		if (cases[i].becomes)
			assert_string_equal(tags_get(&tags, cases[i].becomes), "x");
		tags_done(&tags);
	}
}

static void there_is_one_of_each_name(void **state)
{
	struct tags tags = {0};

	set(&tags, "title", "old");
	set(&tags, "artist", "A");
	set(&tags, "TITLE", "new");
	set(&tags, "title", ""); /* says nothing */
	assert_int_equal(tags.count, 2);
	assert_string_equal(tags_get(&tags, "title"), "new");
	tags_remove(&tags, "title");
	tags_remove(&tags, "title");
	assert_null(tags_get(&tags, "title"));
	assert_string_equal(tags_get(&tags, "artist"), "A");
	tags_done(&tags);
	tags_done(&tags);
}

static void there_are_not_too_many(void **state)
{
	struct tags tags = {0};
	char name[32];

	for (int i = 0; i < 10 * TAGS_MOST; i++) {
		snprintf(name, sizeof(name), "liq_%d", i);
		set(&tags, name, "x");
	}
	assert_int_equal(tags.count, TAGS_MOST);
	set(&tags, "liq_0", "still replaced");
	assert_string_equal(tags_get(&tags, "liq_0"), "still replaced");
	tags_done(&tags);
}

/* Characters of 1 to 4 bytes, so that the limit falls into some; the last is Latin-1, and grows. */
static void values_are_cut_between_characters(void **state)
{
	static const char *const characters[] = {
	        "a", "\xc3\xa4", "\xe2\x99\xaa", "\xf0\x9f\x8e\xb5", "\xe4"};

	for (size_t i = 0; i < sizeof(characters) / sizeof(*characters); i++)
		for (size_t shift = 0; shift < 4; shift++) {
			char value[2 * TAG_VALUE_BYTES + 8] = "bbb";
			size_t n = strlen(characters[i]), length;
			struct tags tags = {0}, copy;

			for (size_t at = shift; at + n <= sizeof(value) - 5; at += n)
				memcpy(value + at, characters[i], n + 1);
			set(&tags, "title", value);
			length = strlen(tags_get(&tags, "title"));
			assert_in_range(length, TAG_VALUE_BYTES - 3, TAG_VALUE_BYTES);
			assert_true(text_is_utf8(tags_get(&tags, "title")));
			assert_int_equal(tags_copy(&copy, &tags), STATUS_OK);
			assert_string_equal(tags_get(&copy, "title"), tags_get(&tags, "title"));
			tags_done(&copy);
			tags_done(&tags);
		}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(names_are_folded),
	        cmocka_unit_test(there_is_one_of_each_name),
	        cmocka_unit_test(there_are_not_too_many),
	        cmocka_unit_test(values_are_cut_between_characters),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
