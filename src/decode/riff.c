/* riff.c - the chunks of RIFF (WAV), RF64 (EBU Tech 3306) and AIFF files, one after the other.  What is in them is left
 * to others. */
#include "riff.h"

#include <stdio.h>
#include <string.h>

static uint64_t number(const uint8_t *at, int n_bytes, bool big_endian)
{
	uint64_t value = 0;

	for (int i = 0; i < n_bytes; i++)
		value = value << 8 | at[big_endian ? i : n_bytes - 1 - i];
	return value;
}

bool riff_begin(struct riff *riff, struct view *view)
{
	uint8_t header[12];

	*riff = (struct riff){.view = view, .next = sizeof(header)};
	view_seek(view, 0, SEEK_SET);
	if (view_read(view, header, sizeof(header)) != sizeof(header))
		return false;
	memcpy(riff->kind, header, sizeof(riff->kind));
	riff->big_endian = memcmp(header, "RIFX", 4) == 0 || memcmp(header, "FORM", 4) == 0;
	riff->claimed_bytes = (uint32_t)number(header + 4, 4, riff->big_endian);
	return riff->big_endian || memcmp(header, "RIFF", 4) == 0 || memcmp(header, "RF64", 4) == 0;
}

/* Sizes of more than 32 bits stand apart. */
static void take_large_size(struct riff *riff)
{
	uint8_t sizes[16];

	if (memcmp(riff->name, "ds64", 4) == 0 &&
	        view_read(riff->view, sizes, sizeof(sizes)) == sizeof(sizes))
		riff->data_bytes = number(sizes + 8, 8, false);
	if (memcmp(riff->name, "data", 4) == 0 && riff->n_bytes == UINT32_MAX &&
	        riff->data_bytes > 0 && riff->data_bytes <= INT64_MAX)
		riff->n_bytes = (int64_t)riff->data_bytes;
}

bool riff_next(struct riff *riff)
{
	uint8_t header[8];

	if (riff->next >= view_size(riff->view) || riff->n_chunks++ >= RIFF_MOST_CHUNKS)
		return false;
	view_seek(riff->view, riff->next, SEEK_SET);
	if (view_read(riff->view, header, sizeof(header)) != sizeof(header))
		return false;
	memcpy(riff->name, header, sizeof(riff->name));
	riff->body = riff->next + (int64_t)sizeof(header);
	riff->n_bytes = (int64_t)number(header + 4, 4, riff->big_endian);
	take_large_size(riff);
	if (__builtin_add_overflow(riff->body, riff->n_bytes, &riff->next) ||
	        __builtin_add_overflow(riff->next, riff->n_bytes & 1, &riff->next))
		riff->next = INT64_MAX;
	return true;
}
