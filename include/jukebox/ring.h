/* ring.h - frames from one writer thread to one reader thread, with waiting on both sides.
 *
 * The bounded joint between a decode-ahead worker and the mixer, and between the mixer and an output.
 */
#ifndef JUKEBOX_RING_H
#define JUKEBOX_RING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "jukebox/status.h"

struct ring;

/* Holds at most `capacity_frames` frames of `channels` floats.  NULL when out of memory. */
struct ring *ring_new(size_t capacity_frames, int channels);
void ring_free(struct ring *ring);

/* ---- the writer may call ---- */
/* Waits for room; STATUS_CANCELLED once the reader gave up (ring_abandon). */
enum status ring_write(struct ring *ring, const float *frames, size_t n_frames) MUST_USE;
/* The same, waiting for at most `wait_ns` in all; *n_taken tells how many frames were written. */
enum status ring_offer(struct ring *ring, const float *frames, size_t n_frames, int64_t wait_ns,
        size_t *n_taken) MUST_USE;
/* How many frames could be written without waiting. */
size_t ring_room(struct ring *ring);
/* No more will come. */
void ring_end(struct ring *ring);

/* ---- the reader may call ---- */
/* 1 to max_frames with STATUS_OK, waiting for the first; STATUS_END after ring_end and the last frame. */
enum status ring_read(struct ring *ring, float *to, size_t max_frames, size_t *n_frames) MUST_USE;
size_t ring_filled(struct ring *ring);

/* ---- any thread ---- */
/* The reader will not come again: wakes the writer. */
void ring_abandon(struct ring *ring);

#endif
