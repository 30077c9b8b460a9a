/* database.c - the SQLite side of the cache: opening files that may be anything, and rows in and out.
 *
 * The journal is SQLite's rollback journal, deleted at each commit.  Measured with records of 32 KB: 1.15 ms a commit,
 * the write-ahead log 0.54 ms; but that one leaves two files beside the music after a crash, needs shared memory (no
 * network folders) and cannot be read on read-only media, and a track takes longer to measure than either.
 *
 * What to do about a file that is no good is for cache.c to decide. */
#include "database.h"

#include <math.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>

#include "hash.h"

enum {
	APPLICATION_ID = 0x4a756b65, /* "Juke" */
	BUSY_MS = 30000, /* a commit takes milliseconds; this many processes do not queue up */
	PAGE_BYTES = 16384, /* half of a record: measured, see find_speed in tests/drive/cache.c */
	MEMORY_PAGES = (256 << 20) / PAGE_BYTES,
	SAME_CONTENT_TRIES = 16, /* copies of one file, in case the first ones are damaged */
};

#define TABLE_SQL                                                                                \
	"CREATE TABLE track(id INTEGER PRIMARY KEY, path BLOB NOT NULL, size INTEGER NOT NULL, " \
	"mtime_ns INTEGER NOT NULL, fingerprint INTEGER NOT NULL, record_version INTEGER NOT "   \
	"NULL, "                                                                                 \
	"duration_s REAL NOT NULL, loudness_lufs REAL NOT NULL, failure TEXT NOT NULL, "         \
	"record_hash INTEGER NOT NULL, row_hash INTEGER NOT NULL, record BLOB NOT NULL)"
#define PATH_INDEX_SQL "CREATE UNIQUE INDEX track_path ON track(path)"
#define CONTENT_INDEX_SQL "CREATE INDEX track_content ON track(size, fingerprint)"

#define SUMMARY                                                                              \
	"id, path, size, mtime_ns, fingerprint, record_version, duration_s, loudness_lufs, " \
	"failure, record_hash, row_hash, "
#define COLUMNS SUMMARY "record"
enum column {
	COLUMN_ID,
	COLUMN_PATH,
	COLUMN_SIZE,
	COLUMN_MTIME,
	COLUMN_FINGERPRINT,
	COLUMN_RECORD_VERSION,
	COLUMN_DURATION,
	COLUMN_LOUDNESS,
	COLUMN_FAILURE,
	COLUMN_RECORD_HASH,
	COLUMN_ROW_HASH,
	COLUMN_RECORD, /* or its length: a column that is asked for is read, all pages of it */
};

/* Parked rows bear a name that no file can have: it begins with a NUL. */
#define PARKED "CAST(X'00' || CAST(id AS TEXT) AS BLOB)"

enum statement_kind {
	FIND_PATH,
	FIND_CONTENT,
	FIND_SIZE,
	FIND_ID,
	NEXT_ID,
	NEXT_PATH,
	PUT,
	RENAME,
	DELETE_PATH,
	COPY,
	PARK,
	DROP_PARKED,
	DELETE_ID,
	FIND_HEAD,
	STATEMENTS,
};

static const char *const statement_sql[STATEMENTS] = {
        [FIND_PATH] = "SELECT " COLUMNS " FROM track WHERE path = ?1",
        [FIND_CONTENT] = "SELECT " COLUMNS " FROM track WHERE size = ?1 AND fingerprint = ?2 "
                         "AND record_version = ?3 AND failure = '' ORDER BY id LIMIT ?4",
        [FIND_SIZE] = "SELECT 1 FROM track WHERE size = ?1 LIMIT 1",
        [FIND_ID] = "SELECT " COLUMNS " FROM track WHERE id = ?1",
        [NEXT_ID] = "SELECT " COLUMNS " FROM track WHERE id > ?1 ORDER BY id LIMIT 1",
        [NEXT_PATH] = "SELECT " SUMMARY "length(record) FROM track WHERE path > ?1 "
                      "ORDER BY path LIMIT 1",
        [PUT] = "INSERT INTO track(path, size, mtime_ns, fingerprint, record_version, duration_s, "
                "loudness_lufs, failure, record_hash, row_hash, record) "
                "VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11) "
                "ON CONFLICT(path) DO UPDATE SET size = ?2, mtime_ns = ?3, fingerprint = ?4, "
                "record_version = ?5, duration_s = ?6, loudness_lufs = ?7, failure = ?8, "
                "record_hash = ?9, row_hash = ?10, record = ?11",
        [RENAME] = "UPDATE track SET path = ?2, size = ?3, mtime_ns = ?4, row_hash = ?5 "
                   "WHERE id = ?1",
        [DELETE_PATH] = "DELETE FROM track WHERE path = ?1",
        [COPY] = "INSERT INTO track(path, size, mtime_ns, fingerprint, record_version, "
                 "duration_s, loudness_lufs, failure, record_hash, row_hash, record) "
                 "SELECT ?2, ?3, ?4, fingerprint, record_version, duration_s, loudness_lufs, "
                 "failure, record_hash, ?5, record FROM track WHERE id = ?1",
        [PARK] = "UPDATE track SET path = " PARKED " WHERE path = ?1 AND id <> ?2",
        [DROP_PARKED] = "DELETE FROM track WHERE path >= X'00' AND path < X'01'",
        [DELETE_ID] = "DELETE FROM track WHERE id = ?1",
        [FIND_HEAD] = "SELECT id, duration_s FROM track WHERE path = ?1 AND record_version = ?2 "
                      "AND failure = ''",
};

struct database {
	sqlite3 *db;
	sqlite3_stmt *statements[STATEMENTS]; /* prepared when first used */
	sqlite3_stmt *busy; /* what database_release resets */
	bool writable;
	char *path; /* of the row given out last, with a NUL behind */
	size_t path_bytes, path_room;
};

/* ---- errors -------------------------------------------------------------------------------------- */

static enum status status_of(int code)
{
	if (code == SQLITE_READONLY_DBMOVED)
		return STATUS_NOT_FOUND;
	switch (code & 0xff) {
	case SQLITE_OK:
	case SQLITE_ROW:
	case SQLITE_DONE:
		return STATUS_OK;
	case SQLITE_NOMEM:
		return STATUS_NO_MEMORY;
	case SQLITE_CORRUPT:
	case SQLITE_NOTADB:
	case SQLITE_ERROR: /* our statements are right, so the schema they meet is not */
	case SQLITE_CONSTRAINT:
	case SQLITE_MISMATCH:
	case SQLITE_TOOBIG:
		return STATUS_BAD_DATA;
	default:
		return STATUS_IO;
	}
}

/* Reads better than SQLite's "unable to open database file", "disk I/O error". */
static const char *system_words(sqlite3 *db, int code)
{
	int error_number = sqlite3_system_errno(db);
	bool systems = (code & 0xff) == SQLITE_CANTOPEN || (code & 0xff) == SQLITE_IOERR;

	if (code == SQLITE_CANTOPEN_SYMLINK)
		return "is a symbolic link";
	return systems && error_number != 0 ? strerror(error_number) : sqlite3_errmsg(db);
}

static enum status fail(struct database *database, int code, struct error *error)
{
	return error_set(error, status_of(code), "%s", system_words(database->db, code));
}

static enum status check(struct database *database, int code, struct error *error)
{
	return status_of(code) == STATUS_OK ? STATUS_OK : fail(database, code, error);
}

static enum status execute(struct database *database, const char *sql, struct error *error)
{
	return check(database, sqlite3_exec(database->db, sql, NULL, NULL, NULL), error);
}

/* ---- statements ---------------------------------------------------------------------------------- */

void database_release(struct database *database)
{
	if (database->busy) {
		sqlite3_reset(database->busy);
		sqlite3_clear_bindings(database->busy);
	}
	database->busy = NULL;
}

static enum status statement(struct database *database, enum statement_kind kind,
        sqlite3_stmt **out, struct error *error)
{
	sqlite3_stmt **slot = &database->statements[kind];

	database_release(database);
	if (!*slot) {
		int code = sqlite3_prepare_v3(database->db, statement_sql[kind], -1,
		        SQLITE_PREPARE_PERSISTENT, slot, NULL);
		TRY(check(database, code, error));
	}
	*out = database->busy = *slot;
	return STATUS_OK;
}

/* Bytes that outlive the statement's step; a bind can only fail for lack of memory or a size over the limit, and
 * then the step fails as well: a parameter left NULL breaks NOT NULL or finds nothing. */
static void bind_bytes(sqlite3_stmt *s, int at, const void *bytes, size_t n_bytes)
{
	sqlite3_bind_blob64(s, at, n_bytes ? bytes : "", n_bytes, SQLITE_STATIC);
}

/* Runs a statement that gives no rows. */
static enum status run(struct database *database, sqlite3_stmt *s, struct error *error)
{
	int code = sqlite3_step(s);
	enum status status = check(database, code, error);

	database_release(database);
	return status;
}

/* ---- rows ---------------------------------------------------------------------------------------- */

static uint64_t bits_of(double value)
{
	uint64_t bits;

	memcpy(&bits, &value, sizeof bits);
	return bits;
}

static void put_u64(uint8_t *to, uint64_t value)
{
	for (int i = 0; i < 8; i++)
		to[i] = (uint8_t)(value >> 8 * i);
}

/* Of all that a row says, the record by its own hash. */
static uint64_t hash_row(const struct database_row *row, size_t path_bytes, size_t failure_bytes)
{
	const uint64_t numbers[] = {(uint64_t)row->stamp.size_bytes, (uint64_t)row->stamp.mtime_ns,
	        row->fingerprint, (uint64_t)row->record_version, bits_of(row->duration_s),
	        bits_of(row->loudness_lufs), row->record_hash, row->record_bytes, path_bytes,
	        failure_bytes};
	uint8_t bytes[sizeof numbers];

	for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
		put_u64(bytes + 8 * i, numbers[i]);
	uint64_t hash = hash_bytes(row->path, path_bytes, 0);
	hash = hash_bytes(row->failure, failure_bytes, hash);
	return hash_bytes(bytes, sizeof bytes, hash);
}

/* The path goes to a buffer of ours: it must end with a NUL, and database_next_path goes on from it. */
static enum status keep_path(
        struct database *database, const void *path, size_t n_bytes, struct error *error)
{
	if (n_bytes >= database->path_room) {
		char *larger = realloc(database->path, n_bytes + 1);
		if (!larger)
			return error_set(error, STATUS_NO_MEMORY, "out of memory");
		database->path = larger;
		database->path_room = n_bytes + 1;
	}
	if (n_bytes > 0)
		memcpy(database->path, path, n_bytes);
	database->path[n_bytes] = '\0';
	database->path_bytes = n_bytes;
	return STATUS_OK;
}

static int type_of_column(enum column column, bool with_record)
{
	switch (column) {
	case COLUMN_PATH:
		return SQLITE_BLOB;
	case COLUMN_DURATION:
	case COLUMN_LOUDNESS:
		return SQLITE_FLOAT;
	case COLUMN_FAILURE:
		return SQLITE_TEXT;
	case COLUMN_RECORD:
		return with_record ? SQLITE_BLOB : SQLITE_INTEGER;
	default:
		return SQLITE_INTEGER;
	}
}

static bool types_are_right(sqlite3_stmt *s, bool with_record)
{
	for (int i = COLUMN_ID; i <= COLUMN_RECORD; i++)
		if (sqlite3_column_type(s, i) != type_of_column((enum column)i, with_record))
			return false;
	return true;
}

static void read_numbers(sqlite3_stmt *s, bool with_record, struct database_row *row)
{
	row->stamp.size_bytes = sqlite3_column_int64(s, COLUMN_SIZE);
	row->stamp.mtime_ns = sqlite3_column_int64(s, COLUMN_MTIME);
	row->fingerprint = (uint64_t)sqlite3_column_int64(s, COLUMN_FINGERPRINT);
	row->record_version = sqlite3_column_int64(s, COLUMN_RECORD_VERSION);
	row->duration_s = sqlite3_column_double(s, COLUMN_DURATION);
	row->loudness_lufs = sqlite3_column_double(s, COLUMN_LOUDNESS);
	row->record_hash = (uint64_t)sqlite3_column_int64(s, COLUMN_RECORD_HASH);
	row->record_bytes = with_record ? (size_t)sqlite3_column_bytes(s, COLUMN_RECORD)
	                                : (size_t)sqlite3_column_int64(s, COLUMN_RECORD);
}

static bool sizes_are_right(
        const struct database *database, const struct database_row *row, size_t failure_bytes)
{
	return database->path_bytes > 0 && database->path_bytes <= DATABASE_PATH_BYTES_MOST &&
	       strlen(database->path) == database->path_bytes &&
	       failure_bytes <= DATABASE_FAILURE_BYTES_MOST &&
	       strlen(row->failure) == failure_bytes &&
	       row->record_bytes <= DATABASE_RECORD_BYTES_MOST;
}

/* The statement stands on a row.  `with_record`: it has the record and not just its length. */
static enum status read_row(struct database *database, sqlite3_stmt *s, bool with_record,
        struct database_row *row, struct error *error)
{
	*row = (struct database_row){.failure = "", .loudness_lufs = -HUGE_VAL};
	row->id = sqlite3_column_int64(s, COLUMN_ID);
	const void *path = sqlite3_column_blob(s, COLUMN_PATH);
	TRY(keep_path(database, path, (size_t)sqlite3_column_bytes(s, COLUMN_PATH), error));
	row->path = database->path;
	if (!types_are_right(s, with_record))
		return STATUS_OK;
	const char *failure = (const char *)sqlite3_column_text(s, COLUMN_FAILURE);
	size_t failure_bytes = (size_t)sqlite3_column_bytes(s, COLUMN_FAILURE);
	row->failure = failure ? failure : "";
	read_numbers(s, with_record, row);
	if (!sizes_are_right(database, row, failure_bytes))
		return STATUS_OK;
	uint64_t row_hash = (uint64_t)sqlite3_column_int64(s, COLUMN_ROW_HASH);
	row->intact = row_hash == hash_row(row, database->path_bytes, failure_bytes);
	if (!with_record || !row->intact)
		return STATUS_OK;
	row->record = sqlite3_column_blob(s, COLUMN_RECORD);
	if (!row->record && row->record_bytes > 0)
		return fail(database, sqlite3_errcode(database->db), error);
	row->intact = hash_bytes(row->record, row->record_bytes, 0) == row->record_hash;
	return STATUS_OK;
}

/* One step, and the row it comes to.  `none`: the status when there is no row. */
static enum status step_to_row(struct database *database, sqlite3_stmt *s, bool with_record,
        enum status none, struct database_row *row, struct error *error)
{
	int code = sqlite3_step(s);
	enum status status = code == SQLITE_DONE ? none : check(database, code, error);

	if (status == STATUS_OK)
		status = read_row(database, s, with_record, row, error);
	if (status != STATUS_OK)
		database_release(database);
	return status;
}

enum status database_find_path(
        struct database *database, const char *path, struct database_row *row, struct error *error)
{
	sqlite3_stmt *s;

	TRY(statement(database, FIND_PATH, &s, error));
	bind_bytes(s, 1, path, strlen(path));
	TRY(step_to_row(database, s, true, STATUS_NOT_FOUND, row, error));
	if (strcmp(row->path, path) != 0) /* a damaged index leads to another row */
		row->intact = false;
	return STATUS_OK;
}

/* Only the first pages of the record are read: those of a long one are many. */
static enum status read_head_of(
        struct database *database, int64_t id, uint8_t *bytes, size_t *n_bytes, struct error *error)
{
	sqlite3_blob *blob = NULL;
	int code = sqlite3_blob_open(database->db, "main", "track", "record", id, 0, &blob);

	if (code == SQLITE_OK && (size_t)sqlite3_blob_bytes(blob) < *n_bytes)
		*n_bytes = (size_t)sqlite3_blob_bytes(blob);
	if (code == SQLITE_OK)
		code = sqlite3_blob_read(blob, bytes, (int)*n_bytes, 0);
	enum status status = check(database, code, error);
	sqlite3_blob_close(blob);
	return status;
}

enum status database_read_head(struct database *database, const char *path, int64_t record_version,
        uint8_t *bytes, size_t *n_bytes, double *duration_s, struct error *error)
{
	sqlite3_stmt *s;

	TRY(statement(database, FIND_HEAD, &s, error));
	bind_bytes(s, 1, path, strlen(path));
	sqlite3_bind_int64(s, 2, record_version);
	int code = sqlite3_step(s);
	enum status status = code == SQLITE_DONE ? STATUS_NOT_FOUND : check(database, code, error);
	int64_t id = status == STATUS_OK ? sqlite3_column_int64(s, 0) : 0;
	*duration_s = status == STATUS_OK ? sqlite3_column_double(s, 1) : 0;
	if (status == STATUS_OK)
		status = read_head_of(database, id, bytes, n_bytes, error);
	database_release(database);
	return status;
}

bool database_has_size(struct database *database, int64_t size_bytes)
{
	sqlite3_stmt *s;

	if (statement(database, FIND_SIZE, &s, NULL) != STATUS_OK)
		return false;
	sqlite3_bind_int64(s, 1, size_bytes);
	int code = sqlite3_step(s);
	database_release(database);
	return code == SQLITE_ROW;
}

enum status database_find_content(struct database *database, int64_t size_bytes,
        uint64_t fingerprint, int64_t record_version, struct database_row *row, struct error *error)
{
	sqlite3_stmt *s;

	TRY(statement(database, FIND_CONTENT, &s, error));
	sqlite3_bind_int64(s, 1, size_bytes);
	sqlite3_bind_int64(s, 2, (int64_t)fingerprint);
	sqlite3_bind_int64(s, 3, record_version);
	sqlite3_bind_int(s, 4, SAME_CONTENT_TRIES);
	for (;;) {
		TRY(step_to_row(database, s, true, STATUS_NOT_FOUND, row, error));
		if (row->intact && row->failure[0] == '\0' &&
		        row->record_version == record_version && row->fingerprint == fingerprint &&
		        row->stamp.size_bytes == size_bytes)
			return STATUS_OK;
	}
}

enum status database_find_id(
        struct database *database, int64_t id, struct database_row *row, struct error *error)
{
	sqlite3_stmt *s;

	TRY(statement(database, FIND_ID, &s, error));
	sqlite3_bind_int64(s, 1, id);
	return step_to_row(database, s, true, STATUS_NOT_FOUND, row, error);
}

enum status database_next_id(
        struct database *database, int64_t after, struct database_row *row, struct error *error)
{
	sqlite3_stmt *s;

	TRY(statement(database, NEXT_ID, &s, error));
	sqlite3_bind_int64(s, 1, after);
	enum status status = step_to_row(database, s, true, STATUS_END, row, error);
	if (status == STATUS_OK && row->id <= after) /* damaged order would be walked for ever */
		return fail(database, SQLITE_CORRUPT, error);
	return status;
}

enum status database_next_path(
        struct database *database, bool first, struct database_row *row, struct error *error)
{
	sqlite3_stmt *s;

	TRY(statement(database, NEXT_PATH, &s, error));
	size_t before_bytes = first ? 0 : database->path_bytes;
	char *before = malloc(before_bytes + 1);
	if (!before)
		return error_set(error, STATUS_NO_MEMORY, "out of memory");
	if (before_bytes > 0)
		memcpy(before, database->path, before_bytes);
	bind_bytes(s, 1, before, before_bytes);
	enum status status = step_to_row(database, s, false, STATUS_END, row, error);
	size_t shorter = before_bytes < database->path_bytes ? before_bytes : database->path_bytes;
	int order = shorter ? memcmp(before, database->path, shorter) : 0;
	bool goes_on = order < 0 || (order == 0 && before_bytes < database->path_bytes);
	if (status == STATUS_OK && !goes_on)
		status = error_set(error, STATUS_BAD_DATA, "its index is out of order");
	sqlite3_bind_null(s, 1);
	free(before);
	return status;
}

/* ---- changes ------------------------------------------------------------------------------------- */

/* SQLite keeps no NaN, and -0.0 as 0. */
static double storable(double value)
{
	return isnan(value) ? -HUGE_VAL : value + 0.0;
}

static bool already_stored(
        struct database *database, const struct database_row *row, uint64_t row_hash)
{
	struct database_row old;
	bool same = false;

	if (database_find_path(database, row->path, &old, NULL) == STATUS_OK)
		same = old.intact && old.record_hash == row->record_hash &&
		       hash_row(&old, strlen(old.path), strlen(old.failure)) == row_hash;
	database_release(database);
	return same;
}

enum status database_put(
        struct database *database, const struct database_row *row, struct error *error)
{
	struct database_row put = *row;
	size_t path_bytes = strlen(put.path), failure_bytes = strlen(put.failure);
	sqlite3_stmt *s;

	if (path_bytes == 0 || path_bytes > DATABASE_PATH_BYTES_MOST ||
	        failure_bytes > DATABASE_FAILURE_BYTES_MOST ||
	        put.record_bytes > DATABASE_RECORD_BYTES_MOST)
		return error_set(error, STATUS_UNSUPPORTED, "too large for the cache");
	put.duration_s = storable(put.duration_s);
	put.loudness_lufs = storable(put.loudness_lufs);
	put.record_hash = hash_bytes(put.record, put.record_bytes, 0);
	uint64_t row_hash = hash_row(&put, path_bytes, failure_bytes);
	if (already_stored(database, &put, row_hash))
		return STATUS_OK;
	TRY(statement(database, PUT, &s, error));
	bind_bytes(s, 1, put.path, path_bytes);
	sqlite3_bind_int64(s, 2, put.stamp.size_bytes);
	sqlite3_bind_int64(s, 3, put.stamp.mtime_ns);
	sqlite3_bind_int64(s, 4, (int64_t)put.fingerprint);
	sqlite3_bind_int64(s, 5, put.record_version);
	sqlite3_bind_double(s, 6, put.duration_s);
	sqlite3_bind_double(s, 7, put.loudness_lufs);
	sqlite3_bind_text64(s, 8, put.failure, failure_bytes, SQLITE_STATIC, SQLITE_UTF8);
	sqlite3_bind_int64(s, 9, (int64_t)put.record_hash);
	sqlite3_bind_int64(s, 10, (int64_t)row_hash);
	bind_bytes(s, 11, put.record, put.record_bytes);
	return run(database, s, error);
}

/* RENAME and COPY: all that changes is name and stamp, and so the hash. */
static enum status rename_or_copy(struct database *database, enum statement_kind kind, int64_t id,
        const char *path, struct stamp stamp, struct error *error)
{
	struct database_row row;
	sqlite3_stmt *s;

	TRY(database_find_id(database, id, &row, error));
	row.stamp = stamp;
	row.path = path;
	uint64_t row_hash = hash_row(&row, strlen(path), strlen(row.failure));
	TRY(statement(database, kind, &s, error));
	sqlite3_bind_int64(s, 1, id);
	bind_bytes(s, 2, path, strlen(path));
	sqlite3_bind_int64(s, 3, stamp.size_bytes);
	sqlite3_bind_int64(s, 4, stamp.mtime_ns);
	sqlite3_bind_int64(s, 5, (int64_t)row_hash);
	return run(database, s, error);
}

enum status database_rename(struct database *database, int64_t id, const char *path,
        struct stamp stamp, struct error *error)
{
	return rename_or_copy(database, RENAME, id, path, stamp, error);
}

enum status database_copy(struct database *database, int64_t id, const char *path,
        struct stamp stamp, struct error *error)
{
	sqlite3_stmt *s;

	TRY(statement(database, DELETE_PATH, &s, error));
	bind_bytes(s, 1, path, strlen(path));
	TRY(run(database, s, error));
	return rename_or_copy(database, COPY, id, path, stamp, error);
}

enum status database_park(
        struct database *database, const char *path, int64_t but_not_id, struct error *error)
{
	sqlite3_stmt *s;

	TRY(statement(database, PARK, &s, error));
	bind_bytes(s, 1, path, strlen(path));
	sqlite3_bind_int64(s, 2, but_not_id);
	return run(database, s, error);
}

enum status database_drop_parked(struct database *database, struct error *error)
{
	sqlite3_stmt *s;

	TRY(statement(database, DROP_PARKED, &s, error));
	return run(database, s, error);
}

enum status database_delete(struct database *database, int64_t id, struct error *error)
{
	sqlite3_stmt *s;

	TRY(statement(database, DELETE_ID, &s, error));
	sqlite3_bind_int64(s, 1, id);
	return run(database, s, error);
}

enum status database_begin_reading(struct database *database, struct error *error)
{
	database_release(database);
	return execute(database, "BEGIN", error);
}

enum status database_begin(struct database *database, struct error *error)
{
	database_release(database);
	return execute(database, "BEGIN IMMEDIATE", error);
}

enum status database_commit(struct database *database, struct error *error)
{
	database_release(database);
	enum status status = execute(database, "COMMIT", error);
	if (status != STATUS_OK)
		database_roll_back(database);
	return status;
}

void database_roll_back(struct database *database)
{
	database_release(database);
	if (!sqlite3_get_autocommit(database->db))
		(void)!execute(database, "ROLLBACK", NULL);
}

/* ---- the whole file ------------------------------------------------------------------------------ */

enum status database_verify(struct database *database, int64_t *n_wrong, struct error *error)
{
	sqlite3_stmt *s;
	int code;

	*n_wrong = 0;
	database_release(database);
	TRY(check(database,
	        sqlite3_prepare_v2(database->db, "PRAGMA integrity_check(100)", -1, &s, NULL),
	        error));
	while ((code = sqlite3_step(s)) == SQLITE_ROW) {
		const char *text = (const char *)sqlite3_column_text(s, 0);
		if (text && strcmp(text, "ok") == 0)
			continue;
		if ((*n_wrong)++ == 0)
			(void)error_set(error, STATUS_BAD_DATA, "%s", text ? text : "?");
	}
	enum status status = check(database, code, error);
	sqlite3_finalize(s);
	return status;
}

enum status database_compact(struct database *database, struct error *error)
{
	database_release(database);
	return execute(database, "VACUUM", error);
}

/* ---- opening ------------------------------------------------------------------------------------- */

/* As SQLite's "Defense Against The Dark Arts" advises for files from strangers. */
static enum status distrust(struct database *database, struct error *error)
{
	static const struct {
		int limit, value;
	} limits[] = {
	        {SQLITE_LIMIT_LENGTH, DATABASE_RECORD_BYTES_MOST + (1 << 20)},
	        {SQLITE_LIMIT_SQL_LENGTH, 100000},
	        {SQLITE_LIMIT_COLUMN, 100},
	        {SQLITE_LIMIT_EXPR_DEPTH, 30},
	        {SQLITE_LIMIT_COMPOUND_SELECT, 3},
	        {SQLITE_LIMIT_VDBE_OP, 25000},
	        {SQLITE_LIMIT_FUNCTION_ARG, 8},
	        {SQLITE_LIMIT_ATTACHED, 1}, /* VACUUM needs one */
	        {SQLITE_LIMIT_LIKE_PATTERN_LENGTH, 50},
	        {SQLITE_LIMIT_VARIABLE_NUMBER, 16},
	        {SQLITE_LIMIT_TRIGGER_DEPTH, 1},
	};

	for (size_t i = 0; i < sizeof limits / sizeof *limits; i++)
		sqlite3_limit(database->db, limits[i].limit, limits[i].value);
	sqlite3_db_config(database->db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
	sqlite3_db_config(database->db, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
	sqlite3_db_config(database->db, SQLITE_DBCONFIG_ENABLE_TRIGGER, 0, NULL);
	sqlite3_db_config(database->db, SQLITE_DBCONFIG_ENABLE_VIEW, 0, NULL);
	return execute(database, "PRAGMA cell_size_check = ON; PRAGMA temp_store = MEMORY", error);
}

/* EXTRA: the folder is synced behind the deleted journal, so that a lost power supply takes no commit back. The rest
 * saves writing: freed pages need no zeros. */
static enum status configure(struct database *database, struct error *error)
{
	char sql[160];

	sqlite3_extended_result_codes(database->db, 1);
	sqlite3_busy_timeout(database->db, BUSY_MS);
	TRY(distrust(database, error));
	/* Pages are the system's to keep: here a larger cache would grow over thousands of songs, and look like a leak. */
	sqlite3_snprintf(sizeof sql, sql,
	        "PRAGMA page_size = %d; PRAGMA cache_size = -128; PRAGMA synchronous = EXTRA; "
	        "PRAGMA secure_delete = OFF",
	        PAGE_BYTES);
	return execute(database, sql, error);
}

static enum status ask_number(
        struct database *database, const char *sql, int64_t *number, struct error *error)
{
	sqlite3_stmt *s;

	TRY(check(database, sqlite3_prepare_v2(database->db, sql, -1, &s, NULL), error));
	int code = sqlite3_step(s);
	*number = code == SQLITE_ROW ? sqlite3_column_int64(s, 0) : 0;
	sqlite3_finalize(s);
	return check(database, code, error);
}

/* No more and no less than what `create` makes: no trigger, view, generated column or expression of a stranger. */
static enum status check_schema(struct database *database, struct error *error)
{
	int64_t n_all, n_ours;

	TRY(ask_number(database, "SELECT count(*) FROM sqlite_schema", &n_all, error));
	TRY(ask_number(database,
	        "SELECT count(*) FROM sqlite_schema WHERE sql IN "
	        "('" TABLE_SQL "', '" PATH_INDEX_SQL "', '" CONTENT_INDEX_SQL "')",
	        &n_ours, error));
	if (n_all != 3 || n_ours != 3)
		return error_set(error, STATUS_BAD_DATA, "its tables are not a cache's");
	return STATUS_OK;
}

/* STATUS_OK: ours; STATUS_END: empty, to be filled. */
static enum status check_content(struct database *database, struct error *error)
{
	int64_t id, version, n_tables;

	TRY(ask_number(database, "PRAGMA application_id", &id, error));
	TRY(ask_number(database, "PRAGMA user_version", &version, error));
	TRY(ask_number(database, "SELECT count(*) FROM sqlite_schema", &n_tables, error));
	if (id == 0 && version == 0 && n_tables == 0)
		return STATUS_END;
	if (id != APPLICATION_ID)
		return error_set(error, STATUS_BAD_DATA, "is a database of another program");
	if (version != DATABASE_SCHEMA_VERSION)
		return error_set(error, STATUS_UNSUPPORTED,
		        "is of version %d, this program's is %d", (int)version,
		        DATABASE_SCHEMA_VERSION);
	return check_schema(database, error);
}

static enum status create(struct database *database, struct error *error)
{
	char sql[160];

	sqlite3_snprintf(sizeof sql, sql, "PRAGMA application_id = %d; PRAGMA user_version = %d",
	        APPLICATION_ID, DATABASE_SCHEMA_VERSION);
	TRY(database_begin(database, error));
	enum status status = check_content(database, error); /* somebody may have been first */
	if (status == STATUS_END) {
		status = execute(
		        database, TABLE_SQL ";" PATH_INDEX_SQL ";" CONTENT_INDEX_SQL, error);
		if (status == STATUS_OK)
			status = execute(database, sql, error);
	}
	if (status == STATUS_OK)
		return database_commit(database, error);
	database_roll_back(database);
	return status;
}

static enum status open_database(
        struct database *database, const char *path, int flags, struct error *error)
{
	int code = sqlite3_open_v2(path, &database->db,
	        flags | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_NOFOLLOW | SQLITE_OPEN_EXRESCODE, NULL);

	if (!database->db)
		return error_set(error, STATUS_NO_MEMORY, "out of memory");
	TRY(check(database, code, error));
	database->writable = (flags & SQLITE_OPEN_READONLY) == 0;
	return configure(database, error);
}

static void close_database(struct database *database)
{
	database_release(database);
	for (int i = 0; i < STATEMENTS; i++) {
		sqlite3_finalize(database->statements[i]);
		database->statements[i] = NULL;
	}
	sqlite3_close(database->db);
	database->db = NULL;
}

static enum status open_to_write(struct database *database, const char *path, struct error *error)
{
	TRY(open_database(database, path, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, error));
	/* One look: between two, another process may fill the file, which would seem a stranger's. */
	TRY(database_begin_reading(database, error));
	enum status status = check_content(database, error);
	database_roll_back(database);
	if (sqlite3_db_readonly(database->db, "main"))
		database->writable = false;
	if (status == STATUS_END)
		status = create(database, error);
	if (status == STATUS_OK &&
	        database->writable) /* in case somebody turned on the other one */
		status = execute(database, "PRAGMA journal_mode = DELETE", error);
	return status;
}

/* An empty file is an empty cache; the statements want tables, though. */
static enum status open_empty(struct database *database, struct error *error)
{
	close_database(database);
	TRY(open_database(database, ":memory:", SQLITE_OPEN_READWRITE | SQLITE_OPEN_MEMORY, error));
	database->writable = false;
	return create(database, error);
}

/* What a killed process left half written must be rolled back before anybody can read. */
static enum status open_to_read(struct database *database, const char *path, struct error *error)
{
	enum status status = open_database(database, path, SQLITE_OPEN_READONLY, error);

	if (status == STATUS_OK)
		status = check_content(database, error);
	if (status == STATUS_IO && (sqlite3_errcode(database->db) & 0xff) == SQLITE_READONLY) {
		close_database(database);
		TRY(open_database(database, path, SQLITE_OPEN_READWRITE, error));
		status = check_content(database, error);
		database->writable = false;
	}
	return status == STATUS_END ? open_empty(database, error) : status;
}

static enum status open_memory(struct database *database, struct error *error)
{
	char sql[64];

	TRY(open_database(database, ":memory:", SQLITE_OPEN_READWRITE | SQLITE_OPEN_MEMORY, error));
	sqlite3_snprintf(sizeof sql, sql, "PRAGMA max_page_count = %d", MEMORY_PAGES);
	TRY(execute(database, sql, error));
	return create(database, error);
}

enum status database_open(
        const char *path, enum database_mode mode, struct database **database, struct error *error)
{
	struct database *s = calloc(1, sizeof *s);

	*database = NULL;
	if (!s)
		return error_set(error, STATUS_NO_MEMORY, "out of memory");
	enum status status = mode == DATABASE_WRITE  ? open_to_write(s, path, error)
	                     : mode == DATABASE_READ ? open_to_read(s, path, error)
	                                             : open_memory(s, error);
	if (status != STATUS_OK) {
		database_close(s);
		return status;
	}
	*database = s;
	return STATUS_OK;
}

bool database_read_only(const struct database *database)
{
	return !database->writable;
}

void database_close(struct database *database)
{
	if (!database)
		return;
	if (database->db)
		close_database(database);
	free(database->path);
	free(database);
}
