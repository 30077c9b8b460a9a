/* The promises of cache.h for one process and files that are well. */
#include <fcntl.h>
#include <math.h>
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

#include "cache/database.h"
#include "support/cachetest.h"

enum { SECONDS = 20, SONG_BYTES = 5000 };

/* A folder with songs 0 ... and a cache. */
struct place {
	char *folder, *cache_path;
	struct cache *cache;
	struct log *log; /* to a file */
	FILE *log_file;
};

static char *song_path(const struct place *p, const char *name)
{
	return cachetest_path(p->folder, name);
}

static void open_place(struct place *p, bool read_only)
{
	struct error error = {0};

	assert_int_equal(
	        cache_open(p->cache_path, read_only, p->log, &p->cache, &error), STATUS_OK);
}

static void reopen_place(struct place *p)
{
	cache_close(p->cache);
	open_place(p, false);
}

static int set_up(void **state)
{
	struct place *p = calloc(1, sizeof *p);

	p->folder = cachetest_folder();
	p->cache_path = song_path(p, "list.m3u.jukebox");
	p->log_file = tmpfile();
	p->log = log_new(fileno(p->log_file), LOG_DEBUG, false);
	open_place(p, false);
	*state = p;
	return 0;
}

static int tear_down(void **state)
{
	struct place *p = *state;

	cache_close(p->cache);
	log_free(p->log);
	fclose(p->log_file);
	cachetest_remove(p->folder);
	free(p->cache_path);
	free(p->folder);
	free(p);
	return 0;
}

static void make_song(const struct place *p, const char *name, int n)
{
	char *path = song_path(p, name);

	assert_true(cachetest_write(path, (size_t)(SONG_BYTES + n), (uint32_t)n));
	free(path);
}

static void store(const struct place *p, const char *name, int n)
{
	char *path = song_path(p, name);
	struct record record = cachetest_record(n, SECONDS);
	struct error error = {0};
	enum status status = cache_store(p->cache, path, &record, &error);

	assert_string_equal(error.text, "");
	assert_int_equal(status, STATUS_OK);
	record_done(&record);
	free(path);
}

static void make_and_store(const struct place *p, const char *name, int n)
{
	make_song(p, name, n);
	store(p, name, n);
}

/* n < 0: nothing is to be found. */
static void expect_path(const struct place *p, const char *path, int n)
{
	struct record record;
	struct error error = {0};
	enum status status = cache_find(p->cache, path, &record, &error);

	assert_int_equal(status, n < 0 ? STATUS_NOT_FOUND : STATUS_OK);
	if (n >= 0)
		assert_true(cachetest_is_record(&record, n, SECONDS));
	record_done(&record);
}

static void expect(const struct place *p, const char *name, int n)
{
	char *path = song_path(p, name);

	expect_path(p, path, n);
	free(path);
}

static void move(const struct place *p, const char *from, const char *to)
{
	char *a = song_path(p, from), *b = song_path(p, to);

	assert_int_equal(rename(a, b), 0);
	free(a);
	free(b);
}

static void touch(const struct place *p, const char *name)
{
	char *path = song_path(p, name);
	const struct timespec times[2] = {{1000000000, 5}, {1000000000, 5}};

	assert_int_equal(utimensat(AT_FDCWD, path, times, 0), 0);
	free(path);
}

static int log_lines(const struct place *p)
{
	int n = 0, c;

	rewind(p->log_file);
	while ((c = fgetc(p->log_file)) != EOF)
		n += c == '\n';
	return n;
}

/* "state name" of every row, in order. */
static char listing[4096];
static enum status list_row(void *user, const struct cache_row *row)
{
	const struct place *p = user;
	size_t n = strlen(listing);
	const char *name = row->path;

	if (strncmp(name, p->folder, strlen(p->folder)) == 0)
		name += strlen(p->folder) + 1;
	snprintf(listing + n, sizeof listing - n, "%s%s %s", n ? ", " : "", row->state, name);
	return STATUS_OK;
}

static void expect_list(struct place *p, const char *want)
{
	struct error error = {0};

	listing[0] = '\0';
	assert_int_equal(cache_each(p->cache, list_row, p, &error), STATUS_OK);
	assert_string_equal(listing, want);
}

/* ---- records in, records out ------------------------------------------------------------------------ */

static void test_round_trip(void **state)
{
	struct place *p = *state;

	make_song(p, "a.mp3", 1);
	expect(p, "a.mp3", -1);
	store(p, "a.mp3", 1);
	expect(p, "a.mp3", 1);
	reopen_place(p);
	expect(p, "a.mp3", 1);
	expect(p, "no such file.mp3", -1);
	store(p, "a.mp3", 2); /* measured anew */
	expect(p, "a.mp3", 2);
	expect_list(p, "ok a.mp3");
	assert_int_equal(log_lines(p), 0);
}

static void test_names_are_one(void **state)
{
	struct place *p = *state;
	char *folder = song_path(p, "sub"), *link = song_path(p, "link"), *path;

	assert_int_equal(mkdir(folder, 0700), 0);
	assert_int_equal(symlink("sub", link), 0);
	make_and_store(p, "sub/a\xff\n.mp3", 1);
	expect(p, "link/a\xff\n.mp3", 1);
	expect(p, "sub/../link//./a\xff\n.mp3", 1);
	assert_int_equal(chdir(folder), 0);
	expect_path(p, "a\xff\n.mp3", 1);
	expect_path(p, "./a\xff\n.mp3", 1);
	path = song_path(p, "sub/b.mp3");
	make_song(p, "sub/b.mp3", 2);
	expect_path(p, "b.mp3", -1);
	store(p, "link/b.mp3", 2);
	expect_path(p, "b.mp3", 2);
	expect_list(p, "ok sub/a\xff\n.mp3, ok sub/b.mp3");
	assert_int_equal(chdir("/"), 0);
	free(path);
	free(link);
	free(folder);
}

static void test_silence_and_nothing(void **state)
{
	struct place *p = *state;
	char *path = song_path(p, "a.mp3");
	struct record record = {.codec = "pcm_s16",
	        .sample_rate_hz = 8000,
	        .channels = 1,
	        .loudness_lufs = -HUGE_VAL,
	        .true_peak_dbtp = -HUGE_VAL,
	        .sample_peak_dbfs = -HUGE_VAL};
	struct record got;
	struct error error;

	make_song(p, "a.mp3", 1);
	assert_int_equal(cache_store(p->cache, path, &record, &error), STATUS_OK);
	reopen_place(p);
	assert_int_equal(cache_find(p->cache, path, &got, &error), STATUS_OK);
	assert_true(isinf(got.loudness_lufs));
	record_done(&got);
	expect_list(p, "ok a.mp3");
	free(path);
}

/* ---- changed, moved, copied -------------------------------------------------------------------------- */

static void test_changed(void **state)
{
	struct place *p = *state;

	make_and_store(p, "a.mp3", 1);
	make_song(p, "a.mp3", 2);
	expect_list(p, "changed a.mp3");
	expect(p, "a.mp3", -1);
	store(p, "a.mp3", 2);
	expect(p, "a.mp3", 2);
	expect_list(p, "ok a.mp3");
}

/* Same size, another content. */
static void test_changed_inside(void **state)
{
	struct place *p = *state;
	char *path = song_path(p, "a.mp3");

	make_and_store(p, "a.mp3", 1);
	assert_true(cachetest_write(path, SONG_BYTES + 1, 99));
	touch(p, "a.mp3");
	expect(p, "a.mp3", -1);
	free(path);
}

static void test_touched(void **state)
{
	struct place *p = *state;

	make_and_store(p, "a.mp3", 1);
	touch(p, "a.mp3");
	expect_list(p, "changed a.mp3");
	expect(p, "a.mp3", 1);
	reopen_place(p);
	expect_list(p, "ok a.mp3");
}

static void test_renamed(void **state)
{
	struct place *p = *state;

	make_and_store(p, "a.mp3", 1);
	move(p, "a.mp3", "b.mp3");
	expect(p, "b.mp3", 1);
	reopen_place(p);
	expect_list(p, "ok b.mp3");
	expect(p, "b.mp3", 1);
}

static void test_copied(void **state)
{
	struct place *p = *state;

	make_and_store(p, "a.mp3", 1);
	make_song(p, "b.mp3", 1);
	expect(p, "b.mp3", 1);
	reopen_place(p);
	expect_list(p, "ok a.mp3, ok b.mp3");
	expect(p, "a.mp3", 1);
	expect(p, "b.mp3", 1);
}

/* Songs are numbered, and one is put in front: each takes the name that the next one had. */
static void test_renumbered(void **state)
{
	struct place *p = *state;
	char name[20], next[20];

	for (int n = 1; n <= 9; n++) {
		snprintf(name, sizeof name, "%d.mp3", n);
		make_and_store(p, name, n);
	}
	for (int n = 9; n >= 1; n--) {
		snprintf(name, sizeof name, "%d.mp3", n);
		snprintf(next, sizeof next, "%d.mp3", n + 1);
		move(p, name, next);
	}
	make_song(p, "1.mp3", 50);
	expect(p, "1.mp3", -1);
	for (int n = 1; n <= 9; n++) {
		snprintf(next, sizeof next, "%d.mp3", n + 1);
		expect(p, next, n);
	}
	store(p, "1.mp3", 50);
	reopen_place(p);
	expect(p, "1.mp3", 50);
	for (int n = 1; n <= 9; n++) {
		snprintf(next, sizeof next, "%d.mp3", n + 1);
		expect(p, next, n);
	}
	int64_t n_good, n_bad;
	struct error error;
	assert_int_equal(cache_check(p->cache, &n_good, &n_bad, &error), STATUS_OK);
	assert_int_equal(n_good, 10);
	assert_int_equal(n_bad, 0);
	expect_list(p, "ok 1.mp3, ok 10.mp3, ok 2.mp3, ok 3.mp3, ok 4.mp3, ok 5.mp3, ok 6.mp3, "
	               "ok 7.mp3, ok 8.mp3, ok 9.mp3");
}

static void test_changed_places(void **state)
{
	struct place *p = *state;

	make_and_store(p, "a.mp3", 1);
	make_and_store(p, "b.mp3", 2);
	move(p, "a.mp3", "c.mp3");
	move(p, "b.mp3", "a.mp3");
	move(p, "c.mp3", "b.mp3");
	expect(p, "a.mp3", 2);
	expect(p, "b.mp3", 1);
	reopen_place(p);
	expect_list(p, "ok a.mp3, ok b.mp3");
	expect(p, "a.mp3", 2);
	expect(p, "b.mp3", 1);
}

/* Found again by their names, without a look into the music. */
static void test_moved_with_its_folder(void **state)
{
	struct place *p = *state;
	char *sub = song_path(p, "sub"), *elsewhere = song_path(p, "elsewhere");
	char *inner = song_path(p, "sub/songs"), *old_path = p->cache_path;

	cache_close(p->cache);
	assert_int_equal(mkdir(sub, 0700), 0);
	assert_int_equal(mkdir(inner, 0700), 0);
	p->cache_path = song_path(p, "sub/list.m3u.jukebox");
	open_place(p, false);
	make_and_store(p, "sub/songs/a.mp3", 1);
	cache_close(p->cache);
	assert_int_equal(rename(sub, elsewhere), 0);
	free(p->cache_path);
	p->cache_path = song_path(p, "elsewhere/list.m3u.jukebox");
	open_place(p, true);
	expect_list(p, "ok elsewhere/songs/a.mp3");
	expect(p, "elsewhere/songs/a.mp3", 1);
	free(old_path);
	free(inner);
	free(elsewhere);
	free(sub);
}

/* What was measured is not what lies there now. */
static void test_changed_while_measured(void **state)
{
	struct place *p = *state;
	char *path = song_path(p, "a.mp3");
	struct record record = cachetest_record(1, SECONDS);
	struct error error = {0};

	make_song(p, "a.mp3", 1);
	expect(p, "a.mp3", -1);
	make_song(p, "a.mp3", 2);
	touch(p, "a.mp3");
	assert_int_equal(cache_store(p->cache, path, &record, &error), STATUS_BAD_DATA);
	assert_non_null(strstr(error.text, "changed"));
	expect(p, "a.mp3", -1);
	store(p, "a.mp3", 2);
	expect(p, "a.mp3", 2);
	record_done(&record);
	free(path);
}

/* ---- failures ---------------------------------------------------------------------------------------- */

static void expect_failure(const struct place *p, const char *name, const char *reason)
{
	char *path = song_path(p, name);
	struct record record;
	struct error error = {0};

	assert_int_equal(cache_find(p->cache, path, &record, &error), STATUS_BAD_DATA);
	assert_string_equal(error.text, reason);
	record_done(&record);
	free(path);
}

static void test_failure(void **state)
{
	struct place *p = *state;
	char *path = song_path(p, "a.mp3"), long_reason[3000];
	struct error error;

	make_song(p, "a.mp3", 1);
	assert_int_equal(cache_store_failure(p->cache, path, "no \x1b music", &error), STATUS_OK);
	expect_failure(p, "a.mp3", "no \x1b music");
	reopen_place(p);
	expect_failure(p, "a.mp3", "no \x1b music");
	expect_list(p, "failed a.mp3");
	assert_int_equal(cache_store_failure(p->cache, path, "", &error), STATUS_OK);
	expect_failure(p, "a.mp3", "cannot be played");
	touch(p, "a.mp3"); /* says: try again */
	expect(p, "a.mp3", -1);
	store(p, "a.mp3", 1);
	expect(p, "a.mp3", 1);
	memset(long_reason, 'x', sizeof long_reason);
	long_reason[sizeof long_reason - 1] = '\0';
	assert_int_equal(cache_store_failure(p->cache, path, long_reason, &error), STATUS_OK);
	long_reason[ERROR_TEXT_BYTES - 1] = '\0';
	expect_failure(p, "a.mp3", long_reason);
	free(path);
}

/* A bad file's copy is tried anew; nothing is taken from a failure. */
static void test_failure_is_not_copied(void **state)
{
	struct place *p = *state;
	char *path = song_path(p, "a.mp3");
	struct error error;

	make_song(p, "a.mp3", 1);
	make_song(p, "b.mp3", 1);
	assert_int_equal(cache_store_failure(p->cache, path, "bad", &error), STATUS_OK);
	expect(p, "b.mp3", -1);
	free(path);
}

/* ---- reading only, and places that take no cache ---------------------------------------------------- */

static void test_read_only(void **state)
{
	struct place *p = *state;
	struct record record = cachetest_record(1, SECONDS);
	struct error error = {0};
	char *path = song_path(p, "b.mp3"), *absent = song_path(p, "absent");
	struct cache *cache = p->cache;
	size_t n_before, n_after;

	make_and_store(p, "a.mp3", 1);
	make_song(p, "b.mp3", 1);
	uint8_t *before = cachetest_read(p->cache_path, &n_before);
	open_place(p, true);
	expect(p, "a.mp3", 1);
	expect(p, "b.mp3", 1); /* the copy is known, and not written down */
	assert_int_equal(cache_store(p->cache, path, &record, &error), STATUS_IO);
	cache_close(p->cache);
	uint8_t *after = cachetest_read(p->cache_path, &n_after);
	assert_int_equal(n_before, n_after);
	assert_memory_equal(before, after, n_after);
	assert_int_equal(cache_open(absent, true, p->log, &p->cache, &error), STATUS_NOT_FOUND);
	assert_null(p->cache);
	assert_int_equal(access(absent, F_OK), -1);
	assert_true(cachetest_write(absent, 0, 0)); /* empty: no rows, and no error */
	assert_int_equal(cache_open(absent, true, p->log, &p->cache, &error), STATUS_OK);
	expect(p, "a.mp3", -1);
	expect_list(p, "");
	cache_close(p->cache);
	p->cache = cache;
	record_done(&record);
	free(before);
	free(after);
	free(path);
	free(absent);
}

static void check_memory_only(struct place *p, const char *cache_path)
{
	struct error error = {0};
	int before = log_lines(p);

	cache_close(p->cache);
	assert_int_equal(cache_open(cache_path, false, p->log, &p->cache, &error), STATUS_OK);
	assert_int_equal(log_lines(p), before + 1);
	make_and_store(p, "a.mp3", 1);
	make_and_store(p, "b.mp3", 2);
	expect(p, "a.mp3", 1);
	expect(p, "b.mp3", 2);
	expect_list(p, "ok a.mp3, ok b.mp3");
	assert_int_equal(log_lines(p), before + 1);
	struct cache *reader;
	assert_int_not_equal(cache_open(cache_path, true, p->log, &reader, &error), STATUS_OK);
	assert_null(reader);
}

static void test_places_that_take_no_cache(void **state)
{
	struct place *p = *state;
	char *folder = song_path(p, "folder.jukebox"), *fifo = song_path(p, "fifo.jukebox");
	char *link = song_path(p, "link.jukebox"), *text = song_path(p, "thesis.odt");
	char *below_file = song_path(p, "thesis.odt/x.jukebox");

	assert_int_equal(mkdir(folder, 0700), 0);
	assert_int_equal(mkfifo(fifo, 0600), 0);
	assert_int_equal(symlink("/no/where", link), 0);
	assert_true(cachetest_write(text, 5000, 7));
	check_memory_only(p, folder);
	check_memory_only(p, fifo);
	check_memory_only(p, link);
	check_memory_only(p, "/no/such/folder/list.jukebox");
	check_memory_only(p, "/proc/self/list.jukebox");
	check_memory_only(p, below_file);
	check_memory_only(p, text);
	/* ... and is left alone. */
	char *copy = song_path(p, "copy");
	size_t n, n_copy;
	assert_true(cachetest_write(copy, 5000, 7));
	uint8_t *a = cachetest_read(text, &n), *b = cachetest_read(copy, &n_copy);
	assert_int_equal(n, n_copy);
	assert_memory_equal(a, b, n);
	free(a);
	free(b);
	free(copy);
	free(below_file);
	free(text);
	free(link);
	free(fifo);
	free(folder);
}

static void test_link_to_a_cache(void **state)
{
	struct place *p = *state;
	char *link = song_path(p, "other.jukebox");
	struct error error;

	make_and_store(p, "a.mp3", 1);
	cache_close(p->cache);
	assert_int_equal(symlink("list.m3u.jukebox", link), 0);
	assert_int_equal(cache_open(link, false, p->log, &p->cache, &error), STATUS_OK);
	expect(p, "a.mp3", 1);
	make_and_store(p, "b.mp3", 2);
	reopen_place(p);
	expect(p, "b.mp3", 2);
	free(link);
}

/* The file goes away, or another takes its place, while it is open. */
static void test_removed_while_open(void **state)
{
	struct place *p = *state;

	make_and_store(p, "a.mp3", 1);
	assert_int_equal(unlink(p->cache_path), 0);
	make_and_store(p, "b.mp3", 2);
	reopen_place(p);
	expect_list(p, "ok b.mp3");
	expect(p, "b.mp3", 2);
}

/* ---- check and prune --------------------------------------------------------------------------------- */

static void test_check_and_prune(void **state)
{
	struct place *p = *state;
	char *path = song_path(p, "failed.mp3"), *gone = song_path(p, "gone.mp3");
	int64_t n_good, n_bad, n_removed;
	struct error error = {0};

	for (int n = 0; n < 20; n++) {
		char name[20];
		snprintf(name, sizeof name, "%02d.mp3", n);
		make_and_store(p, name, n);
	}
	make_and_store(p, "gone.mp3", 100);
	assert_int_equal(unlink(gone), 0);
	make_and_store(p, "changed.mp3", 101);
	make_song(p, "changed.mp3", 102);
	make_song(p, "failed.mp3", 103);
	assert_int_equal(cache_store_failure(p->cache, path, "bad", &error), STATUS_OK);
	assert_int_equal(cache_check(p->cache, &n_good, &n_bad, &error), STATUS_OK);
	assert_int_equal(n_good, 23);
	assert_int_equal(n_bad, 0);
	assert_int_equal(cache_prune(p->cache, &n_removed, &error), STATUS_OK);
	assert_int_equal(n_removed, 3);
	assert_int_equal(cache_check(p->cache, &n_good, &n_bad, &error), STATUS_OK);
	assert_int_equal(n_good, 20);
	for (int n = 0; n < 20; n++) {
		char name[20];
		snprintf(name, sizeof name, "%02d.mp3", n);
		expect(p, name, n);
	}
	free(gone);
	free(path);
}

static void test_prune_gives_space_back(void **state)
{
	struct place *p = *state;
	struct stat before, after;
	int64_t n_removed;
	struct error error;
	char name[20];

	for (int n = 0; n < 50; n++) {
		snprintf(name, sizeof name, "%02d.mp3", n);
		make_and_store(p, name, n);
	}
	assert_int_equal(stat(p->cache_path, &before), 0);
	for (int n = 0; n < 50; n++) {
		snprintf(name, sizeof name, "%02d.mp3", n);
		char *path = song_path(p, name);
		assert_int_equal(unlink(path), 0);
		free(path);
	}
	assert_int_equal(cache_prune(p->cache, &n_removed, &error), STATUS_OK);
	assert_int_equal(n_removed, 50);
	assert_int_equal(stat(p->cache_path, &after), 0);
	assert_true(after.st_size < before.st_size);
	expect_list(p, "");
}

static void test_closing_nothing(void **state)
{
	cache_close(NULL);
	database_close(NULL);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
	        TEST(test_round_trip),
	        TEST(test_names_are_one),
	        TEST(test_silence_and_nothing),
	        TEST(test_changed),
	        TEST(test_changed_inside),
	        TEST(test_touched),
	        TEST(test_renamed),
	        TEST(test_copied),
	        TEST(test_renumbered),
	        TEST(test_changed_places),
	        TEST(test_moved_with_its_folder),
	        TEST(test_changed_while_measured),
	        TEST(test_failure),
	        TEST(test_failure_is_not_copied),
	        TEST(test_read_only),
	        TEST(test_places_that_take_no_cache),
	        TEST(test_link_to_a_cache),
	        TEST(test_removed_while_open),
	        TEST(test_check_and_prune),
	        TEST(test_prune_gives_space_back),
	        cmocka_unit_test(test_closing_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
