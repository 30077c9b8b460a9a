/* Files that were damaged, cut, forged or made by others: never a wrong record, never a crash, and no more lost than
 * what was touched. */
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
#include <sqlite3.h>

#include "support/cachetest.h"

enum { SONGS = 24, SECONDS = 60, FLIPS = 200, CUTS = 50 };

static char *folder, *cache_path;
static uint8_t *good;
static size_t good_bytes;

static char *song_path(int n)
{
	char name[20];

	snprintf(name, sizeof name, "%d.mp3", n);
	return cachetest_path(folder, name);
}

static struct cache *open_cache(bool read_only)
{
	struct error error = {0};
	struct cache *cache;

	if (cache_open(cache_path, read_only, NULL, &cache, &error) != STATUS_OK)
		return NULL;
	return cache;
}

static void store(struct cache *cache, int n)
{
	char *path = song_path(n);
	struct record record = cachetest_record(n, SECONDS);
	struct error error = {0};
	enum status status = cache_store(cache, path, &record, &error);

	assert_string_equal(error.text, "");
	assert_int_equal(status, STATUS_OK);
	record_done(&record);
	free(path);
}

/* Was it found?  A wrong record fails the test. */
static bool find(struct cache *cache, int n)
{
	char *path = song_path(n);
	struct record record;
	struct error error;
	enum status status = cache_find(cache, path, &record, &error);

	if (status == STATUS_OK)
		assert_true(cachetest_is_record(&record, n, SECONDS));
	else
		assert_int_equal(status, STATUS_NOT_FOUND);
	record_done(&record);
	free(path);
	return status == STATUS_OK;
}

static int count_found(struct cache *cache)
{
	int n_found = 0;

	for (int n = 0; n < SONGS; n++)
		n_found += find(cache, n);
	return n_found;
}

static int set_up(void **state)
{
	folder = cachetest_folder();
	cache_path = cachetest_path(folder, "list.m3u.jukebox");
	struct cache *cache = open_cache(false);
	for (int n = 0; n < SONGS; n++) {
		char *path = song_path(n);
		assert_true(cachetest_write(path, 1000 + (size_t)n, (uint32_t)n));
		free(path);
		store(cache, n);
	}
	cache_close(cache);
	good = cachetest_read(cache_path, &good_bytes);
	return 0;
}

static int tear_down(void **state)
{
	cachetest_remove(folder);
	free(good);
	free(cache_path);
	free(folder);
	return 0;
}

static void remove_all_but_songs(void)
{
	char command[4096];

	snprintf(command, sizeof command, "rm -rf '%s'*", cache_path);
	assert_int_equal(system(command), 0);
}

static enum status any_row(void *user, const struct cache_row *row)
{
	return row->path && row->state && row->reason ? STATUS_OK : STATUS_BAD_DATA;
}

/* All that may be asked of it; then every song is measured anew if it must be, and all is well. */
static int use_and_mend(void)
{
	struct error error;
	int64_t n_good, n_bad, n_removed;
	struct cache *reader = open_cache(true);

	if (reader) {
		count_found(reader);
		(void)!cache_each(reader, any_row, NULL, &error);
		(void)!cache_check(reader, &n_good, &n_bad, &error);
		cache_close(reader);
	}
	struct cache *cache = open_cache(false);
	assert_non_null(cache);
	int n_found = count_found(cache);
	for (int n = 0; n < SONGS; n++)
		if (!find(cache, n))
			store(cache, n);
	assert_int_equal(count_found(cache), SONGS);
	cache_close(cache);
	cache = open_cache(false);
	assert_int_equal(count_found(cache), SONGS);
	(void)!cache_prune(cache, &n_removed, &error);
	cache_close(cache);
	return n_found;
}

static void test_cut(void **state)
{
	for (int i = 0; i <= CUTS; i++) {
		size_t n = i < 20 ? (size_t)i * 13 : good_bytes * (size_t)i / CUTS;
		remove_all_but_songs();
		assert_true(cachetest_write_bytes(cache_path, good, n));
		use_and_mend();
	}
}

/* The records' pages are most of the file: most flips touch one record, and that one alone is lost. */
static void test_flips(void **state)
{
	uint32_t seed = 1;
	int n_harmless = 0, n_one = 0, n_more = 0;

	for (int i = 0; i < FLIPS; i++) {
		seed = seed * 1664525u + 1013904223u;
		size_t bit = (size_t)(((uint64_t)seed * 8 * good_bytes) >> 32);
		uint8_t *bytes = malloc(good_bytes);
		memcpy(bytes, good, good_bytes);
		bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
		remove_all_but_songs();
		assert_true(cachetest_write_bytes(cache_path, bytes, good_bytes));
		int lost = SONGS - use_and_mend();
		n_harmless += lost == 0;
		n_one += lost == 1;
		n_more += lost > 1;
		free(bytes);
	}
	print_message("# %d flips: %d harmless, %d lost one record, %d lost more\n", FLIPS,
	        n_harmless, n_one, n_more);
	assert_true(n_more <= FLIPS / 20);
}

/* Every bit of the head of the file and of the first page's cells. */
static void test_flips_in_the_head(void **state)
{
	for (size_t bit = 0; bit < 8 * 110; bit += 3) {
		uint8_t *bytes = malloc(good_bytes);
		memcpy(bytes, good, good_bytes);
		bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
		remove_all_but_songs();
		assert_true(cachetest_write_bytes(cache_path, bytes, good_bytes));
		use_and_mend();
		free(bytes);
	}
}

/* Whole blocks of nothing, as after a crash of the machine. */
static void test_zeroed_blocks(void **state)
{
	for (size_t at = 0; at + 4096 <= good_bytes; at += good_bytes / 50) {
		uint8_t *bytes = malloc(good_bytes);
		memcpy(bytes, good, good_bytes);
		memset(bytes + at / 4096 * 4096, 0, 4096);
		remove_all_but_songs();
		assert_true(cachetest_write_bytes(cache_path, bytes, good_bytes));
		use_and_mend();
		free(bytes);
	}
}

/* An inner page is lost: what the others hold is saved into the new file, and the old one is kept. */
static void test_salvage(void **state)
{
	char *aside = cachetest_path(folder, "list.m3u.jukebox.damaged-1");
	int n_kept = 0;

	for (size_t page = 1; page < 12 && page * 16384 < good_bytes; page++) {
		uint8_t *bytes = malloc(good_bytes);
		memcpy(bytes, good, good_bytes);
		memset(bytes + page * 16384, 0xaa, 200);
		remove_all_but_songs();
		assert_true(cachetest_write_bytes(cache_path, bytes, good_bytes));
		struct cache *cache = open_cache(false);
		for (int n = 0; n < SONGS; n++) /* finding does not mend, storing does */
			find(cache, n);
		store(cache, 0);
		cache_close(cache);
		struct stat st;
		if (stat(aside, &st) == 0) {
			n_kept++;
			cache = open_cache(false);
			assert_true(count_found(cache) >= SONGS / 2 || page <= 3);
			cache_close(cache);
		}
		free(bytes);
	}
	assert_true(n_kept > 0);
	free(aside);
}

/* ---- forged files ------------------------------------------------------------------------------------ */

static void run_sql(const char *sql)
{
	sqlite3 *db;
	char *message = NULL;

	assert_int_equal(sqlite3_open(cache_path, &db), SQLITE_OK);
	if (sqlite3_exec(db, sql, NULL, NULL, &message) != SQLITE_OK)
		fail_msg("%s", message);
	sqlite3_close(db);
}

static void restore(void)
{
	remove_all_but_songs();
	assert_true(cachetest_write_bytes(cache_path, good, good_bytes));
}

static void expect_aside(const char *name, bool want)
{
	char *path = cachetest_path(folder, name);

	assert_int_equal(access(path, F_OK) == 0, want);
	free(path);
}

static void check_forged(const char *sql, const char *aside, int want_found)
{
	restore();
	run_sql(sql);
	struct cache *reader = open_cache(true);
	assert_int_equal(reader != NULL, aside == NULL);
	cache_close(reader);
	assert_int_equal(use_and_mend(), want_found);
	if (aside)
		expect_aside(aside, true);
	else
		expect_aside("list.m3u.jukebox.damaged-1", false);
}

static void test_other_versions(void **state)
{
	check_forged("PRAGMA user_version = 99", "list.m3u.jukebox.version-1", 0);
	check_forged("PRAGMA user_version = 0", "list.m3u.jukebox.version-1", 0);
	check_forged("PRAGMA application_id = 7", "list.m3u.jukebox.damaged-1", 0);
	check_forged("UPDATE track SET record_version = record_version + 1", NULL, 0);
}

static void test_strange_schemas(void **state)
{
	const char *d = "list.m3u.jukebox.damaged-1";

	check_forged("CREATE TRIGGER t AFTER INSERT ON track BEGIN DELETE FROM track; END", d, 0);
	check_forged("CREATE VIEW v AS SELECT * FROM track", d, 0);
	check_forged("DROP INDEX track_path", d, 0);
	check_forged("ALTER TABLE track RENAME TO t; CREATE VIEW track AS SELECT * FROM t", d, 0);
	check_forged("ALTER TABLE track ADD COLUMN x AS (zeroblob(size * 1000000))", d, 0);
	check_forged("DROP TABLE track", d, 0);
	check_forged("CREATE VIRTUAL TABLE f USING fts5(x)", d, 0);
	check_forged("PRAGMA journal_mode = WAL", NULL, SONGS);
}

static void test_strange_values(void **state)
{
	check_forged("UPDATE track SET path = 'text' || id", NULL, 0);
	check_forged("UPDATE track SET path = CAST(path || X'0041' AS BLOB)", NULL, 0);
	check_forged("UPDATE track SET path = zeroblob(100000 + id)", NULL, 0);
	check_forged("UPDATE track SET path = CAST('../../../../' || id AS BLOB)", NULL, 0);
	check_forged("UPDATE track SET size = 'x', mtime_ns = X'00'", NULL, 0);
	check_forged("UPDATE track SET record = 'text'", NULL, 0);
	check_forged("UPDATE track SET record = zeroblob(10000000) WHERE id < 3", NULL, SONGS - 2);
	check_forged("UPDATE track SET record = X''", NULL, 0);
	check_forged("UPDATE track SET duration_s = 1e999, loudness_lufs = 'x'", NULL, 0);
	check_forged("UPDATE track SET failure = X'00ff'", NULL, 0);
	check_forged("UPDATE track SET failure = 'forged'", NULL, 0);
	check_forged("UPDATE track SET id = id + 9223372036854775000", NULL, SONGS);
	check_forged("UPDATE track SET id = -id", NULL, SONGS);
	/* Another song's record. */
	check_forged("UPDATE track SET record = (SELECT record FROM track WHERE id = 1)", NULL, 1);
	check_forged("UPDATE track SET record = (SELECT record FROM track WHERE id = 1), "
	             "record_hash = (SELECT record_hash FROM track WHERE id = 1)",
	        NULL, 1);
}

static void test_no_database(void **state)
{
	remove_all_but_songs();
	assert_true(cachetest_write(cache_path, 100000, 5));
	assert_int_equal(use_and_mend(), 0);
	expect_aside("list.m3u.jukebox.damaged-1", true);
	/* Nine are kept. */
	for (int i = 0; i < 12; i++) {
		assert_true(cachetest_write(cache_path, 100000, 5));
		use_and_mend();
	}
	expect_aside("list.m3u.jukebox.damaged-9", true);
	expect_aside("list.m3u.jukebox.damaged-10", false);
}

/* SQLite deletes the file that a journal names as its super-journal. */
static void test_journal_that_names_a_victim(void **state)
{
	static const uint8_t magic[8] = {0xd9, 0xd5, 0x05, 0xf9, 0x20, 0xa1, 0x63, 0xd7};
	char *journal = cachetest_path(folder, "list.m3u.jukebox-journal");
	char *victim = cachetest_path(folder, "victim");
	size_t n = strlen(victim);
	uint8_t bytes[2048] = {0}, *at = bytes + 512;
	uint32_t sum = 0;

	restore();
	assert_true(cachetest_write(victim, 100, 1));
	memcpy(bytes, magic, sizeof magic);
	bytes[26] = 2; /* sector size 512 */
	bytes[22] = 64; /* page size 16384 */
	bytes[19] = (uint8_t)(good_bytes / 16384);
	bytes[18] = (uint8_t)(good_bytes / 16384 / 256);
	bytes[26] = 0x02;
	bytes[23] = 0;
	bytes[21] = 0;
	memcpy(at + 4, victim, n);
	for (size_t i = 0; i < n; i++)
		sum += (uint8_t)victim[i];
	uint8_t *end = at + 4 + n;
	const uint32_t tail[2] = {(uint32_t)n, sum};
	for (int i = 0; i < 8; i++)
		end[i] = (uint8_t)(tail[i / 4] >> (24 - 8 * (i % 4)));
	memcpy(end + 8, magic, sizeof magic);
	assert_true(cachetest_write_bytes(journal, bytes, (size_t)(end + 16 - bytes)));
	use_and_mend();
	struct stat st;
	assert_int_equal(stat(victim, &st), 0);
	assert_int_equal(st.st_size, 100);
	free(journal);
	free(victim);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_cut),
	        cmocka_unit_test(test_flips),
	        cmocka_unit_test(test_flips_in_the_head),
	        cmocka_unit_test(test_zeroed_blocks),
	        cmocka_unit_test(test_salvage),
	        cmocka_unit_test(test_other_versions),
	        cmocka_unit_test(test_strange_schemas),
	        cmocka_unit_test(test_strange_values),
	        cmocka_unit_test(test_no_database),
	        cmocka_unit_test(test_journal_that_names_a_victim),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
