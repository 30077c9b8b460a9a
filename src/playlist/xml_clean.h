/* xml_clean.h - XML bytes for a strict parser, from writers that are not. */
#ifndef PLAYLIST_XML_CLEAN_H
#define PLAYLIST_XML_CLEAN_H

#include <stdbool.h>

#include "bytes.h"

enum { XML_REFERENCE_MOST_BYTES = 12 }; /* "&#x10FFFF;" and a few leading zeros */

/* {.bytes = ...} to begin with. */
struct xml_clean {
	struct bytes *bytes; /* borrowed */
	char held[XML_REFERENCE_MOST_BYTES]; /* what may be the beginning of a reference */
	size_t n_held;
	bool at_end; /* of the bytes */
};

/* Up to n_bytes (at least 64); may be 0 before the end, see at_end; -1 with errno. */
ssize_t xml_clean_read(struct xml_clean *clean, char *to, size_t n_bytes);

#endif
