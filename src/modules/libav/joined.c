/* joined.c - where the next one of joined files begins.  Opening it is left to libav.c. */
#include "joined.h"

#include <string.h>

enum {
	HEADER_BYTES = 32, /* WavPack's */
	MOST_BETWEEN_BYTES = 16 << 20, /* a tag with pictures */
};

static const uint8_t *find_wavpack(const uint8_t *bytes, size_t n_bytes)
{
	static const uint8_t none[4];
	const uint8_t *end = bytes + n_bytes, *at = bytes;

	/* Blocks without samples (their number at byte 20) hold what belongs to those before. */
	while ((at = memmem(at, (size_t)(end - at), "wvpk", 4)) != NULL) {
		if (end - at < HEADER_BYTES || memcmp(at + 20, none, sizeof(none)) != 0)
			break;
		at++;
	}
	return at;
}

static const uint8_t *find_tta(const uint8_t *bytes, size_t n_bytes)
{
	return memmem(bytes, n_bytes, "TTA1", 4);
}

static const struct joinable {
	const char *container;
	const uint8_t *(*find)(const uint8_t *bytes, size_t n_bytes);
} joinables[] = {{"wv", find_wavpack}, {"tta", find_tta}};

static const struct joinable *joinable_of(const char *container)
{
	for (size_t i = 0; i < sizeof(joinables) / sizeof(*joinables); i++)
		if (strcmp(container, joinables[i].container) == 0)
			return &joinables[i];
	return NULL;
}

/* APEv2, ID3v1, ID3v2: what taggers put behind and before such files. */
static bool is_tag(const uint8_t *at)
{
	return memcmp(at, "APETAGEX", 8) == 0 || memcmp(at, "TAG", 3) == 0 ||
	       memcmp(at, "ID3", 3) == 0;
}

int64_t joined_next(struct source *source, const char *container, int64_t from, bool *has_tag)
{
	const struct joinable *joinable = joinable_of(container);
	uint8_t bytes[32 * 1024];

	*has_tag = false;
	for (int64_t at = from; joinable && at - from < MOST_BETWEEN_BYTES;) {
		ssize_t got = -1;
		const uint8_t *found;

		if (source_seek(source, at) >= 0)
			got = source_read(source, bytes, sizeof(bytes));
		if (got < HEADER_BYTES)
			return -1;
		if (at == from)
			*has_tag = is_tag(bytes);
		found = joinable->find(bytes, (size_t)got);
		/* What is cut by the end of these bytes is looked at again. */
		if (found && bytes + got - found >= HEADER_BYTES)
			return at + (found - bytes);
		at += got - (HEADER_BYTES - 1);
	}
	return -1;
}
