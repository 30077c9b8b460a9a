/* location.c - where a playlist's cache lies, and how music is named inside it.
 *
 * Names are relative to the cache where they can be, so that a folder that holds both may be moved, or
 * mounted elsewhere, and nothing needs measuring.  Bytes are kept as they are: file names have no encoding. */
#include "location.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "hash.h"
#include "jukebox/cache.h"

static const char SUFFIX[] = ".jukebox";

enum {
	/* SQLite's own limit for the name of a database on Unix is 512, "-journal" included. */
	CACHE_PATH_MOST = 480,
};

const char *location_base(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

enum status location_folder(const char *path, char **folder, struct error *error)
{
	const char *base = location_base(path);
	char *given = base == path ? strdup(".") : strndup(path, (size_t)(base - path));

	if (!given)
		return error_set(error, STATUS_NO_MEMORY, "out of memory");
	*folder = realpath(given, NULL);
	int error_number = errno;
	free(given);
	return *folder ? STATUS_OK
	               : error_set_errno(error, error_number, "cannot reach its folder");
}

char *location_append(const char *path, const char *suffix)
{
	char *whole = malloc(strlen(path) + strlen(suffix) + 1);

	if (whole)
		stpcpy(stpcpy(whole, path), suffix);
	return whole;
}

char *location_join(const char *folder, const char *base)
{
	char *path = malloc(strlen(folder) + 1 + strlen(base) + 1);

	if (path)
		stpcpy(stpcpy(stpcpy(path, folder), strcmp(folder, "/") == 0 ? "" : "/"), base);
	return path;
}

/* How many bytes of the two folders are the same whole components; both begin with a slash. */
static size_t common_bytes(const char *a, const char *b)
{
	size_t common = 0, i = 0;

	for (;; i++) {
		bool a_ends = a[i] == '/' || a[i] == '\0', b_ends = b[i] == '/' || b[i] == '\0';
		if (a_ends && b_ends)
			common = i;
		if (a[i] != b[i] || a[i] == '\0')
			return common;
	}
}

static size_t count_slashes(const char *text)
{
	size_t n = 0;

	for (; *text; text++)
		n += *text == '/';
	return n;
}

char *location_relative(const char *home, const char *folder, const char *base)
{
	size_t common = common_bytes(home, folder);

	if (common == 0)
		return location_join(folder, base);
	size_t n_up = count_slashes(home + common);
	const char *down = folder + common + (folder[common] == '/');
	char *name = malloc(3 * n_up + strlen(down) + 1 + strlen(base) + 1), *at = name;
	if (!name)
		return NULL;
	for (; n_up > 0; n_up--)
		at = stpcpy(at, "../");
	at = stpcpy(at, down);
	if (*down)
		*at++ = '/';
	stpcpy(at, base);
	return name;
}

/* Takes "/a/b" to "/a", "/a" and "" to "". */
static char *drop_component(const char *path, char *end)
{
	while (end > path && *--end != '/')
		;
	return end;
}

char *location_absolute(const char *home, const char *name)
{
	char *path = malloc(strlen(home) + 1 + strlen(name) + 1);

	if (!path)
		return NULL;
	if (name[0] == '/') {
		stpcpy(path, name);
		return path;
	}
	char *end = stpcpy(path, strcmp(home, "/") == 0 ? "" : home);
	for (; strncmp(name, "../", 3) == 0; name += 3)
		end = drop_component(path, end);
	*end++ = '/';
	stpcpy(end, name);
	return path;
}

/* ---- the cache's own name ----------------------------------------------------------------------- */

static enum status no_memory(struct error *error)
{
	return error_set(error, STATUS_NO_MEMORY, "out of memory");
}

/* The home folder of the password file, for when HOME is not set (a daemon). New string. */
static char *home_of_user(void)
{
	struct passwd entry, *found = NULL;
	char text[4096];

	if (getpwuid_r(getuid(), &entry, text, sizeof text, &found) != 0 || !found ||
	        !found->pw_dir || found->pw_dir[0] != '/')
		return strdup("/nonexistent");
	return strdup(found->pw_dir);
}

/* XDG Base Directory Specification 0.8: a relative path in the variable is to be ignored.  The folder is made, mode
 * 0700, as the specification asks; if that fails, opening the cache will say so. */
static char *xdg_folder(void)
{
	const char *xdg = getenv("XDG_CACHE_HOME"), *home = getenv("HOME");
	char *cache = NULL, *folder = NULL;

	if (xdg && xdg[0] == '/') {
		cache = strdup(xdg);
	} else {
		char *user = home && home[0] == '/' ? strdup(home) : home_of_user();
		cache = user ? location_join(user, ".cache") : NULL;
		free(user);
	}
	if (cache)
		folder = location_join(cache, "jukebox");
	if (folder && mkdir(folder, 0700) != 0 && errno == ENOENT && mkdir(cache, 0700) == 0)
		(void)!mkdir(folder, 0700);
	free(cache);
	return folder;
}

static enum status xdg_path(const char *base, char **path, struct error *error)
{
	char *folder = xdg_folder();

	*path = folder ? location_join(folder, base) : NULL;
	free(folder);
	return *path ? STATUS_OK : no_memory(error);
}

/* Anything that has no place of its own: records are found by the music's name, so one file for all serves. */
static enum status stream_path(char **path, struct error *error)
{
	return xdg_path("stdin.jukebox", path, error);
}

/* "LIST-0123456789abcdef.jukebox": the name for people, the hash of the whole path to keep lists apart. */
static enum status hashed_path(const char *playlist, char **path, struct error *error)
{
	char *real = realpath(playlist, NULL), base[64 + 1 + 16 + sizeof SUFFIX];

	if (!real)
		return error_set_errno(error, errno, "cannot reach");
	uint64_t hash = hash_bytes(real, strlen(real), 0);
	snprintf(base, sizeof base, "%.64s-%016" PRIx64 "%s", location_base(real), hash, SUFFIX);
	free(real);
	return xdg_path(base, path, error);
}

static char *path_beside(const char *playlist, bool is_folder)
{
	return is_folder ? location_join(playlist, SUFFIX) : location_append(playlist, SUFFIX);
}

/* Can a file be made in the folder of `path`?  A full disk is not seen here, a read-only one is. */
static bool folder_takes_files(const char *path)
{
	char *folder = NULL;

	if (location_folder(path, &folder, NULL) != STATUS_OK || !folder)
		return false;
	bool fits = strlen(folder) + 1 + strlen(location_base(path)) <= CACHE_PATH_MOST &&
	            strlen(location_base(path)) <= NAME_MAX - strlen("-journal");
	bool writable = faccessat(AT_FDCWD, folder, W_OK | X_OK, AT_EACCESS) == 0;
	free(folder);
	return fits && writable;
}

enum status cache_path_for(const char *playlist, char **path, bool *fallback, struct error *error)
{
	struct stat st;
	bool is_stream = strcmp(playlist, "-") == 0;

	*path = NULL;
	*fallback = true;
	if (!is_stream && stat(playlist, &st) != 0)
		return error_set_errno(error, errno, "%s", playlist);
	if (is_stream || (!S_ISREG(st.st_mode) && !S_ISDIR(st.st_mode)))
		return stream_path(path, error);
	*path = path_beside(playlist, S_ISDIR(st.st_mode));
	if (!*path)
		return no_memory(error);
	*fallback = !folder_takes_files(*path);
	if (!*fallback)
		return STATUS_OK;
	free(*path);
	*path = NULL;
	return hashed_path(playlist, path, error);
}
