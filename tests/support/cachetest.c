/* cachetest.c - see cachetest.h. */
#include "cachetest.h"

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

char *cachetest_path(const char *folder, const char *name)
{
	char *path;

	return asprintf(&path, "%s/%s", folder, name) < 0 ? NULL : path;
}

char *cachetest_folder(void)
{
	const char *tmp = getenv("TMPDIR");
	const char *where = access("/dev/shm", W_OK) == 0 ? "/dev/shm" : tmp ? tmp : "/tmp";
	char *template = cachetest_path(where, "jukebox-cache-XXXXXX");
	char *made = template ? mkdtemp(template) : NULL;
	char *real = made ? realpath(made, NULL) : NULL;

	free(template);
	return real;
}

static int remove_one(const char *path, const struct stat *st, int kind, struct FTW *where)
{
	(void)remove(path);
	return 0;
}

void cachetest_remove(const char *folder)
{
	(void)nftw(folder, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

bool cachetest_write_bytes(const char *path, const void *bytes, size_t n_bytes)
{
	FILE *file = fopen(path, "wb");
	bool written = file && (n_bytes == 0 || fwrite(bytes, 1, n_bytes, file) == n_bytes);

	return file && fclose(file) == 0 && written;
}

bool cachetest_write(const char *path, size_t n_bytes, uint32_t seed)
{
	uint8_t *bytes = malloc(n_bytes + 1);

	if (!bytes)
		return false;
	for (size_t i = 0; i < n_bytes; i++) {
		seed = seed * 1664525u + 1013904223u;
		bytes[i] = (uint8_t)(seed >> 24);
	}
	bool written = cachetest_write_bytes(path, bytes, n_bytes);
	free(bytes);
	return written;
}

uint8_t *cachetest_read(const char *path, size_t *n_bytes)
{
	FILE *file = fopen(path, "rb");
	uint8_t *bytes = NULL;

	*n_bytes = 0;
	if (!file)
		return NULL;
	if (fseek(file, 0, SEEK_END) == 0) {
		long size = ftell(file);
		rewind(file);
		bytes = malloc((size_t)size + 1);
		*n_bytes = bytes ? fread(bytes, 1, (size_t)size, file) : 0;
	}
	fclose(file);
	return bytes;
}

static void *some(size_t n_bytes, int n)
{
	uint8_t *bytes = malloc(n_bytes + 1);
	uint32_t seed = (uint32_t)n * 2654435761u;

	for (size_t i = 0; bytes && i < n_bytes; i++) {
		seed = seed * 1664525u + 1013904223u;
		bytes[i] = (uint8_t)(seed >> 24);
	}
	return bytes;
}

struct record cachetest_record(int n, int seconds)
{
	size_t blocks = (size_t)seconds * RECORD_BLOCKS_PER_SECOND;
	struct record r = {.codec = "mp3",
	        .sample_rate_hz = 44100,
	        .channels = 2,
	        .frames = (int64_t)seconds * 44100 + n % 4410,
	        .loudness_lufs = -10.0 - n / 1000.0,
	        .loudness_range_lu = 6,
	        .true_peak_dbtp = -0.5,
	        .sample_peak_dbfs = -0.75,
	        .bpm = 100 + n % 50};
	char title[32];

	snprintf(title, sizeof title, "Song %d", n);
	if (tags_set(&r.tags, "title", title) != STATUS_OK)
		abort();
	r.curves.count = blocks;
	r.curves.level_clu = some(2 * blocks, n);
	r.curves.peak = some(blocks, n + 1);
	r.curves.onset = some(blocks, n + 2);
	r.curves.flatness = some(blocks, n + 3);
	r.curves.centroid = some(blocks, n + 4);
	r.curves.bass = some(blocks, n + 5);
	r.curves.side = some(blocks, n + 6);
	return r;
}

bool cachetest_is_record(const struct record *record, int n, int seconds)
{
	struct record want = cachetest_record(n, seconds);
	uint8_t *a = NULL, *b = NULL;
	size_t n_a = 0, n_b = 0;
	bool same = record_to_bytes(record, &a, &n_a) == STATUS_OK &&
	            record_to_bytes(&want, &b, &n_b) == STATUS_OK && n_a == n_b &&
	            memcmp(a, b, n_a) == 0;

	free(a);
	free(b);
	record_done(&want);
	return same;
}
