/* view.h - the part of a source behind its ID3v2 tags, as the libraries' read, seek and tell want it.
 *
 * Positions are relative to the place the source stood at when the view was made.  A read error is
 * remembered: libraries take it for the end of the file, and view_end tells the two apart.
 */
#ifndef DECODE_VIEW_H
#define DECODE_VIEW_H

#include <stdint.h>

#include "jukebox/source.h"
#include "jukebox/status.h"

enum { VIEW_BUFFER_BYTES = 32 * 1024 }; /* libmpg123 reads header by header */

struct view {
	struct source *source; /* borrowed */
	int64_t start;
	int64_t position; /* the next byte the library gets */
	int error_number; /* errno of the last read error, 0 when none */
	int64_t buffer_at; /* position of buffer[0] */
	size_t n_buffered;
	uint8_t buffer[VIEW_BUFFER_BYTES];
};

void view_init(struct view *view, struct source *source, int64_t start);

/* As source_read: fewer than n_bytes only at the end. */
int64_t view_read(struct view *view, void *to, size_t n_bytes);

/* `whence` as for lseek.  The new position, or -1. */
int64_t view_seek(struct view *view, int64_t offset, int whence);

int64_t view_position(const struct view *view);
int64_t view_size(const struct view *view);

/* STATUS_END, or STATUS_IO and its reason when reading had failed. */
enum status view_end(const struct view *view, struct error *error) MUST_USE;

/* The status of a library's refusal to open: STATUS_IO after a read error, else STATUS_BAD_DATA
 * with `format` and what follows as its text. */
enum status view_refuse(const struct view *view, struct error *error, const char *format, ...)
        PRINTF_LIKE(3, 4);

#endif
