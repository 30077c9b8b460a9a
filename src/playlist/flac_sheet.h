/* flac_sheet.h - the cue sheet that some rippers put into the tags of a FLAC of a whole disc. */
#ifndef PLAYLIST_FLAC_SHEET_H
#define PLAYLIST_FLAC_SHEET_H

#include "jukebox/source.h"

enum { FLAC_SHEET_MOST_BYTES = 256 << 10 };

/* STATUS_OK: *sheet is its text (caller frees).  STATUS_NOT_FOUND: no FLAC, or none in it. */
enum status flac_sheet_find(struct source *source, char **sheet) MUST_USE;

#endif
