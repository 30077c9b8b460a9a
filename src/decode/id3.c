/* id3.c - ID3v2, ID3v1 and APEv2: text out of tags, whatever they claim.  What the names mean
 * and how long values may be is the affair of base/tags.
 *
 * Why no library does this, measured with those of Debian 12 (files by ffmpeg and mutagen, and made-up ones):
 * - TagLib 1.13's C binding knows title, artist, album, a year and a track's number, which is 3 of 16 names that tests/cli/tagged.t
 *   looks for and half of two others; no level.  It wants a file's name, which it opens for writing: a decoder in the
 *   sandbox has but a descriptor.  A tag of 250 MB of small frames costs it 63 s and 11 GB, one of a 200 MB text 3 GB.
 * - libmpg123 reads ID3v2 well, and no APEv2, where mp3gain's values are.  It keeps tags whole: 258 MB and 616 MB for those
 *   two (here 4 MB and no time), 1.2 ms in place of 16 us where a picture of 1 MB comes first.  The first of two tags is lost,
 *   UTF-8 under the label Latin-1 is garbled, and a file whose tag claims more than there is does not play. */
#include "id3.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "jukebox/text.h"

enum {
	HEADER_BYTES = 10,
	TEXT_BYTES = 4096, /* of a frame are read: TAG_VALUE_BYTES, even as UTF-16, twice over */
	ENCODING_LATIN1 = 0,
	ENCODING_UTF16 = 1,
	ENCODING_UTF16BE = 2,
	ENCODING_UTF8 = 3,
};

static uint32_t big_endian(const uint8_t *at, int n_bytes)
{
	uint32_t value = 0;

	for (int i = 0; i < n_bytes; i++)
		value = value << 8 | at[i];
	return value;
}

static uint32_t little_endian32(const uint8_t *at)
{
	return (uint32_t)at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16 |
	       (uint32_t)at[3] << 24;
}

static uint32_t syncsafe(const uint8_t *at)
{
	return (at[0] & 127u) << 21 | (at[1] & 127u) << 14 | (at[2] & 127u) << 7 | (at[3] & 127u);
}

/* A read error counts as the end: the decoder meets it again, and reports it. */
static size_t read_at(struct source *source, int64_t position, void *to, size_t n_bytes)
{
	ssize_t got;

	if (source_seek(source, position) < 0)
		return 0;
	got = source_read(source, to, n_bytes);
	return got > 0 ? (size_t)got : 0;
}

/* ---- text ------------------------------------------------------------------------------- */

static uint32_t utf16_unit(const uint8_t *at, bool big)
{
	return big ? (uint32_t)at[0] << 8 | at[1] : (uint32_t)at[1] << 8 | at[0];
}

static size_t text_of_utf16(const uint8_t *from, size_t n_bytes, bool big, char *to, size_t room)
{
	size_t at = 0, n = 0;
	uint32_t unit, high = 0;

	if (n_bytes >= 2 &&
	        (utf16_unit(from, true) == 0xfeff || utf16_unit(from, true) == 0xfffe)) {
		big = utf16_unit(from, true) == 0xfeff;
		at = 2;
	}
	while (at + 2 <= n_bytes) {
		unit = utf16_unit(from + at, big);
		at += 2;
		if (unit == 0)
			break;
		if (n + TEXT_UTF16_UNIT_BYTES < room)
			n += text_from_utf16(&high, unit, to + n);
	}
	to[n] = 0;
	return at;
}

/* The first string in `from` as UTF-8 (or as Latin-1, which tags_set turns) to `to`; bytes taken
 * with the terminator.  UTF-8 under the label Latin-1 is common, so both go through untouched. */
static size_t text_from(int encoding, const uint8_t *from, size_t n_bytes, char *to, size_t room)
{
	size_t n, length = 0;

	if (encoding == ENCODING_UTF16 || encoding == ENCODING_UTF16BE)
		return text_of_utf16(from, n_bytes, encoding == ENCODING_UTF16BE, to, room);
	while (length < n_bytes && from[length] != 0)
		length++;
	n = length < room ? length : room - 1;
	memcpy(to, from, n);
	to[n] = 0;
	return length < n_bytes ? length + 1 : length;
}

/* ---- ID3v2 frames ----------------------------------------------------------------------- */

struct frame_name {
	char v3[5], v2[4]; /* in versions 2.3 and 2.4; in 2.2 */
	const char *tag; /* NULL: the name stands in the frame */
};

static const struct frame_name frame_names[] = {
        {"TIT2", "TT2", "title"},
        {"TPE1", "TP1", "artist"},
        {"TALB", "TAL", "album"},
        {"TPE2", "TP2", "album_artist"},
        {"TRCK", "TRK", "track"},
        {"TPOS", "TPA", "disc"},
        {"TDRC", "TDR", "date"},
        {"TYER", "TYE", "date"},
        {"TXXX", "TXX", NULL},
};

static const struct frame_name *find_frame(const uint8_t *id, int version)
{
	for (size_t i = 0; i < sizeof(frame_names) / sizeof(*frame_names); i++) {
		const struct frame_name *name = &frame_names[i];

		if (version == 2 ? memcmp(id, name->v2, 3) == 0 : memcmp(id, name->v3, 4) == 0)
			return name;
	}
	return NULL;
}

static enum status set_text(
        struct tags *tags, const struct frame_name *name, const uint8_t *body, size_t n_bytes)
{
	char value[TEXT_BYTES], label[TEXT_BYTES];
	int encoding;
	size_t taken = 0;

	if (n_bytes < 1)
		return STATUS_OK;
	encoding = body[0];
	body++, n_bytes--;
	if (!name->tag)
		taken = text_from(encoding, body, n_bytes, label, sizeof(label));
	text_from(encoding, body + taken, n_bytes - taken, value, sizeof(value));
	return tags_set(tags, name->tag ? name->tag : label, value);
}

/* Takes out the zero bytes that keep false syncs out (ID3v2.3.0, section 5). */
static size_t undo_unsynchronisation(uint8_t *bytes, size_t n_bytes)
{
	size_t n = 0;

	for (size_t i = 0; i < n_bytes; i++) {
		bytes[n++] = bytes[i];
		if (bytes[i] == 0xff && i + 1 < n_bytes && bytes[i + 1] == 0)
			i++;
	}
	return n;
}

struct tag_body {
	struct source *source;
	int64_t position, end;
	int version; /* 2, 3, 4 */
	bool unsynchronised; /* version 4: each frame for itself */
	struct tags *tags;
};

enum { FRAME_UNREADABLE = 1, FRAME_UNSYNCHRONISED = 2 };

/* What the frame's flags mean: the bytes in front of the text to *extra. */
static int frame_flags(const struct tag_body *tag, const uint8_t *header, size_t *extra)
{
	int flags = header[9];

	*extra = 0;
	if (tag->version == 3) {
		*extra = flags & 0x20 ? 1 : 0;
		return flags & 0xc0 ? FRAME_UNREADABLE : 0;
	}
	*extra = (flags & 0x40 ? 1u : 0u) + (flags & 1 ? 4u : 0u);
	if (flags & 0x0c)
		return FRAME_UNREADABLE;
	return flags & 2 || tag->unsynchronised ? FRAME_UNSYNCHRONISED : 0;
}

static enum status read_frame(
        struct tag_body *tag, const uint8_t *header, int64_t at, uint32_t n_bytes)
{
	const struct frame_name *name = find_frame(header, tag->version);
	uint8_t body[TEXT_BYTES];
	size_t got, extra = 0;
	int flags = 0;

	if (!name)
		return STATUS_OK;
	if (tag->version > 2)
		flags = frame_flags(tag, header, &extra);
	if (flags & FRAME_UNREADABLE)
		return STATUS_OK;
	got = read_at(tag->source, at, body, n_bytes < sizeof(body) ? n_bytes : sizeof(body));
	if (flags & FRAME_UNSYNCHRONISED)
		got = undo_unsynchronisation(body, got);
	if (got <= extra)
		return STATUS_OK;
	return set_text(tag->tags, name, body + extra, got - extra);
}

static enum status read_frames(struct tag_body *tag)
{
	int64_t n_header = tag->version == 2 ? 6 : 10;

	for (int i = 0; i < ID3_MOST_FRAMES && tag->end - tag->position >= n_header; i++) {
		uint8_t header[10] = {0};
		uint32_t n_bytes;

		if (read_at(tag->source, tag->position, header, (size_t)n_header) !=
		                (size_t)n_header ||
		        header[0] == 0)
			break;
		n_bytes = tag->version == 2   ? big_endian(header + 3, 3)
		          : tag->version == 3 ? big_endian(header + 4, 4)
		                              : syncsafe(header + 4);
		tag->position += n_header;
		if (n_bytes > tag->end - tag->position)
			break;
		TRY(read_frame(tag, header, tag->position, n_bytes));
		tag->position += n_bytes;
	}
	return STATUS_OK;
}

/* Versions 2.2 and 2.3 count sizes without the zeros, so the tag has to be undone before it can be
 * walked. */
static enum status read_unsynchronised(struct tag_body *tag)
{
	struct tag_body undone = *tag;
	int64_t claimed = tag->end - tag->position;
	size_t n_bytes = claimed < ID3_MOST_BYTES ? (size_t)claimed : ID3_MOST_BYTES;
	uint8_t *bytes = malloc(n_bytes + 1);
	enum status status;

	if (!bytes)
		return STATUS_NO_MEMORY;
	n_bytes =
	        undo_unsynchronisation(bytes, read_at(tag->source, tag->position, bytes, n_bytes));
	status = source_open_memory(bytes, n_bytes, "tag", &undone.source, NULL);
	if (status == STATUS_OK) {
		undone.position = 0;
		undone.end = (int64_t)n_bytes;
		status = read_frames(&undone);
		source_close(undone.source);
	}
	free(bytes);
	return status;
}

static void pass_extended_header(struct tag_body *tag)
{
	uint8_t size[4];

	if (read_at(tag->source, tag->position, size, 4) == 4)
		tag->position +=
		        tag->version == 3 ? 4 + (int64_t)big_endian(size, 4) : syncsafe(size);
}

static enum status read_tag(struct source *source, const uint8_t *header, int64_t start,
        int64_t n_bytes, struct tags *tags)
{
	struct tag_body tag = {
	        .source = source,
	        .position = start + HEADER_BYTES,
	        .end = start + HEADER_BYTES + n_bytes,
	        .version = header[3],
	        .unsynchronised = header[5] & 0x80,
	        .tags = tags,
	};

	if (tag.version < 2 || tag.version > 4 || (tag.version == 2 && header[5] & 0x40))
		return STATUS_OK;
	if (tag.version > 2 && header[5] & 0x40)
		pass_extended_header(&tag);
	if (tag.position > tag.end)
		return STATUS_OK;
	if (tag.unsynchronised && tag.version < 4)
		return read_unsynchronised(&tag);
	return read_frames(&tag);
}

static bool is_tag_header(const uint8_t *header)
{
	return memcmp(header, "ID3", 3) == 0 && header[3] != 0xff && header[4] != 0xff &&
	       (header[6] | header[7] | header[8] | header[9]) < 0x80;
}

enum status id3_read_v2(struct source *source, int64_t start, struct tags *tags, int64_t *behind,
        struct error *error)
{
	uint8_t header[HEADER_BYTES];
	int64_t size = source_size(source);

	*behind = start;
	for (int i = 0; i < ID3_MOST_TAGS; i++) {
		int64_t n_bytes, footer;

		if (read_at(source, *behind, header, sizeof(header)) != sizeof(header) ||
		        !is_tag_header(header))
			break;
		n_bytes = syncsafe(header + 6);
		footer = header[5] & 0x10 && header[3] >= 4 ? HEADER_BYTES : 0;
		if (*behind + HEADER_BYTES + n_bytes > size)
			n_bytes = footer = 0;
		if (*behind + HEADER_BYTES + n_bytes + footer > size)
			footer = 0;
		if (i < ID3_TAGS_READ &&
		        read_tag(source, header, *behind, n_bytes, tags) != STATUS_OK)
			return error_set(error, STATUS_NO_MEMORY, "out of memory");
		*behind += HEADER_BYTES + n_bytes + footer;
	}
	return STATUS_OK;
}

/* ---- the end of the file ---------------------------------------------------------------- */

static enum status set_missing(struct tags *tags, const char *name, const char *value)
{
	/* tags_set folds spellings; asking for the plain name is enough for the few that can
	 * clash. */
	if (value[0] == 0 || tags_get(tags, name))
		return STATUS_OK;
	return tags_set(tags, name, value);
}

enum status id3_merge(struct tags *to, const struct tags *from)
{
	for (size_t i = 0; i < from->count; i++)
		TRY(set_missing(to, from->items[i].name, from->items[i].value));
	return STATUS_OK;
}

/* APEv2: items of size, flags, name NUL, value; little-endian. */
static enum status read_ape_items(const uint8_t *at, size_t n_bytes, struct tags *found)
{
	char value[TAG_VALUE_BYTES + 1];

	for (int i = 0; i < ID3_MOST_FRAMES && n_bytes > 9; i++) {
		uint32_t n_value = little_endian32(at), flags = little_endian32(at + 4);
		size_t n_name = strnlen((const char *)at + 8, n_bytes - 8), used = 8 + n_name + 1;

		if (used > n_bytes || n_value > n_bytes - used)
			break;
		if ((flags & 6) == 0) { /* text */
			text_from(ENCODING_UTF8, at + used, n_value, value, sizeof(value));
			TRY(tags_set(found, (const char *)at + 8, value));
		}
		at += used + n_value;
		n_bytes -= used + n_value;
	}
	return STATUS_OK;
}

static enum status read_ape(struct source *source, int64_t end, struct tags *found)
{
	enum { FOOTER_BYTES = 32, MOST_BYTES = 64 * 1024 };
	uint8_t footer[FOOTER_BYTES], *items;
	uint32_t n_items;
	enum status status = STATUS_OK;

	if (end < FOOTER_BYTES ||
	        read_at(source, end - FOOTER_BYTES, footer, sizeof(footer)) != FOOTER_BYTES ||
	        memcmp(footer, "APETAGEX", 8) != 0)
		return STATUS_OK;
	n_items = little_endian32(footer + 12);
	if (n_items <= FOOTER_BYTES || n_items > MOST_BYTES || n_items > end)
		return STATUS_OK;
	n_items -= FOOTER_BYTES;
	items = malloc(n_items);
	if (!items)
		return STATUS_NO_MEMORY;
	if (read_at(source, end - FOOTER_BYTES - n_items, items, n_items) == n_items)
		status = read_ape_items(items, n_items, found);
	free(items);
	return status;
}

static enum status set_padded(struct tags *tags, const char *name, const uint8_t *field, size_t n)
{
	char value[32];

	text_from(ENCODING_LATIN1, field, n, value, sizeof(value));
	for (n = strlen(value); n > 0 && value[n - 1] == ' '; n--)
		value[n - 1] = 0;
	return set_missing(tags, name, value);
}

static enum status set_v1(struct tags *tags, const uint8_t *tag)
{
	TRY(set_padded(tags, "title", tag + 3, 30));
	TRY(set_padded(tags, "artist", tag + 33, 30));
	TRY(set_padded(tags, "album", tag + 63, 30));
	return set_padded(tags, "date", tag + 93, 4);
}

enum status id3_read_end(struct source *source, struct tags *tags, struct error *error)
{
	enum { V1_BYTES = 128 };
	uint8_t v1[V1_BYTES];
	struct tags found = {0};
	int64_t end = source_size(source);
	bool has_v1 = end >= V1_BYTES &&
	              read_at(source, end - V1_BYTES, v1, V1_BYTES) == V1_BYTES &&
	              memcmp(v1, "TAG", 3) == 0;
	enum status status = read_ape(source, has_v1 ? end - V1_BYTES : end, &found);

	if (status == STATUS_OK)
		status = id3_merge(tags, &found);
	if (status == STATUS_OK && has_v1)
		status = set_v1(tags, v1);
	tags_done(&found);
	return status == STATUS_OK ? status : error_set(error, status, "out of memory");
}
