/* part.h - a name for a part of a file: "album.flac#cd=13500-27000".
 *
 * The numbers are sectors of a compact disc, 75 a second, from the start of the music: the unit of cue sheets.  The
 * part begins at the first one and ends before the second; without the second it goes on to the end of the file.
 * Such a name stands for a track everywhere that a file's name does: in lists, caches, plans.  A file
 * that really has this name is meant before a part of another.
 */
#ifndef JUKEBOX_PART_H
#define JUKEBOX_PART_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { PART_SECTORS_PER_SECOND = 75 };
#define PART_MOST_SECTORS 10000000000 /* some four years */

struct part {
	size_t n_file; /* bytes of the file's own name, in front of the '#' */
	int64_t from_sector;
	int64_t to_sector; /* -1: to the end */
};

/* Is it a name of this form?  Fills *part; no file is looked at. */
bool part_of_name(const char *name, struct part *part);

/* A new string (caller frees): the name of a part of `file`.  NULL when out of memory. */
char *part_name(const char *file, int64_t from_sector, int64_t to_sector);

/* A new string (caller frees): the name of the file that `name`, a file's or a part's, is to be opened by.
 * NULL when out of memory. */
char *part_file(const char *name);

/* Does `next` begin in the same file where `name` ends? */
bool part_continues(const char *name, const char *next);

/* First frame at or behind the start of a sector; exact at the rates of music, which 75 divides. */
int64_t part_sector_to_frame(int64_t sector, int rate_hz);

#endif
