/* rotation.h - a rotation file: which lists are played how often, and what is due at what time.
 *
 *     music.m3u * 3                 # three songs of this one
 *     oldies/                       # for each of that one
 *     jingles.m3u every 4 songs
 *     at 12:00 news.wav
 *     at :30 "station ids/"
 *
 * The grammar stands in jukebox-rotation(5).
 */
#ifndef JUKEBOX_ROTATION_H
#define JUKEBOX_ROTATION_H

#include <stddef.h>
#include <stdint.h>

#include "jukebox/status.h"

enum {
	ROTATION_SOURCES_MOST = 64,
	ROTATION_NUMBER_MOST = 1000, /* weights, and songs between */
	ROTATION_NAME_BYTES = 4096,
};

enum rotation_kind {
	ROTATION_MUSIC,
	ROTATION_EVERY, /* one item behind every `number` songs of music */
	ROTATION_AT, /* one item at a time of day */
};

struct rotation_source {
	enum rotation_kind kind;
	int number; /* weight of music; songs between */
	int hour, minute; /* of ROTATION_AT, local time; hour -1: each */
	int64_t line; /* of the file */
	char *name; /* owned; as it stands in the file, without quotes */
	char *path; /* owned; as it was opened; NULL before */
	size_t first, count; /* its entries in the playlist */
};

struct rotation {
	struct rotation_source *sources;
	size_t count;
};

void rotation_done(struct rotation *rotation);

/* One line: STATUS_OK and *source (its name is the caller's to free), STATUS_END: there is nothing in it, STATUS_BAD_DATA:
 * *error says what is wrong with it. */
enum status rotation_parse_line(const char *line, size_t n_bytes, struct rotation_source *source,
        struct error *error) MUST_USE;

#endif
