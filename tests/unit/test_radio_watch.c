/* test_radio_watch.c - a change of a list is told once, when it is over, however the list was written; nothing else is. */
#include <poll.h>
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

#include "radio/watch.h"

static char folder[] = "/tmp/test_radio_watch_XXXXXX";

static char *path_of(const char *name)
{
	static char path[4][128];
	static int next;
	char *to = path[next++ % 4];
	snprintf(to, sizeof path[0], "%s/%s", folder, name);
	return to;
}

static void write_file(const char *path, const char *text)
{
	FILE *f = fopen(path, "w");
	assert_non_null(f);
	fputs(text, f);
	assert_int_equal(fclose(f), 0);
}

static struct watch *watch(const char *list)
{
	char *lists[] = {(char *)list, (char *)"-"};
	struct watch *w;
	struct error error = {0};
	assert_int_equal(watch_open(lists, 2, &w, &error), STATUS_OK);
	assert_int_equal(watch_patience(w), -1);
	return w;
}

/* As the poll of control.c does: is there a change by the time that was asked for?  A second of quiet: there is none. */
static bool changes(struct watch *w)
{
	struct pollfd ready = {watch_fd(w), POLLIN, 0};
	for (int i = 0; i < 100; i++) {
		int patience = watch_patience(w);
		if (poll(&ready, 1, patience >= 0 ? patience : 1000) > 0)
			watch_handle(w);
		else if (patience < 0)
			return false;
		if (watch_changed(w))
			return true;
	}
	fail_msg("it never comes to rest");
	return false;
}

static void test_a_list(void **state)
{
	char *list = path_of("list.m3u"), *other = path_of("other.m3u");
	write_file(list, "a\n");
	struct watch *w = watch(list);
	write_file(other, "b\n"); /* another file of the folder */
	assert_false(changes(w));
	write_file(list, "a\nb\n");
	write_file(list, "a\nb\nc\n");
	assert_true(changes(w));
	assert_false(changes(w)); /* told once */
	assert_int_equal(rename(other, list), 0); /* into its place */
	assert_true(changes(w));
	write_file(list, "c\n"); /* and the new one is watched as the old one was */
	assert_true(changes(w));
	assert_int_equal(unlink(list), 0);
	assert_true(changes(w));
	write_file(list, "c\n");
	assert_true(changes(w));
	watch_close(w);
	unlink(list);
}

static void test_a_folder(void **state)
{
	char *music = path_of("music"), song[256];
	assert_int_equal(mkdir(music, 0700), 0);
	struct watch *w = watch(music);
	snprintf(song, sizeof song, "%s/.hidden", music);
	write_file(song, "x");
	unlink(song);
	snprintf(song, sizeof song, "%s/x.jukebox-journal", music); /* our own */
	write_file(song, "x");
	unlink(song);
	assert_false(changes(w));
	snprintf(song, sizeof song, "%s/song.ogg", music);
	write_file(song, "x");
	assert_true(changes(w));
	unlink(song);
	assert_true(changes(w));
	watch_close(w);
	rmdir(music);
}

static void test_what_is_not_there(void **state)
{
	char *lists[] = {path_of("no-such-folder/list.m3u")};
	struct watch *w;
	struct error error = {0};
	assert_int_equal(watch_open(lists, 1, &w, &error), STATUS_NOT_FOUND);
	assert_non_null(strstr(error.text, "no-such-folder"));
	assert_null(w);
	watch_close(NULL);
	w = watch(path_of("not-yet.m3u")); /* its folder is there */
	write_file(path_of("not-yet.m3u"), "a\n");
	assert_true(changes(w));
	watch_close(w);
	unlink(path_of("not-yet.m3u"));
}

static int make_folder(void **state)
{
	return mkdtemp(folder) ? 0 : -1;
}

static int remove_folder(void **state)
{
	return rmdir(folder);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_a_list),
	        cmocka_unit_test(test_a_folder),
	        cmocka_unit_test(test_what_is_not_there),
	};
	return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
