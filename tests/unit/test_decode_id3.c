/* test_decode_id3.c - tags as they are, as they should not be, and where the music begins behind
 * them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "decode/id3.h"

struct bytes {
	uint8_t at[20000];
	size_t n;
};

static void add(struct bytes *b, const void *bytes, size_t n)
{
	assert_true(b->n + n <= sizeof(b->at));
	memcpy(b->at + b->n, bytes, n);
	b->n += n;
}

static void add_size(struct bytes *b, size_t n, int bits)
{
	uint8_t size[4];

	for (int i = 0; i < 4; i++)
		size[i] = (uint8_t)(n >> bits * (3 - i) & (bits == 7 ? 127 : 255));
	add(b, size, 4);
}

/* A frame of version 3 or 4 (2: three-letter names). */
static void add_frame(struct bytes *b, int version, const char *id, const void *body, size_t n)
{
	if (version == 2) {
		uint8_t size[3] = {(uint8_t)(n >> 16), (uint8_t)(n >> 8), (uint8_t)n};
		add(b, id, 3);
		add(b, size, 3);
	} else {
		add(b, id, 4);
		add_size(b, n, version == 4 ? 7 : 8);
		add(b, "\0\0", 2);
	}
	add(b, body, n);
}

static void add_tag(struct bytes *b, int version, int flags, const struct bytes *frames)
{
	uint8_t header[6] = {'I', 'D', '3', (uint8_t)version, 0, (uint8_t)flags};

	add(b, header, 6);
	add_size(b, frames->n, 7);
	add(b, frames->at, frames->n);
}

static int64_t read_v2(const struct bytes *b, struct tags *tags)
{
	struct source *source;
	int64_t behind;

	*tags = (struct tags){0};
	assert_int_equal(source_open_memory(b->at, b->n, "x", &source, NULL), STATUS_OK);
	assert_int_equal(id3_read_v2(source, 0, tags, &behind, NULL), STATUS_OK);
	source_close(source);
	return behind;
}

static void has(const struct tags *tags, const char *name, const char *value)
{
	const char *found = tags_get(tags, name);

	assert_non_null(found);
	assert_string_equal(found, value);
}

static void each_version(void **state)
{
	static const char *const titles[] = {"TT2", "TIT2", "TIT2"};
	static const char *const texts[] = {"TXX", "TXXX", "TXXX"};

	for (int version = 2; version <= 4; version++) {
		struct bytes frames = {0}, file = {0};
		struct tags tags;

		add_frame(&frames, version, titles[version - 2], "\0Blue\0", 6);
		add_frame(&frames, version, texts[version - 2], "\0REPLAYGAIN_TRACK_GAIN\0-3.5 dB",
		        30);
		add_tag(&file, version, 0, &frames);
		add(&file, "music", 5);
		assert_int_equal(read_v2(&file, &tags), file.n - 5);
		has(&tags, "title", "Blue");
		has(&tags, "replaygain_track_gain", "-3.5 dB");
		tags_done(&tags);
	}
}

static void each_encoding(void **state)
{
	static const struct {
		const char *body;
		size_t n;
		const char *text;
	} cases[] = {
	        {"\0caf\xe9", 5, "caf\xc3\xa9"}, /* Latin-1 */
	        {"\0caf\xc3\xa9", 6, "caf\xc3\xa9"}, /* UTF-8 under its label */
	        {"\3caf\xc3\xa9", 6, "caf\xc3\xa9"},
	        {"\1\xff\xfe\xe9\0A\0", 7,
	                "\xc3\xa9"
	                "A"},
	        {"\1\xfe\xff\0\xe9\0A\0\0\0B", 11,
	                "\xc3\xa9"
	                "A"},
	        {"\2\x26\x6b", 3, "\xe2\x99\xab"},
	        {"\2\xd8\x3c\xdf\xb5", 5, "\xf0\x9f\x8e\xb5"}, /* a pair of surrogates */
	        {"\1\xff\xfe\0\xd8"
	         "A\0",
	                7,
	                "\xef\xbf\xbd"
	                "A"}, /* one of them */
	        {"\1\xff\xfe"
	         "A",
	                4, NULL}, /* half a character */
	        {"\7x", 2, "x"}, /* no such encoding: taken as it is */
	        {"\0", 1, NULL},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct bytes frames = {0}, file = {0};
		struct tags tags;

		add_frame(&frames, 3, "TPE1", cases[i].body, cases[i].n);
		add_tag(&file, 3, 0, &frames);
		read_v2(&file, &tags);
		if (cases[i].text)
			has(&tags, "artist", cases[i].text);
		else
			assert_null(tags_get(&tags, "artist"));
		tags_done(&tags);
	}
}

static void text_behind_a_large_picture(void **state)
{
	static const uint8_t picture[9000];
	struct bytes frames = {0}, file = {0};
	struct tags tags;

	add_frame(&frames, 4, "APIC", picture, sizeof(picture));
	add_frame(&frames, 4, "TALB", "\0Album", 6);
	add_tag(&file, 4, 0, &frames);
	assert_int_equal(read_v2(&file, &tags), file.n);
	has(&tags, "album", "Album");
	tags_done(&tags);
}

static void unsynchronised(void **state)
{
	struct bytes frames = {0}, file = {0};
	struct tags tags;

	/* The size of the first frame counts without the zero that stands behind 0xff. */
	add(&frames, "APIC\0\0\0\3\0\0\1\xff\0\xe0", 14);
	add_frame(&frames, 3, "TIT2", "\0x", 2);
	add_tag(&file, 3, 0x80, &frames);
	assert_int_equal(read_v2(&file, &tags), file.n);
	has(&tags, "title", "x");
	tags_done(&tags);
}

static void extended_header_and_footer(void **state)
{
	struct bytes frames = {0}, file = {0};
	struct tags tags;

	add(&frames, "\0\0\0\6\1\0", 6);
	add_frame(&frames, 4, "TIT2", "\0x", 2);
	add_tag(&file, 4, 0x50, &frames);
	add(&file, "3DI\4\0\x50\0\0\0\x12", 10);
	add(&file, "music", 5);
	assert_int_equal(read_v2(&file, &tags), file.n - 5);
	has(&tags, "title", "x");
	tags_done(&tags);
}

static void many_tags_in_a_row(void **state)
{
	struct bytes frames = {0}, file = {0};
	struct tags tags;

	add_frame(&frames, 3, "TIT2", "\0x", 2);
	for (int i = 0; i < 500; i++)
		add_tag(&file, 3, 0, &frames);
	add(&file, "music", 5);
	assert_int_equal(read_v2(&file, &tags), file.n - 5);
	tags_done(&tags);
}

/* Behind a tag that claims more than there is the music is looked for right after its header. */
static void lies(void **state)
{
	struct bytes file = {0};
	struct tags tags;

	add(&file, "ID3\3\0\0\x7f\x7f\x7f\x7fmusic", 15);
	assert_int_equal(read_v2(&file, &tags), 10);
	assert_int_equal(tags.count, 0);
	tags_done(&tags);

	file.n = 0;
	add(&file,
	        "ID3\4\0\0\0\0\0\x14"
	        "TIT2\x7f\x7f\x7f\x7f\0\0\0aaaaaaaaamusic",
	        35);
	assert_int_equal(read_v2(&file, &tags), 30);
	assert_int_equal(tags.count, 0);
	tags_done(&tags);

	/* An extended header longer than its tag, with what only it can be asked for:
	 * unsynchronisation. */
	file.n = 0;
	add(&file, "ID3\3\0\xc0\0\0\0\4\x7f\xff\xff\xffmusic", 19);
	assert_int_equal(read_v2(&file, &tags), 14);
	tags_done(&tags);

	/* A footer that would lie behind the end of the file. */
	file.n = 0;
	add(&file, "ID3\4\0\x10\0\0\0\0", 10);
	assert_int_equal(read_v2(&file, &tags), 10);
	tags_done(&tags);
}

static void at_the_end(void **state)
{
	static const char ape[] = "\2\0\0\0\0\0\0\0mixramp_end\0-9"
	                          "\1\0\0\0\0\0\0\0Title\0A";
	uint8_t footer[32] = "APETAGEX\xd0\7\0\0\0\0\0\0\2", v1[128] = "TAGold title";
	struct bytes file = {0};
	struct source *source;
	struct tags tags = {0};

	footer[12] = (uint8_t)(sizeof(ape) - 1 + sizeof(footer));
	memcpy(v1 + 33, "Artist   ", 9);
	memcpy(v1 + 93, "1999", 4);
	add(&file, "music", 5);
	add(&file, ape, sizeof(ape) - 1);
	add(&file, footer, sizeof(footer));
	add(&file, v1, sizeof(v1));
	assert_int_equal(tags_set(&tags, "date", "2001"), STATUS_OK);
	assert_int_equal(source_open_memory(file.at, file.n, "x", &source, NULL), STATUS_OK);
	assert_int_equal(id3_read_end(source, &tags, NULL), STATUS_OK);
	source_close(source);
	has(&tags, "mixramp_end", "-9");
	has(&tags, "title", "A"); /* APEv2 before ID3v1 */
	has(&tags, "artist", "Artist");
	has(&tags, "date", "2001"); /* what is known stays */
	tags_done(&tags);
}

static void lies_at_the_end(void **state)
{
	static const uint8_t sizes[][4] = {
	        {0xff, 0xff, 0xff, 0xff}, {0, 0, 0, 0}, {33, 0, 0, 0}, {0xff, 0xff, 0, 0}};

	for (size_t i = 0; i < sizeof(sizes) / sizeof(*sizes); i++) {
		uint8_t footer[32] = "APETAGEX\xd0\7\0\0";
		struct bytes file = {0};
		struct source *source;
		struct tags tags = {0};

		memcpy(footer + 12, sizes[i], 4);
		add(&file, "x", 1);
		add(&file, footer, sizeof(footer));
		assert_int_equal(
		        source_open_memory(file.at, file.n, "x", &source, NULL), STATUS_OK);
		assert_int_equal(id3_read_end(source, &tags, NULL), STATUS_OK);
		assert_int_equal(tags.count, 0);
		tags_done(&tags);
		source_close(source);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(each_version),
	        cmocka_unit_test(each_encoding),
	        cmocka_unit_test(text_behind_a_large_picture),
	        cmocka_unit_test(unsynchronised),
	        cmocka_unit_test(extended_header_and_footer),
	        cmocka_unit_test(many_tags_in_a_row),
	        cmocka_unit_test(lies),
	        cmocka_unit_test(at_the_end),
	        cmocka_unit_test(lies_at_the_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
