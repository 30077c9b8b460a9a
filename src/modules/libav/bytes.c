/* bytes.c - a source as libav's AVIOContext. */
#include <errno.h>
#include <stdbool.h>

#include <libavutil/error.h>
#include <libavutil/mem.h>

#include "bytes.h"

enum { BUFFER_BYTES = 32 * 1024 };

static int read_bytes(void *user, uint8_t *to, int n_bytes)
{
	struct bytes *b = user;
	ssize_t got = -1;

	if (n_bytes <= 0)
		return AVERROR(EINVAL);
	if (b->n_left <= 0)
		return AVERROR_EXIT;
	if (source_seek(b->source, b->start + b->position) >= 0)
		got = source_read(b->source, to, (size_t)n_bytes);
	if (got < 0) {
		b->error_number = errno ? errno : EIO;
		return AVERROR(EIO);
	}
	b->position += got;
	b->n_left -= got;
	return got > 0 ? (int)got : AVERROR_EOF;
}

static int64_t seek_bytes(void *user, int64_t offset, int whence)
{
	struct bytes *b = user;
	int64_t size = source_size(b->source) - b->start, to;

	if (whence & AVSEEK_SIZE)
		return size;
	whence &= ~AVSEEK_FORCE;
	if (__builtin_add_overflow(whence == SEEK_CUR   ? b->position
	                           : whence == SEEK_END ? size
	                                                : 0,
	            offset, &to))
		return AVERROR(EINVAL);
	if (to < 0 || to > INT64_MAX / 4)
		return AVERROR(EINVAL);
	b->position = to;
	return to;
}

bool bytes_init_at(struct bytes *bytes, struct source *source, int64_t start)
{
	unsigned char *buffer = av_malloc(BUFFER_BYTES);

	*bytes = (struct bytes){.source = source, .start = start};
	bytes_allow(bytes, INT64_MAX);
	if (!buffer)
		return false;
	bytes->io =
	        avio_alloc_context(buffer, BUFFER_BYTES, 0, bytes, read_bytes, NULL, seek_bytes);
	if (!bytes->io)
		av_free(buffer);
	return bytes->io != NULL;
}

void bytes_done(struct bytes *bytes)
{
	if (!bytes->io)
		return;
	av_freep(&bytes->io->buffer); /* libav may have changed it for another */
	avio_context_free(&bytes->io);
}

void bytes_allow(struct bytes *bytes, int64_t n_bytes)
{
	bytes->n_left = n_bytes;
}
