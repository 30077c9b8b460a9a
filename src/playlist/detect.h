/* detect.h - what kind of list a file is: by content, then by name. */
#ifndef PLAYLIST_DETECT_H
#define PLAYLIST_DETECT_H

#include <stddef.h>
#include <stdint.h>

enum list_kind {
	LIST_NONE, /* no list: a music file, or what claims to be one */
	LIST_M3U,
	LIST_PLS,
	LIST_XSPF,
	LIST_CUE, /* the tracks of one file */
	LIST_ROTATION, /* by its name alone */
	LIST_HLS, /* the parts of a stream (RFC 8216) in the clothes of an M3U */
	LIST_MUSIC, /* certainly music, whatever its name says */
};

enum list_kind detect_list(const uint8_t *head, size_t n_bytes, const char *name);

#endif
