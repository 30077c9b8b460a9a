/* chapters.c - collects titles, and writes them as ID3v2 chapter frames (ID3v2 Chapter Frame Addendum 1.0, 2005) and
 * as comments of Ogg (wiki.xiph.org/Chapter_Extension).
 */
#include "chapters.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "jukebox/text.h"

enum { HEADER_BYTES = 10, ID_BYTES = 6 };
#define OFFSET_UNUSED UINT32_MAX

/* What does not fit is cut between two letters of UTF-8. */
static void copy_whole_letters(char *to, const char *from)
{
	size_t n = 0;
	uint32_t code;
	for (size_t length; (length = text_utf8_decode(from + n, &code)) > 0; n += length)
		if (n + length >= CHAPTER_TITLE_BYTES)
			break;
	memcpy(to, from, n);
	to[n] = '\0';
}

enum status chapters_add(struct chapters *c, int64_t frame, const struct tags *tags)
{
	const char *title = tags_get(tags, "title"), *artist = tags_get(tags, "artist");
	char whole[2 * TAG_VALUE_BYTES + 4];
	if (c->count == CHAPTERS_MOST)
		return STATUS_OK;
	if (c->count % 16 == 0) {
		struct chapter *items = realloc(c->items, (c->count + 16) * sizeof *items);
		if (!items)
			return STATUS_NO_MEMORY;
		c->items = items;
	}
	struct chapter *chapter = &c->items[c->count++];
	chapter->frame = frame;
	snprintf(whole, sizeof whole, "%s%s%s", artist ? artist : "", artist && title ? " - " : "",
	        title ? title : "");
	copy_whole_letters(chapter->title, whole);
	return STATUS_OK;
}

void chapters_done(struct chapters *c)
{
	free(c->items);
	*c = (struct chapters){0};
}

/* ---- ID3 ---------------------------------------------------------------------------------- */

static uint8_t *put(uint8_t *to, const void *bytes, size_t n_bytes)
{
	memcpy(to, bytes, n_bytes);
	return to + n_bytes;
}

static uint8_t *put_number(uint8_t *to, uint32_t value)
{
	for (int shift = 24; shift >= 0; shift -= 8)
		*to++ = (uint8_t)(value >> shift);
	return to;
}

/* Seven bits a byte. */
static uint8_t *put_size(uint8_t *to, size_t value)
{
	for (int shift = 21; shift >= 0; shift -= 7)
		*to++ = (uint8_t)(value >> shift & 0x7f);
	return to;
}

static uint8_t *put_frame_header(uint8_t *to, const char *name, size_t n_bytes)
{
	to = put_size(put(to, name, 4), n_bytes);
	return put(to, "\0", 2);
}

static uint8_t *put_id(uint8_t *to, size_t number)
{
	char id[ID_BYTES + 8];
	snprintf(id, sizeof id, "ch%03zu", number % 1000);
	return put(to, id, ID_BYTES);
}

static uint32_t milliseconds(int64_t frame, int rate_hz)
{
	int64_t ms = frame / rate_hz * 1000 + frame % rate_hz * 1000 / rate_hz;
	return ms < UINT32_MAX ? (uint32_t)ms : UINT32_MAX - 1;
}

static size_t text_frame_bytes(const char *text)
{
	return HEADER_BYTES + 1 + strlen(text);
}

static size_t chapter_bytes(const struct chapter *c)
{
	return HEADER_BYTES + ID_BYTES + 16 + text_frame_bytes(c->title);
}

static uint8_t *put_chapter(
        uint8_t *to, const struct chapters *c, size_t i, int64_t end_frame, int rate_hz)
{
	const struct chapter *chapter = &c->items[i];
	int64_t end = i + 1 < c->count ? c->items[i + 1].frame : end_frame;
	to = put_frame_header(to, "CHAP", chapter_bytes(chapter) - HEADER_BYTES);
	to = put_id(to, i);
	to = put_number(to, milliseconds(chapter->frame, rate_hz));
	to = put_number(to, milliseconds(end, rate_hz));
	to = put_number(put_number(to, OFFSET_UNUSED), OFFSET_UNUSED);
	to = put_frame_header(to, "TIT2", 1 + strlen(chapter->title));
	return put(put(to, "\3", 1), chapter->title, strlen(chapter->title)); /* UTF-8 */
}

static size_t contents_bytes(size_t n)
{
	return HEADER_BYTES + 4 + 2 + n * ID_BYTES;
}

/* The table of contents: top of the tree, in order. */
static uint8_t *put_contents(uint8_t *to, size_t n)
{
	to = put_frame_header(to, "CTOC", contents_bytes(n) - HEADER_BYTES);
	to = put(to, "toc", 4);
	*to++ = 3;
	*to++ = (uint8_t)n;
	for (size_t i = 0; i < n; i++)
		to = put_id(to, i);
	return to;
}

static size_t count_fitting(const struct chapters *c, size_t n_bytes)
{
	size_t n = 0, used = HEADER_BYTES;
	while (n < c->count &&
	        used + chapter_bytes(&c->items[n]) + contents_bytes(n + 1) <= n_bytes)
		used += chapter_bytes(&c->items[n++]);
	return n;
}

void chapters_to_id3(
        const struct chapters *c, int64_t end_frame, int rate_hz, uint8_t *tag, size_t n_bytes)
{
	memset(tag, 0, n_bytes);
	uint8_t *to = put(tag, "ID3\4\0\0", 6);
	to = put_size(to, n_bytes - HEADER_BYTES);
	size_t n = count_fitting(c, n_bytes);
	if (n == 0)
		return;
	to = put_contents(to, n);
	for (size_t i = 0; i < n; i++)
		to = put_chapter(to, c, i, end_frame, rate_hz);
}

/* ---- comments ----------------------------------------------------------------------------- */

void chapters_to_comments(
        const struct chapters *c, int rate_hz, chapters_put_fn *put_comment, void *user)
{
	for (size_t i = 0; i < c->count; i++) {
		char text[CHAPTER_TITLE_BYTES + 32];
		int64_t frame = c->items[i].frame;
		int seconds = (int)(frame / rate_hz % 60),
		    minutes = (int)(frame / rate_hz / 60 % 60);
		snprintf(text, sizeof text, "CHAPTER%03zu=%02lld:%02d:%02d.%03d", i + 1,
		        (long long)(frame / rate_hz / 3600), minutes, seconds,
		        (int)(frame % rate_hz * 1000 / rate_hz));
		put_comment(user, text);
		snprintf(text, sizeof text, "CHAPTER%03zuNAME=%s", i + 1, c->items[i].title);
		put_comment(user, text);
	}
}
