/* rotation.c - the lines of a rotation file.  What their names yield is playlist.c's affair, what is played when radio's. */
#include "jukebox/rotation.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "rotation.h"
#include "store.h"

void rotation_done(struct rotation *rotation)
{
	for (size_t i = 0; i < rotation->count; i++) {
		free(rotation->sources[i].name);
		free(rotation->sources[i].path);
	}
	free(rotation->sources);
	*rotation = (struct rotation){0};
}

/* ---- words --------------------------------------------------------------------------------------- */

/* What is left of a line. */
struct rest {
	const char *at, *end;
};

static void skip_blanks(struct rest *r)
{
	while (r->at < r->end && (*r->at == ' ' || *r->at == '\t' || *r->at == '\r'))
		r->at++;
}

/* A comment begins the line, or stands behind a blank. */
static bool is_over(struct rest *r)
{
	const char *before = r->at;
	skip_blanks(r);
	return r->at == r->end || (*r->at == '#' && r->at > before);
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r';
}

/* The next word, if it is this one. */
static bool take_word(struct rest *r, const char *word)
{
	size_t n = strlen(word);
	skip_blanks(r);
	if ((size_t)(r->end - r->at) < n || strncmp(r->at, word, n) != 0 ||
	        (r->at + n < r->end && !is_blank(r->at[n])))
		return false;
	r->at += n;
	return true;
}

/* Digits; -1: there are none, or too many. */
static int take_number(struct rest *r)
{
	int value = 0, digits = 0;
	for (; r->at < r->end && *r->at >= '0' && *r->at <= '9'; r->at++, digits++)
		value = digits < 5 ? 10 * value + (*r->at - '0') : 99999;
	return digits ? value : -1;
}

/* "*3", and nothing behind it. */
static bool is_weight(const char *at, const char *end)
{
	const char *digits = at + 1;
	if (*at != '*')
		return false;
	for (at = digits; at < end && *at >= '0' && *at <= '9'; at++)
		;
	return at > digits && (at == end || is_blank(*at));
}

/* "name with blanks", or up to a blank or to the '*' of a weight; NULL: there is none. */
static const char *find_name_end(struct rest *r, bool *quoted)
{
	const char *end;
	skip_blanks(r);
	*quoted = r->at < r->end && *r->at == '"';
	if (*quoted)
		return memchr(r->at + 1, '"', (size_t)(r->end - r->at - 1));
	for (end = r->at; end < r->end && !is_blank(*end); end++)
		if (end > r->at && is_weight(end, r->end))
			break;
	return end > r->at ? end : NULL;
}

static enum status take_name(struct rest *r, char **name, struct error *error)
{
	bool quoted;
	const char *end = find_name_end(r, &quoted), *from = r->at + quoted;
	if (!end || end == from)
		return error_set(error, STATUS_BAD_DATA,
		        quoted && !end ? "a quote is not closed" : "a name is missing");
	size_t n = (size_t)(end - from);
	if (n > ROTATION_NAME_BYTES || memchr(from, '\0', n))
		return error_set(error, STATUS_BAD_DATA, "is no name of a file");
	*name = strndup(from, n);
	r->at = end + quoted;
	return *name ? STATUS_OK : error_set(error, STATUS_NO_MEMORY, "out of memory");
}

/* ---- lines --------------------------------------------------------------------------------------- */

/* "12:00" or ":30". */
static enum status take_time(struct rest *r, struct rotation_source *s, struct error *error)
{
	skip_blanks(r);
	s->hour = take_number(r);
	bool colon = r->at < r->end && *r->at == ':';
	r->at += colon;
	const char *minutes = r->at;
	s->minute = colon ? take_number(r) : -1;
	if (s->hour > 23 || s->minute < 0 || s->minute > 59 || r->at - minutes != 2 ||
	        (r->at < r->end && !is_blank(*r->at)))
		return error_set(error, STATUS_BAD_DATA,
		        "'at' wants a time such as 12:00, or :30 for each hour");
	return STATUS_OK;
}

static enum status in_range(int number, const char *what, struct error *error)
{
	if (number >= 1 && number <= ROTATION_NUMBER_MOST)
		return STATUS_OK;
	return error_set(error, STATUS_BAD_DATA, "%s must be a whole number from 1 to %d", what,
	        ROTATION_NUMBER_MOST);
}

static enum status take_how_often(struct rest *r, struct rotation_source *s, struct error *error)
{
	s->number = 1;
	skip_blanks(r);
	if (r->at < r->end && *r->at == '*') {
		r->at++;
		skip_blanks(r);
		s->number = take_number(r);
		return in_range(s->number, "a weight", error);
	}
	if (!take_word(r, "every"))
		return STATUS_OK;
	s->kind = ROTATION_EVERY;
	skip_blanks(r);
	s->number = take_number(r);
	TRY(in_range(s->number, "the number behind 'every'", error));
	if (!take_word(r, "songs") && !take_word(r, "song"))
		return error_set(error, STATUS_BAD_DATA, "'every' wants a number of songs");
	return STATUS_OK;
}

static enum status parse_line(struct rest *r, struct rotation_source *s, struct error *error)
{
	if (take_word(r, "at")) {
		s->kind = ROTATION_AT;
		TRY(take_time(r, s, error));
		TRY(take_name(r, &s->name, error));
	} else {
		TRY(take_name(r, &s->name, error));
		TRY(take_how_often(r, s, error));
	}
	if (!is_over(r))
		return error_set(error, STATUS_BAD_DATA,
		        "'%.*s' is not understood (names with blanks stand in quotes)",
		        (int)(r->end - r->at < 40 ? r->end - r->at : 40), r->at);
	return STATUS_OK;
}

enum status rotation_parse_line(
        const char *line, size_t n_bytes, struct rotation_source *source, struct error *error)
{
	struct rest r = {line, line + n_bytes};
	*source = (struct rotation_source){.hour = -1};
	if (is_over(&r) || *r.at == '#')
		return STATUS_END;
	enum status status = parse_line(&r, source, error);
	if (status != STATUS_OK) {
		free(source->name);
		*source = (struct rotation_source){0};
	}
	return status;
}

enum status rotation_read(struct import *import, struct rotation *rotation, struct error *error)
{
	struct lines lines;
	struct line line;
	enum status status = STATUS_OK;
	lines_init(&lines, import->bytes);
	while (status == STATUS_OK && (status = lines_next(&lines, &line)) == STATUS_OK) {
		struct rotation_source source = {0};
		struct error reason = {0};
		if (line.number > ROTATION_LINES_MOST || line.too_long)
			status = error_set(&reason, STATUS_BAD_DATA, "is too long");
		else
			status = rotation_parse_line(line.text, line.n_bytes, &source, &reason);
		if (status == STATUS_OK && rotation->count == ROTATION_SOURCES_MOST) {
			free(source.name);
			status = error_set(&reason, STATUS_BAD_DATA, "more than %d lists",
			        ROTATION_SOURCES_MOST);
		}
		if (status == STATUS_OK) {
			source.line = line.number;
			rotation->sources[rotation->count++] = source;
		} else if (status == STATUS_END)
			status = STATUS_OK;
		else
			status = error_set(error, status, "%s:%lld: %s", import->name,
			        (long long)line.number, reason.text);
	}
	lines_done(&lines);
	return status == STATUS_END ? STATUS_OK : status;
}
