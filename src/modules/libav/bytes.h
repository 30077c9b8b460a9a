/* bytes.h - a source as libav's AVIOContext: the only bytes that libav gets to see. */
#ifndef LIBAV_BYTES_H
#define LIBAV_BYTES_H

#include <stdbool.h>
#include <stdint.h>

#include <libavformat/avio.h>

#include "jukebox/source.h"

struct bytes {
	AVIOContext *io; /* owned; NULL before bytes_init_at */
	struct source *source; /* borrowed */
	int64_t start; /* of the music, behind ID3v2 tags */
	int64_t position; /* from there */
	int64_t n_left; /* how much more may be read; see bytes_allow */
	int error_number; /* errno of the last read error, 0 when none */
};

/* What lies behind `start`.  Many may read one source, as long as one thread does.  False: out of memory. */
bool bytes_init_at(struct bytes *bytes, struct source *source, int64_t start);
void bytes_done(struct bytes *bytes);

/* From here on at most n_bytes are read; then reading fails.  Ends what goes round in circles. */
void bytes_allow(struct bytes *bytes, int64_t n_bytes);

#endif
