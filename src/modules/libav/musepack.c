/* musepack.c - the stream headers of Musepack, as far as they tell the length.
 * Stream version 8: trac.musepack.net, "SV8 Specification"; version 7: libmpcdec, streaminfo.c. */
#include "musepack.h"

#include <string.h>

/* Seven bits a byte, high ones first, the top bit says that more follow. */
static size_t read_size(const uint8_t *at, size_t n_bytes, int64_t *value)
{
	*value = 0;
	for (size_t i = 0; i < n_bytes && i < 8; i++) {
		*value = *value << 7 | (at[i] & 127);
		if (at[i] < 128)
			return i + 1;
	}
	return 0;
}

/* "MPCK", then packets of a key, a size and a body; "SH" comes first: checksum, version, frames, silence. */
static int64_t frames_of_version8(const uint8_t *head, size_t n_bytes)
{
	const uint8_t *at = head + 6, *end = head + n_bytes;
	int64_t size, frames, silence;
	size_t n;

	if (n_bytes < 16 || memcmp(head, "MPCKSH", 6) != 0)
		return 0;
	n = read_size(at, (size_t)(end - at), &size);
	if (n == 0 || end - at < (ptrdiff_t)n + 5)
		return 0;
	at += n + 5;
	n = read_size(at, (size_t)(end - at), &frames);
	if (n == 0 || read_size(at + n, (size_t)(end - at) - n, &silence) == 0)
		return 0;
	return frames > silence ? frames - silence : 0;
}

static uint32_t little_endian(const uint8_t *at)
{
	return (uint32_t)at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16 |
	       (uint32_t)at[3] << 24;
}

static int64_t frames_of_version7(const uint8_t *head, size_t n_bytes)
{
	enum { BLOCK_FRAMES = 1152 };
	uint32_t blocks, ending, last;

	if (n_bytes < 24 || memcmp(head, "MP+", 3) != 0 || (head[3] & 15) != 7)
		return 0;
	blocks = little_endian(head + 4);
	ending = little_endian(head + 20);
	last = ending >> 20 & 2047;
	if (ending >> 31 && last <= BLOCK_FRAMES)
		return (int64_t)blocks * BLOCK_FRAMES - (BLOCK_FRAMES - last);
	return (int64_t)blocks * BLOCK_FRAMES - MUSEPACK_DELAY_FRAMES;
}

int64_t musepack_frames(const uint8_t *head, size_t n_bytes)
{
	int64_t frames = frames_of_version8(head, n_bytes);

	if (frames <= 0)
		frames = frames_of_version7(head, n_bytes);
	return frames > 0 ? frames : 0;
}
