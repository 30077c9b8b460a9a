/* suffix.h - what the end of a name says about a file. */
#ifndef PLAYLIST_SUFFIX_H
#define PLAYLIST_SUFFIX_H

#include <stdbool.h>

/* Behind the last dot of the last part of the path, "" when there is none.  Borrowed. */
const char *suffix_of(const char *path);

/* A playlist or a cue sheet: names of music, no music. */
bool suffix_is_list(const char *path);

/* Lies about in music folders and is plainly no music: lists, pictures, texts, archives, caches. */
bool suffix_is_bystander(const char *path);

#endif
