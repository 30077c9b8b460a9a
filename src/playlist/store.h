/* store.h - the writing side of struct playlist: entries, compactly kept.  Reading is in playlist.h. */
#ifndef PLAYLIST_STORE_H
#define PLAYLIST_STORE_H

#include "jukebox/playlist.h"

/* Copies the texts; title and directives may be NULL. */
enum status store_append(struct playlist *playlist, const char *path, const char *title,
        const char *directives) MUST_USE;

void store_count_dropped(struct playlist *playlist);

/* From here on the playlist is that of a rotation, whose entries are appended.  It is the playlist's, also when it is changed. */
struct rotation *store_rotation(struct playlist *playlist);

struct log *store_log(const struct playlist *playlist);
const struct playlist_options *store_options(const struct playlist *playlist);

#endif
