/* memory_writer.c - where an encoder's bytes go in tests. */
#include "support/memory_writer.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static bool fails(struct memory_writer *w)
{
	w->n_calls++;
	return w->fail_at && w->n_calls >= w->fail_at;
}

static enum status write_bytes(void *user, const void *bytes, size_t n_bytes, struct error *error)
{
	struct memory_writer *w = user;
	if (fails(w))
		return error_set(error, STATUS_IO, "no space in memory");
	if (w->count + n_bytes > w->capacity) {
		w->capacity = 2 * (w->count + n_bytes);
		w->bytes = realloc(w->bytes, w->capacity);
		if (!w->bytes)
			abort();
	}
	memcpy(w->bytes + w->count, bytes, n_bytes);
	w->count += n_bytes;
	return STATUS_OK;
}

static enum status patch_bytes(
        void *user, int64_t position, const void *bytes, size_t n_bytes, struct error *error)
{
	struct memory_writer *w = user;
	if (fails(w))
		return error_set(error, STATUS_IO, "no space in memory");
	if (position < 0 || (size_t)position + n_bytes > w->count)
		return error_set(error, STATUS_IO, "patched behind the end");
	memcpy(w->bytes + position, bytes, n_bytes);
	return STATUS_OK;
}

struct writer memory_writer(struct memory_writer *w, bool can_patch)
{
	*w = (struct memory_writer){0};
	return (struct writer){
	        .write = write_bytes, .patch = can_patch ? patch_bytes : NULL, .user = w};
}

void memory_writer_done(struct memory_writer *w)
{
	free(w->bytes);
	*w = (struct memory_writer){0};
}

void test_signal(float *to, size_t n_frames, int channels, int64_t from_frame)
{
	for (size_t i = 0; i < n_frames; i++) {
		for (int c = 0; c < channels; c++) {
			double t = (double)(from_frame + (int64_t)i) / 44100;
			double v = 0.4 * sin(2 * 3.14159265358979 * 440 * (c + 1) * t);
			to[i * (size_t)channels + (size_t)c] =
			        rintf((float)v * 32768.0f) / 32768.0f + 0.0f; /* no -0 */
		}
	}
}
