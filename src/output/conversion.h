/* conversion.h - the conversion of an output's frames, made once for all outputs that want the same.
 *
 * Outputs with one rate, channels and samples get the same frames; who comes first to a block converts it, and the others take that.
 * Nobody waits for another's file or listener: what is converted stays for as many blocks as an output's queue holds, and who is
 * later than that, which only one that loses frames can be, goes on with a converter of its own.
 * Threads: conversion_run and conversion_clipped belong to the output's, one at a time; conversion_cut to any.
 */
#ifndef JUKEBOX_OUTPUT_CONVERSION_H
#define JUKEBOX_OUTPUT_CONVERSION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "convert.h"
#include "jukebox/output.h"

/* What must be the same to be shared. */
struct conversion_key {
	int bus_rate_hz;
	struct stream_format format;
	bool to_integers;
	uint64_t seed;
	size_t block_frames, n_blocks; /* of the queue */
};

struct conversion;

/* Before the first block of any output with which it is to share.  `hub` is borrowed; NULL: shared with nobody.  NULL when out of memory or a
 * rate is out of bounds. */
struct conversion *conversion_new(struct output_hub *hub, const struct conversion_key *key);
void conversion_free(struct conversion *conversion);

/* As converter_run: the next block, from the beginning of the mix on; all are of block_frames, but the last. */
enum status conversion_run(struct conversion *conversion, const float *stereo, size_t n_frames,
        converter_sink *sink, void *user) MUST_USE;

/* Behind so many frames from the beginning some were lost: before those that follow can be in a block. */
void conversion_cut(struct conversion *conversion, int64_t frame);

int64_t conversion_clipped(const struct conversion *conversion);

#endif
