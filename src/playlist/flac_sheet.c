/* flac_sheet.c - finds the Vorbis comment CUESHEET in a FLAC file (RFC 9639, sections 8 and 8.6).  Nothing else of
 * the file is looked at, and no claimed size is allocated beyond the limit: that is why libFLAC, which reads all
 * of it, is not asked. */
#include "flac_sheet.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { MOST_BLOCKS = 128, MOST_COMMENTS = 10000, COMMENT_BLOCK = 4, LAST_BLOCK = 0x80 };

static bool read_exactly(struct source *source, void *to, size_t n_bytes)
{
	return source_read(source, to, n_bytes) == (ssize_t)n_bytes;
}

static bool pass(struct source *source, int64_t n_bytes)
{
	return source_seek(source, source_position(source) + n_bytes) >= 0;
}

static bool read_little_endian(struct source *source, uint32_t *value)
{
	uint8_t b[4];

	if (!read_exactly(source, b, sizeof b))
		return false;
	*value = (uint32_t)b[0] | (uint32_t)b[1] << 8 | (uint32_t)b[2] << 16 | (uint32_t)b[3] << 24;
	return true;
}

/* Stands behind the block's header, in front of its body, where it returns true. */
static bool find_comments(struct source *source)
{
	uint8_t header[4];

	if (source_seek(source, 0) < 0 || !read_exactly(source, header, 4) ||
	        memcmp(header, "fLaC", 4) != 0)
		return false;
	for (int i = 0; i < MOST_BLOCKS && read_exactly(source, header, 4); i++) {
		if ((header[0] & 127) == COMMENT_BLOCK)
			return true;
		if (header[0] & LAST_BLOCK ||
		        !pass(source, header[1] << 16 | header[2] << 8 | header[3]))
			return false;
	}
	return false;
}

static enum status take_sheet(struct source *source, uint32_t n_bytes, char **sheet)
{
	if (n_bytes > FLAC_SHEET_MOST_BYTES)
		return STATUS_NOT_FOUND;
	*sheet = malloc((size_t)n_bytes + 1);
	if (!*sheet)
		return STATUS_NO_MEMORY;
	if (read_exactly(source, *sheet, n_bytes)) {
		(*sheet)[n_bytes] = '\0';
		return STATUS_OK;
	}
	free(*sheet);
	*sheet = NULL;
	return STATUS_NOT_FOUND;
}

enum status flac_sheet_find(struct source *source, char **sheet)
{
	static const char name[] = "CUESHEET=";
	enum { NAME_BYTES = sizeof(name) - 1 };
	uint32_t n_vendor, n_comments, n_bytes;
	char begin[NAME_BYTES];

	*sheet = NULL;
	if (!find_comments(source) || !read_little_endian(source, &n_vendor) ||
	        !pass(source, n_vendor) || !read_little_endian(source, &n_comments))
		return STATUS_NOT_FOUND;
	for (uint32_t i = 0; i < n_comments && i < MOST_COMMENTS; i++) {
		if (!read_little_endian(source, &n_bytes))
			return STATUS_NOT_FOUND;
		if (n_bytes < NAME_BYTES) {
			if (!pass(source, n_bytes))
				return STATUS_NOT_FOUND;
			continue;
		}
		if (!read_exactly(source, begin, NAME_BYTES))
			return STATUS_NOT_FOUND;
		n_bytes -= NAME_BYTES;
		if (strncasecmp(begin, name, NAME_BYTES) == 0)
			return take_sheet(source, n_bytes, sheet);
		if (!pass(source, n_bytes))
			return STATUS_NOT_FOUND;
	}
	return STATUS_NOT_FOUND;
}
