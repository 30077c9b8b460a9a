/* aside.c - sets files aside that cannot be used as a cache, under a lock on their folder, so that of several
 * processes that find the same damage one moves it and none moves what the first has built anew.
 *
 * Whether a file is a good cache is for database.c to say. */
#include "aside.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <time.h>
#include <unistd.h>

#include "jukebox/cache.h"
#include "jukebox/source.h"
#include "location.h"

enum {
	NUMBERS = 9, /* files kept aside; a tenth replaces the ninth */
	LOCK_TRIES = 200, /* of 10 ms: the holder only renames */
};

bool aside_same_file(const struct stat *a, const struct stat *b)
{
	return a->st_dev == b->st_dev && a->st_ino == b->st_ino;
}

/* Up to n_bytes from `from` (from the end when negative); how many there were. */
static size_t read_part(const char *path, int64_t from, uint8_t *to, size_t n_bytes)
{
	struct source *source;
	size_t n_read = 0;

	if (source_open(path, &source, NULL) != STATUS_OK)
		return 0;
	if (source_seek(source, from < 0 ? source_size(source) + from : from) >= 0) {
		ssize_t n = source_read(source, to, n_bytes);
		n_read = n > 0 ? (size_t)n : 0;
	}
	source_close(source);
	return n_read;
}

bool cache_is_one(const char *path)
{
	static const char suffix[] = ".jukebox", magic[16] = "SQLite format 3";
	size_t length = strlen(path);
	uint8_t head[sizeof magic];

	if (length >= strlen(suffix) && strcmp(path + length - strlen(suffix), suffix) == 0)
		return true;
	return read_part(path, 0, head, sizeof head) == sizeof head &&
	       memcmp(head, magic, sizeof magic) == 0;
}

bool aside_is_ours(const char *path)
{
	struct stat st;

	return cache_is_one(path) || (stat(path, &st) == 0 && st.st_size == 0);
}

/* SQLite's file format, "The Rollback Journal": a name of a super-journal stands at the very end, closed by the
 * same eight bytes that open the file.  SQLite deletes the file so named once no journal needs it. */
bool aside_journal_is_hostile(const char *path)
{
	static const uint8_t magic[8] = {0xd9, 0xd5, 0x05, 0xf9, 0x20, 0xa1, 0x63, 0xd7};
	uint8_t tail[sizeof magic];
	char *journal = location_append(path, "-journal");

	if (!journal)
		return true;
	struct stat st;
	bool exists = lstat(journal, &st) == 0;
	bool odd = exists && !S_ISREG(st.st_mode);
	bool named = exists && !odd && st.st_size > (off_t)sizeof magic &&
	             read_part(journal, -(int64_t)sizeof tail, tail, sizeof tail) == sizeof tail &&
	             memcmp(tail, magic, sizeof magic) == 0;
	free(journal);
	return odd || named;
}

/* -1: the folder cannot be locked (some network file systems); what follows is then a small race. */
static int lock_folder(const char *path)
{
	char *folder;

	if (location_folder(path, &folder, NULL) != STATUS_OK)
		return -1;
	int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	free(folder);
	for (int i = 0; fd >= 0 && i < LOCK_TRIES && flock(fd, LOCK_EX | LOCK_NB) != 0; i++) {
		if (errno != EWOULDBLOCK && errno != EINTR)
			break;
		nanosleep(&(struct timespec){0, 10000000}, NULL);
	}
	return fd;
}

static enum status free_name(const char *path, const char *why, char **name, struct error *error)
{
	for (int number = 1;; number++) {
		struct stat st;
		char suffix[64];
		snprintf(suffix, sizeof suffix, ".%s-%d", why, number);
		*name = location_append(path, suffix);
		if (!*name)
			return error_set(error, STATUS_NO_MEMORY, "out of memory");
		if (number == NUMBERS || lstat(*name, &st) != 0)
			return STATUS_OK;
		free(*name);
	}
}

/* The journal goes first: without it the damaged file is no worse, but beside a new file it would be taken for
 * that one's. */
static enum status rename_both(const char *path, const char *name, struct error *error)
{
	char *journal = location_append(path, "-journal");
	char *journal_name = location_append(name, "-journal");
	enum status status = STATUS_OK;

	if (!journal || !journal_name)
		status = error_set(error, STATUS_NO_MEMORY, "out of memory");
	else if (rename(journal, journal_name) != 0 && errno != ENOENT)
		status = error_set_errno(error, errno, "cannot rename its journal");
	else if (rename(path, name) != 0)
		status = error_set_errno(error, errno, "cannot rename it");
	free(journal);
	free(journal_name);
	return status;
}

enum status aside_rename(const char *path, const struct stat *judged, const char *why, char **aside,
        struct error *error)
{
	struct stat now;
	enum status status = STATUS_OK;
	int lock = lock_folder(path);

	*aside = NULL;
	if (lstat(path, &now) == 0 && aside_same_file(&now, judged)) {
		status = free_name(path, why, aside, error);
		if (status == STATUS_OK)
			status = rename_both(path, *aside, error);
		if (status != STATUS_OK) {
			free(*aside);
			*aside = NULL;
		}
	}
	if (lock >= 0)
		close(lock);
	return status;
}
