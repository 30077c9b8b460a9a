/* lookup.h - is a file in the cache?  Asked in threads of its own, since its disk may never answer.
 *
 * The file is found by its place, size and time, and by its content if that is known from another place: to ask a disk is
 * part of it.  A file that is not in the cache is opened and its first bytes are read, so that nobody else has to find
 * out whether that hangs.
 * Threads: any; `answered` comes from others.
 */
#ifndef JUKEBOX_RADIO_LOOKUP_H
#define JUKEBOX_RADIO_LOOKUP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "jukebox/cache.h"

struct lookups;
struct lookup;

/* As of cache_find; borrowed, but the record may be moved away. */
struct answer {
	size_t index; /* the asker's number */
	const char *path;
	enum status status;
	struct record record;
	struct error error;
};
typedef void lookup_answered_fn(void *user, struct answer *answer);

/* `cache` is borrowed.  NULL: out of memory. */
struct lookups *lookups_new(struct cache *cache, lookup_answered_fn *answered, void *user);
/* What is in the cache is opened as well, by a decoder: when that fails, the answer is STATUS_BAD_DATA, with its reason.  Before the
 * first lookup. */
void lookups_open_files(struct lookups *lookups);
/* False: something hangs until after the deadline (of clock_now_ns); lookups and cache must stay. */
bool lookups_try_free(struct lookups *lookups, int64_t deadline_ns) MUST_USE; /* NULL is fine */

/* The lookup is the asker's until `answered` returns.  STATUS_NO_MEMORY; STATUS_IO with *error: there is a lookup of this
 * file that hangs, or too many of others. */
enum status lookups_ask(struct lookups *lookups, size_t index, const char *path,
        struct lookup **lookup, struct error *error) MUST_USE;

/* Nobody wants the answer any more; one that is on its way may still come.  NULL is fine. */
void lookup_leave(struct lookup *lookup);

#endif
