/* cachetest.h - what the tests of the cache share: a folder of stand-ins for music, and records to go with them.
 *
 * The cache never looks into music, so any bytes do.  Record number n is a function of n alone. */
#ifndef TESTS_CACHETEST_H
#define TESTS_CACHETEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "jukebox/cache.h"
#include "jukebox/record.h"

/* Makes a temporary folder (resolved; caller frees), and takes it away with all that is in it.  In memory where
 * there is a place for it: these tests would wait for the disk most of their time. */
char *cachetest_folder(void);
void cachetest_remove(const char *folder);

/* "FOLDER/NAME"; new string. */
char *cachetest_path(const char *folder, const char *name);

/* Writes a file of n_bytes that are a function of `seed`.  false: it could not be written. */
bool cachetest_write(const char *path, size_t n_bytes, uint32_t seed);

/* The whole file; caller frees. */
uint8_t *cachetest_read(const char *path, size_t *n_bytes);
bool cachetest_write_bytes(const char *path, const void *bytes, size_t n_bytes);

/* Record n, with `seconds` of curves; caller calls record_done. */
struct record cachetest_record(int n, int seconds);

/* Is this record n of that length, to the byte? */
bool cachetest_is_record(const struct record *record, int n, int seconds);

#endif
