/* resolve.h - from the text of an entry to a file that is there. */
#ifndef PLAYLIST_RESOLVE_H
#define PLAYLIST_RESOLVE_H

#include <stdbool.h>
#include <sys/stat.h>

#include "buffer.h"
#include "jukebox/playlist.h"

struct resolver {
	const char *folder; /* borrowed; before relative names: "" or ending with '/' */
	const struct playlist_options *options; /* borrowed */
	const struct stat *self; /* the list itself; NULL when it is no file */
	struct buffer path, spelling; /* the result is in path */
	struct buffer scratch;
	char reason[ERROR_TEXT_BYTES]; /* why not, in words */
};

void resolver_done(struct resolver *resolver);

/* STATUS_OK: resolver->path.at can be opened.  STATUS_NO_MEMORY; anything else: resolver->reason.
 * `percent_first`: the text is a URI reference (XSPF), not a name. */
enum status resolve(
        struct resolver *resolver, const char *text, size_t n_bytes, bool percent_first) MUST_USE;

/* Why a file of this kind cannot hold music ("is a FIFO", ...); NULL when it may. */
const char *resolve_refusal(const struct stat *st);

/* "http" for http://...; 0 when the text begins with no scheme and "://".  Its length. */
size_t resolve_url_scheme(const char *text, size_t n_bytes);

#endif
