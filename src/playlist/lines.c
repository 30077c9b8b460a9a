/* lines.c - bytes to lines.  What a line means is left to m3u.c and pls.c. */
#include "lines.h"

#include <errno.h>
#include <string.h>

#include "jukebox/text.h"

enum { CHUNK_BYTES = 128 << 10 };

void lines_init(struct lines *lines, struct bytes *bytes)
{
	*lines = (struct lines){.bytes = bytes};
}

void lines_done(struct lines *lines)
{
	buffer_done(&lines->buffer);
}

/* Reads a chunk of UTF-16 behind what the buffer holds.  A read is short at the end only, so an odd byte
 * is the last of the list, and no character. */
static enum status fill_utf16(struct lines *lines)
{
	uint8_t raw[8192];
	bool big = lines->encoding == LINES_UTF16_BE;
	struct buffer *buffer = &lines->buffer;
	ssize_t n = bytes_read(lines->bytes, raw, sizeof raw), i;

	if (n < 0)
		return STATUS_IO;
	lines->at_end = n < (ssize_t)sizeof raw;
	TRY(buffer_reserve(buffer, buffer->n_bytes + 3 * (size_t)n + 6));
	for (i = 0; i + 1 < n; i += 2) {
		uint32_t first = raw[i], second = raw[i + 1];
		uint32_t unit = big ? first << 8 | second : second << 8 | first;
		buffer->n_bytes +=
		        text_from_utf16(&lines->high, unit, buffer->at + buffer->n_bytes);
	}
	buffer->at[buffer->n_bytes] = '\0';
	return STATUS_OK;
}

static enum status fill_bytes(struct lines *lines)
{
	struct buffer *buffer = &lines->buffer;
	ssize_t n;

	TRY(buffer_reserve(buffer, buffer->n_bytes + CHUNK_BYTES));
	n = bytes_read(lines->bytes, buffer->at + buffer->n_bytes, CHUNK_BYTES);
	if (n < 0)
		return STATUS_IO;
	lines->at_end = n < CHUNK_BYTES;
	buffer->n_bytes += (size_t)n;
	buffer->at[buffer->n_bytes] = '\0';
	return STATUS_OK;
}

/* Moves what is left to the front, and reads on behind it. */
static enum status fill(struct lines *lines)
{
	struct buffer *buffer = &lines->buffer;

	if (lines->start > 0 && buffer->at) {
		buffer->n_bytes -= lines->start;
		memmove(buffer->at, buffer->at + lines->start, buffer->n_bytes + 1);
		lines->start = 0;
	}
	return lines->encoding == LINES_AS_BYTES ? fill_bytes(lines) : fill_utf16(lines);
}

static enum line_encoding encoding_of(const struct bytes *bytes)
{
	if (bytes->n_head >= 2 && memcmp(bytes->head, "\xff\xfe", 2) == 0)
		return LINES_UTF16_LE;
	if (bytes->n_head >= 2 && memcmp(bytes->head, "\xfe\xff", 2) == 0)
		return LINES_UTF16_BE;
	return LINES_AS_BYTES;
}

/* Old Macs ended lines with CR alone, and a CR inside a name is possible, so CR counts only where there
 * is no LF at all.  A CR at the very end of what was read may be half a CR LF. */
static char find_ending(const struct lines *lines)
{
	const struct buffer *buffer = &lines->buffer;
	size_t n_bytes = buffer->n_bytes;

	if (memchr(buffer->at, '\n', n_bytes))
		return '\n';
	if (!lines->at_end && n_bytes > 0)
		n_bytes--;
	return memchr(buffer->at, '\r', n_bytes) ? '\r' : '\n';
}

/* The first chunk settles the encoding and the line ending. */
static enum status begin(struct lines *lines)
{
	struct buffer *buffer = &lines->buffer;

	lines->encoding = encoding_of(lines->bytes);
	TRY(fill(lines));
	if (buffer->n_bytes >= 3 && memcmp(buffer->at, "\xef\xbb\xbf", 3) == 0)
		lines->start = 3; /* U+FEFF, also when it was UTF-16 */
	lines->ending = find_ending(lines);
	return STATUS_OK;
}

/* Hands out n_bytes from the start; `ended` when an ending stands behind them. */
static void cut_line(struct lines *lines, struct line *line, size_t n_bytes, bool ended)
{
	line->text = lines->buffer.at + lines->start;
	line->n_bytes = n_bytes;
	line->number = ++lines->number;
	line->too_long = n_bytes > LINE_MOST_BYTES;
	lines->start += n_bytes + (ended ? 1 : 0);
	lines->skipping = line->too_long && !ended;
	if (line->too_long)
		line->n_bytes = LINE_MOST_BYTES;
	else if (lines->ending == '\n' && n_bytes > 0 && line->text[n_bytes - 1] == '\r')
		line->n_bytes--;
	line->text[line->n_bytes] = '\0';
}

/* Drops what is left of a line that was too long.  False when it does not end in the buffer. */
static bool skip_rest(struct lines *lines)
{
	char *from = lines->buffer.at + lines->start;
	char *end = memchr(from, lines->ending, lines->buffer.n_bytes - lines->start);

	lines->start = end ? (size_t)(end + 1 - lines->buffer.at) : lines->buffer.n_bytes;
	lines->skipping = !end;
	return end != NULL;
}

enum status lines_next(struct lines *lines, struct line *line)
{
	size_t looked = 0; /* bytes behind `start` that hold no ending */

	if (!lines->buffer.at)
		TRY(begin(lines));
	for (;;) {
		size_t left = lines->buffer.n_bytes - lines->start;
		char *from = lines->buffer.at + lines->start;
		char *end;

		if (lines->skipping && (skip_rest(lines) || lines->at_end)) {
			lines->skipping = false;
			continue;
		}
		if (!lines->skipping) {
			end = memchr(from + looked, lines->ending, left - looked);
			if (end || left > LINE_MOST_BYTES) {
				cut_line(lines, line, end ? (size_t)(end - from) : left, end);
				return STATUS_OK;
			}
			looked = left;
		}
		if (lines->at_end)
			break;
		TRY(fill(lines));
	}
	if (lines->start == lines->buffer.n_bytes)
		return STATUS_END;
	cut_line(lines, line, lines->buffer.n_bytes - lines->start, false);
	return STATUS_OK;
}
