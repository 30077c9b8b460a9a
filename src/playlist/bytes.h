/* bytes.h - the bytes of a list, from a source or a descriptor, with a look at the first of them. */
#ifndef PLAYLIST_BYTES_H
#define PLAYLIST_BYTES_H

#include <stdint.h>
#include <sys/types.h>

#include "jukebox/source.h"

enum { BYTES_HEAD = 4096 };

struct bytes {
	struct source *source; /* borrowed; NULL: read from fd */
	int fd; /* borrowed */
	uint8_t head[BYTES_HEAD];
	size_t n_head, head_taken;
};

/* Reads the head.  -1 with errno on a read error. */
int bytes_init_source(struct bytes *bytes, struct source *source);
int bytes_init_fd(struct bytes *bytes, int fd);

/* Up to n_bytes; fewer only at the end; 0 at the end; -1 with errno. */
ssize_t bytes_read(struct bytes *bytes, void *to, size_t n_bytes);

#endif
