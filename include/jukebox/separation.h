/* separation.h - how far apart songs of one artist, title or album are to be. */
#ifndef JUKEBOX_SEPARATION_H
#define JUKEBOX_SEPARATION_H

#include <stdbool.h>
#include <stdint.h>

#include "jukebox/status.h"

enum separation_kind { SEPARATION_ARTIST, SEPARATION_TITLE, SEPARATION_ALBUM, SEPARATION_KINDS };

/* Between the end of one and the beginning of the next lie so many other songs, or so many seconds; 0: as they come. */
struct separation {
	struct {
		int64_t songs;
		double seconds;
	} of[SEPARATION_KINDS];
};

/* "artist=60m,title=3h,album=10": a bare number counts songs, one with s, m or h is a time.  STATUS_USAGE. */
enum status separation_parse(
        const char *text, struct separation *separation, struct error *error) MUST_USE;

bool separation_is_set(const struct separation *separation);

/* What a name is when it is compared: without regard to case, blanks at the ends and whoever else takes part ("feat.").
 * 0: no name. */
uint64_t separation_name(const char *text);

#endif
