/* Lists, folders and files on disk: which names become entries, and what is said of the others. */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "jukebox/playlist.h"
#include "playlist/detect.h"
#include "support/scratch.h"

/* A folder of its own a test, with what is printed about it. */
struct place {
	char *folder;
	int log_fd;
	struct log *log;
	struct playlist *playlist;
	struct error error;
};

static int set_up(void **state)
{
	static const struct playlist_options options = {.must_exist = true};
	struct place *place = calloc(1, sizeof *place);
	char path[4096];

	assert_non_null(place);
	place->folder = scratch_new();
	snprintf(path, sizeof path, "%s/.said", place->folder);
	place->log_fd = open(path, O_CREAT | O_RDWR, 0600);
	place->log = log_new(place->log_fd, LOG_INFO, false);
	place->playlist = playlist_new(place->log, &options);
	assert_non_null(place->playlist);
	*state = place;
	return 0;
}

static int tear_down(void **state)
{
	struct place *place = *state;

	playlist_free(place->playlist);
	log_free(place->log);
	close(place->log_fd);
	scratch_free(place->folder);
	free(place);
	return 0;
}

static char *path_of(const struct place *place, const char *name)
{
	static char path[8][4096];
	static unsigned turn;
	char *to = path[turn++ % 8];

	snprintf(to, sizeof path[0], "%s/%s", place->folder, name);
	return to;
}

static void write_file(const struct place *place, const char *name, const char *text)
{
	FILE *file = fopen(path_of(place, name), "wb");

	assert_non_null(file);
	assert_true(fputs(text, file) >= 0);
	assert_int_equal(fclose(file), 0);
}

static void make_folder(const struct place *place, const char *name)
{
	assert_int_equal(mkdir(path_of(place, name), 0700), 0);
}

static void make_link(const struct place *place, const char *target, const char *name)
{
	assert_int_equal(symlink(target, path_of(place, name)), 0);
}

static enum status add(struct place *place, const char *name)
{
	return playlist_add(place->playlist, path_of(place, name), &place->error);
}

/* The paths below the folder, a space between. */
static void expect_entries(const struct place *place, const char *expected)
{
	char got[4096] = "";
	size_t prefix = strlen(place->folder) + 1;

	for (size_t i = 0; i < playlist_count(place->playlist); i++) {
		const char *path = playlist_get(place->playlist, i).path;
		assert_memory_equal(path, path_of(place, ""), prefix);
		if (i > 0)
			strcat(got, " ");
		strcat(got, path + prefix);
	}
	assert_string_equal(got, expected);
}

static void expect_said(const struct place *place, const char *words)
{
	char text[65536];
	ssize_t n = pread(place->log_fd, text, sizeof text - 1, 0);

	assert_true(n >= 0);
	text[n] = '\0';
	if (!strstr(text, words))
		fail_msg("'%s' is not in what was said: %s", words, text);
}

static void write_list(struct place *place, const char *text)
{
	write_file(place, "list.m3u", text);
	assert_int_equal(add(place, "list.m3u"), STATUS_OK);
}

/* ---- entries ----------------------------------------------------------------------------------- */

static void relative_to_the_list(void **state)
{
	struct place *place = *state;

	make_folder(place, "sub");
	write_file(place, "a", "x");
	write_file(place, "sub/b", "x");
	write_file(place, "sub/list.m3u", "b\n../a\n./b\n");
	assert_int_equal(add(place, "sub/list.m3u"), STATUS_OK);
	expect_entries(place, "sub/b sub/../a sub/./b");
}

static void relative_to_the_current_folder(void **state)
{
	struct place *place = *state;
	int back = open(".", O_RDONLY | O_DIRECTORY);

	write_file(place, "a", "x");
	write_file(place, "list.m3u", "a\n");
	assert_int_equal(chdir(place->folder), 0);
	assert_int_equal(playlist_add(place->playlist, "list.m3u", &place->error), STATUS_OK);
	assert_int_equal(fchdir(back), 0);
	close(back);
	assert_string_equal(playlist_get(place->playlist, 0).path, "a");
}

static void missing_lines_are_named(void **state)
{
	struct place *place = *state;

	write_file(place, "a", "x");
	write_list(place, "#EXTM3U\ngone.mp3\na\n\x1b[2Jgone2\n");
	expect_entries(place, "a");
	assert_int_equal(playlist_dropped(place->playlist), 2);
	expect_said(place, "list.m3u:2: warning: gone.mp3: no such file\n");
	expect_said(place, "list.m3u:4: warning: \\x1b[2Jgone2: no such file\n");
}

static void long_entries_are_shown_cut(void **state)
{
	struct place *place = *state;
	char list[6000];

	memset(list, 'A', sizeof list);
	list[5000] = '\n';
	list[5001] = '\0';
	write_list(place, list);
	expect_said(place, "AAAA... (5000 bytes): no such file\n");
}

static void only_regular_files(void **state)
{
	struct place *place = *state;

	make_folder(place, "folder");
	assert_int_equal(mkfifo(path_of(place, "fifo"), 0600), 0);
	make_link(place, "/dev/zero", "zero");
	make_link(place, "nowhere", "dangling");
	make_link(place, "loop", "loop");
	write_file(place, "empty", "");
	write_file(place, "a", "x");
	make_link(place, "a", "link");
	write_list(place, "folder\nfifo\nzero\ndangling\nloop\nempty\nlink\n/dev/stdin\n");
	expect_entries(place, "link");
	expect_said(place, "list.m3u:1: warning: folder: is a folder");
	expect_said(place, "list.m3u:2: warning: fifo: is a FIFO");
	expect_said(place, "list.m3u:3: warning: zero: is a device");
	expect_said(place, "list.m3u:4: warning: dangling: no such file");
	expect_said(place, "list.m3u:5: warning: loop: ");
	expect_said(place, "list.m3u:6: warning: empty: is empty");
}

static void no_lists_inside_lists(void **state)
{
	struct place *place = *state;

	write_file(place, "a", "x");
	write_file(place, "other.PLS", "x");
	make_link(place, "list.m3u", "me");
	write_list(place, "a\nlist.m3u\nme\nother.PLS\n");
	expect_entries(place, "a");
	expect_said(place, "list.m3u:2: warning: list.m3u: is this list itself");
	expect_said(place, "list.m3u:3: warning: me: is this list itself");
	expect_said(place, "list.m3u:4: warning: other.PLS: is a list");
}

/* ---- spellings --------------------------------------------------------------------------------- */

static void as_it_stands_comes_first(void **state)
{
	struct place *place = *state;

	write_file(place, " a ", "x");
	write_file(place, "a", "x");
	write_file(place, "b\\c", "x");
	make_folder(place, "b");
	write_file(place, "b/c", "x");
	write_file(place, "d%20e", "x");
	write_file(place, "d e", "x");
	write_list(place, " a \nb\\c\nd%20e\n");
	expect_entries(place, " a  b\\c d%20e");
}

static void other_spellings(void **state)
{
	struct place *place = *state;

	write_file(place, "a", "x");
	make_folder(place, "b");
	write_file(place, "b/c", "x");
	write_file(place, "d e", "x");
	write_file(place, "caf\xc3\xa9", "x");
	write_file(place, "latin\xe9", "x");
	write_file(place, "b/\xc3\xa9", "x");
	write_list(place, "\t a \nb\\c\nd%20e\ncaf\xe9\nlatin\xc3\xa9\n b\\%e9\n");
	expect_entries(place, "a b/c d e caf\xc3\xa9 latin\xe9 b/\xc3\xa9");
	assert_int_equal(playlist_dropped(place->playlist), 0);
}

static void file_urls(void **state)
{
	struct place *place = *state;
	char list[9000];

	write_file(place, "a b", "x");
	write_file(place, "c%20d", "x");
	snprintf(list, sizeof list,
	        "file://%s/a%%20b\nFILE://localhost%s/a%%20b\n file://%s/c%%20d\n", place->folder,
	        place->folder, place->folder);
	write_list(place, list);
	expect_entries(place, "a b a b c%20d");
}

static void xspf_is_decoded_first(void **state)
{
	struct place *place = *state;

	write_file(place, "a b", "x");
	write_file(place, "a%20b", "x");
	write_file(place, "100%.mp3", "x");
	write_file(place, "list.xspf",
	        "<playlist><trackList><track><location>a%20b</location></track>"
	        "<track><location>100%.mp3</location></track></trackList></playlist>");
	assert_int_equal(add(place, "list.xspf"), STATUS_OK);
	expect_entries(place, "a b 100%.mp3");
}

/* ---- kinds ------------------------------------------------------------------------------------- */

static enum list_kind kind(const char *head, const char *name)
{
	return detect_list((const uint8_t *)head, strlen(head), name);
}

static void content_tells_before_the_name(void **state)
{
	assert_int_equal(kind("#EXTM3U\n", "x"), LIST_M3U);
	assert_int_equal(kind("\xef\xbb\xbf \n#EXTINF:1,x\n", "x.pls"), LIST_M3U);
	assert_int_equal(kind("[Playlist]\n", "x.m3u"), LIST_PLS);
	assert_int_equal(kind("<?xml version='1.0'?>\n<playlist", "x"), LIST_XSPF);
	assert_int_equal(kind("<?xml version='1.0'?>\n<html", "x"), LIST_NONE);
	assert_int_equal(kind("RIFF....WAVEfmt ", "x.m3u"), LIST_MUSIC);
	assert_int_equal(kind("#EXTM3U\n#EXT-X-TARGETDURATION:9\n", "x.mp3"), LIST_HLS);
	assert_int_equal(
	        detect_list((const uint8_t *)"\xff\xfe#\0E\0X\0T\0M\0003\0U\0", 16, "x"), LIST_M3U);
	assert_int_equal(
	        detect_list((const uint8_t *)"\xfe\xff\0<\0p\0l\0a\0y\0l\0i\0s\0t", 20, "x"),
	        LIST_XSPF);
}

static void names_tell_the_rest(void **state)
{
	assert_int_equal(kind("a.mp3\n", "x.M3U8"), LIST_M3U);
	assert_int_equal(kind("File1=a\n", "x.pls"), LIST_PLS);
	assert_int_equal(kind("", "a.b/x.xspf"), LIST_XSPF);
	assert_int_equal(kind("a.mp3\n", "x.txt"), LIST_NONE);
	assert_int_equal(kind("a.mp3\n", "dir.m3u/x"), LIST_NONE);
	assert_int_equal(kind("a.mp3\n", ".m3u"), LIST_NONE);
}

static void single_files(void **state)
{
	struct place *place = *state;

	write_file(place, "song.mp3", "x");
	write_file(place, "empty.mp3", "");
	write_file(place, "wav.m3u", "RIFF....WAVEfmt ");
	assert_int_equal(mkfifo(path_of(place, "fifo.mp3"), 0600), 0);
	assert_int_equal(add(place, "song.mp3"), STATUS_OK);
	assert_int_equal(add(place, "empty.mp3"), STATUS_BAD_DATA);
	assert_non_null(strstr(place->error.text, "empty.mp3: is empty"));
	write_file(place, "hls.m3u8", "#EXTM3U\r\n#EXT-X-VERSION:3\r\nsong.mp3\r\n");
	assert_int_equal(add(place, "hls.m3u8"), STATUS_UNSUPPORTED);
	assert_non_null(strstr(place->error.text, "hls.m3u8: is an HLS stream"));
	assert_int_equal(add(place, "wav.m3u"), STATUS_UNSUPPORTED);
	assert_non_null(strstr(place->error.text, "wav.m3u: is music"));
	assert_int_equal(add(place, "fifo.mp3"), STATUS_UNSUPPORTED);
	assert_non_null(strstr(place->error.text, "fifo.mp3: is a FIFO"));
	assert_int_equal(add(place, "gone.mp3"), STATUS_NOT_FOUND);
	assert_non_null(strstr(place->error.text, "gone.mp3"));
	assert_int_equal(
	        playlist_add(place->playlist, "http://x/y", &place->error), STATUS_UNSUPPORTED);
	assert_non_null(strstr(place->error.text, "http://x/y: is a URL"));
	expect_entries(place, "song.mp3");
}

static void empty_list(void **state)
{
	struct place *place = *state;

	write_list(place, "");
	assert_int_equal(playlist_count(place->playlist), 0);
	assert_int_equal(playlist_dropped(place->playlist), 0);
	expect_said(place, "list.m3u: warning: yields no music file");
}

/* A pipe as a shell's <(...) gives it: names are relative to the current folder. */
static void descriptors(void **state)
{
	struct place *place = *state;
	char list[5000], name[32];
	int ends[2];

	write_file(place, "a", "x");
	assert_int_equal(pipe(ends), 0);
	snprintf(list, sizeof list, "%s/a\ngone\n", place->folder);
	assert_int_equal(write(ends[1], list, strlen(list)), strlen(list));
	close(ends[1]);
	snprintf(name, sizeof name, "/dev/fd/%d", ends[0]);
	assert_int_equal(playlist_add(place->playlist, name, &place->error), STATUS_OK);
	close(ends[0]);
	expect_entries(place, "a");
	expect_said(place, ":2: warning: gone: no such file");
}

/* ---- folders ----------------------------------------------------------------------------------- */

static void folders_in_natural_order(void **state)
{
	struct place *place = *state;

	make_folder(place, "cd 10");
	make_folder(place, "cd 2");
	write_file(place, "cd 10/1", "x");
	write_file(place, "cd 2/track 10", "x");
	write_file(place, "cd 2/track 9", "x");
	write_file(place, "cd 3", "x");
	assert_int_equal(add(place, ""), STATUS_OK);
	expect_entries(place, "cd 2/track 9 cd 2/track 10 cd 3 cd 10/1");
}

static void folders_each_file_once(void **state)
{
	struct place *place = *state;

	make_folder(place, "a");
	make_folder(place, "a/b");
	write_file(place, "a/one", "x");
	write_file(place, "a/b/two", "x");
	make_link(place, "../..", "a/b/up");
	make_link(place, ".", "self");
	make_link(place, "a/one", "z");
	assert_int_equal(link(path_of(place, "a/one"), path_of(place, "y")), 0);
	assert_int_equal(add(place, ""), STATUS_OK);
	expect_entries(place, "a/b/two a/one");
	assert_int_equal(playlist_dropped(place->playlist), 0);
}

static void folders_pass_over_bystanders(void **state)
{
	static const char *const names[] = {"cover.JPG", "notes.txt", "list.m3u", "disc.cue",
	        ".hidden", "list.m3u.jukebox", "list.m3u.jukebox-wal", "a.mp3", "no suffix",
	        "b.jpg.ogg"};
	struct place *place = *state;

	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		write_file(place, names[i], "x");
	make_folder(place, ".git");
	write_file(place, ".git/x.mp3", "x");
	assert_int_equal(add(place, ""), STATUS_OK);
	expect_entries(place, "a.mp3 b.jpg.ogg no suffix");
	assert_int_equal(playlist_dropped(place->playlist), 0);
}

static void folders_report_what_cannot_play(void **state)
{
	struct place *place = *state;

	assert_int_equal(mkfifo(path_of(place, "fifo"), 0600), 0);
	make_link(place, "nowhere", "dangling");
	write_file(place, "empty", "");
	assert_int_equal(add(place, ""), STATUS_OK);
	assert_int_equal(playlist_dropped(place->playlist), 3);
	expect_said(place, "fifo: warning: is a FIFO");
	expect_said(place, "dangling: warning: No such file");
	expect_said(place, "empty: warning: is empty");
}

static void folders_too_deep_end(void **state)
{
	struct place *place = *state;
	char path[1024] = "";

	for (int i = 0; i < 140; i++) {
		strcat(path, i ? "/d" : "d");
		make_folder(place, path);
	}
	write_file(place, "e", "x");
	strcat(path, "/too deep");
	write_file(place, path, "x");
	assert_int_equal(add(place, ""), STATUS_OK);
	expect_entries(place, "e");
	expect_said(place, "folders nested too deeply");
}

/* ---- the rest of the contract ------------------------------------------------------------------ */

static enum status refuse_b(void *context, const char *path, struct error *error)
{
	(*(int *)context)++;
	return path[strlen(path) - 1] == 'b' ? error_set(error, STATUS_UNSUPPORTED, "is not liked")
	                                     : STATUS_OK;
}

static void a_last_look(void **state)
{
	struct place *place = *state;
	int looks = 0;
	struct playlist_options options = {
	        .must_exist = true, .accept = refuse_b, .accept_context = &looks};

	playlist_free(place->playlist);
	place->playlist = playlist_new(place->log, &options);
	assert_non_null(place->playlist);
	write_file(place, "a", "x");
	write_file(place, "b", "x");
	write_list(place, "a\nb\ngone\n");
	assert_int_equal(add(place, "b"), STATUS_UNSUPPORTED);
	expect_entries(place, "a");
	expect_said(place, "list.m3u:2: warning: b: is not liked\n");
	assert_int_equal(looks, 3);
	assert_int_equal(add(place, ""), STATUS_OK);
	expect_entries(place, "a a");
}

/* What was handed out stays where it is while the list grows over many blocks. */
static void entries_stay(void **state)
{
	struct place *place = *state;
	const char *first;

	write_file(place, "a", "x");
	write_file(place, "list.m3u", "#EXTINF:1,Title\n#JUKEBOX: x\na\n");
	assert_int_equal(add(place, "list.m3u"), STATUS_OK);
	first = playlist_get(place->playlist, 0).path;
	for (int i = 0; i < 10000; i++)
		assert_int_equal(add(place, "a"), STATUS_OK);
	assert_ptr_equal(playlist_get(place->playlist, 0).path, first);
	assert_string_equal(playlist_get(place->playlist, 0).title, "Title");
	assert_string_equal(playlist_get(place->playlist, 0).directives, "x");
	assert_int_equal(playlist_count(place->playlist), 10001);
	assert_string_equal(playlist_get(place->playlist, 10000).path, first);
	assert_null(playlist_get(place->playlist, 10000).title);
}

static void free_of_nothing(void **state)
{
	playlist_free(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test_setup_teardown(relative_to_the_list, set_up, tear_down),
	        cmocka_unit_test_setup_teardown(relative_to_the_current_folder, set_up, tear_down),
	        cmocka_unit_test_setup_teardown(missing_lines_are_named, set_up, tear_down),
	        cmocka_unit_test_setup_teardown(long_entries_are_shown_cut, set_up, tear_down),
	        cmocka_unit_test_setup_teardown(only_regular_files, set_up, tear_down),
	        cmocka_unit_test_setup_teardown(no_lists_inside_lists, set_up, tear_down),
	        cmocka_unit_test_setup_teardown(as_it_stands_comes_first, set_up, tear_down),
	        cmocka_unit_test_setup_teardown(other_spellings, set_up, tear_down),
	        cmocka_unit_test_setup_teardown(file_urls, set_up, tear_down),
	        cmocka_unit_test_setup_teardown(xspf_is_decoded_first, set_up, tear_down),
	        cmocka_unit_test(content_tells_before_the_name),
	        cmocka_unit_test(names_tell_the_rest),
	        cmocka_unit_test_setup_teardown(single_files, set_up, tear_down),
	        cmocka_unit_test_setup_teardown(empty_list, set_up, tear_down),
	        cmocka_unit_test_setup_teardown(descriptors, set_up, tear_down),
	        cmocka_unit_test_setup_teardown(folders_in_natural_order, set_up, tear_down),
	        cmocka_unit_test_setup_teardown(folders_each_file_once, set_up, tear_down),
	        cmocka_unit_test_setup_teardown(folders_pass_over_bystanders, set_up, tear_down),
	        cmocka_unit_test_setup_teardown(folders_report_what_cannot_play, set_up, tear_down),
	        cmocka_unit_test_setup_teardown(folders_too_deep_end, set_up, tear_down),
	        cmocka_unit_test_setup_teardown(a_last_look, set_up, tear_down),
	        cmocka_unit_test_setup_teardown(entries_stay, set_up, tear_down),
	        cmocka_unit_test(free_of_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
