/* separation.c - "artist=60m,title=3h", and when two names are the same.  Who keeps songs apart by it: spread.c. */
#include "jukebox/separation.h"

#include <stddef.h>
#include <string.h>

#include "jukebox/text.h"

enum { MOST_SONGS = 1000000 };
static const double MOST_SECONDS = 400 * 86400.0;

static const char *const kind_names[] = {"artist", "title", "album"};

/* One "artist=60m", n bytes. */
static enum status parse_one(const char *text, size_t n, struct separation *s, struct error *error)
{
	char word[48];
	double amount, unit = 1;
	size_t kind = 0;
	if (n >= sizeof word)
		n = sizeof word - 1;
	memcpy(word, text, n);
	word[n] = '\0';
	char *value = strchr(word, '=');
	while (value && kind < SEPARATION_KINDS &&
	        (strlen(kind_names[kind]) != (size_t)(value - word) ||
	                strncmp(kind_names[kind], word, (size_t)(value - word)) != 0))
		kind++;
	if (!value || kind == SEPARATION_KINDS || !value[1])
		return error_set(error, STATUS_USAGE,
		        "'%s' is not artist=, title= or album= and an amount", word);
	const char *units = "smh", *at = strchr(units, word[n - 1]);
	bool is_time = at != NULL;
	if (is_time) {
		unit = *at == 's' ? 1 : *at == 'm' ? 60 : 3600;
		word[n - 1] = '\0';
	}
	if (text_to_double(value + 1, &amount) != STATUS_OK || amount < 0 ||
	        (is_time ? amount * unit > MOST_SECONDS
	                 : amount > MOST_SONGS || amount != (double)(int64_t)amount))
		return error_set(error, STATUS_USAGE,
		        "'%.*s' is no number of songs, or a time such as 60m or 3h", (int)n, text);
	s->of[kind].songs = is_time ? 0 : (int64_t)amount;
	s->of[kind].seconds = is_time ? amount * unit : 0;
	return STATUS_OK;
}

enum status separation_parse(const char *text, struct separation *s, struct error *error)
{
	*s = (struct separation){0};
	for (;;) {
		size_t n = strcspn(text, ",");
		TRY(parse_one(text, n, s, error));
		if (!text[n])
			return STATUS_OK;
		text += n + 1;
	}
}

bool separation_is_set(const struct separation *s)
{
	for (int kind = 0; kind < SEPARATION_KINDS; kind++)
		if (s->of[kind].songs > 0 || s->of[kind].seconds > 0)
			return true;
	return false;
}

/* Bytes of `text` up to whoever else takes part. */
static size_t leading_part(const char *text)
{
	static const char *const words[] = {
	        " feat.", " feat ", " ft.", " ft ", " featuring ", " (feat", " (ft"};
	size_t n = strlen(text);
	for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
		const char *at = strcasestr(text, words[i]);
		if (at && at > text && (size_t)(at - text) < n)
			n = (size_t)(at - text);
	}
	while (n > 0 && strchr(" \t", text[n - 1]))
		n--;
	return n;
}

/* FNV-1a, 64 bits (Fowler, Noll, Vo).  Letters outside ASCII count as they are written. */
uint64_t separation_name(const char *text)
{
	uint64_t hash = 0xcbf29ce484222325u;
	if (!text)
		return 0;
	text += strspn(text, " \t");
	size_t n = leading_part(text);
	for (size_t i = 0; i < n; i++) {
		unsigned char c = (unsigned char)text[i];
		if (c >= 'A' && c <= 'Z')
			c = (unsigned char)(c + 32);
		hash = (hash ^ c) * 0x100000001b3u;
	}
	return n == 0 ? 0 : hash ? hash : 1;
}
