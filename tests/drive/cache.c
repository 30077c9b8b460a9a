/* cache - how fast the cache is: `cache FOLDER N` makes N small files and their records (4 minutes each), stores
 * them one by one, and finds them all again from a handle opened anew. */
#include <stdio.h>
#include <stdlib.h>

#include "jukebox/cache.h"
#include "jukebox/clock.h"
#include "support/cachetest.h"

enum { SECONDS = 240 };

static char *song(const char *folder, int n)
{
	char name[64];

	snprintf(name, sizeof name, "song %d.mp3", n);
	return cachetest_path(folder, name);
}

static int make_files(const char *folder, int count)
{
	for (int n = 0; n < count; n++) {
		char *path = song(folder, n);
		bool made = path && cachetest_write(path, 100 + (size_t)n, (uint32_t)n);
		free(path);
		if (!made)
			return 1;
	}
	return 0;
}

static int store_all(struct cache *cache, const char *folder, int count)
{
	struct error error = {0};

	for (int n = 0; n < count; n++) {
		char *path = song(folder, n);
		struct record record = cachetest_record(n, SECONDS);
		enum status status = cache_store(cache, path, &record, &error);
		record_done(&record);
		free(path);
		if (status != STATUS_OK)
			return fprintf(stderr, "store: %s\n", error.text);
	}
	return 0;
}

static int find_all(struct cache *cache, const char *folder, int count)
{
	struct error error = {0};
	struct record record;

	for (int n = 0; n < count; n++) {
		char *path = song(folder, n);
		enum status status = cache_find(cache, path, &record, &error);
		free(path);
		if (status != STATUS_OK)
			return fprintf(stderr, "find: %s\n", error.text);
		record_done(&record);
	}
	return 0;
}

typedef int all_fn(struct cache *cache, const char *folder, int count);

static int timed(const char *what, all_fn *fn, const char *path, const char *folder, int count)
{
	struct error error = {0};
	struct log *log = log_new(2, LOG_WARNING, false);
	struct cache *cache;
	int64_t begin = clock_now_ns();

	if (cache_open(path, false, log, &cache, &error) != STATUS_OK)
		return fprintf(stderr, "%s\n", error.text);
	int failed = fn(cache, folder, count);
	cache_close(cache);
	double s = (double)(clock_now_ns() - begin) / 1e9;
	printf("%s: %d in %.3f s, %.1f us each\n", what, count, s, s / count * 1e6);
	log_free(log);
	return failed;
}

int main(int argc, char **argv)
{
	if (argc != 3)
		return fprintf(stderr, "usage: cache FOLDER N\n");
	const char *folder = argv[1];
	int count = atoi(argv[2]);
	char *path = cachetest_path(folder, "list.m3u.jukebox");
	int failed = !path || make_files(folder, count) ||
	             timed("store", store_all, path, folder, count) ||
	             timed("find", find_all, path, folder, count) ||
	             timed("find", find_all, path, folder, count);

	free(path);
	return failed != 0;
}
