/* kept.h - songs that were decoded to be measured, kept in memory until they are mixed: decoded once.
 *
 * Measuring puts songs in, in the order of play; the decks of the mixer take them out.  Samples are the decoder's own
 * floats, so a mix has the same bytes whether its songs were kept or not.  A budget bounds all of them together.  A
 * song's memory is free again as soon as it was read, so that there is room for the next one while it plays.
 * Threads: any; one song has one writer, then one reader.  NULL for a store does nothing anywhere.
 */
#ifndef JUKEBOX_KEPT_H
#define JUKEBOX_KEPT_H

#include <stdbool.h>
#include <stddef.h>

#include "jukebox/decoder.h"
#include "jukebox/status.h"

struct kept;
struct kept_song;

/* NULL when out of memory, or when the budget is too small for any song. */
struct kept *kept_new(size_t budget_bytes);
/* No song of it may be open any more. */
void kept_free(struct kept *kept);

/* ---- who measures ---- */
/* Waits, in the order of calls, until those before have all their room.  NULL: it is not kept, because it is too long, or
 * after kept_cancel. */
struct kept_song *kept_begin(struct kept *kept, const char *path, const struct stream_facts *facts);
/* Where to decode to: room for 1 to *n_frames frames, which it lowers.  Waits for some.  NULL: the song is not kept any
 * more, because it was longer than it said, because the mixer cannot wait (kept_starve), or after kept_cancel. */
float *kept_room(struct kept_song *song, size_t *n_frames);
/* So many frames were written there. */
void kept_add(struct kept_song *song, size_t n_frames);
/* `whole`: all of it is there, others may read it.  NULL is fine. */
void kept_end(struct kept_song *song, bool whole);
/* Nobody waits for room from here on. */
void kept_cancel(struct kept *kept);

/* ---- who mixes ---- */
/* A decoder over the kept song, from frame 0; it can only be read forwards, and once.  STATUS_NOT_FOUND: it is not there,
 * or being read. */
enum status kept_open(struct kept *kept, const char *path, struct decoder **decoder,
        struct error *error) MUST_USE;
/* The mixer has nothing to mix until something is measured: meanwhile the first of the songs that wait for room goes on
 * without being kept. */
void kept_starve(struct kept *kept, bool starving);

#endif
