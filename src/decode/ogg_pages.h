/* ogg_pages.h - where the links of a chained Ogg stream begin (RFC 3533, section 4). */
#ifndef DECODE_OGG_PAGES_H
#define DECODE_OGG_PAGES_H

#include <stdbool.h>
#include <stdint.h>

#include "view.h"

/* Is there more than one link?  A file that ends with a page of a stream that begins at its start has one: then only
 * both ends are read.  Leaves the view at its start. */
bool ogg_is_chained(struct view *view);

/* The end of the link that begins at `from`: where pages of new streams begin behind pages of old ones, or the end of
 * the file.  Reads all page headers on its way; damaged places are passed. */
int64_t ogg_link_end(struct view *view, int64_t from);

#endif
