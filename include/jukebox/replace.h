/* replace.h - a small file that is always whole: the old one or the new one. */
#ifndef JUKEBOX_REPLACE_H
#define JUKEBOX_REPLACE_H

#include <stdbool.h>
#include <stddef.h>

#include "jukebox/status.h"

/* Writes "PATH.new" and renames it.  `durable`: synced to disk before that, so that it survives a loss of power.  One
 * writer a path. */
enum status file_replace(const char *path, const char *bytes, size_t n_bytes, bool durable,
        struct error *error) MUST_USE;

/* All bytes to a descriptor, whatever comes between; false: errno says why not. */
bool file_write_all(int fd, const char *bytes, size_t n_bytes);

/* The whole of a regular file of at most `most` bytes, as a new text with a NUL behind it.  STATUS_NOT_FOUND: it is not there;
 * STATUS_BAD_DATA: too large, or no regular file. */
enum status file_read_all(
        const char *path, size_t most, char **bytes, size_t *n_bytes, struct error *error) MUST_USE;

#endif
