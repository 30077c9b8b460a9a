/* tags.c - a bounded list of names and values. */
#include "jukebox/tags.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "jukebox/text.h"

/* Spellings in the wild -> ours.  What is not here, and does not start with one of the prefixes, is of
 * no use to the program. */
static const struct {
	const char *from, *to;
} spellings[] = {
        {"title", "title"},
        {"artist", "artist"},
        {"album", "album"},
        {"product", "album"}, /* of AVI, by libav */
        {"albumartist", "album_artist"},
        {"album artist", "album_artist"},
        {"album_artist", "album_artist"},
        {"track", "track"},
        {"tracknumber", "track"},
        {"disc", "disc"},
        {"discnumber", "disc"},
        {"date", "date"},
        {"year", "date"},
        {"wm/year", "date"},
};
static const char *const prefixes[] = {"replaygain_", "r128_", "mixramp_", "liq_"};

static const char *known_name(const char *name, char lower[64])
{
	size_t n = strlen(name);
	if (n == 0 || n >= 64)
		return NULL;
	for (size_t i = 0; i <= n; i++)
		lower[i] = (char)tolower((unsigned char)name[i]);
	for (size_t i = 0; i < sizeof spellings / sizeof *spellings; i++)
		if (strcmp(lower, spellings[i].from) == 0)
			return spellings[i].to;
	for (size_t i = 0; i < sizeof prefixes / sizeof *prefixes; i++)
		if (strncmp(lower, prefixes[i], strlen(prefixes[i])) == 0 && text_is_utf8(lower))
			return lower;
	return NULL;
}

/* What was Latin-1 has grown. */
static void cut_utf8(char *text)
{
	size_t n = TAG_VALUE_BYTES;
	if (strlen(text) <= n)
		return;
	while (n > 0 && ((unsigned char)text[n] & 0xc0) == 0x80)
		n--;
	text[n] = '\0';
}

static char *bounded_utf8(const char *value)
{
	size_t n = strnlen(value, TAG_VALUE_BYTES);
	char *cut = strndup(value, n);
	if (!cut)
		return NULL;
	/* A cut may fall into a character: take back what it left of it. */
	if (n == TAG_VALUE_BYTES)
		for (int i = 0;
		        i < 3 && n > 0 && !text_is_utf8(cut) && ((unsigned char)cut[n - 1] & 0x80);
		        i++)
			cut[--n] = '\0';
	char *utf8 = text_to_utf8(cut);
	free(cut);
	if (utf8)
		cut_utf8(utf8);
	return utf8;
}

static struct tag *find(const struct tags *tags, const char *name)
{
	for (size_t i = 0; i < tags->count; i++)
		if (strcmp(tags->items[i].name, name) == 0)
			return &tags->items[i];
	return NULL;
}

static enum status append(struct tags *tags, const char *name, char *value)
{
	struct tag *items = realloc(tags->items, (tags->count + 1) * sizeof *items);
	if (!items)
		return STATUS_NO_MEMORY;
	tags->items = items;
	items[tags->count].name = strdup(name);
	if (!items[tags->count].name)
		return STATUS_NO_MEMORY;
	items[tags->count++].value = value;
	return STATUS_OK;
}

enum status tags_set(struct tags *tags, const char *name, const char *value)
{
	char lower[64];
	const char *known = known_name(name, lower);
	if (!known || value[0] == '\0')
		return STATUS_OK;
	struct tag *old = find(tags, known);
	if (!old && tags->count >= TAGS_MOST)
		return STATUS_OK;
	char *copy = bounded_utf8(value);
	if (!copy)
		return STATUS_NO_MEMORY;
	if (old) {
		free(old->value);
		old->value = copy;
		return STATUS_OK;
	}
	enum status status = append(tags, known, copy);
	if (status != STATUS_OK)
		free(copy);
	return status;
}

const char *tags_get(const struct tags *tags, const char *name)
{
	const struct tag *t = find(tags, name);
	return t ? t->value : NULL;
}

void tags_remove(struct tags *tags, const char *name)
{
	struct tag *t = find(tags, name);
	if (!t)
		return;
	free(t->name);
	free(t->value);
	*t = tags->items[--tags->count];
}

enum status tags_copy(struct tags *to, const struct tags *from)
{
	*to = (struct tags){0};
	for (size_t i = 0; i < from->count; i++) {
		enum status status = tags_set(to, from->items[i].name, from->items[i].value);
		if (status != STATUS_OK) {
			tags_done(to);
			return status;
		}
	}
	return STATUS_OK;
}

void tags_done(struct tags *tags)
{
	for (size_t i = 0; i < tags->count; i++) {
		free(tags->items[i].name);
		free(tags->items[i].value);
	}
	free(tags->items);
	*tags = (struct tags){0};
}
