/* ring.c - a bounded queue of frames between two threads.
 *
 * A mutex and two conditions: at some 4,000 frames a call the lock costs well under 0.1 ns a frame, so
 * nothing cleverer is needed.
 */
#include "jukebox/ring.h"

#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "jukebox/clock.h"

struct ring {
	pthread_mutex_t lock; /* guards all below but the frames' contents */
	pthread_cond_t filled, emptied;
	size_t capacity, start, count; /* frames */
	size_t channels;
	bool ended, abandoned;
	float *frames;
};

struct ring *ring_new(size_t capacity_frames, int channels)
{
	if (capacity_frames == 0 || channels < 1 ||
	        capacity_frames > SIZE_MAX / sizeof(float) / (size_t)channels)
		return NULL;
	struct ring *r = calloc(1, sizeof *r);
	if (!r)
		return NULL;
	r->frames = malloc(capacity_frames * (size_t)channels * sizeof(float));
	if (!r->frames) {
		free(r);
		return NULL;
	}
	r->capacity = capacity_frames;
	r->channels = (size_t)channels;
	pthread_mutex_init(&r->lock, NULL);
	pthread_cond_init(&r->filled, NULL);
	pthread_condattr_t monotonic;
	pthread_condattr_init(&monotonic);
	pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	pthread_cond_init(&r->emptied, &monotonic);
	pthread_condattr_destroy(&monotonic);
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

static void copy_out(const struct ring *r, size_t at, float *to, size_t n)
{
	size_t first = smaller(n, r->capacity - at), c = r->channels;
	memcpy(to, r->frames + at * c, first * c * sizeof(float));
	memcpy(to + first * c, r->frames, (n - first) * c * sizeof(float));
}

/* With the lock held; until there is room, nobody reads any more, or the time is over. */
static void wait_for_room(struct ring *r, const struct timespec *deadline)
{
	int expired = 0;
	while (r->count == r->capacity && !r->abandoned && !expired)
		expired = deadline ? pthread_cond_timedwait(&r->emptied, &r->lock, deadline)
		                   : pthread_cond_wait(&r->emptied, &r->lock);
}

static enum status put(struct ring *ring, const float *frames, size_t n_frames,
        const struct timespec *deadline, size_t *n_taken)
{
	*n_taken = 0;
	while (n_frames > 0) {
		pthread_mutex_lock(&ring->lock);
		wait_for_room(ring, deadline);
		bool abandoned = ring->abandoned;
		size_t at = (ring->start + ring->count) % ring->capacity,
		       room = ring->capacity - ring->count;
		pthread_mutex_unlock(&ring->lock);
		if (abandoned)
			return STATUS_CANCELLED;
		if (room == 0)
			return STATUS_OK;
		size_t n = smaller(n_frames, room);
		copy_in(ring, at, frames, n);
		pthread_mutex_lock(&ring->lock);
		ring->count += n;
		pthread_cond_signal(&ring->filled);
		pthread_mutex_unlock(&ring->lock);
		frames += n * ring->channels;
		n_frames -= n;
		*n_taken += n;
	}
	return STATUS_OK;
}

enum status ring_write(struct ring *ring, const float *frames, size_t n_frames)
{
	size_t n_taken;
	return put(ring, frames, n_frames, NULL, &n_taken);
}

enum status ring_offer(
        struct ring *ring, const float *frames, size_t n_frames, int64_t wait_ns, size_t *n_taken)
{
	int64_t due_ns = clock_now_ns() + wait_ns;
	struct timespec deadline = {.tv_sec = due_ns / 1000000000, .tv_nsec = due_ns % 1000000000};
	return put(ring, frames, n_frames, &deadline, n_taken);
}

size_t ring_room(struct ring *ring)
{
	pthread_mutex_lock(&ring->lock);
	size_t n = ring->capacity - ring->count;
	pthread_mutex_unlock(&ring->lock);
	return n;
}

void ring_end(struct ring *ring)
{
	pthread_mutex_lock(&ring->lock);
	ring->ended = true;
	pthread_cond_broadcast(&ring->filled);
	pthread_mutex_unlock(&ring->lock);
}

enum status ring_read(struct ring *ring, float *to, size_t max_frames, size_t *n_frames)
{
	*n_frames = 0;
	pthread_mutex_lock(&ring->lock);
	while (ring->count == 0 && !ring->ended)
		pthread_cond_wait(&ring->filled, &ring->lock);
	size_t n = smaller(max_frames, ring->count), at = ring->start;
	pthread_mutex_unlock(&ring->lock);
	if (n == 0)
		return STATUS_END;
	copy_out(ring, at, to, n);
	pthread_mutex_lock(&ring->lock);
	ring->start = (ring->start + n) % ring->capacity;
	ring->count -= n;
	pthread_cond_signal(&ring->emptied);
	pthread_mutex_unlock(&ring->lock);
	*n_frames = n;
	return STATUS_OK;
}

size_t ring_filled(struct ring *ring)
{
	pthread_mutex_lock(&ring->lock);
	size_t n = ring->count;
	pthread_mutex_unlock(&ring->lock);
	return n;
}

void ring_abandon(struct ring *ring)
{
	pthread_mutex_lock(&ring->lock);
	ring->abandoned = true;
	pthread_cond_broadcast(&ring->emptied);
	pthread_mutex_unlock(&ring->lock);
}
