/* cache.c - what the cache promises, kept with whatever file there is.
 *
 * A handle has up to two databases: the file, and one in memory that takes over for writing once the file cannot be
 * written (read-only place, full disk).  Reading looks at both.  How rows lie in a file is database.c's affair, what a
 * record holds record.c's. */
#include "jukebox/cache.h"

#include <errno.h>
#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "aside.h"
#include "database.h"
#include "fingerprint.h"
#include "hash.h"
#include "location.h"

enum {
	OPEN_TRIES = 5, /* others may set files aside and make new ones meanwhile */
	HEAD_BYTES = 8192, /* of a record: its tags are in there */
	ADOPTIONS_MOST = 1024, /* found by content and not yet written down */
	SEEN_MOST = 16384, /* files looked for and not found, of which the stamp is remembered */
	SALVAGE_MISSES_MOST =
	        20000, /* numbers tried behind damage: what one inner page may lead to */
};

/* A file that is known by its content, to be given a row under its present name. */
struct adoption {
	char *name;
	struct stamp stamp;
	uint64_t fingerprint;
	int64_t from_id;
};

/* The stamp of a file when it was looked for and not found, so that what is measured of it is stored only if it did
 * not change meanwhile.  A slot may be taken over by another file: then the stamp at storing time has to do. */
struct seen {
	uint64_t name_hash;
	struct stamp stamp;
};

struct cache {
	pthread_mutex_t lock; /* of all below */
	struct log *log;
	bool read_only;
	char *path; /* resolved; NULL: memory alone */
	char *home; /* its folder; "/" without one */
	struct stat opened; /* the file that was opened */
	struct database *file, *memory; /* either may be NULL */
	bool file_takes_rows;
	bool damaged; /* met on the way; mended before the next row is stored */
	bool warned;
	struct adoption adoptions[ADOPTIONS_MOST];
	size_t n_adoptions;
	struct seen *seen; /* SEEN_MOST, or NULL */
	char *last_folder, *last_folder_real; /* playlists go through one folder at a time */
};

static enum status no_memory(struct error *error)
{
	return error_set(error, STATUS_NO_MEMORY, "out of memory");
}

/* ---- names --------------------------------------------------------------------------------------- */

/* The music file's folder, resolved.  Borrowed until the next call. */
static enum status real_folder(
        struct cache *cache, const char *music_path, const char **folder, struct error *error)
{
	size_t n_bytes = (size_t)(location_base(music_path) - music_path);
	char *given, *real;

	if (cache->last_folder && strlen(cache->last_folder) == n_bytes &&
	        memcmp(cache->last_folder, music_path, n_bytes) == 0) {
		*folder = cache->last_folder_real;
		return STATUS_OK;
	}
	TRY(location_folder(music_path, &real, error));
	given = strndup(music_path, n_bytes);
	if (!given) {
		free(real);
		return no_memory(error);
	}
	free(cache->last_folder);
	free(cache->last_folder_real);
	cache->last_folder = given;
	cache->last_folder_real = real;
	*folder = real;
	return STATUS_OK;
}

/* The name in the cache; new string. */
static enum status name_of(
        struct cache *cache, const char *music_path, char **name, struct error *error)
{
	const char *folder = NULL;

	TRY(real_folder(cache, music_path, &folder, error));
	*name = location_relative(cache->home, folder, location_base(music_path));
	return *name ? STATUS_OK : no_memory(error);
}

/* ---- opening ------------------------------------------------------------------------------------- */

/* The one warning of a handle that cannot keep what it is given. */
static void warn(struct cache *cache, const char *reason)
{
	if (!cache->warned && cache->path)
		log_print(cache->log, LOG_WARNING,
		        "%s: the cache cannot be written: %s; what is measured now is not kept",
		        cache->path, reason);
	cache->warned = true;
}

static enum status use_memory(struct cache *cache, const char *reason, struct error *error)
{
	warn(cache, reason);
	cache->file_takes_rows = false;
	if (cache->memory)
		return STATUS_OK;
	return database_open(NULL, DATABASE_MEMORY, &cache->memory, error);
}

static void close_file(struct cache *cache)
{
	database_close(cache->file);
	cache->file = NULL;
	cache->file_takes_rows = false;
}

/* A link is followed to the file that it leads to: people put caches on faster disks. */
static enum status resolve(struct cache *cache, const char *path, struct error *error)
{
	struct stat st;
	char *folder;

	if (lstat(path, &st) == 0 && S_ISLNK(st.st_mode)) {
		cache->path = realpath(path, NULL);
		if (!cache->path)
			return error_set_errno(error, errno, "is a link that leads nowhere");
	} else {
		TRY(location_folder(path, &folder, error));
		cache->path = location_join(folder, location_base(path));
		free(folder);
		if (!cache->path)
			return no_memory(error);
	}
	char *home;
	TRY(location_folder(cache->path, &home, error));
	free(cache->home);
	cache->home = home;
	return STATUS_OK;
}

static enum status open_once(struct cache *cache, struct error *error)
{
	bool exists = lstat(cache->path, &cache->opened) == 0;

	if (exists && !S_ISREG(cache->opened.st_mode))
		return error_set(error, STATUS_IO, "is no regular file");
	if (!exists && cache->read_only)
		return error_set(error, STATUS_NOT_FOUND, "no such file");
	if (exists && aside_journal_is_hostile(cache->path))
		return error_set(error, STATUS_BAD_DATA, "its journal is not SQLite's own");
	TRY(database_open(cache->path, cache->read_only ? DATABASE_READ : DATABASE_WRITE,
	        &cache->file, error));
	cache->file_takes_rows = !database_read_only(cache->file);
	if (!exists && lstat(cache->path, &cache->opened) != 0)
		memset(&cache->opened, 0, sizeof cache->opened);
	return STATUS_OK;
}

/* ---- mending ------------------------------------------------------------------------------------- */

/* Copies every row that can be read and is what was stored.  Where a page is damaged, each number behind the last
 * good one is tried, until the next page answers. */
static int64_t copy_good_rows(struct database *from, struct database *to)
{
	struct database_row row, there;
	int64_t id = 0, n_copied = 0, n_misses = 0;
	enum status status;

	while ((status = database_next_id(from, id, &row, NULL)) != STATUS_END &&
	        n_misses < SALVAGE_MISSES_MOST && id < INT64_MAX - 1) {
		if (status != STATUS_OK) {
			id++;
			n_misses++;
			continue;
		}
		id = row.id;
		bool absent = row.intact && row.path[0] != '\0' &&
		              database_find_path(to, row.path, &there, NULL) == STATUS_NOT_FOUND;
		if (absent && database_put(to, &row, NULL) == STATUS_OK)
			n_copied++;
		database_release(to);
	}
	return n_copied;
}

static int64_t salvage(const char *aside, struct database *to)
{
	struct database *from;
	int64_t n_copied = 0;

	if (aside_journal_is_hostile(aside) ||
	        database_open(aside, DATABASE_READ, &from, NULL) != STATUS_OK)
		return 0;
	if (database_begin_reading(from, NULL) == STATUS_OK &&
	        database_begin(to, NULL) == STATUS_OK) {
		n_copied = copy_good_rows(from, to);
		if (database_commit(to, NULL) != STATUS_OK)
			n_copied = 0;
	}
	database_roll_back(from);
	database_close(from);
	return n_copied;
}

/* Puts the file out of the way and begins anew with what is left of it. */
static enum status set_aside(struct cache *cache, const struct error *reason, struct error *error)
{
	char *aside;

	close_file(cache);
	TRY(aside_rename(cache->path, &cache->opened,
	        reason->status == STATUS_UNSUPPORTED ? "version" : "damaged", &aside, error));
	enum status status = open_once(cache, error);
	if (!aside)
		return status;
	int64_t n_saved =
	        status == STATUS_OK && cache->file_takes_rows ? salvage(aside, cache->file) : 0;
	log_print(cache->log, LOG_WARNING,
	        "%s: no usable cache (%s): set aside as %s and begun anew, %lld tracks saved",
	        cache->path, reason->text, location_base(aside), (long long)n_saved);
	free(aside);
	return status;
}

/* Opens the file, whatever it takes, or leaves cache->file NULL and says why. */
static enum status open_file(struct cache *cache, struct error *error)
{
	enum status status = STATUS_OK;

	for (int i = 0; i < OPEN_TRIES; i++) {
		status = open_once(cache, error);
		bool unusable = status == STATUS_BAD_DATA || status == STATUS_UNSUPPORTED;
		if (status == STATUS_OK || cache->read_only || !unusable)
			return status;
		if (!aside_is_ours(cache->path))
			return error_set(
			        error, STATUS_UNSUPPORTED, "is no cache, and is left as it is");
		struct error reason = *error;
		status = set_aside(cache, &reason, error);
		if (status != STATUS_BAD_DATA && status != STATUS_UNSUPPORTED)
			return status;
	}
	return status;
}

/* The file moved, or was damaged while we used it. */
static enum status reopen(struct cache *cache, struct error *error)
{
	struct error reason = {STATUS_BAD_DATA, "is damaged"};
	enum status status;

	if (cache->damaged && cache->file) {
		cache->damaged = false;
		status = set_aside(cache, &reason, error);
	} else {
		close_file(cache);
		status = open_file(cache, error);
	}
	return status;
}

static struct cache *cache_new(struct log *log, bool read_only)
{
	struct cache *cache = calloc(1, sizeof *cache);

	if (!cache)
		return NULL;
	pthread_mutex_init(&cache->lock, NULL);
	cache->log = log;
	cache->read_only = read_only;
	cache->home = strdup("/");
	cache->seen = read_only ? NULL : calloc(SEEN_MOST, sizeof *cache->seen);
	if (!cache->home) {
		cache_close(cache);
		return NULL;
	}
	return cache;
}

enum status cache_open(const char *path, bool read_only, struct log *log, struct cache **cache,
        struct error *error)
{
	struct error reason = {0};
	struct cache *c = *cache = cache_new(log, read_only);

	if (!c)
		return no_memory(error);
	enum status status = path ? resolve(c, path, &reason) : STATUS_NOT_FOUND;
	if (status == STATUS_OK)
		status = open_file(c, &reason);
	if (!c->path && path)
		c->path = strdup(path);
	if (!read_only && status != STATUS_NO_MEMORY && !c->file_takes_rows)
		status = use_memory(
		        c, c->file ? "Read-only file or file system" : reason.text, &reason);
	if (status == STATUS_OK)
		return STATUS_OK;
	cache_close(c);
	*cache = NULL;
	return error_set(error, status, "%s: %s", path ? path : "in memory", reason.text);
}

/* ---- finding ------------------------------------------------------------------------------------- */

static struct seen *seen_slot(struct cache *cache, const char *name, uint64_t *hash)
{
	*hash = hash_bytes(name, strlen(name), 0);
	return cache->seen ? &cache->seen[*hash % SEEN_MOST] : NULL;
}

static void remember_stamp(struct cache *cache, const char *name, struct stamp stamp)
{
	uint64_t hash;
	struct seen *slot = seen_slot(cache, name, &hash);

	if (slot)
		*slot = (struct seen){hash, stamp};
}

static bool changed_since_seen(struct cache *cache, const char *name, struct stamp stamp)
{
	uint64_t hash;
	struct seen *slot = seen_slot(cache, name, &hash);
	bool changed = slot && slot->name_hash == hash && !stamp_equal(slot->stamp, stamp);

	if (slot && slot->name_hash == hash)
		*slot = (struct seen){0};
	return changed;
}

/* A database that says "damaged" may be mended later; for now it holds nothing. */
static bool found(struct cache *cache, struct database *database, enum status status)
{
	if (status == STATUS_BAD_DATA && database == cache->file)
		cache->damaged = true;
	return status == STATUS_OK;
}

/* From a row to what cache_find gives back; STATUS_NOT_FOUND: the row is of no use. */
static enum status use_row(
        const struct database_row *row, struct record *record, struct error *error)
{
	if (!row->intact || row->record_version != RECORD_VERSION)
		return STATUS_NOT_FOUND;
	if (row->failure[0] != '\0')
		return error_set(error, STATUS_BAD_DATA, "%s", row->failure);
	enum status status = record_from_checked_bytes(record, row->record, row->record_bytes);
	return status == STATUS_BAD_DATA ? STATUS_NOT_FOUND : status;
}

static enum status find_by_name(struct cache *cache, struct database *database, const char *name,
        struct stamp stamp, struct record *record, struct error *error)
{
	struct database_row row;
	enum status status = STATUS_NOT_FOUND;

	if (!database)
		return STATUS_NOT_FOUND;
	if (found(cache, database, database_find_path(database, name, &row, NULL)) &&
	        stamp_equal(row.stamp, stamp))
		status = use_row(&row, record, error);
	database_release(database);
	return status;
}

static void adopt_later(
        struct cache *cache, const char *name, struct stamp stamp, const struct database_row *from)
{
	char *copy = cache->n_adoptions < ADOPTIONS_MOST ? strdup(name) : NULL;

	if (copy)
		cache->adoptions[cache->n_adoptions++] =
		        (struct adoption){copy, stamp, from->fingerprint, from->id};
}

static bool has_size(struct cache *cache, int64_t size_bytes)
{
	return (cache->memory && database_has_size(cache->memory, size_bytes)) ||
	       (cache->file && database_has_size(cache->file, size_bytes));
}

static enum status find_by_content(struct cache *cache, struct database *database, const char *name,
        struct stamp stamp, uint64_t fingerprint, struct record *record)
{
	struct database_row row;

	if (!database)
		return STATUS_NOT_FOUND;
	enum status status = database_find_content(
	        database, stamp.size_bytes, fingerprint, RECORD_VERSION, &row, NULL);
	if (found(cache, database, status))
		status = use_row(&row, record, NULL);
	if (status == STATUS_OK && database == cache->file && cache->file_takes_rows)
		adopt_later(cache, name, stamp, &row);
	database_release(database);
	return status == STATUS_OK ? STATUS_OK : STATUS_NOT_FOUND;
}

static enum status write_adoptions(struct cache *cache, struct error *error);

/* By its place; *by_content: there may be a row of another place. */
static enum status find_in_place(struct cache *cache, const char *music_path, struct stamp stamp,
        struct record *record, bool *by_content, struct error *error)
{
	struct database *databases[] = {cache->memory, cache->file};
	enum status status = STATUS_NOT_FOUND;
	char *name;

	TRY(name_of(cache, music_path, &name, error));
	for (int i = 0; i < 2 && status == STATUS_NOT_FOUND; i++)
		status = find_by_name(cache, databases[i], name, stamp, record, error);
	*by_content = status == STATUS_NOT_FOUND && has_size(cache, stamp.size_bytes);
	if (status == STATUS_NOT_FOUND)
		remember_stamp(cache, name, stamp);
	free(name);
	return status;
}

static enum status find_elsewhere(struct cache *cache, const char *music_path, struct stamp stamp,
        uint64_t fingerprint, struct record *record, struct error *error)
{
	struct database *databases[] = {cache->memory, cache->file};
	enum status status = STATUS_NOT_FOUND;
	char *name;

	TRY(name_of(cache, music_path, &name, error));
	for (int i = 0; i < 2 && status == STATUS_NOT_FOUND; i++)
		status = find_by_content(cache, databases[i], name, stamp, fingerprint, record);
	free(name);
	if (cache->n_adoptions == ADOPTIONS_MOST)
		(void)!write_adoptions(cache, NULL);
	return status;
}

/* The file's disk is asked without the lock: it may never answer. */
enum status cache_find(
        struct cache *cache, const char *music_path, struct record *record, struct error *error)
{
	struct stamp stamp, now;
	uint64_t fingerprint;
	bool by_content = false;

	memset(record, 0, sizeof *record);
	if (stamp_of(music_path, &stamp) != STATUS_OK)
		return error_set(error, STATUS_NOT_FOUND, "no such file");
	pthread_mutex_lock(&cache->lock);
	enum status status = find_in_place(cache, music_path, stamp, record, &by_content, error);
	pthread_mutex_unlock(&cache->lock);
	if (by_content && fingerprint_of(music_path, &now, &fingerprint, NULL) == STATUS_OK &&
	        stamp_equal(now, stamp)) {
		pthread_mutex_lock(&cache->lock);
		status = find_elsewhere(cache, music_path, stamp, fingerprint, record, error);
		pthread_mutex_unlock(&cache->lock);
	}
	if (status == STATUS_NOT_FOUND)
		return error_set(error, STATUS_NOT_FOUND, "not in the cache");
	return status;
}

enum status cache_find_tags(struct cache *cache, const char *music_path, struct tags *tags,
        double *duration_s, struct error *error)
{
	struct database *databases[] = {cache->memory, cache->file};
	uint8_t head[HEAD_BYTES];
	size_t n = 0;
	char *name;

	*tags = (struct tags){0};
	pthread_mutex_lock(&cache->lock);
	enum status status = name_of(cache, music_path, &name, error);
	if (status == STATUS_OK) {
		status = STATUS_NOT_FOUND;
		for (int i = 0; i < 2 && status != STATUS_OK; i++) {
			n = sizeof head;
			if (databases[i])
				status = database_read_head(databases[i], name, RECORD_VERSION,
				        head, &n, duration_s, error);
		}
		free(name);
	}
	pthread_mutex_unlock(&cache->lock);
	return status == STATUS_OK ? record_tags_from_head(tags, head, n) : STATUS_NOT_FOUND;
}

/* ---- adoptions: rows for music that was moved, renamed, touched or copied -------------------------- */

static void forget_adoptions(struct cache *cache)
{
	for (size_t i = 0; i < cache->n_adoptions; i++)
		free(cache->adoptions[i].name);
	cache->n_adoptions = 0;
}

/* Does the file of that name still lie where the row says, so that the row is not free to move? */
static bool still_there(struct cache *cache, const char *name)
{
	char *path = location_absolute(cache->home, name);
	struct stamp stamp;
	bool there = path && stamp_of(path, &stamp) == STATUS_OK;

	free(path);
	return there;
}

/* Numbers of rows are given anew after a row was deleted, and other processes change rows. A parked row's hash
 * does not fit its name; that it was intact was seen when it was found. */
static bool row_fits(const struct database_row *row, bool parked, const struct adoption *adoption)
{
	return (row->intact || parked) && row->failure[0] == '\0' &&
	       row->record_version == RECORD_VERSION && row->fingerprint == adoption->fingerprint &&
	       row->stamp.size_bytes == adoption->stamp.size_bytes;
}

static enum status adopt(struct cache *cache, const struct adoption *adoption, struct error *error)
{
	struct database_row row;
	enum status status = database_find_id(cache->file, adoption->from_id, &row, error);

	if (status != STATUS_OK)
		return status == STATUS_NOT_FOUND ? STATUS_OK : status;
	bool parked = row.path[0] == '\0', same = strcmp(row.path, adoption->name) == 0;
	if (!row_fits(&row, parked, adoption))
		return STATUS_OK;
	if (parked || same || !still_there(cache, row.path))
		return database_rename(
		        cache->file, adoption->from_id, adoption->name, adoption->stamp, error);
	return database_copy(
	        cache->file, adoption->from_id, adoption->name, adoption->stamp, error);
}

/* Files may have changed places (01 is now 02, 02 is 03 ...): first all names that are needed are taken from the
 * rows that have them, then every row gets its new one, last what nobody wanted goes. */
static enum status write_adoptions_inside(struct cache *cache, struct error *error)
{
	for (size_t i = 0; i < cache->n_adoptions; i++)
		TRY(database_park(
		        cache->file, cache->adoptions[i].name, cache->adoptions[i].from_id, error));
	for (size_t i = 0; i < cache->n_adoptions; i++)
		TRY(adopt(cache, &cache->adoptions[i], error));
	return database_drop_parked(cache->file, error);
}

static enum status write_adoptions(struct cache *cache, struct error *error)
{
	enum status status = STATUS_OK;

	if (cache->n_adoptions > 0 && cache->file && cache->file_takes_rows) {
		status = database_begin(cache->file, error);
		if (status == STATUS_OK) {
			status = write_adoptions_inside(cache, error);
			if (status == STATUS_OK)
				status = database_commit(cache->file, error);
			else
				database_roll_back(cache->file);
		}
		(void)found(cache, cache->file, status);
	}
	forget_adoptions(cache);
	return status;
}

/* ---- storing ------------------------------------------------------------------------------------- */

static enum status read_only_place(struct error *error)
{
	return error_set(error, STATUS_IO, "Read-only file or file system");
}

/* An index that was damaged may take a row and then not lead to it; looking costs 20 us beside a commit. */
static enum status put_and_look(
        struct database *database, const struct database_row *row, struct error *error)
{
	struct database_row back;

	TRY(database_put(database, row, error));
	enum status status = database_find_path(database, row->path, &back, error);
	bool there = status == STATUS_OK && back.intact && stamp_equal(back.stamp, row->stamp);
	database_release(database);
	if (!there && (status == STATUS_OK || status == STATUS_NOT_FOUND))
		return error_set(error, STATUS_BAD_DATA, "does not lead to its rows");
	return status;
}

/* A damaged file is mended, one that was moved away is begun anew; then once more. */
static enum status put_in_file(
        struct cache *cache, const struct database_row *row, struct error *error)
{
	if (!cache->file_takes_rows)
		return read_only_place(error);
	enum status status =
	        cache->damaged ? STATUS_BAD_DATA : put_and_look(cache->file, row, error);
	if (status != STATUS_BAD_DATA && status != STATUS_NOT_FOUND)
		return status;
	cache->damaged = status == STATUS_BAD_DATA;
	TRY(reopen(cache, error));
	return cache->file_takes_rows ? put_and_look(cache->file, row, error)
	                              : read_only_place(error);
}

/* Memory is bounded: when it is full, all of it makes room for the new. */
static enum status put_in_memory(
        struct cache *cache, const struct database_row *row, struct error *error)
{
	enum status status = database_put(cache->memory, row, error);

	if (status != STATUS_IO)
		return status;
	database_close(cache->memory);
	cache->memory = NULL;
	TRY(database_open(NULL, DATABASE_MEMORY, &cache->memory, error));
	return database_put(cache->memory, row, error);
}

static enum status put_anywhere(
        struct cache *cache, const struct database_row *row, struct error *error)
{
	struct error reason = {0};

	if (cache->read_only)
		return error_set(error, STATUS_IO, "the cache was opened for reading");
	if (!cache->memory || cache->file_takes_rows) {
		(void)!write_adoptions(cache, NULL);
		enum status status = put_in_file(cache, row, &reason);
		if (status == STATUS_OK)
			return STATUS_OK;
		if (status == STATUS_NO_MEMORY || status == STATUS_UNSUPPORTED)
			return error_set(error, status, "%s", reason.text);
		TRY(use_memory(cache, reason.text, error));
	}
	return put_in_memory(cache, row, error);
}

/* Fills in name, stamp and fingerprint. */
static enum status put_file(
        struct cache *cache, const char *music_path, struct database_row *row, struct error *error)
{
	char *name;

	TRY(fingerprint_of(music_path, &row->stamp, &row->fingerprint, error));
	row->record_version = RECORD_VERSION;
	pthread_mutex_lock(&cache->lock);
	enum status status = name_of(cache, music_path, &name, error);
	if (status == STATUS_OK) {
		row->path = name;
		if (changed_since_seen(cache, name, row->stamp))
			status = error_set(error, STATUS_BAD_DATA, "changed while it was measured");
		else
			status = put_anywhere(cache, row, error);
		free(name);
	}
	pthread_mutex_unlock(&cache->lock);
	return status;
}

enum status cache_store(struct cache *cache, const char *music_path, const struct record *record,
        struct error *error)
{
	uint8_t *bytes;
	size_t n_bytes;

	if (record_to_bytes(record, &bytes, &n_bytes) != STATUS_OK)
		return no_memory(error);
	struct database_row row = {.failure = "",
	        .duration_s = record_duration(record),
	        .loudness_lufs = record->loudness_lufs,
	        .record = bytes,
	        .record_bytes = n_bytes};
	enum status status = put_file(cache, music_path, &row, error);
	free(bytes);
	return status;
}

enum status cache_store_failure(
        struct cache *cache, const char *music_path, const char *reason, struct error *error)
{
	char text[ERROR_TEXT_BYTES];
	struct database_row row = {.failure = text, .loudness_lufs = -HUGE_VAL};

	snprintf(text, sizeof text, "%s", reason[0] ? reason : "cannot be played");
	return put_file(cache, music_path, &row, error);
}

/* ---- for the verb -------------------------------------------------------------------------------- */

static const char *state_of(const struct database_row *row, const char *path)
{
	struct stamp stamp;

	if (!row->intact)
		return "damaged";
	if (stamp_of(path, &stamp) != STATUS_OK)
		return "missing";
	if (!stamp_equal(stamp, row->stamp))
		return "changed";
	if (row->record_version != RECORD_VERSION)
		return "old";
	return row->failure[0] != '\0' ? "failed" : "ok";
}

static enum status give_row(struct cache *cache, const struct database_row *row, cache_row_fn *fn,
        void *user, struct error *error)
{
	char *path = location_absolute(cache->home, row->path), *reason = strdup(row->failure);
	enum status status = no_memory(error);

	if (path && reason) {
		struct cache_row out = {path, state_of(row, path), reason, row->stamp.size_bytes,
		        (int64_t)row->record_bytes, row->duration_s, row->loudness_lufs};
		status = fn(user, &out);
	}
	free(path);
	free(reason);
	return status;
}

enum status cache_each(struct cache *cache, cache_row_fn *fn, void *user, struct error *error)
{
	enum status status = STATUS_OK;

	pthread_mutex_lock(&cache->lock);
	struct database *database = cache->file ? cache->file : cache->memory;
	for (bool first = true; status == STATUS_OK; first = false) {
		struct database_row row;
		status = database_next_path(database, first, &row, error);
		if (status == STATUS_OK)
			status = give_row(cache, &row, fn, user, error);
		database_release(database);
	}
	pthread_mutex_unlock(&cache->lock);
	return status == STATUS_END ? STATUS_OK : status;
}

static bool row_is_good(const struct database_row *row)
{
	struct record record;

	if (!row->intact)
		return false;
	if (row->failure[0] != '\0' || row->record_version != RECORD_VERSION)
		return true;
	if (record_from_bytes(&record, row->record, row->record_bytes) != STATUS_OK)
		return false;
	record_done(&record);
	return true;
}

static enum status count_rows(
        struct database *database, int64_t *n_good, int64_t *n_bad, struct error *error)
{
	struct database_row row;
	int64_t id = INT64_MIN;
	enum status status;

	while ((status = database_next_id(database, id, &row, error)) == STATUS_OK) {
		id = row.id;
		if (row_is_good(&row))
			(*n_good)++;
		else
			(*n_bad)++;
		database_release(database);
	}
	return status == STATUS_END ? STATUS_OK : status;
}

enum status cache_check(struct cache *cache, int64_t *n_good, int64_t *n_bad, struct error *error)
{
	int64_t n_wrong = 0;

	*n_good = *n_bad = 0;
	pthread_mutex_lock(&cache->lock);
	struct database *database = cache->file ? cache->file : cache->memory;
	enum status status = count_rows(database, n_good, n_bad, error);
	if (status == STATUS_OK)
		status = database_verify(database, &n_wrong, error);
	if (status == STATUS_OK && n_wrong > 0 && *n_bad == 0)
		status = STATUS_BAD_DATA;
	pthread_mutex_unlock(&cache->lock);
	return status;
}

/* Is the row of any more use? */
static bool row_is_stale(struct cache *cache, const struct database_row *row)
{
	char *path = location_absolute(cache->home, row->path);
	bool stale = path && (strcmp(state_of(row, path), "ok") != 0 || !row_is_good(row));

	free(path);
	return stale;
}

static enum status prune_rows(
        struct cache *cache, struct database *database, int64_t *n_removed, struct error *error)
{
	struct database_row row;
	int64_t id = INT64_MIN;
	enum status status;

	while ((status = database_next_id(database, id, &row, error)) == STATUS_OK) {
		id = row.id;
		if (!row_is_stale(cache, &row)) {
			database_release(database);
			continue;
		}
		TRY(database_delete(database, id, error));
		(*n_removed)++;
	}
	return status == STATUS_END ? STATUS_OK : status;
}

static enum status prune_locked(struct cache *cache, int64_t *n_removed, struct error *error)
{
	struct database *database = cache->file ? cache->file : cache->memory;

	TRY(write_adoptions(cache, error));
	TRY(database_begin(database, error));
	enum status status = prune_rows(cache, database, n_removed, error);
	if (status == STATUS_OK)
		status = database_commit(database, error);
	else
		database_roll_back(database);
	if (status != STATUS_OK)
		*n_removed = 0;
	return status == STATUS_OK ? database_compact(database, error) : status;
}

enum status cache_prune(struct cache *cache, int64_t *n_removed, struct error *error)
{
	*n_removed = 0;
	pthread_mutex_lock(&cache->lock);
	enum status status = cache->read_only ? error_set(error, STATUS_IO, "opened for reading")
	                                      : prune_locked(cache, n_removed, error);
	pthread_mutex_unlock(&cache->lock);
	return status;
}

void cache_close(struct cache *cache)
{
	if (!cache)
		return;
	(void)!write_adoptions(cache, NULL);
	close_file(cache);
	database_close(cache->memory);
	pthread_mutex_destroy(&cache->lock);
	free(cache->seen);
	free(cache->last_folder);
	free(cache->last_folder_real);
	free(cache->path);
	free(cache->home);
	free(cache);
}
