/* edges.h - what is kept of a track's two ends: fine levels, and samples. */
#ifndef MEASURE_EDGES_H
#define MEASURE_EDGES_H

#include <stddef.h>
#include <stdint.h>

#include "jukebox/record.h"
#include "jukebox/status.h"

enum {
	EDGES_FINE_PER_BLOCK = RECORD_FINE_PER_SECOND / RECORD_BLOCKS_PER_SECOND,
	EDGES_BLOCKS = RECORD_FINE_SECONDS * RECORD_BLOCKS_PER_SECOND,
};

/* The fine levels of one block; the last of a track may have fewer. */
struct edges_block {
	int16_t fine[EDGES_FINE_PER_BLOCK];
	size_t count;
};

struct edges;

/* `channels` 1 or 2.  NULL when out of memory. */
struct edges *edges_new(int channels);
void edges_free(struct edges *edges);

void edges_add_frames(struct edges *edges, const float *frames, size_t n_frames);

/* `silent`: digital silence. */
void edges_add_block(struct edges *edges, const struct edges_block *block, bool silent);

/* Fills head, tail, first and last of *record, whose loudness is known already.  On STATUS_NO_MEMORY what was
 * filled is the record's. */
enum status edges_finish(const struct edges *edges, struct record *record) MUST_USE;

#endif
