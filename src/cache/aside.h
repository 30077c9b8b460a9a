/* aside.h - files that lie where a cache should be, and are none: looked at, and put out of the way. */
#ifndef CACHE_ASIDE_H
#define CACHE_ASIDE_H

#include <stdbool.h>
#include <sys/stat.h>

#include "jukebox/status.h"

/* Does `a` name the very file that `b` named? */
bool aside_same_file(const struct stat *a, const struct stat *b);

/* Is the regular file a damaged or foreign thing under a name that is ours to use: one that ends in
 * ".jukebox", or an SQLite database or empty file of any name?  Everything else belongs to somebody. */
bool aside_is_ours(const char *path);

/* Does "PATH-journal" name a further file that SQLite would delete after rolling back?  Caches never write such a
 * journal. */
bool aside_journal_is_hostile(const char *path);

/* Renames `path` and its journal to "PATH.WHY-1" or the next free number (the last one is replaced),
 * unless another process was first and `path` is no longer the file that `judged` describes.  *aside: the new
 * name, caller frees; NULL when there was nothing to do. */
enum status aside_rename(const char *path, const struct stat *judged, const char *why, char **aside,
        struct error *error) MUST_USE;

#endif
