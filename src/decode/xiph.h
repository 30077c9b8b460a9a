/* xiph.h - what Vorbis, Opus and FLAC share: comments, channel order, holes in the time line. */
#ifndef DECODE_XIPH_H
#define DECODE_XIPH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "jukebox/decoder.h"
#include "jukebox/tags.h"

enum {
	XIPH_MOST_COMMENTS = 1000,
	/* Sets of samples that a position jumps over become silence up to this length, so that what
	 * follows keeps its place and seeking agrees with reading; a longer jump is a lie. */
	XIPH_LONGEST_HOLE_S = 10,
};

/* One "NAME=value" of n_bytes, without its NUL. */
enum status xiph_comment(struct tags *tags, const char *comment, size_t n_bytes) MUST_USE;

/* The same of a list of them, as libvorbis and libopusfile keep it, for a format's open(). */
enum status xiph_comments(struct decoder_handle *d, char *const *comments, const int *lengths,
        int n_comments) MUST_USE;

/* Copies frames of 1 to 8 channels in Vorbis order (Vorbis I, section 4.3.9; also Opus mapping
 * family 1, RFC 7845 section 5.1.1.2) to WAVE order.  More channels have no order: copied as
 * they are. */
void xiph_interleave(
        float *to, const float *const *planes, size_t first, size_t n_frames, int channels);
void xiph_reorder(float *to, const float *from, size_t n_frames, int channels);

/* Does an Ogg stream's first packet in `head` begin with `magic`?  Pages of other logical
 * streams that begin before it are passed. */
bool xiph_ogg_begins_with(const uint8_t *head, size_t n_bytes, const char *magic, size_t n_magic);

#endif
