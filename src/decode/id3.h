/* id3.h - ID3v2.2, 2.3 and 2.4, ID3v1 and APEv2 tags: only text, only what tags.h has a use for.
 *
 * ID3v2: informal standards of id3.org.  Read through the source, frame by frame: pictures are passed
 * over unread, and no claimed size is ever allocated.
 */
#ifndef DECODE_ID3_H
#define DECODE_ID3_H

#include <stdint.h>

#include "jukebox/source.h"
#include "jukebox/status.h"
#include "jukebox/tags.h"

enum {
	ID3_MOST_TAGS = 10000, /* one after the other at the start of a file; passed over */
	ID3_TAGS_READ = 4, /* of which so many are read */
	ID3_MOST_FRAMES = 2000, /* of a tag */
	ID3_MOST_BYTES = 1 << 20, /* of an unsynchronised tag */
};

/* Reads the ID3v2 tags that begin at `start` and gives the position behind the last one to
 * *behind.  A tag that claims to be longer than the file ends behind its header: whatever
 * follows is looked at. Damaged tags give what could be read; only STATUS_NO_MEMORY and
 * STATUS_IO are errors. */
enum status id3_read_v2(struct source *source, int64_t start, struct tags *tags, int64_t *behind,
        struct error *error) MUST_USE;

/* The tags at the end of the file: APEv2 first (mp3gain's values live there), then ID3v1 for
 * what is missing.  Only names not yet in *tags are set. */
enum status id3_read_end(struct source *source, struct tags *tags, struct error *error) MUST_USE;

/* Sets those of `from` that *to has not. */
enum status id3_merge(struct tags *to, const struct tags *from) MUST_USE;

#endif
