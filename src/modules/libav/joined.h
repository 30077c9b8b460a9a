/* joined.h - files that are several ones, one behind the other, where libav reads the first one only. */
#ifndef LIBAV_JOINED_H
#define LIBAV_JOINED_H

#include <stdbool.h>
#include <stdint.h>

#include "jukebox/source.h"

/* Where, at `from` or behind it, a file of this container begins, over tags that may lie between; -1: there is none near,
 * or libav reads such files to their end.  *has_tag: there is a tag at `from`. */
int64_t joined_next(struct source *source, const char *container, int64_t from, bool *has_tag);

#endif
