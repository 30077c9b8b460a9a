/* Any bytes as a cache file, and all that can be asked of it: never a crash, and what was stored is found again.
 * The first byte says whether the bytes become the cache or its journal (beside a good cache). */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "jukebox/cache.h"
#include "support/cachetest.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n_bytes);

enum { SONGS = 3, SECONDS = 2 };

static struct {
	char *folder, *cache, *journal, *songs[SONGS];
	uint8_t *good;
	size_t good_bytes;
} place;

static void demand(bool condition)
{
	if (!condition)
		abort();
}

static void store(struct cache *cache, int n)
{
	struct record record = cachetest_record(n, SECONDS);
	struct error error;

	demand(cache_store(cache, place.songs[n], &record, &error) == STATUS_OK);
	record_done(&record);
}

static bool find(struct cache *cache, int n)
{
	struct record record;
	struct error error;
	enum status status = cache_find(cache, place.songs[n], &record, &error);

	if (status == STATUS_OK)
		demand(cachetest_is_record(&record, n, SECONDS));
	record_done(&record);
	return status == STATUS_OK;
}

static void tear_down(void)
{
	cachetest_remove(place.folder);
}

/* Once a process; a good cache of one song to put journals beside. */
static void set_up(void)
{
	struct error error;
	struct cache *cache;

	place.folder = cachetest_folder();
	demand(place.folder != NULL);
	atexit(tear_down);
	place.cache = cachetest_path(place.folder, "list.jukebox");
	place.journal = cachetest_path(place.folder, "list.jukebox-journal");
	for (int n = 0; n < SONGS; n++) {
		char name[20];
		snprintf(name, sizeof name, "%d.mp3", n);
		place.songs[n] = cachetest_path(place.folder, name);
		demand(cachetest_write(place.songs[n], 100 + (size_t)n, (uint32_t)n));
	}
	demand(cache_open(place.cache, false, NULL, &cache, &error) == STATUS_OK);
	store(cache, 0);
	cache_close(cache);
	place.good = cachetest_read(place.cache, &place.good_bytes);
}

static void clear(void)
{
	static const char *const endings[] = {"", "-journal", "-wal", "-shm", ".damaged-1",
	        ".damaged-1-journal", ".damaged-2", ".damaged-2-journal", ".version-1",
	        ".version-1-journal"};

	for (size_t i = 0; i < sizeof endings / sizeof *endings; i++) {
		char path[4096];
		snprintf(path, sizeof path, "%s%s", place.cache, endings[i]);
		(void)!unlink(path);
	}
}

static enum status any_row(void *user, const struct cache_row *row)
{
	demand(row->path[0] == '/' && row->state[0] && row->reason);
	return STATUS_OK;
}

static void read_all(void)
{
	struct error error;
	struct cache *cache;
	int64_t n_good, n_bad;

	if (cache_open(place.cache, true, NULL, &cache, &error) != STATUS_OK)
		return;
	for (int n = 0; n < SONGS; n++)
		find(cache, n);
	(void)!cache_each(cache, any_row, NULL, &error);
	(void)!cache_check(cache, &n_good, &n_bad, &error);
	cache_close(cache);
}

static void change_all(void)
{
	struct error error;
	struct cache *cache;
	int64_t n_removed;

	demand(cache_open(place.cache, false, NULL, &cache, &error) == STATUS_OK);
	for (int n = 0; n < SONGS; n++)
		find(cache, n);
	store(cache, 1);
	demand(find(cache, 1));
	(void)!cache_each(cache, any_row, NULL, &error);
	(void)!cache_prune(cache, &n_removed, &error);
	demand(cache_store_failure(cache, place.songs[2], "bad", &error) == STATUS_OK);
	cache_close(cache);
	demand(cache_open(place.cache, false, NULL, &cache, &error) == STATUS_OK);
	demand(!find(cache, 2));
	cache_close(cache);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n_bytes)
{
	if (!place.folder)
		set_up();
	clear();
	if (n_bytes > 0 && data[0] == 'J') {
		demand(cachetest_write_bytes(place.cache, place.good, place.good_bytes));
		demand(cachetest_write_bytes(place.journal, data + 1, n_bytes - 1));
	} else {
		demand(cachetest_write_bytes(place.cache, data, n_bytes));
	}
	read_all();
	change_all();
	return 0;
}
