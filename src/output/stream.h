/* stream.h - the recent bytes of one encoded stream, for many listeners who come and go.
 *
 * Bounded memory, however many listen and however slow they are: who falls behind what is kept is told so.  A new listener
 * begins with a burst of what was, at a place where a decoder can begin: a page of Ogg behind the heads of its link, or
 * a frame.  Titles keep their place in the bytes, for ICY metadata.
 * Threads: none of its own; the caller holds a lock.
 */
#ifndef JUKEBOX_OUTPUT_STREAM_H
#define JUKEBOX_OUTPUT_STREAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "jukebox/status.h"

enum { ICY_BLOCK_BYTES = 255 * 16 + 1 };

struct stream;

/* Keeps the last `kept_bytes`; new listeners begin up to `burst_bytes` back.  NULL: out of memory. */
struct stream *stream_new(size_t kept_bytes, size_t burst_bytes);
void stream_free(struct stream *stream);

/* One or more whole frames or pages, or parts of an Ogg page. */
enum status stream_write(struct stream *stream, const void *bytes, size_t n_bytes) MUST_USE;

/* What was written so far begins every listener's stream.  Of Ogg that is known from its pages, and this does nothing. */
enum status stream_end_head(struct stream *stream) MUST_USE;

/* From the next byte on; UTF-8. */
void stream_title(struct stream *stream, const char *title);

/* No more bytes will come. */
void stream_end(struct stream *stream);

int64_t stream_bytes(const struct stream *stream); /* written in all */

/* One listener's place.  {0}, then stream_join; stream_leave frees what it holds. */
struct stream_reader {
	int64_t position; /* of the next byte in the stream */
	uint8_t *head; /* owned: sent first, NULL when it was */
	size_t head_bytes, head_sent;
	size_t icy_interval; /* 0: no metadata */
	size_t until_icy; /* bytes of sound before the next block */
	uint64_t title; /* number of the last one told */
	uint8_t *icy; /* owned: the block that is being sent, or NULL */
	size_t icy_bytes, icy_sent;
};

enum status stream_join(
        struct stream *stream, struct stream_reader *reader, size_t icy_interval) MUST_USE;
void stream_leave(struct stream_reader *reader);

/* STATUS_OK with 0 bytes: nothing for now.  STATUS_END: that was all.  STATUS_CANCELLED: it is too far behind. */
enum status stream_read(struct stream *stream, struct stream_reader *reader, uint8_t *to,
        size_t most, size_t *n_bytes) MUST_USE;

#endif
