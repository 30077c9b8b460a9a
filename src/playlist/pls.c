/* pls.c - PLS: [playlist], FileN=name, TitleN=title, in any order of lines.
 *
 * The numbers give the order; NumberOfEntries, LengthN and Version are claims and are ignored.  A list
 * without the [playlist] line is read as if it had one.  #JUKEBOX: lines belong to the next FileN.
 */
#include "import.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "jukebox/text.h"

enum item_kind { ITEM_FILE, ITEM_TITLE };

/* A FileN or TitleN.  Texts are offsets into struct items, where NULs end them. */
struct item {
	int64_t number, line;
	size_t text, n_bytes;
	size_t directives; /* SIZE_MAX: none */
	enum item_kind kind;
};

struct items {
	struct item *at;
	size_t count, capacity;
	struct buffer texts;
	struct buffer directives; /* that wait for the next FileN */
	int64_t directives_line; /* of the first; 0: none */
	bool in_playlist; /* inside [playlist], or before any section */
};

static void items_done(struct items *items)
{
	free(items->at);
	buffer_done(&items->texts);
	buffer_done(&items->directives);
}

static enum status keep(struct items *items, const char *text, size_t n_bytes, size_t *offset)
{
	*offset = items->texts.n_bytes;
	return buffer_add(&items->texts, text, n_bytes + 1);
}

static enum status add_item(struct items *items, const struct item *item)
{
	if (items->count == items->capacity) {
		size_t capacity = items->capacity ? 2 * items->capacity : 64;
		struct item *at = realloc(items->at, capacity * sizeof *at);
		if (!at)
			return STATUS_NO_MEMORY;
		items->at = at;
		items->capacity = capacity;
	}
	items->at[items->count++] = *item;
	return STATUS_OK;
}

static enum status take_file(struct items *items, struct item *item, const char *value)
{
	item->directives = SIZE_MAX;
	TRY(keep(items, value, item->n_bytes, &item->text));
	if (items->directives_line)
		TRY(keep(
		        items, items->directives.at, items->directives.n_bytes, &item->directives));
	buffer_clear(&items->directives);
	items->directives_line = 0;
	return add_item(items, item);
}

static enum status take_title(struct items *items, struct item *item, const char *value)
{
	struct buffer title = {0};
	enum status status = import_title(&title, value, item->n_bytes);

	item->n_bytes = title.n_bytes;
	if (status == STATUS_OK && title.n_bytes > 0)
		status = keep(items, title.at, title.n_bytes, &item->text);
	if (status == STATUS_OK && title.n_bytes > 0)
		status = add_item(items, item);
	buffer_done(&title);
	return status;
}

/* "File12" to kind and number; false for any other key. */
static bool is_numbered_key(const char *key, enum item_kind *kind, const char **number)
{
	if (strncasecmp(key, "file", 4) == 0) {
		*kind = ITEM_FILE;
		*number = key + 4;
		return true;
	}
	if (strncasecmp(key, "title", 5) == 0) {
		*kind = ITEM_TITLE;
		*number = key + 5;
		return true;
	}
	return false;
}

static enum status take_pair(
        struct import *import, struct items *items, struct line *line, char *equals)
{
	char *end = equals;
	const char *number;
	struct item item = {
	        .line = line->number,
	        .n_bytes = line->n_bytes - (size_t)(equals + 1 - line->text),
	};

	while (end > line->text && (end[-1] == ' ' || end[-1] == '\t'))
		end--;
	*end = '\0';
	if (!is_numbered_key(line->text, &item.kind, &number))
		return STATUS_OK;
	if (text_to_int64(number, &item.number) != STATUS_OK || item.number < 0) {
		if (item.kind == ITEM_FILE)
			import_drop(import, line->number, equals + 1, item.n_bytes,
			        "its key has no number");
		return STATUS_OK;
	}
	return item.kind == ITEM_FILE ? take_file(items, &item, equals + 1)
	                              : take_title(items, &item, equals + 1);
}

static enum status take_line(struct import *import, struct items *items, struct line *line)
{
	char *equals;

	if (line->n_bytes == 0)
		return STATUS_OK;
	if (strncasecmp(line->text, DIRECTIVE_PREFIX, strlen(DIRECTIVE_PREFIX)) == 0)
		return import_directive(import, &items->directives, &items->directives_line, line);
	if (line->text[0] == '#' || line->text[0] == ';')
		return STATUS_OK;
	if (line->text[0] == '[') {
		items->in_playlist = strncasecmp(line->text, "[playlist]", 10) == 0;
		return STATUS_OK;
	}
	equals = memchr(line->text, '=', line->n_bytes);
	if (!items->in_playlist)
		return STATUS_OK;
	if (line->too_long || !equals) {
		import_drop(import, line->number, line->text, line->n_bytes,
		        line->too_long ? "is longer than any file name" : "is no line of a PLS");
		return STATUS_OK;
	}
	return take_pair(import, items, line, equals);
}

/* By number, the title before its file, then as they came. */
static int compare_items(const void *a, const void *b)
{
	const struct item *p = a, *q = b;

	if (p->number != q->number)
		return p->number < q->number ? -1 : 1;
	if (p->kind != q->kind)
		return p->kind == ITEM_TITLE ? -1 : 1;
	return p->line < q->line ? -1 : p->line > q->line;
}

static enum status hand_over_file(struct import *import, const struct items *items,
        const struct item *item, const char *title)
{
	const char *texts = items->texts.at;
	struct import_entry entry = {
	        .text = texts + item->text,
	        .n_bytes = item->n_bytes,
	        .line = item->line,
	        .title = title,
	        .directives = item->directives == SIZE_MAX ? NULL : texts + item->directives,
	};

	return import_entry(import, &entry);
}

/* The first FileN of a number is the entry, a second one is reported. */
static enum status hand_over(struct import *import, const struct items *items)
{
	const char *title = NULL;
	size_t i;

	for (i = 0; i < items->count; i++) {
		const struct item *item = &items->at[i], *before = i > 0 ? item - 1 : NULL;
		bool same_number = before && before->number == item->number;

		if (!same_number)
			title = NULL;
		if (item->kind == ITEM_TITLE)
			title = items->texts.at + item->text;
		else if (same_number && before->kind == ITEM_FILE)
			import_drop(import, item->line, items->texts.at + item->text, item->n_bytes,
			        "its number was used before");
		else
			TRY(hand_over_file(import, items, item, title));
	}
	return STATUS_OK;
}

enum status pls_read(struct import *import)
{
	struct items items = {.in_playlist = true};
	struct lines lines;
	struct line line;
	enum status status;

	lines_init(&lines, import->bytes);
	while ((status = lines_next(&lines, &line)) == STATUS_OK) {
		status = take_line(import, &items, &line);
		if (status != STATUS_OK)
			break;
	}
	lines_done(&lines);
	if (status == STATUS_END || status == STATUS_IO) {
		if (items.count > 0)
			qsort(items.at, items.count, sizeof *items.at, compare_items);
		enum status handed = hand_over(import, &items);
		status = handed != STATUS_OK ? handed : status;
	}
	items_done(&items);
	return status == STATUS_END ? STATUS_OK : status;
}
