/* What M3U, PLS and XSPF lists and cue sheets mean, from bytes in memory; no file is looked at. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "support/parse_list.h"

/* The entries as text: "path|title|directives" and a newline each, "-" for none. */
static char *as_text(const struct playlist *playlist)
{
	struct buffer text = {0};

	assert_int_equal(buffer_add(&text, "", 0), STATUS_OK);
	for (size_t i = 0; i < playlist_count(playlist); i++) {
		struct playlist_entry entry = playlist_get(playlist, i);
		const char *parts[] = {entry.path, "|", entry.title ? entry.title : "-", "|",
		        entry.directives ? entry.directives : "-", "\n"};
		for (size_t k = 0; k < sizeof parts / sizeof *parts; k++)
			assert_int_equal(buffer_add(&text, parts[k], strlen(parts[k])), STATUS_OK);
	}
	return text.at;
}

static void expect_bytes(enum status (*parser)(struct import *), const void *bytes, size_t n_bytes,
        const char *expected, size_t dropped)
{
	struct playlist *playlist = parse_list(parser, bytes, n_bytes);
	char *text;

	assert_non_null(playlist);
	text = as_text(playlist);
	assert_string_equal(text, expected);
	assert_int_equal(playlist_dropped(playlist), dropped);
	free(text);
	playlist_free(playlist);
}

static void expect(enum status (*parser)(struct import *), const char *list, const char *expected,
        size_t dropped)
{
	expect_bytes(parser, list, strlen(list), expected, dropped);
}

/* ---- M3U --------------------------------------------------------------------------------------- */

static void m3u_line_ends(void **state)
{
	const char *expected = "dir/a.mp3|-|-\ndir/b.mp3|-|-\n";

	expect(m3u_read, "a.mp3\nb.mp3\n", expected, 0);
	expect(m3u_read, "a.mp3\nb.mp3", expected, 0);
	expect(m3u_read, "\r\na.mp3\r\n\r\nb.mp3\r\n", expected, 0);
	expect(m3u_read, "#x\ra.mp3\rb.mp3\r", expected, 0);
	expect(m3u_read, "", "", 0);
	/* A CR inside a name is part of it where lines end with LF. */
	expect(m3u_read, "a\rb.mp3\n", "dir/a\rb.mp3|-|-\n", 0);
}

static void m3u_encodings(void **state)
{
	static const char utf16le[] = "\xff\xfe"
	                              "a\0\x3c\xd8\xb5\xdf\n\0b\0";
	static const char utf16be[] = "\xfe\xff"
	                              "\0a\xd8\x3c\xdf\xb5\0\n\0b";

	expect(m3u_read,
	        "\xef\xbb\xbf"
	        "a.mp3\n",
	        "dir/a.mp3|-|-\n", 0);
	expect_bytes(
	        m3u_read, utf16le, sizeof utf16le - 1, "dir/a\xf0\x9f\x8e\xb5|-|-\ndir/b|-|-\n", 0);
	expect_bytes(
	        m3u_read, utf16be, sizeof utf16be - 1, "dir/a\xf0\x9f\x8e\xb5|-|-\ndir/b|-|-\n", 0);
	/* Latin-1: names stay bytes, titles become UTF-8. */
	expect(m3u_read, "#EXTINF:1,\xe9t\xe9\n\xe9.mp3\n", "dir/\xe9.mp3|\xc3\xa9t\xc3\xa9|-\n",
	        0);
}

static void m3u_broken_utf16(void **state)
{
	static const char lone_high[] = "\xff\xfe"
	                                "\x3c\xd8"
	                                "a\0";
	static const char lone_low[] = "\xff\xfe"
	                               "\xb5\xdf"
	                               "a\0";
	static const char odd_end[] = "\xff\xfe"
	                              "a\0"
	                              "b";

	expect_bytes(m3u_read, lone_high, sizeof lone_high - 1,
	        "dir/\xef\xbf\xbd"
	        "a|-|-\n",
	        0);
	expect_bytes(m3u_read, lone_low, sizeof lone_low - 1,
	        "dir/\xef\xbf\xbd"
	        "a|-|-\n",
	        0);
	expect_bytes(m3u_read, odd_end, sizeof odd_end - 1, "dir/a|-|-\n", 0);
}

static void m3u_titles(void **state)
{
	expect(m3u_read, "#EXTM3U\n#EXTINF:12,One, Two\na\nb\n", "dir/a|One, Two|-\ndir/b|-|-\n",
	        0);
	expect(m3u_read, "#EXTINF:-1 logo=\"x,y\" group=z,Title \na\n", "dir/a|Title|-\n", 0);
	expect(m3u_read, "#EXTINF:1 \"never ends,Title\na\n", "dir/a|Title|-\n", 0);
	expect(m3u_read, "#EXTINF\na\n#EXTINF:3\nb\n#EXTINF:3,\nc\n",
	        "dir/a|-|-\ndir/b|-|-\ndir/c|-|-\n", 0);
}

static void m3u_long_title_is_cut_between_characters(void **state)
{
	const size_t n = 100000;
	char *list = malloc(n + 64), *title;
	struct playlist *playlist;

	assert_non_null(list);
	strcpy(list, "#EXTINF:1,x"); /* one byte, so that the cut falls into a character */
	for (size_t i = 0; i < n / 2; i++)
		strcat(list + 11 + 2 * i, "\xc3\xa9");
	strcat(list + n, "\na\n");
	playlist = parse_list(m3u_read, list, strlen(list));
	assert_non_null(playlist);
	title = strdup(playlist_get(playlist, 0).title);
	assert_int_equal(strlen(title), 1 + 2 * ((TITLE_MOST_BYTES - 1) / 2));
	assert_memory_equal(title + strlen(title) - 2, "\xc3\xa9", 2);
	free(title);
	free(list);
	playlist_free(playlist);
}

static void m3u_directives(void **state)
{
	expect(m3u_read, "#JUKEBOX: gap=2\n#EXTINF:1,T\n#JUKEBOX:overlap=0\na\nb\n",
	        "dir/a|T|gap=2\noverlap=0\ndir/b|-|-\n", 0);
	/* Those of a dropped entry go with it. */
	expect(m3u_read, "#JUKEBOX: gap=2\nhttp://x/y\nb\n", "dir/b|-|-\n", 1);
	expect(m3u_read, "#JUKEBOX: \xe9\na\n", "dir/a|-|\xc3\xa9\n", 0);
	expect(m3u_read, "#JUKEBOX:\na\n", "dir/a|-|\n", 0);
	expect(m3u_read, "a\n#JUKEBOX: last\n", "dir/a|-|-\n", 0);
}

/* What is kept is bounded, however much there is. */
static void m3u_too_many_directives(void **state)
{
	struct buffer list = {0};
	struct playlist *playlist;

	for (int i = 0; i < 4000; i++)
		assert_int_equal(
		        buffer_add(&list, "#JUKEBOX: \xe9\xe9\xe9\xe9\xe9\n", 16), STATUS_OK);
	assert_int_equal(buffer_add(&list, "a\n", 2), STATUS_OK);
	playlist = parse_list(m3u_read, list.at, list.n_bytes);
	assert_non_null(playlist);
	assert_true(strlen(playlist_get(playlist, 0).directives) <= DIRECTIVES_MOST_BYTES);
	assert_true(strlen(playlist_get(playlist, 0).directives) > DIRECTIVES_MOST_BYTES / 4);
	playlist_free(playlist);
	buffer_done(&list);
}

static void m3u_refusals(void **state)
{
	static const char nul[] = "a\0b\nc\n\0\0\n";

	expect(m3u_read, "http://x/a.mp3\nHTTPS://x\nicy+x://y\nfile://host/a\n", "", 4);
	expect(m3u_read, "file:///a%00.mp3\nfile:///a%zz\nfile:///a%4\nfile://localhost\n", "", 4);
	expect_bytes(m3u_read, nul, sizeof nul - 1, "dir/c|-|-\n", 2);
}

static void m3u_plain_names(void **state)
{
	expect(m3u_read, "concat:a|b\n-\nC:\\x.mp3\n://\n1http://x\n",
	        "dir/concat:a|b|-|-\ndir/-|-|-\ndir/C:\\x.mp3|-|-\ndir/://|-|-\ndir/1http://"
	        "x|-|-\n",
	        0);
	expect(m3u_read, "/abs/a.mp3\nfile:///abs/b%20c%2520.mp3\nFILE://LocalHost/d\n",
	        "/abs/a.mp3|-|-\n/abs/b c%20.mp3|-|-\n/d|-|-\n", 0);
	expect(m3u_read, " a \n \t \n", "dir/ a |-|-\n", 0);
}

static void m3u_huge_lines(void **state)
{
	const size_t n = (size_t)LINE_MOST_BYTES + (1 << 20);
	char *list = malloc(n + 8);

	assert_non_null(list);
	memset(list, 'A', n);
	memcpy(list + n, "\nb\nc\n", 6);
	expect(m3u_read, list, "dir/b|-|-\ndir/c|-|-\n", 1);
	list[0] = '#'; /* a comment of any length is none of our affair */
	expect(m3u_read, list, "dir/b|-|-\ndir/c|-|-\n", 0);
	list[n] = '\0';
	expect(m3u_read, list + 1, "", 1);
	free(list);
}

/* Lines across the seams of reading come out whole, whatever their length. */
static void m3u_seams(void **state)
{
	struct buffer list = {0}, expected = {0};
	char name[400];

	for (size_t i = 0; i < 3000; i++) {
		size_t n = 1 + i * 7919 % 300;
		memset(name, 'a' + (int)(i % 26), n);
		memcpy(name + n, "\n", 2);
		assert_int_equal(buffer_add(&list, name, n + 1), STATUS_OK);
		assert_int_equal(buffer_add(&expected, "dir/", 4), STATUS_OK);
		assert_int_equal(buffer_add(&expected, name, n), STATUS_OK);
		assert_int_equal(buffer_add(&expected, "|-|-\n", 5), STATUS_OK);
	}
	assert_true(list.n_bytes > 3 * 128 << 10);
	expect(m3u_read, list.at, expected.at, 0);
	buffer_done(&list);
	buffer_done(&expected);
}

/* A line end at each place around the seam between two reads. */
static void m3u_line_ends_on_seams(void **state)
{
	const size_t seam = 128 << 10;
	char *list = malloc(seam + 16);

	assert_non_null(list);
	for (size_t n = seam - 3; n <= seam + 3; n++) {
		memset(list, '#', n);
		strcpy(list + n, "\r\nb\r\n");
		expect(m3u_read, list, "dir/b|-|-\n", 0);
	}
	free(list);
}

/* UTF-16 with a surrogate pair at each place around the seams. */
static void m3u_utf16_seams(void **state)
{
	char *list = malloc(40000);
	size_t n;

	assert_non_null(list);
	for (size_t before = 4085; before <= 4100; before++) {
		memcpy(list, "\xff\xfe", 2);
		for (n = 2; n < 2 + 2 * before; n += 2)
			memcpy(list + n, n == 2 ? "#\0" : "x\0", 2);
		memcpy(list + n, "\n\0\x3c\xd8\xb5\xdf\n\0", 8);
		expect_bytes(m3u_read, list, n + 8, "dir/\xf0\x9f\x8e\xb5|-|-\n", 0);
	}
	free(list);
}

/* ---- PLS --------------------------------------------------------------------------------------- */

static void pls_order_is_the_numbers(void **state)
{
	expect(pls_read,
	        "[playlist]\nFile10=j\nFile2=b\nTitle10=J\nTitle2= B "
	        "\nFile1=a\nNumberOfEntries=99\n",
	        "dir/a|-|-\ndir/b|B|-\ndir/j|J|-\n", 0);
}

static void pls_spelling(void **state)
{
	expect(pls_read, "\xef\xbb\xbf[PlayList]\r\nfile1 =a\r\nFILE2=b=c\r\ntitle2=B\r\n",
	        "dir/a|-|-\ndir/b=c|B|-\n", 0);
	expect(pls_read, "File1=a\n;c\n#c\n", "dir/a|-|-\n", 0);
	expect(pls_read, "[playlist]\nFile1=a\n[other]\nFile2=b\n", "dir/a|-|-\n", 0);
}

static void pls_bad_lines(void **state)
{
	expect(pls_read,
	        "[playlist]\nFile1=a\nFile1=b\nFileX=c\nFile-1=d\nFile=e\nnothing\nTitle=x\n",
	        "dir/a|-|-\n", 5);
	expect(pls_read, "File99999999999999999999=a\nFile9223372036854775807=b\n", "dir/b|-|-\n",
	        1);
	expect(pls_read, "[playlist]\nFile1=\nFile2=http://x\n", "", 2);
}

static void pls_directives(void **state)
{
	expect(pls_read, "[playlist]\nFile2=b\n#JUKEBOX: x\n#JUKEBOX: y\nFile1=a\n",
	        "dir/a|-|x\ny\ndir/b|-|-\n", 0);
}

/* ---- XSPF -------------------------------------------------------------------------------------- */

#define XSPF(tracks)                                                                \
	"<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"                              \
	"<playlist version=\"1\" xmlns=\"http://xspf.org/ns/0/\"><title>no</title>" \
	"<trackList>" tracks "</trackList></playlist>\n"

#define TRACK(inside) "<track>" inside "</track>"
#define PLACE(location) "<location>" location "</location>"

static void xspf_fields(void **state)
{
	expect(xspf_read,
	        XSPF(TRACK(PLACE("a.mp3") "<title>T</title><creator>C &amp; D</creator>")
	                        TRACK("<title>U</title>" PLACE("b.mp3"))
	                                TRACK(PLACE("c.mp3") "<creator>E</creator>")),
	        "dir/a.mp3|C & D - T|-\ndir/b.mp3|U|-\ndir/c.mp3|E|-\n", 0);
}

static void xspf_locations(void **state)
{
	expect(xspf_read, XSPF(TRACK(PLACE("a%20b%2520c")) TRACK(PLACE("file:///x/y%C3%A9"))),
	        "dir/a b%20c|-|-\n/x/y\xc3\xa9|-|-\n", 0);
	expect(xspf_read, XSPF(TRACK(PLACE("\n  a.mp3\n ")) TRACK(PLACE("<![CDATA[b&c]]>"))),
	        "dir/a.mp3|-|-\ndir/b&c|-|-\n", 0);
	expect(xspf_read, XSPF(TRACK(PLACE("a") PLACE("other"))), "dir/a|-|-\n", 0);
	expect(xspf_read, XSPF(TRACK("<title>x</title>") TRACK(PLACE("")) TRACK(PLACE("http://x"))),
	        "", 3);
}

static void xspf_only_tracks_of_the_list(void **state)
{
	expect(xspf_read,
	        "<x:playlist xmlns:x='http://xspf.org/ns/0/'><x:extension><x:track>" PLACE(
	                "no") "</x:track></x:extension><x:trackList><x:track><x:extension>" PLACE("no") "</x:extension><x:location>a</x:location></x:track></x:trackList></x:playlist>",
	        "dir/a|-|-\n", 0);
}

/* Writers copy control characters from tags; a strict parser alone would refuse the list. */
static void xspf_forbidden_characters(void **state)
{
	expect(xspf_read,
	        XSPF(TRACK(PLACE("t&#48;2") "<title>a&#x1b;[2J\x07&#0;&#xD800;b</title>")),
	        "dir/t02|a?[2J???b|-\n", 0);
	expect(xspf_read, XSPF(TRACK(PLACE("a") "<title>&#x20;&#x41;&#000000000000066;</title>")),
	        "dir/a|AB|-\n", 0);
}

/* A forbidden reference at each place around the seam between two reads. */
static void xspf_seams(void **state)
{
	static const char head[] = "<playlist><trackList><!--";
	static const char tail[] =
	        "-->" TRACK(PLACE("a") "<title>x&#x1b;y</title>") "</trackList></playlist>";
	const size_t seam = 64 << 10, within = strstr(tail, "&#x1b;") - tail;
	char *list = malloc(seam + sizeof tail + 64);

	assert_non_null(list);
	for (size_t at = seam - 8; at <= seam + 2; at++) {
		memset(list, '.', at);
		memcpy(list, head, sizeof head - 1);
		memcpy(list + at - within, tail, sizeof tail);
		expect(xspf_read, list, "dir/a|x?y|-\n", 0);
	}
	free(list);
}

static void xspf_entities(void **state)
{
	expect(xspf_read,
	        "<!DOCTYPE p [<!ENTITY a 'b'>]><playlist><trackList>" TRACK(
	                PLACE("&a;")) "</trackList></playlist>",
	        "", 1);
	expect(xspf_read,
	        "<!DOCTYPE p [<!ENTITY a SYSTEM 'file:///etc/passwd'>]><playlist><trackList>" TRACK(
	                PLACE("&a;")) "</trackList></playlist>",
	        "", 1);
	/* With an external subset, which is not loaded, an unknown entity is no error of XML. */
	expect(xspf_read,
	        "<!DOCTYPE p SYSTEM 'x.dtd'><playlist><trackList>" TRACK(PLACE("&a;"))
	                TRACK(PLACE("b")) "</trackList></playlist>",
	        "dir/b|-|-\n", 1);
}

static void xspf_damage(void **state)
{
	expect(xspf_read, "<playlist><trackList>" TRACK(PLACE("a")) "<track>" PLACE("b"),
	        "dir/a|-|-\n", 1);
	expect(xspf_read, "<html></html>", "", 1);
	expect(xspf_read, "", "", 1);
}

static void xspf_depth(void **state)
{
	struct buffer list = {0};

	assert_int_equal(buffer_add(&list, "<playlist>", 10), STATUS_OK);
	for (size_t i = 0; i < 100000; i++)
		assert_int_equal(buffer_add(&list, "<a>", 3), STATUS_OK);
	expect(xspf_read, list.at, "", 1);
	buffer_done(&list);
}

static void xspf_token_without_end(void **state)
{
	const size_t n = 12 << 20;
	char *list = malloc(n + 1);

	assert_non_null(list);
	memset(list, 'a', n);
	memcpy(list, "<playlist ", 10);
	list[n] = '\0';
	expect(xspf_read, list, "", 1);
	free(list);
}

static void cue_gives_tracks(void **state)
{
	static const char sheet[] =
	        "PERFORMER X\r\nFILE \"a b.flac\" WAVE\r\n TRACK 01 AUDIO\r\n  TITLE \"one\"\r\n"
	        "  INDEX 00 00:00:00\r\n  INDEX 01 00:00:32\r\n TRACK 02 AUDIO\r\n  INDEX 01 "
	        "01:00:00\r\n"
	        "  INDEX 02 01:30:00\r\nFILE alone.mp3 MP3\r\n TRACK 03 AUDIO\r\n  INDEX 01 "
	        "00:00:00";
	/* Gaps appended to the file before, as rippers write it: the next file begins inside the track. */
	static const char appended[] =
	        "FILE \"1.wav\" WAVE\nTRACK 01 AUDIO\nINDEX 01 00:00:00\nTRACK 02 AUDIO\n"
	        "TITLE two\nINDEX 00 03:00:00\nFILE \"2.wav\" WAVE\nINDEX 01 00:00:00\n";

	expect_bytes(cue_read, sheet, sizeof(sheet) - 1,
	        "dir/a b.flac#cd=0-4500|X - one|-\ndir/a b.flac#cd=4500-|-|-\ndir/alone.mp3|-|-\n",
	        0);
	expect_bytes(
	        cue_read, appended, sizeof(appended) - 1, "dir/1.wav|-|-\ndir/2.wav|two|-\n", 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(cue_gives_tracks),
	        cmocka_unit_test(m3u_line_ends),
	        cmocka_unit_test(m3u_encodings),
	        cmocka_unit_test(m3u_broken_utf16),
	        cmocka_unit_test(m3u_titles),
	        cmocka_unit_test(m3u_long_title_is_cut_between_characters),
	        cmocka_unit_test(m3u_directives),
	        cmocka_unit_test(m3u_too_many_directives),
	        cmocka_unit_test(m3u_refusals),
	        cmocka_unit_test(m3u_plain_names),
	        cmocka_unit_test(m3u_huge_lines),
	        cmocka_unit_test(m3u_seams),
	        cmocka_unit_test(m3u_line_ends_on_seams),
	        cmocka_unit_test(m3u_utf16_seams),
	        cmocka_unit_test(pls_order_is_the_numbers),
	        cmocka_unit_test(pls_spelling),
	        cmocka_unit_test(pls_bad_lines),
	        cmocka_unit_test(pls_directives),
	        cmocka_unit_test(xspf_fields),
	        cmocka_unit_test(xspf_locations),
	        cmocka_unit_test(xspf_only_tracks_of_the_list),
	        cmocka_unit_test(xspf_forbidden_characters),
	        cmocka_unit_test(xspf_seams),
	        cmocka_unit_test(xspf_entities),
	        cmocka_unit_test(xspf_damage),
	        cmocka_unit_test(xspf_depth),
	        cmocka_unit_test(xspf_token_without_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
