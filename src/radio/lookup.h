/* lookup.h - is a file in the cache?  Asked in a thread of its own, since its disk may never answer.
 *
 * The file is found by its place, size and time, and by its content if that is known from another place: to ask a disk is
 * part of it.  A file that is not in the cache is opened and its first bytes are read, so that nobody else has to find
 * out whether that hangs.
 * Threads: one asks; `answered` comes from others.
 */
#ifndef JUKEBOX_RADIO_LOOKUP_H
#define JUKEBOX_RADIO_LOOKUP_H

#include <stdbool.h>
#include <stdint.h>

#include "jukebox/cache.h"

struct lookups;
struct lookup;

typedef void lookup_answered_fn(void *user);

/* `cache` is borrowed.  NULL: out of memory. */
struct lookups *lookups_new(struct cache *cache, lookup_answered_fn *answered, void *user);
/* False: something hangs until after the deadline (of clock_now_ns); lookups and cache must stay. */
bool lookups_try_free(struct lookups *lookups, int64_t deadline_ns) MUST_USE; /* NULL is fine */

/* STATUS_NO_MEMORY; STATUS_IO with *error: there is a lookup of this file that hangs, or too many of others. */
enum status lookups_ask(struct lookups *lookups, const char *path, struct lookup **lookup,
        struct error *error) MUST_USE;

/* False: there is no answer until the deadline. */
bool lookup_wait(struct lookup *lookup, int64_t deadline_ns);
bool lookup_is_answered(const struct lookup *lookup);

/* The answer, as of cache_find: once, when it is there; then the lookup is gone. */
enum status lookup_take(struct lookup *lookup, struct record *record, struct error *error) MUST_USE;
/* Nobody waits for the answer: the lookup is gone.  NULL is fine. */
void lookup_leave(struct lookup *lookup);

#endif
