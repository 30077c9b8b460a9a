/* Names inside a cache, and where a playlist's cache lies. */
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "cache/location.h"
#include "support/cachetest.h"

static void check_name(const char *home, const char *folder, const char *base, const char *want)
{
	char *name = location_relative(home, folder, base), *back, *path;

	assert_string_equal(name, want);
	back = location_absolute(home, name);
	path = location_join(folder, base);
	assert_string_equal(back, path);
	free(name);
	free(back);
	free(path);
}

static void test_names(void **state)
{
	check_name("/music", "/music", "a.mp3", "a.mp3");
	check_name("/music", "/music/x/y", "a.mp3", "x/y/a.mp3");
	check_name("/music/lists", "/music", "a.mp3", "../a.mp3");
	check_name("/music/lists/old", "/music/albums/x", "a", "../../albums/x/a");
	check_name("/music", "/musical", "a.mp3", "/musical/a.mp3");
	check_name("/m/music", "/m/musical", "a.mp3", "../musical/a.mp3");
	check_name("/", "/music", "a.mp3", "/music/a.mp3");
	check_name("/music", "/", "a.mp3", "/a.mp3");
	check_name("/", "/", "a.mp3", "a.mp3");
	check_name("/a/b", "/a/b", "..x", "..x");
}

/* Names that no honest cache holds: they come out as something, and nothing breaks. */
static void test_strange_names(void **state)
{
	const char *names[] = {"", "../../../../../x", "..", "./x", "a/../b", "../", "/", "//x"};

	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		char *path = location_absolute("/a/b", names[i]);
		assert_int_equal(path[0], '/');
		free(path);
	}
	char *path = location_absolute("/a/b", "../../../../../x");
	assert_string_equal(path, "/x");
	free(path);
}

static char *path_for(const char *playlist, bool want_fallback)
{
	char *path;
	bool fallback;
	struct error error = {0};

	assert_int_equal(cache_path_for(playlist, &path, &fallback, &error), STATUS_OK);
	assert_int_equal(fallback, want_fallback);
	return path;
}

static void check_path(const char *playlist, bool want_fallback, const char *want)
{
	char *path = path_for(playlist, want_fallback);

	assert_string_equal(path, want);
	free(path);
}

static void test_beside_the_list(void **state)
{
	char *folder = cachetest_folder(), *list = cachetest_path(folder, "my list.m3u");
	char *of_list = cachetest_path(folder, "my list.m3u.jukebox");
	char *of_folder = cachetest_path(folder, ".jukebox");

	assert_true(cachetest_write(list, 10, 1));
	check_path(list, false, of_list);
	check_path(folder, false, of_folder);
	assert_int_equal(chdir(folder), 0);
	check_path("my list.m3u", false, "my list.m3u.jukebox");
	check_path(".", false, "./.jukebox");
	assert_int_equal(chdir("/"), 0);
	cachetest_remove(folder);
	free(of_folder);
	free(of_list);
	free(list);
	free(folder);
}

static void test_fallback(void **state)
{
	char *folder = cachetest_folder(), *xdg = cachetest_path(folder, "xdg");
	char *of_stdin = cachetest_path(folder, "xdg/jukebox/stdin.jukebox");
	char *of_home = cachetest_path(folder, ".cache/jukebox/stdin.jukebox");
	char *fifo = cachetest_path(folder, "fifo"), *before = getenv("XDG_CACHE_HOME");

	before = before ? strdup(before) : NULL;
	assert_int_equal(setenv("XDG_CACHE_HOME", xdg, 1), 0);
	check_path("-", true, of_stdin);
	assert_int_equal(mkfifo(fifo, 0600), 0);
	check_path(fifo, true, of_stdin);
	char *a = path_for("/proc/self/status", true), *b = path_for("/proc/self/maps", true);
	assert_string_not_equal(a, b);
	assert_ptr_equal(strstr(a, xdg), a);
	struct stat st;
	char *made = cachetest_path(xdg, "jukebox");
	assert_int_equal(stat(made, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0700);
	/* The specification: a relative path is to be ignored. */
	assert_int_equal(setenv("XDG_CACHE_HOME", "relative", 1), 0);
	assert_int_equal(setenv("HOME", folder, 1), 0);
	check_path("-", true, of_home);
	if (before)
		setenv("XDG_CACHE_HOME", before, 1);
	cachetest_remove(folder);
	free(a);
	free(b);
	free(made);
	free(before);
	free(fifo);
	free(of_home);
	free(of_stdin);
	free(xdg);
	free(folder);
}

static void test_no_such_list(void **state)
{
	char *path = (char *)"";
	bool fallback;
	struct error error = {0};

	assert_int_equal(
	        cache_path_for("/no/such/list.m3u", &path, &fallback, &error), STATUS_NOT_FOUND);
	assert_null(path);
	assert_non_null(strstr(error.text, "/no/such/list.m3u"));
}

/* A name so long that the sidecar's or the journal's cannot be made. */
static void test_long_name(void **state)
{
	char *folder = cachetest_folder(), name[NAME_MAX + 1];
	memset(name, 'n', NAME_MAX);
	name[NAME_MAX] = '\0';
	char *list = cachetest_path(folder, name);

	assert_true(cachetest_write(list, 10, 1));
	char *path = path_for(list, true);
	assert_true(strlen(location_base(path)) < 100);
	free(path);
	cachetest_remove(folder);
	free(list);
	free(folder);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_names),
	        cmocka_unit_test(test_strange_names),
	        cmocka_unit_test(test_beside_the_list),
	        cmocka_unit_test(test_fallback),
	        cmocka_unit_test(test_no_such_list),
	        cmocka_unit_test(test_long_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
