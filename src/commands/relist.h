/* relist.h - lists that are read while music plays: in a thread of their own, as a disk may hang. */
#ifndef COMMANDS_RELIST_H
#define COMMANDS_RELIST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "jukebox/log.h"
#include "jukebox/playlist.h"

struct relist;

/* All borrowed until relist_try_free has returned true.  NULL: out of memory. */
struct relist *relist_new(struct log *log, char **lists, int n_lists);
/* False: its thread hangs in a file, and so all stays.  NULL is fine. */
bool relist_try_free(struct relist *relist, int64_t deadline_ns);

/* Reads the lists anew, and returns at once; when they are being read, again behind that.  `quietly`: nothing is logged, nobody waits for
 * it, and once is enough.  Any thread, and so is it with all that follows. */
void relist_ask(struct relist *relist, bool quietly);

/* Waits until nothing is being read any more, or to the deadline: false. */
bool relist_wait(struct relist *relist, int64_t deadline_ns);

/* What was read last, and has not been taken: the caller's; NULL when out of memory.  False: there is nothing, or not of this
 * kind of asking. */
bool relist_take(struct relist *relist, bool quietly, struct playlist **playlist, size_t *n_bad);

/* Told once each: what was asked for, not quietly, is there; it has been waited for so long that people should know. */
bool relist_is_there(struct relist *relist);
bool relist_is_late(struct relist *relist);

#endif
