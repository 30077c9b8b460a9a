/* library.h - a record for every file: from the cache, or measured by the pool in the background.
 *
 * Tickets are handed in ahead and taken in order; at most LIBRARY_AHEAD records are in memory at once, however
 * long the list.  What was measured is durable in the cache before it is given out.
 * Threads: request and take from one thread; cancel from any.
 */
#ifndef JUKEBOX_LIBRARY_H
#define JUKEBOX_LIBRARY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "jukebox/cache.h"
#include "jukebox/kept.h"
#include "jukebox/log.h"
#include "jukebox/record.h"
#include "jukebox/status.h"

enum { LIBRARY_AHEAD = 64 };

struct library;

/* `cache` is borrowed.  n_workers 0: one a core.  `background`: lowest priority, beside a live mix. */
struct library *library_new(struct cache *cache, int n_workers, bool background, struct log *log);
void library_free(struct library *library);
/* The same, waiting no longer than to the deadline (of clock_now_ns).  False: it stays, with threads that hang in a file, and so
 * must the cache. */
bool library_try_free(struct library *library, int64_t deadline_ns) MUST_USE;
/* Disks that do not answer are given up sooner: after some seconds, in place of two minutes.  Before the first request. */
void library_set_live(struct library *library);
/* A file that the cache knows is opened, too: one that cannot be played any more is an error.  Before the first request. */
void library_open_files(struct library *library);
/* What is decoded to be measured goes to `kept` too, which is borrowed until library_free.  Before the first request. */
void library_keep(struct library *library, struct kept *kept);

/* Asks for a file: the n-th call is ticket n (0 ...).  STATUS_END: LIBRARY_AHEAD tickets wait already, take one first. */
enum status library_request(struct library *library, const char *path) MUST_USE;

/* Waits for the oldest ticket.  STATUS_OK: *record is filled (caller calls record_done), *cached tells that nothing was decoded.
 * STATUS_CANCELLED after library_cancel; anything else: the file cannot be played, *error has the reason. */
enum status library_take(
        struct library *library, struct record *record, bool *cached, struct error *error) MUST_USE;

/* The tags (caller frees) and the length of a file, if the cache knows it by its name; nothing is measured for it. */
enum status library_tags(
        struct library *library, const char *path, struct tags *tags, double *duration_s) MUST_USE;

/* What is there of the oldest ticket; waits for it, but not in a hurry, which begins by itself after patience_ns. */
enum library_state {
	LIBRARY_READY, /* library_take will not wait */
	LIBRARY_LATE, /* in a hurry: it is not there, but a younger one is */
	LIBRARY_NOTHING, /* in a hurry: none is there */
};
enum library_state library_await(struct library *library, int64_t patience_ns);
/* Waits until any ticket is there. */
void library_await_any(struct library *library);
/* Nobody takes the oldest ticket. */
void library_pass_over(struct library *library);
/* Whoever takes is in a hurry, until something was taken, or library_forget.  Any thread. */
void library_hurry(struct library *library);

/* A library_take that waits ends with STATUS_CANCELLED, and so does each that would, until library_forget.  Any thread. */
void library_interrupt(struct library *library);

/* Nobody takes the tickets that wait.  What is being measured goes on, into the cache. */
void library_forget(struct library *library);

size_t library_waiting(const struct library *library); /* tickets asked for and not taken */
/* Nothing is looked for or measured: all of them can be taken at once. */
bool library_has_all(struct library *library);

void library_cancel(struct library *library);

#endif
