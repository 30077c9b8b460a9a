/* import.c - from what a parser found to an entry, or to one line that says why not. */
#include "import.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "jukebox/text.h"
#include "store.h"

enum { SHOWN_BYTES = 200 };

/* The largest length up to `most` that does not cut a UTF-8 sequence in two. */
static size_t cut_length(const char *text, size_t n_bytes, size_t most)
{
	size_t n = n_bytes < most ? n_bytes : most, back = 0;

	if (n == n_bytes)
		return n;
	while (back < 3 && back < n && ((unsigned char)text[n - back] & 0xc0) == 0x80)
		back++;
	return n - back;
}

/* The beginning of an entry, for a message; NULs cannot be shown, and become '?'. */
static const char *shown(char to[SHOWN_BYTES + 64], const char *text, size_t n_bytes)
{
	size_t n = cut_length(text, n_bytes, SHOWN_BYTES), i;

	for (i = 0; i < n; i++)
		to[i] = text[i] ? text[i] : '?';
	to[n] = '\0';
	if (n < n_bytes)
		snprintf(to + n, 64, "... (%zu bytes)", n_bytes);
	return to;
}

static const char *place(char to[PATH_MAX + 32], const struct import *import, int64_t line)
{
	snprintf(to, PATH_MAX + 32, "%.*s:%lld", PATH_MAX, import->name, (long long)line);
	return to;
}

void import_drop(
        struct import *import, int64_t line, const char *text, size_t n_bytes, const char *reason)
{
	char where[PATH_MAX + 32], what[SHOWN_BYTES + 64];

	store_count_dropped(import->playlist);
	if (text)
		log_file(import->log, LOG_WARNING, place(where, import, line), "%s: %s",
		        shown(what, text, n_bytes), reason);
	else
		log_file(import->log, LOG_WARNING, place(where, import, line), "%s", reason);
}

void import_drop_file(struct import *import, const char *path, const char *reason)
{
	store_count_dropped(import->playlist);
	log_file(import->log, LOG_WARNING, path, "%s", reason);
}

void import_note(struct import *import, int64_t line, const char *text)
{
	char where[PATH_MAX + 32];

	log_file(import->log, LOG_WARNING, place(where, import, line), "%s", text);
}

enum status import_append(
        struct import *import, const char *path, const char *title, const char *directives)
{
	return store_append(import->playlist, path, title, directives);
}

enum status import_entry(struct import *import, const struct import_entry *entry)
{
	struct resolver *resolver = &import->resolver;
	enum status status = resolve(resolver, entry->text, entry->n_bytes, entry->percent_first);

	if (status == STATUS_NO_MEMORY)
		return status;
	if (status == STATUS_OK)
		return import_append(import, resolver->path.at, entry->title, entry->directives);
	import_drop(import, entry->line, entry->text, entry->n_bytes, resolver->reason);
	return STATUS_OK;
}

enum status import_title(struct buffer *to, const char *text, size_t n_bytes)
{
	char *converted;
	enum status status;

	buffer_clear(to);
	while (n_bytes > 0 && (*text == ' ' || *text == '\t')) {
		text++;
		n_bytes--;
	}
	n_bytes = cut_length(text, n_bytes, TITLE_MOST_BYTES);
	while (n_bytes > 0 && (text[n_bytes - 1] == ' ' || text[n_bytes - 1] == '\t'))
		n_bytes--;
	TRY(buffer_add(to, text, n_bytes));
	to->n_bytes = strlen(to->at);
	if (text_is_utf8(to->at))
		return STATUS_OK;
	converted = text_to_utf8(to->at);
	if (!converted)
		return STATUS_NO_MEMORY;
	buffer_clear(to);
	status = buffer_add(to, converted, strlen(converted));
	free(converted);
	return status;
}

enum status import_directive(
        struct import *import, struct buffer *directives, int64_t *line, const struct line *at)
{
	const char *text = at->text + strlen(DIRECTIVE_PREFIX);
	enum status status = STATUS_OK;
	char *converted;

	text += strspn(text, " \t");
	if (directives->n_bytes + strlen(text) > DIRECTIVES_MOST_BYTES / 2) {
		import_note(import, at->number, DIRECTIVE_PREFIX " too much, left out");
		return STATUS_OK;
	}
	converted = text_to_utf8(text); /* at most twice as long */
	if (!converted)
		return STATUS_NO_MEMORY;
	if (*line)
		status = buffer_add(directives, "\n", 1);
	else
		*line = at->number;
	if (status == STATUS_OK)
		status = buffer_add(directives, converted, strlen(converted));
	free(converted);
	return status;
}
