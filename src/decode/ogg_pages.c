/* ogg_pages.c - the pages of Ogg (RFC 3533, section 6), one after the other, as far as they tell where links of a chain
 * begin.  What is in them is left to the codecs' libraries. */
#include "ogg_pages.h"

#include <stdio.h>
#include <string.h>

enum {
	HEADER_BYTES = 27,
	MOST_SEGMENTS = 255,
	MOST_PAGE_BYTES = HEADER_BYTES + MOST_SEGMENTS + MOST_SEGMENTS * 255,
	BEGINS_STREAM = 2,
};

struct page {
	int64_t at, next;
	uint32_t serial;
	bool begins_stream;
};

static bool is_header(const uint8_t *bytes)
{
	return memcmp(bytes, "OggS", 4) == 0 && bytes[4] == 0;
}

static uint32_t serial_of(const uint8_t *header)
{
	return (uint32_t)header[14] | (uint32_t)header[15] << 8 | (uint32_t)header[16] << 16 |
	       (uint32_t)header[17] << 24;
}

static bool read_page(struct view *view, int64_t at, struct page *page)
{
	uint8_t header[HEADER_BYTES + MOST_SEGMENTS];

	view_seek(view, at, SEEK_SET);
	if (view_read(view, header, HEADER_BYTES) != HEADER_BYTES || !is_header(header) ||
	        view_read(view, header + HEADER_BYTES, header[26]) != header[26])
		return false;
	*page = (struct page){
	        .at = at,
	        .next = at + HEADER_BYTES + header[26],
	        .serial = serial_of(header),
	        .begins_stream = header[5] & BEGINS_STREAM,
	};
	for (int i = 0; i < header[26]; i++)
		page->next += header[HEADER_BYTES + i];
	return true;
}

/* The next place from `at` on where a page may begin; the end when there is none. */
static int64_t find_page(struct view *view, int64_t at)
{
	enum { BLOCK_BYTES = 4096, OVERLAP_BYTES = 4 };
	uint8_t block[BLOCK_BYTES];

	for (;;) {
		int64_t got;
		const uint8_t *found;

		view_seek(view, at, SEEK_SET);
		got = view_read(view, block, sizeof(block));
		if (got <= OVERLAP_BYTES)
			return view_size(view);
		found = memmem(block, (size_t)got, "OggS\0", 5);
		if (found)
			return at + (found - block);
		at += got - OVERLAP_BYTES;
	}
}

/* The next whole page from `at` on. */
static bool next_page(struct view *view, int64_t at, struct page *page)
{
	while (at < view_size(view)) {
		if (read_page(view, at, page))
			return true;
		at = find_page(view, at + 1);
	}
	return false;
}

static bool last_page(struct view *view, struct page *last)
{
	int64_t size = view_size(view), at = size - 2 * MOST_PAGE_BYTES;
	bool found = false;

	for (at = at > 0 ? at : 0; next_page(view, at, last); at = last->next)
		found = true;
	return found;
}

bool ogg_is_chained(struct view *view)
{
	struct page page, last;
	bool chained = last_page(view, &last);

	for (int64_t at = 0; chained && next_page(view, at, &page) && page.begins_stream;
	        at = page.next)
		chained = page.serial != last.serial;
	/* A damaged page may say anything. */
	chained = chained && ogg_link_end(view, 0) < view_size(view);
	view_seek(view, 0, SEEK_SET);
	return chained;
}

int64_t ogg_link_end(struct view *view, int64_t from)
{
	struct page page;
	bool is_inside = false;

	for (int64_t at = from; next_page(view, at, &page); at = page.next) {
		if (page.begins_stream && is_inside)
			return page.at;
		is_inside |= !page.begins_stream;
	}
	return view_size(view);
}
