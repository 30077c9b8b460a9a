/* chapters.h - where titles begin within one file, for players that show them. */
#ifndef JUKEBOX_ENCODE_CHAPTERS_H
#define JUKEBOX_ENCODE_CHAPTERS_H

#include <stddef.h>
#include <stdint.h>

#include "jukebox/status.h"
#include "jukebox/tags.h"

/* As many as a table of contents in ID3 counts.  Titles are short enough for sizes of one byte: within chapters, some
 * readers (ffmpeg 5.1) take sizes for plain numbers that ID3v2.4 writes with seven bits a byte. */
enum { CHAPTERS_MOST = 255, CHAPTER_TITLE_BYTES = 120 };

struct chapter {
	int64_t frame;
	char title[CHAPTER_TITLE_BYTES];
};

/* {0} is empty; chapters_done frees. */
struct chapters {
	struct chapter *items;
	size_t count;
};

/* "Artist - Title"; more than CHAPTERS_MOST are passed over. */
enum status chapters_add(
        struct chapters *chapters, int64_t frame, const struct tags *tags) MUST_USE;
void chapters_done(struct chapters *chapters);

/* An ID3v2.4 tag of exactly `n_bytes`, with as many chapters as fit and padding behind them.  `end_frame`: of the
 * programme. */
void chapters_to_id3(const struct chapters *chapters, int64_t end_frame, int rate_hz, uint8_t *tag,
        size_t n_bytes);

/* The comments CHAPTERnnn and CHAPTERnnnNAME of Ogg, one after the other: `put` is given "NAME=value". */
typedef void chapters_put_fn(void *user, const char *comment);
void chapters_to_comments(
        const struct chapters *chapters, int rate_hz, chapters_put_fn *put, void *user);

#endif
