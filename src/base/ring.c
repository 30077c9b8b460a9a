/* ring.c - a bounded queue of frames between two threads.
 *
 * A mutex and two conditions: at some 4,000 frames a call the lock costs well under 0.1 ns a frame, so
 * nothing cleverer is needed.  Waking a thread is another matter (some microseconds on both sides): who has to wait
 * waits until there is plenty to do, so that the two do not wake each other with every call; and is not woken with the
 * lock, for which it would wait at once: two switches more where both share a core.
 */
#include "jukebox/ring.h"

#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "jukebox/clock.h"

struct ring {
	pthread_mutex_t lock; /* guards all below but the frames' contents */
	pthread_cond_t filled, emptied;
	size_t capacity, block, batch, half; /* frames, constant; capacity is whole blocks */
	size_t channels;
	size_t start, count; /* frames */
	size_t lent; /* frames of the last ring_next; the reader's */
	bool reader_waits;
	size_t room_awaited; /* frames; 0: the writer does not wait */
	bool ended, abandoned;
	float *frames;
};

static bool is_sensible(size_t block_frames, size_t n_blocks, size_t batch, int channels)
{
	return block_frames > 0 && batch > 0 && batch <= n_blocks && channels > 0 &&
	       n_blocks <= SIZE_MAX / sizeof(float) / (size_t)channels / block_frames;
}

struct ring *ring_new(size_t block_frames, size_t n_blocks, size_t batch, int channels)
{
	if (!is_sensible(block_frames, n_blocks, batch, channels))
		return NULL;
	struct ring *r = calloc(1, sizeof *r);
	if (!r)
		return NULL;
	r->block = block_frames;
	r->capacity = block_frames * n_blocks;
	r->batch = block_frames * batch;
	r->half = (r->capacity + 1) / 2;
	r->channels = (size_t)channels;
	r->frames = malloc(r->capacity * r->channels * sizeof(float));
	if (!r->frames) {
		free(r);
		return NULL;
	}
	pthread_mutex_init(&r->lock, NULL);
	pthread_cond_init(&r->filled, NULL);
	clock_condition_init(&r->emptied);
	return r;
}

void ring_free(struct ring *ring)
{
	if (!ring)
		return;
	pthread_cond_destroy(&ring->filled);
	pthread_cond_destroy(&ring->emptied);
	pthread_mutex_destroy(&ring->lock);
	free(ring->frames);
	free(ring);
}

static size_t smaller(size_t a, size_t b)
{
	return a < b ? a : b;
}

/* The writer owns the free part and the reader the filled part, so copying needs no lock. */
static void copy_in(struct ring *r, size_t at, const float *from, size_t n)
{
	size_t first = smaller(n, r->capacity - at), c = r->channels;
	memcpy(r->frames + at * c, from, first * c * sizeof(float));
	memcpy(r->frames, from + first * c, (n - first) * c * sizeof(float));
}

/* With the lock held; until there is plenty of room, nobody reads any more, or the time is over.  Who may only wait so
 * long takes a block. */
static void wait_for_room(struct ring *r, int64_t deadline_ns)
{
	bool in_time = true;
	if (r->count < r->capacity)
		return;
	r->room_awaited = deadline_ns < INT64_MAX ? r->block : r->half;
	while (r->capacity - r->count < r->room_awaited && !r->abandoned && in_time)
		in_time = clock_wait(&r->emptied, &r->lock, deadline_ns);
	r->room_awaited = 0;
}

/* Where to write, and for how many frames. */
static enum status find_room(struct ring *r, int64_t deadline_ns, size_t *at, size_t *room)
{
	pthread_mutex_lock(&r->lock);
	wait_for_room(r, deadline_ns);
	bool abandoned = r->abandoned;
	*at = (r->start + r->count) % r->capacity;
	*room = r->capacity - r->count;
	pthread_mutex_unlock(&r->lock);
	return abandoned ? STATUS_CANCELLED : STATUS_OK;
}

static void give(struct ring *r, size_t n)
{
	pthread_mutex_lock(&r->lock);
	r->count += n;
	bool wake = r->reader_waits && r->count >= r->batch;
	pthread_mutex_unlock(&r->lock);
	if (wake)
		pthread_cond_signal(&r->filled);
}

static enum status put(struct ring *ring, const float *frames, size_t n_frames, int64_t deadline_ns,
        size_t *n_taken)
{
	*n_taken = 0;
	while (n_frames > 0) {
		size_t at, room;
		TRY(find_room(ring, deadline_ns, &at, &room));
		if (room == 0)
			return STATUS_OK;
		size_t n = smaller(n_frames, room);
		copy_in(ring, at, frames, n);
		give(ring, n);
		frames += n * ring->channels;
		n_frames -= n;
		*n_taken += n;
	}
	return STATUS_OK;
}

enum status ring_write(struct ring *ring, const float *frames, size_t n_frames)
{
	size_t n_taken;
	return put(ring, frames, n_frames, INT64_MAX, &n_taken);
}

enum status ring_offer(
        struct ring *ring, const float *frames, size_t n_frames, int64_t wait_ns, size_t *n_taken)
{
	return put(ring, frames, n_frames, clock_now_ns() + wait_ns, n_taken);
}

void ring_end(struct ring *ring)
{
	pthread_mutex_lock(&ring->lock);
	ring->ended = true;
	pthread_cond_broadcast(&ring->filled);
	pthread_mutex_unlock(&ring->lock);
}

size_t ring_next(struct ring *ring, const float **frames)
{
	pthread_mutex_lock(&ring->lock);
	ring->reader_waits = ring->count < ring->block;
	while (ring->reader_waits && ring->count < ring->batch && !ring->ended)
		pthread_cond_wait(&ring->filled, &ring->lock);
	ring->reader_waits = false;
	ring->lent = smaller(ring->count, ring->block);
	*frames = ring->frames + ring->start * ring->channels;
	pthread_mutex_unlock(&ring->lock);
	return ring->lent;
}

void ring_took(struct ring *ring)
{
	pthread_mutex_lock(&ring->lock);
	ring->start = (ring->start + ring->lent) % ring->capacity;
	ring->count -= ring->lent;
	ring->lent = 0;
	bool wake = ring->room_awaited && ring->capacity - ring->count >= ring->room_awaited;
	pthread_mutex_unlock(&ring->lock);
	if (wake)
		pthread_cond_signal(&ring->emptied);
}

void ring_abandon(struct ring *ring)
{
	pthread_mutex_lock(&ring->lock);
	ring->abandoned = true;
	pthread_cond_broadcast(&ring->emptied);
	pthread_mutex_unlock(&ring->lock);
}
