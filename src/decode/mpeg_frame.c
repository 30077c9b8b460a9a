/* mpeg_frame.c - finding the first frame of MPEG audio; see mpeg_frame.h. */
#include "mpeg_frame.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct header {
	uint32_t kind; /* sync, version, layer, rate: equal in all frames of a stream */
	int layer; /* 1 to 3 */
	bool version_1;
	int bitrate_index, rate_hz, padding;
};

static const uint16_t bitrates_kbps[2][3][15] = {
        {/* MPEG 2 and 2.5 */
                {0, 32, 48, 56, 64, 80, 96, 112, 128, 144, 160, 176, 192, 224, 256},
                {0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160},
                {0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160}},
        {/* MPEG 1 */
                {0, 32, 64, 96, 128, 160, 192, 224, 256, 288, 320, 352, 384, 416, 448},
                {0, 32, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384},
                {0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320}},
};

static bool parse(const uint8_t *at, struct header *header)
{
	static const int rates_hz[3] = {44100, 48000, 32000};
	int version = at[1] >> 3 & 3, layer = at[1] >> 1 & 3, rate = at[2] >> 2 & 3;

	if (at[0] != 0xff || (at[1] & 0xe0) != 0xe0 || version == 1 || layer == 0 || rate == 3 ||
	        at[2] >> 4 == 15)
		return false;
	*header = (struct header){
	        .kind = ((uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8) &
	                0xfffe0c00u,
	        .layer = 4 - layer,
	        .version_1 = version == 3,
	        .bitrate_index = at[2] >> 4,
	        .rate_hz = rates_hz[rate] >> (version == 3          ? 0
	                                             : version == 2 ? 1
	                                                            : 2),
	        .padding = at[2] >> 1 & 1,
	};
	return true;
}

/* 0 for free format, whose frames do not tell. */
static size_t frame_bytes(const struct header *header)
{
	int bits_per_second =
	        1000 * bitrates_kbps[header->version_1][header->layer - 1][header->bitrate_index];

	if (bits_per_second == 0)
		return 0;
	if (header->layer == 1)
		return 4 * (size_t)(12 * bits_per_second / header->rate_hz + header->padding);
	int slots = header->layer == 3 && !header->version_1 ? 72 : 144;
	int bytes = slots * bits_per_second / header->rate_hz + header->padding;
	return (size_t)bytes;
}

/* Without padding; the distance to the next header like this one, 0 when there is none. */
static size_t free_format_bytes(const uint8_t *bytes, size_t n_bytes, const struct header *first)
{
	enum { SHORTEST = 24, LONGEST = 4000 };
	struct header next;

	for (size_t at = SHORTEST; at < LONGEST && at + 4 <= n_bytes; at++)
		if (parse(bytes + at, &next) && next.kind == first->kind && next.bitrate_index == 0)
			return at - (size_t)first->padding;
	return 0;
}

static bool ends_here(const uint8_t *bytes, size_t n_bytes, size_t at)
{
	if (at >= n_bytes)
		return at == n_bytes;
	return (n_bytes - at >= 3 && memcmp(bytes + at, "TAG", 3) == 0) ||
	       (n_bytes - at >= 3 && memcmp(bytes + at, "ID3", 3) == 0) ||
	       (n_bytes - at >= 8 && memcmp(bytes + at, "APETAGEX", 8) == 0);
}

bool mpeg_chain(const uint8_t *bytes, size_t n_bytes, bool is_end_of_file, int n_frames)
{
	struct header first, header;
	size_t at = 0, free_bytes = 0;
	int n = 0;

	if (n_bytes < 4 || !parse(bytes, &first))
		return false;
	if (first.bitrate_index == 0) {
		free_bytes = free_format_bytes(bytes, n_bytes, &first);
		if (free_bytes == 0)
			return false;
	}
	while (at + 4 <= n_bytes && n < n_frames) {
		size_t length;

		if (!parse(bytes + at, &header) || header.kind != first.kind)
			break;
		length = free_bytes ? free_bytes + (size_t)header.padding : frame_bytes(&header);
		if (length == 0)
			break;
		n++;
		at += length;
	}
	if (n >= n_frames)
		return true;
	return n > 0 && is_end_of_file &&
	       (ends_here(bytes, n_bytes, at) || (n >= 2 && at > n_bytes));
}

bool mpeg_chain_at(struct view *view, int64_t position, int n_frames)
{
	uint8_t bytes[MPEG_CHAIN_BYTES];
	int64_t back = view_position(view), got = -1;

	if (view_seek(view, position, SEEK_SET) >= 0)
		got = view_read(view, bytes, sizeof(bytes));
	view_seek(view, back, SEEK_SET);
	return got > 0 && mpeg_chain(bytes, (size_t)got, (size_t)got < sizeof(bytes), n_frames);
}

/* The first chain in a window; window_bytes when none. */
static size_t find_in_window(
        const uint8_t *bytes, size_t n_bytes, size_t n_starts, bool is_end_of_file)
{
	for (size_t at = 0; at < n_starts;) {
		const uint8_t *sync = memchr(bytes + at, 0xff, n_starts - at);

		if (!sync)
			break;
		at = (size_t)(sync - bytes);
		if (mpeg_chain(sync, n_bytes - at, false, MPEG_LONG_CHAIN_FRAMES) ||
		        (is_end_of_file &&
		                mpeg_chain(sync, n_bytes - at, false, MPEG_CHAIN_FRAMES) &&
		                mpeg_chain(sync, n_bytes - at, true, MPEG_LONG_CHAIN_FRAMES)))
			return at;
		at++;
	}
	return n_starts;
}

static enum status find_with_window(
        struct view *view, uint8_t *window, size_t window_bytes, int64_t *position)
{
	for (int64_t at = 0; at < MPEG_SCAN_BYTES;) {
		int64_t got;
		size_t n_starts, found;
		bool is_end;

		if (view_seek(view, at, SEEK_SET) < 0 ||
		        (got = view_read(view, window, window_bytes)) <= 0)
			break;
		is_end = (size_t)got < window_bytes;
		n_starts = is_end ? (size_t)got : window_bytes - MPEG_CHAIN_BYTES;
		found = find_in_window(window, (size_t)got, n_starts, is_end);
		if (found < n_starts) {
			*position = at + (int64_t)found;
			return STATUS_OK;
		}
		if (is_end)
			break;
		at += (int64_t)n_starts;
	}
	return STATUS_OK;
}

enum status mpeg_find(struct view *view, int64_t *position, struct error *error)
{
	enum { WINDOW_BYTES = 64 * 1024 };
	uint8_t *window;
	enum status status;

	*position = 0;
	if (mpeg_chain_at(view, 0, MPEG_CHAIN_FRAMES))
		return STATUS_OK;
	*position = -1;
	window = malloc(WINDOW_BYTES);
	if (!window)
		return error_set(error, STATUS_NO_MEMORY, "out of memory");
	status = find_with_window(view, window, WINDOW_BYTES, position);
	free(window);
	return status;
}

struct mpeg_start mpeg_describe(struct view *view, int64_t position)
{
	enum { VBRI_AT = 36 }; /* whatever the frame's own side information takes */
	struct mpeg_start start = {0};
	struct header header;
	uint8_t frame[128];
	int64_t got = -1;

	if (view_seek(view, position, SEEK_SET) >= 0)
		got = view_read(view, frame, sizeof(frame));
	if (got < 4 || !parse(frame, &header))
		return start;
	start.is_free_format = header.bitrate_index == 0;
	for (int64_t at = 4; at + 4 <= got; at++)
		start.announces_length |=
		        memcmp(frame + at, "Xing", 4) == 0 || memcmp(frame + at, "Info", 4) == 0;
	if (got >= VBRI_AT + 4 && memcmp(frame + VBRI_AT, "VBRI", 4) == 0)
		start.note_bytes = (int64_t)frame_bytes(&header);
	return start;
}
