/* cache.h - the sidecar: records in, records out.  SQLite, one row a track.
 *
 * Many processes may use one file at once; a record is whole or absent, and durable when
 * cache_store returns.  A record is given back only for a file whose size and time of change are
 * those it was measured at, or, for moved and renamed music, whose content fingerprint is the same
 * (size, and a hash of the first, middle and last 64 KiB).  Another schema or RECORD_VERSION, damage
 * and hostile files: never trusted, never fatal. A file that is no usable cache is set aside under another name
 * ("NAME.damaged-1"...), reported through the log, and begun anew.
 * Threads: one handle may be used by any thread (it has a lock of its own).
 */
#ifndef JUKEBOX_CACHE_H
#define JUKEBOX_CACHE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "jukebox/log.h"
#include "jukebox/record.h"
#include "jukebox/status.h"

struct cache;

/* The sidecar's name for a playlist: "LIST.jukebox" beside a regular file "LIST"; "DIR/.jukebox" for a folder;
 * for standard input ("-") and folders that cannot be written, a name below
 * $XDG_CACHE_HOME/jukebox (or ~/.cache/jukebox), made from a hash of the real path, and *fallback says so.  New string, caller frees. */
enum status cache_path_for(
        const char *playlist, char **path, bool *fallback, struct error *error) MUST_USE;

/* Is the file a cache itself, by its name ("....jukebox") or its first bytes? */
bool cache_is_one(const char *path);

/* Opens or makes the file; NULL: none, all is kept in memory.  When even that fails (read-only place, full disk) the handle still works in memory
 * alone, and one warning was logged: measuring and playing go on.
 * `read_only`: never creates or changes a file. STATUS_NOT_FOUND when it is not there. */
enum status cache_open(const char *path, bool read_only, struct log *log, struct cache **cache,
        struct error *error) MUST_USE;
void cache_close(struct cache *cache);

/* STATUS_OK and *record filled (caller calls record_done), or STATUS_NOT_FOUND: measure it.  A file known
 * to be bad since its last change gives STATUS_BAD_DATA and its reason in *error. */
enum status cache_find(struct cache *cache, const char *music_path, struct record *record,
        struct error *error) MUST_USE;

/* What was known last of a file of this name: its tags (caller frees) and its length.  The file is not looked at, so that a
 * list of a hundred thousand is gone through in seconds.  STATUS_NOT_FOUND. */
enum status cache_find_tags(struct cache *cache, const char *music_path, struct tags *tags,
        double *duration_s, struct error *error) MUST_USE;

/* Durable when it returns STATUS_OK.  `paths` in the file are relative to its folder where they can be. */
enum status cache_store(struct cache *cache, const char *music_path, const struct record *record,
        struct error *error) MUST_USE;

/* Remembers that a file cannot be played, so that it is not tried at each run. */
enum status cache_store_failure(struct cache *cache, const char *music_path, const char *reason,
        struct error *error) MUST_USE;

/* For the verb `cache`: every row, ordered by path. `state`: "ok", "changed", "missing", "failed", "damaged", "old". */
struct cache_row {
	const char *path; /* absolute, or as stored when it cannot be made so */
	const char *state;
	const char *reason; /* of a failure; else "" */
	int64_t size_bytes, record_bytes;
	double duration_s, loudness_lufs;
};
typedef enum status cache_row_fn(void *user, const struct cache_row *row);
enum status cache_each(
        struct cache *cache, cache_row_fn *fn, void *user, struct error *error) MUST_USE;

/* Whole-file check (SQLite's and the records' own checksums); counts to the pointers. */
enum status cache_check(
        struct cache *cache, int64_t *n_good, int64_t *n_bad, struct error *error) MUST_USE;

/* Removes rows whose file is gone or changed, failures and damage; then compacts. */
enum status cache_prune(struct cache *cache, int64_t *n_removed, struct error *error) MUST_USE;

#endif
