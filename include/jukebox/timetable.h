/* timetable.h - the items of a rotation that have a time of day. */
#ifndef JUKEBOX_TIMETABLE_H
#define JUKEBOX_TIMETABLE_H

#include "jukebox/playlist.h"
#include "jukebox/status.h"

struct timetable;

/* Of a playlist's rotation; the names are copied.  *timetable is NULL when nothing in it has a time.  `before` (may be NULL) is used up: lists of the same name and
 * time go on where they stood, and the time is not looked at anew. */
enum status timetable_new(const struct playlist *playlist, struct timetable *before,
        struct timetable **timetable) MUST_USE;
void timetable_free(struct timetable *timetable);

#endif
