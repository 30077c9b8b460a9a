/* lines.h - the lines of a list as UTF-8 (or whatever bytes it holds), one at a time.
 *
 * LF, CR LF, and lone CR where the list has no LF; a byte order mark is passed over, UTF-16 with
 * a mark becomes UTF-8.  A line above LINE_MOST_BYTES comes cut, with `too_long` set.
 */
#ifndef PLAYLIST_LINES_H
#define PLAYLIST_LINES_H

#include <stdbool.h>
#include <stdint.h>

#include "buffer.h"
#include "bytes.h"

enum { LINE_MOST_BYTES = 8 << 20 };

enum line_encoding { LINES_AS_BYTES, LINES_UTF16_LE, LINES_UTF16_BE };

struct lines {
	struct bytes *bytes; /* borrowed */
	struct buffer buffer; /* read, in UTF-8; handed out up to `start` */
	size_t start;
	enum line_encoding encoding;
	uint32_t high; /* a high surrogate that waits for its other half */
	char ending; /* '\n' or '\r' */
	bool at_end; /* of the bytes */
	bool skipping; /* the rest of a line that was too long */
	int64_t number;
};

struct line {
	char *text; /* borrowed until the next call; n_bytes and a NUL; may hold NULs; may be changed */
	size_t n_bytes;
	int64_t number; /* from 1 */
	bool too_long;
};

void lines_init(struct lines *lines, struct bytes *bytes);
void lines_done(struct lines *lines);

/* STATUS_END behind the last; STATUS_IO (errno); STATUS_NO_MEMORY. */
enum status lines_next(struct lines *lines, struct line *line) MUST_USE;

#endif
