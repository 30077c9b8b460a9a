/* database.h - rows in a file: all that knows SQLite is behind this header.
 *
 * The file may be anything, and may change or vanish under us: every value is checked before it is given out, and a
 * row whose checksum does not fit is never taken for a good one.
 * Errors: STATUS_BAD_DATA the file is damaged or not ours, STATUS_UNSUPPORTED another schema version, STATUS_IO the
 * system said no (full, read-only, busy for too long), STATUS_NO_MEMORY.
 * Threads: one at a time.
 */
#ifndef CACHE_DATABASE_H
#define CACHE_DATABASE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "fingerprint.h"
#include "jukebox/status.h"

enum {
	DATABASE_SCHEMA_VERSION = 1,
	DATABASE_RECORD_BYTES_MOST = 128 << 20, /* a record of some 400 hours of music */
	DATABASE_PATH_BYTES_MOST = 8192,
	DATABASE_FAILURE_BYTES_MOST = 1024,
};

struct database;

enum database_mode {
	DATABASE_WRITE, /* makes the file when it is not there; a read-only one is opened for reading */
	DATABASE_READ, /* changes nothing but an interrupted transaction, which is rolled back */
	DATABASE_MEMORY, /* no file; lives as long as the handle, bounded */
};

/* One track.  What the database gives out lives until database_release, or the next call; until then other processes cannot
 * write, so it should be soon. */
struct database_row {
	int64_t id; /* given by the database */
	const char *path; /* as stored, NUL-terminated */
	struct stamp stamp;
	uint64_t fingerprint;
	int64_t record_version;
	double duration_s, loudness_lufs;
	const char *failure; /* "": there is a record */
	const uint8_t *record; /* NULL: database_next_path does not read it */
	size_t record_bytes;
	uint64_t record_hash;
	bool intact; /* out: all but the record's bytes are as they were stored; the record's, too, if given */
};

/* `path`: absolute, no links.  STATUS_NOT_FOUND with DATABASE_READ when there is none. */
enum status database_open(const char *path, enum database_mode mode, struct database **database,
        struct error *error) MUST_USE;
void database_close(struct database *database);

/* Was it opened for reading alone, whatever was asked? */
bool database_read_only(const struct database *database);

void database_release(struct database *database);

/* STATUS_NOT_FOUND; damaged rows are given, too, with intact == false. */
enum status database_find_path(struct database *database, const char *path,
        struct database_row *row, struct error *error) MUST_USE;

/* Some intact row of `record_version` with a record of a file with that content. */
enum status database_find_content(struct database *database, int64_t size_bytes,
        uint64_t fingerprint, int64_t record_version, struct database_row *row,
        struct error *error) MUST_USE;

/* Is there any row of that size? False is a promise that database_find_content finds nothing. */
bool database_has_size(struct database *database, int64_t size_bytes);

/* Sets or replaces the row of row->path; durable (outside of a transaction) when it returns.  `id`, `record_hash`
 * and `intact` are not read. */
enum status database_put(
        struct database *database, const struct database_row *row, struct error *error) MUST_USE;

/* Gives the row `id` another name and stamp; the row that has that name must be parked or gone. */
enum status database_rename(struct database *database, int64_t id, const char *path,
        struct stamp stamp, struct error *error) MUST_USE;

/* Sets the row of `path` to what the row `id` says of another file with the same content. */
enum status database_copy(struct database *database, int64_t id, const char *path,
        struct stamp stamp, struct error *error) MUST_USE;

/* Takes the name from the row that has it, if there is one, until database_drop_parked. */
enum status database_park(struct database *database, const char *path, int64_t but_not_id,
        struct error *error) MUST_USE;
enum status database_drop_parked(struct database *database, struct error *error) MUST_USE;

/* Of an intact record of that version and path the first bytes, at most n_bytes, and how long the track is; its checksum is
 * not looked at.  STATUS_NOT_FOUND. */
enum status database_read_head(struct database *database, const char *path, int64_t record_version,
        uint8_t *bytes, size_t *n_bytes, double *duration_s, struct error *error) MUST_USE;

/* The row of that id. */
enum status database_find_id(struct database *database, int64_t id, struct database_row *row,
        struct error *error) MUST_USE;

/* The first row with an id above `after`; STATUS_END behind the last. */
enum status database_next_id(struct database *database, int64_t after, struct database_row *row,
        struct error *error) MUST_USE;

enum status database_delete(struct database *database, int64_t id, struct error *error) MUST_USE;

/* The first row, then the next one, in the byte order of stored paths; STATUS_END behind the last.  The calls of
 * one walk may have pauses and other calls between them. */
enum status database_next_path(struct database *database, bool first, struct database_row *row,
        struct error *error) MUST_USE;

/* Many reads as one, which saves locking for each, and locks others out. */
enum status database_begin_reading(struct database *database, struct error *error) MUST_USE;

enum status database_begin(struct database *database, struct error *error) MUST_USE;
enum status database_commit(
        struct database *database, struct error *error) MUST_USE; /* on failure: rolled back */
void database_roll_back(struct database *database);

/* SQLite's own check of the whole file; the number of things it found wrong, and the first of them to *error. */
enum status database_verify(
        struct database *database, int64_t *n_wrong, struct error *error) MUST_USE;

/* Gives free space back to the file system. */
enum status database_compact(struct database *database, struct error *error) MUST_USE;

#endif
