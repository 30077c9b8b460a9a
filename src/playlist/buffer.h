/* buffer.h - a text that grows, for the parsers of this folder. */
#ifndef PLAYLIST_BUFFER_H
#define PLAYLIST_BUFFER_H

#include <stddef.h>

#include "jukebox/status.h"

/* {0} is empty; owner calls buffer_done.  Once anything was put in, `at` ends with a NUL that
 * n_bytes does not count. */
struct buffer {
	char *at;
	size_t n_bytes, capacity;
};

void buffer_done(struct buffer *buffer);
void buffer_clear(struct buffer *buffer);

/* Makes room for n_bytes in all, and the NUL behind them. */
enum status buffer_reserve(struct buffer *buffer, size_t n_bytes) MUST_USE;

enum status buffer_add(struct buffer *buffer, const char *from, size_t n_bytes) MUST_USE;

#endif
