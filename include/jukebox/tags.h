/* tags.h - what a file says of itself: a small list of names and values.
 *
 * Names are lower case: title artist album album_artist track disc date; replaygain_track_gain
 * replaygain_album_gain r128_track_gain r128_album_gain mixramp_start mixramp_end mixramp_ref;
 * liq_cue_in liq_cue_out liq_cross_duration ... as they stand, in lower case.
 * Values are valid UTF-8, may hold control characters, and are escaped when shown.
 * Everything is bounded: tags are claims of strangers.
 */
#ifndef JUKEBOX_TAGS_H
#define JUKEBOX_TAGS_H

#include <stddef.h>

#include "jukebox/status.h"

enum { TAGS_MOST = 48, TAG_VALUE_BYTES = 1024 };

struct tag {
	char *name, *value;
};

/* {0} is empty.  Owner calls tags_done. */
struct tags {
	struct tag *items;
	size_t count;
};

void tags_done(struct tags *tags);

/* Sets or replaces.  The value is turned into UTF-8 (Latin-1 assumed otherwise), cut at
 * TAG_VALUE_BYTES; names that this program has no use for, empty values, and more than TAGS_MOST
 * are passed over with STATUS_OK.  Known spellings are folded (ALBUMARTIST, "album artist" ->
 * album_artist, TRACKNUMBER -> track, DISCNUMBER -> disc, YEAR -> date). */
enum status tags_set(struct tags *tags, const char *name, const char *value) MUST_USE;

/* NULL when absent.  Borrowed, until the tags change. */
const char *tags_get(const struct tags *tags, const char *name);

void tags_remove(struct tags *tags, const char *name);

enum status tags_copy(struct tags *to, const struct tags *from) MUST_USE;

#endif
