/* import.h - what the parsers of this folder share: the list at hand, and where its entries go. */
#ifndef PLAYLIST_IMPORT_H
#define PLAYLIST_IMPORT_H

#include "bytes.h"
#include "jukebox/playlist.h"
#include "lines.h"
#include "resolve.h"

enum {
	TITLE_MOST_BYTES = 1024,
	DIRECTIVES_MOST_BYTES = 16 << 10,
};
#define DIRECTIVE_PREFIX "#JUKEBOX:"

/* One list while it is read. */
struct import {
	struct playlist *playlist;
	struct log *log;
	const char *name; /* as messages call it */
	struct bytes *bytes; /* NULL for folders */
	struct resolver resolver;
	const char *sheet_of; /* a cue sheet that lies in this file speaks of no other; else NULL */
};

/* An entry as the list has it: what stands before a file name is found for it. */
struct import_entry {
	const char *text; /* n_bytes, may hold NULs */
	size_t n_bytes;
	int64_t line;
	bool percent_first; /* see resolve() */
	const char *title, *directives; /* NULL when none */
};

/* Appends the entry, or reports and counts it as dropped; fails only for want of memory. */
enum status import_entry(struct import *import, const struct import_entry *entry) MUST_USE;

/* Reports and counts what yields nothing; `text` may be NULL. */
void import_drop(
        struct import *import, int64_t line, const char *text, size_t n_bytes, const char *reason);

/* The same for a file of a folder. */
void import_drop_file(struct import *import, const char *path, const char *reason);

/* Says something about a line that has yielded all it should. */
void import_note(struct import *import, int64_t line, const char *text);

/* A title as it is kept: trimmed, cut, in UTF-8; "" when nothing is left. */
enum status import_title(struct buffer *to, const char *text, size_t n_bytes) MUST_USE;

/* The text behind "#JUKEBOX:", n_bytes and a NUL, joined in UTF-8 to those before it; *line becomes its
 * number when it was 0.  Too much of it is reported and left out. */
enum status import_directive(struct import *import, struct buffer *directives, int64_t *line,
        const struct line *at) MUST_USE;

/* Appends to the playlist; title and directives may be NULL. */
enum status import_append(struct import *import, const char *path, const char *title,
        const char *directives) MUST_USE;

/* One a kind of list.  STATUS_IO with errno when reading fails on the way: what came before stays. */
enum status m3u_read(struct import *import) MUST_USE;
enum status pls_read(struct import *import) MUST_USE;
enum status xspf_read(struct import *import) MUST_USE;
enum status cue_read(struct import *import) MUST_USE;

/* A folder and all below it; `path` as the user gave it. */
enum status folder_read(struct import *import, const char *path) MUST_USE;

#endif
