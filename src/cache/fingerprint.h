/* fingerprint.h - how a music file is known again: by its time and size, or by its content. */
#ifndef CACHE_FINGERPRINT_H
#define CACHE_FINGERPRINT_H

#include <stdbool.h>
#include <stdint.h>

#include "jukebox/status.h"

/* Two stats of an untouched file give equal stamps. */
struct stamp {
	int64_t size_bytes;
	int64_t mtime_ns; /* since 1970; wraps round for the year 2262, which does no harm */
};

bool stamp_equal(struct stamp a, struct stamp b);

/* STATUS_NOT_FOUND when there is no regular file of that name.  A name of a part of a file (part.h) has the file's
 * stamp, and a fingerprint of its own. */
enum status stamp_of(const char *path, struct stamp *stamp) MUST_USE;

/* Hash of the first, the middle and the last 64 KiB (of the whole file when it is not larger than that),
 * and the stamp at the time of reading. */
enum status fingerprint_of(
        const char *path, struct stamp *stamp, uint64_t *fingerprint, struct error *error) MUST_USE;

#endif
