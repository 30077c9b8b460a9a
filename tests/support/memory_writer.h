/* memory_writer.h - where an encoder's bytes go in tests: memory, with faults to order. */
#ifndef JUKEBOX_TESTS_MEMORY_WRITER_H
#define JUKEBOX_TESTS_MEMORY_WRITER_H

#include <stdint.h>

#include "jukebox/encoder.h"

struct memory_writer {
	uint8_t *bytes; /* owned; memory_writer_done */
	size_t count, capacity;
	int n_calls; /* of write and patch */
	int fail_at; /* the call that fails, and all after it; 0: none */
};

/* `w` must outlive what is returned. */
struct writer memory_writer(struct memory_writer *w, bool can_patch);
void memory_writer_done(struct memory_writer *w);

/* Frame i of a test signal: two sines, exact on the 16-bit grid. */
void test_signal(float *to, size_t n_frames, int channels, int64_t from_frame);

#endif
