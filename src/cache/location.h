/* location.h - names: of a music file inside a cache, and back. */
#ifndef CACHE_LOCATION_H
#define CACHE_LOCATION_H

#include "jukebox/status.h"

/* The folder of `path` with all links resolved ("/" at the least, no slash behind otherwise).  New string.
 * STATUS_NOT_FOUND when there is none. */
enum status location_folder(const char *path, char **folder, struct error *error) MUST_USE;

/* What stands behind the last slash. Borrowed from `path`. */
const char *location_base(const char *path);

/* "FOLDER/BASE"; new string, NULL when out of memory. */
char *location_join(const char *folder, const char *base);

/* PATH and SUFFIX in one new string, NULL when out of memory. */
char *location_append(const char *path, const char *suffix);

/* The name of FOLDER/BASE as seen from the folder `home`: "song.mp3", "album/song.mp3", "../other/song.mp3";
 * absolute when the two folders have nothing but "/" in common.  Both folders are resolved.  New string, NULL when
 * out of memory. */
char *location_relative(const char *home, const char *folder, const char *base);

/* The way back: always absolute.  `name` may be anything; nothing is looked up. */
char *location_absolute(const char *home, const char *name);

#endif
