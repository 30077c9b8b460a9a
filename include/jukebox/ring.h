/* ring.h - frames from one writer thread to one reader thread, with waiting on both sides.
 *
 * The bounded joint between the mixer and an output.  The reader takes blocks of one size where they lie, without a
 * copy.
 */
#ifndef JUKEBOX_RING_H
#define JUKEBOX_RING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "jukebox/status.h"

struct ring;

/* Holds n_blocks blocks of `block_frames` frames of `channels` floats.  A reader that has to wait does so for
 * `batch` blocks, a writer for half of the ring.  NULL when out of memory, or when numbers are 0 or batch is more than
 * n_blocks. */
struct ring *ring_new(size_t block_frames, size_t n_blocks, size_t batch, int channels);
void ring_free(struct ring *ring);

/* ---- the writer may call ---- */
/* Waits for room; STATUS_CANCELLED once the reader gave up (ring_abandon). */
enum status ring_write(struct ring *ring, const float *frames, size_t n_frames) MUST_USE;
/* The same, waiting for at most `wait_ns` in all; *n_taken tells how many frames were written. */
enum status ring_offer(struct ring *ring, const float *frames, size_t n_frames, int64_t wait_ns,
        size_t *n_taken) MUST_USE;
/* No more will come. */
void ring_end(struct ring *ring);

/* ---- the reader may call ---- */
/* Waits for a whole block, or for what is left after ring_end: how many frames, 0 when all were read.  Borrowed until
 * ring_took. */
size_t ring_next(struct ring *ring, const float **frames);
/* The frames of the last ring_next are not needed any more. */
void ring_took(struct ring *ring);

/* ---- any thread ---- */
/* The reader will not come again: wakes the writer. */
void ring_abandon(struct ring *ring);

#endif
