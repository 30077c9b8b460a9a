/* playlist.h - lists in, entries out; no audio is touched.
 *
 * M3U, M3U8, extended M3U, PLS, XSPF, rotations (FILE.rotation), cue sheets (in a file, or in the tags of a FLAC), folders (recursive, natural order, each file once), single
 * music files, and standard input ("-").  Lists inside lists are refused (reported), so nothing loops.
 * Entries are names of files, or of parts of files (part.h), never URLs, protocols or commands.
 */
#ifndef JUKEBOX_PLAYLIST_H
#define JUKEBOX_PLAYLIST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "jukebox/log.h"
#include "jukebox/rotation.h"
#include "jukebox/status.h"

/* One entry.  Strings are owned by the playlist. */
struct playlist_entry {
	const char
	        *path; /* absolute or relative to the current folder: can be opened as it stands */
	const char *
	        title; /* from EXTINF, PLS Title, XSPF title/creator ("Creator - Title"); NULL when none */
	const char *
	        directives; /* the texts of the "#JUKEBOX:" lines before the entry, joined with '\n'; NULL when none */
};

struct playlist;

struct playlist_options {
	/* Does a path have to name an existing regular file to become an entry?  (true for all verbs;
	 * parsers under test may say no.) */
	bool must_exist;
	/* A last look at a file that would become an entry: anything but STATUS_OK drops it, with error->text
	 * as the reason, and the line of the list is reported as for any other.  NULL: no look. */
	enum status (*accept)(void *context, const char *path, struct error *error);
	void *accept_context; /* borrowed */
};

/* Reads `name` ("-": standard input as M3U, relative to the current folder) and appends its entries to the playlist.
 * A line that yields nothing is logged with its number (bounded by log_file) and counted; the rest goes on.
 * STATUS_OK also for an empty list, which is logged by its name; *error names the list. */
struct playlist *playlist_new(struct log *log, const struct playlist_options *options);
enum status playlist_add(struct playlist *playlist, const char *name, struct error *error) MUST_USE;
void playlist_free(struct playlist *playlist);

size_t playlist_count(const struct playlist *playlist);
/* The rotation that was added (NULL: none): its sources are parts of the playlist.  A rotation stands alone: what is added
 * beside it is refused.  Borrowed. */
const struct rotation *playlist_rotation(const struct playlist *playlist);
size_t playlist_dropped(const struct playlist *playlist); /* lines that yielded nothing */
/* i < count.  Cost does not depend on i.  Memory: the text of the entry plus some 40 bytes. */
struct playlist_entry playlist_get(const struct playlist *playlist, size_t i);

#endif
