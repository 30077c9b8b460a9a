/* rotation.h - reading a rotation file; its lines are told of in jukebox/rotation.h. */
#ifndef PLAYLIST_ROTATION_H
#define PLAYLIST_ROTATION_H

#include "import.h"
#include "jukebox/rotation.h"

enum { ROTATION_LINES_MOST = 4096 };

/* Fills rotation->sources, which has room for ROTATION_SOURCES_MOST, without looking at the lists.  The first line that is wrong
 * ends it: STATUS_BAD_DATA, *error names file and line.  What was read is the caller's to free in any case. */
enum status rotation_read(
        struct import *import, struct rotation *rotation, struct error *error) MUST_USE;

#endif
