/* xiph.c - what Vorbis, Opus and FLAC share: comments, channel order, the first pages of Ogg. */
#include "xiph.h"

#include <string.h>

enum status xiph_comment(struct tags *tags, const char *comment, size_t n_bytes)
{
	const char *equals = memchr(comment, '=', n_bytes);
	char name[64], value[TAG_VALUE_BYTES + 1];
	size_t n_name, n_value;

	if (!equals || equals == comment || (size_t)(equals - comment) >= sizeof(name))
		return STATUS_OK;
	n_name = (size_t)(equals - comment);
	n_value = n_bytes - n_name - 1;
	if (n_value >= sizeof(value))
		n_value = sizeof(value) - 1;
	memcpy(name, comment, n_name);
	name[n_name] = 0;
	memcpy(value, equals + 1, n_value);
	value[n_value] = 0;
	return tags_set(tags, name, value);
}

enum status xiph_comments(
        struct decoder_handle *d, char *const *comments, const int *lengths, int n_comments)
{
	if (n_comments > XIPH_MOST_COMMENTS)
		n_comments = XIPH_MOST_COMMENTS;
	for (int i = n_comments - 1; i >= 0; i--) /* of several artists the first one counts */
		if (xiph_comment(d->tags, comments[i], (size_t)lengths[i]) != STATUS_OK)
			return error_set(d->error, STATUS_NO_MEMORY, "out of memory");
	return STATUS_OK;
}

/* Which Vorbis channel stands at each WAVE place. */
static const uint8_t wave_order[9][8] = {
        [1] = {0},
        [2] = {0, 1},
        [3] = {0, 2, 1},
        [4] = {0, 1, 2, 3},
        [5] = {0, 2, 1, 3, 4},
        [6] = {0, 2, 1, 5, 3, 4},
        [7] = {0, 2, 1, 6, 5, 3, 4},
        [8] = {0, 2, 1, 7, 5, 6, 3, 4},
};

static int source_channel(int channels, int place)
{
	return channels <= 8 ? wave_order[channels][place] : place;
}

/* Nearly all music.  Eight at a time, since compilers make vectors (at -O2) of loops whose length they know. */
static void interleave_stereo(float *restrict to, const float *restrict left,
        const float *restrict right, size_t n_frames)
{
	enum { AT_ONCE = 8 };
	size_t i = 0;

	for (; i + AT_ONCE <= n_frames; i += AT_ONCE)
		for (size_t j = i; j < i + AT_ONCE; j++) {
			to[2 * j] = left[j];
			to[2 * j + 1] = right[j];
		}
	for (; i < n_frames; i++) {
		to[2 * i] = left[i];
		to[2 * i + 1] = right[i];
	}
}

void xiph_interleave(
        float *to, const float *const *planes, size_t first, size_t n_frames, int channels)
{
	if (channels == 2) {
		interleave_stereo(to, planes[0] + first, planes[1] + first, n_frames);
		return;
	}
	for (int place = 0; place < channels; place++) {
		const float *from = planes[source_channel(channels, place)] + first;

		for (size_t i = 0; i < n_frames; i++)
			to[i * (size_t)channels + (size_t)place] = from[i];
	}
}

void xiph_reorder(float *to, const float *from, size_t n_frames, int channels)
{
	if (channels <= 2) {
		memcpy(to, from, n_frames * (size_t)channels * sizeof(*to));
		return;
	}
	for (size_t i = 0; i < n_frames; i++, to += channels, from += channels)
		for (int place = 0; place < channels; place++)
			to[place] = from[source_channel(channels, place)];
}

/* Length of the Ogg page at `page` (RFC 3533, section 6), 0 when there is none or it is cut;
 * where its body begins to *body. */
static size_t page_bytes(const uint8_t *page, size_t n_bytes, size_t *body)
{
	size_t total;

	if (n_bytes < 27 || memcmp(page, "OggS", 4) != 0 || page[4] != 0)
		return 0;
	total = *body = 27 + (size_t)page[26];
	if (*body > n_bytes)
		return 0;
	for (size_t i = 0; i < page[26]; i++)
		total += page[27 + i];
	return total;
}

bool xiph_ogg_begins_with(const uint8_t *head, size_t n_bytes, const char *magic, size_t n_magic)
{
	enum { FIRST_PAGE_OF_STREAM = 2 };
	size_t body, page;

	for (; (page = page_bytes(head, n_bytes, &body)) != 0; head += page, n_bytes -= page) {
		if (!(head[5] & FIRST_PAGE_OF_STREAM))
			return false;
		if (body + n_magic <= n_bytes && memcmp(head + body, magic, n_magic) == 0)
			return true;
		if (page >= n_bytes)
			return false;
	}
	return false;
}
