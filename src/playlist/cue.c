/* cue.c - cue sheets: the tracks of one file, or of several, cut to the sample.
 *
 * Commands as in the CDRWIN user's guide, appendix A.  A track begins at its INDEX 01 and ends where the next one of
 * its file begins, so the pause before a track (INDEX 00) belongs to the track before it, as players do; the first one
 * of a file begins with the file, for nothing audible is thrown away.  Data tracks are no music.  What is measured
 * anyway (REPLAYGAIN) and what no file holds (PREGAP) is passed over.
 *
 * Not libcue (2.2.1): one line that it does not know costs it the track before, it writes to standard error, and
 * its parser's state is global. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "import.h"
#include "jukebox/part.h"

struct text {
	const char *at;
	size_t n_bytes;
};

struct sheet {
	struct import *import;
	struct buffer disc_performer, performer,
	        title; /* performer and title of the track at hand */
	struct buffer line; /* "Performer - Title" */
	char *file; /* the one that INDEX lines speak of now; NULL: it cannot be played */
	bool file_has_track; /* INDEX 01 of some track was in it */
	bool in_track, is_audio;
	/* The track whose end is not known yet. */
	char *open_file; /* NULL: there is none */
	char *open_title; /* NULL: it has none */
	int64_t open_from, open_index; /* where it is cut, and where the sheet lets it begin */
};

static enum status copy(char **to, const char *from)
{
	free(*to);
	*to = strdup(from);
	return *to ? STATUS_OK : STATUS_NO_MEMORY;
}

/* ---- words of a line ---------------------------------------------------------------------------- */

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

static void skip_blanks(struct text *t)
{
	while (t->n_bytes > 0 && is_blank(*t->at)) {
		t->at++;
		t->n_bytes--;
	}
}

/* A word, or what stands in quotes; "a "b" c" loses its inner ones nowhere, for the last quote ends it
 * where `to_last` says so. */
static struct text take_word(struct text *t, bool to_last)
{
	struct text word = {t->at, 0};
	const char *end;

	skip_blanks(t);
	word.at = t->at;
	if (t->n_bytes > 0 && *t->at == '"') {
		word.at++;
		end = to_last ? memrchr(word.at, '"', t->n_bytes - 1)
		              : memchr(word.at, '"', t->n_bytes - 1);
		word.n_bytes = end ? (size_t)(end - word.at) : t->n_bytes - 1;
		t->n_bytes -= word.n_bytes + 1 + (end != NULL);
		t->at = word.at + word.n_bytes + (end != NULL);
		return word;
	}
	while (word.n_bytes < t->n_bytes && !is_blank(word.at[word.n_bytes]))
		word.n_bytes++;
	t->at += word.n_bytes;
	t->n_bytes -= word.n_bytes;
	return word;
}

/* All that is left of a line, without quotes around it. */
static struct text take_rest(struct text *t)
{
	skip_blanks(t);
	if (t->n_bytes > 0 && *t->at == '"')
		return take_word(t, true);
	return *t;
}

static bool is_word(struct text word, const char *name)
{
	return word.n_bytes == strlen(name) && strncasecmp(word.at, name, word.n_bytes) == 0;
}

static bool take_number(struct text *t, int64_t most, int64_t *value)
{
	size_t n = 0;

	for (*value = 0; n < t->n_bytes && t->at[n] >= '0' && t->at[n] <= '9'; n++) {
		*value = *value * 10 + (t->at[n] - '0');
		if (*value > most)
			return false;
	}
	t->at += n;
	t->n_bytes -= n;
	return n > 0;
}

static bool take_colon(struct text *t)
{
	if (t->n_bytes == 0 || *t->at != ':')
		return false;
	t->at++;
	t->n_bytes--;
	return true;
}

/* Minutes, seconds, and sectors of a 75th of one. */
static bool take_place(struct text *t, int64_t *sector)
{
	int64_t minutes, seconds, sectors;

	skip_blanks(t);
	if (!take_number(t, 1000000, &minutes) || !take_colon(t) || !take_number(t, 59, &seconds) ||
	        !take_colon(t) || !take_number(t, PART_SECTORS_PER_SECOND - 1, &sectors))
		return false;
	*sector = (minutes * 60 + seconds) * PART_SECTORS_PER_SECOND + sectors;
	return true;
}

/* ---- tracks -------------------------------------------------------------------------------------- */

/* "Performer - Title", as other lists have it; "" when nothing is known. */
static enum status join_title(struct sheet *s)
{
	const struct buffer *performer =
	        s->performer.n_bytes > 0 ? &s->performer : &s->disc_performer;

	buffer_clear(&s->line);
	if (s->title.n_bytes == 0)
		return STATUS_OK;
	if (performer->n_bytes > 0) {
		TRY(buffer_add(&s->line, performer->at, performer->n_bytes));
		TRY(buffer_add(&s->line, " - ", 3));
	}
	return buffer_add(&s->line, s->title.at, s->title.n_bytes);
}

/* A file with one track is that file, and keeps its own tags. */
static enum status close_track(struct sheet *s, int64_t to_sector)
{
	char *name = NULL;
	enum status status = STATUS_OK;

	if (!s->open_file)
		return STATUS_OK;
	if (s->open_from > 0 || to_sector >= 0)
		name = part_name(s->open_file, s->open_from, to_sector);
	else
		name = strdup(s->open_file);
	status = name ? import_append(s->import, name, s->open_title, NULL) : STATUS_NO_MEMORY;
	free(name);
	free(s->open_file);
	s->open_file = NULL;
	return status;
}

static enum status open_track(struct sheet *s, int64_t from_sector)
{
	TRY(join_title(s));
	TRY(copy(&s->open_file, s->file));
	free(s->open_title);
	s->open_title = s->line.n_bytes > 0 ? strdup(s->line.at) : NULL;
	s->open_from = from_sector;
	return s->line.n_bytes == 0 || s->open_title ? STATUS_OK : STATUS_NO_MEMORY;
}

/* Where a track begins. */
static enum status take_start(struct sheet *s, const struct line *line, int64_t sector)
{
	bool first = !s->file_has_track;

	s->in_track = false; /* a second INDEX 01 of one track says nothing new */
	if (s->open_file && sector <= s->open_index) {
		import_drop(s->import, line->number, line->text, line->n_bytes,
		        "does not lie behind the track before");
		return STATUS_OK;
	}
	s->file_has_track = true;
	TRY(close_track(s, sector));
	if (!s->is_audio || !s->file)
		return STATUS_OK;
	s->open_index = sector;
	return open_track(s, first ? 0 : sector);
}

/* ---- commands ------------------------------------------------------------------------------------ */

/* Sheets often name the WAV that was ripped, which has long become something smaller. */
static enum status resolve_sibling(struct resolver *resolver, struct text name)
{
	static const char *const suffixes[] = {"flac", "wav", "ape", "wv", "m4a", "mp3", "ogg",
	        "opus", "tta", "tak", "aiff", "mpc"};
	const char *dot = memrchr(name.at, '.', name.n_bytes);
	char other[4096];

	if (!dot || name.n_bytes + 8 > sizeof other)
		return STATUS_NOT_FOUND;
	for (size_t i = 0; i < sizeof suffixes / sizeof *suffixes; i++) {
		size_t n = (size_t)(dot - name.at) + 1;
		enum status status;

		memcpy(other, name.at, n);
		snprintf(other + n, sizeof other - n, "%s", suffixes[i]);
		status = resolve(resolver, other, strlen(other), false);
		if (status != STATUS_NOT_FOUND)
			return status;
	}
	return STATUS_NOT_FOUND;
}

static enum status take_file(struct sheet *s, const struct line *line, struct text rest)
{
	struct resolver *resolver = &s->import->resolver;
	struct text name = take_word(&rest, true);
	char reason[ERROR_TEXT_BYTES];
	enum status status;

	s->file_has_track = false;
	if (s->import->sheet_of) /* there is but one, whatever it is called here */
		return copy(&s->file, s->import->sheet_of);
	TRY(close_track(s, -1));
	free(s->file);
	s->file = NULL;
	status = resolve(resolver, name.at, name.n_bytes, false);
	if (status == STATUS_NOT_FOUND) {
		memcpy(reason, resolver->reason, sizeof reason);
		status = resolve_sibling(resolver, name);
		if (status == STATUS_NOT_FOUND)
			memcpy(resolver->reason, reason, sizeof reason);
	}
	if (status == STATUS_NO_MEMORY)
		return status;
	if (status == STATUS_OK)
		return copy(&s->file, resolver->path.at);
	import_drop(s->import, line->number, name.at, name.n_bytes, resolver->reason);
	return STATUS_OK;
}

static enum status take_track(struct sheet *s, struct text rest)
{
	take_word(&rest, false); /* its number */
	s->in_track = true;
	s->is_audio = is_word(take_word(&rest, false), "AUDIO");
	buffer_clear(&s->title);
	buffer_clear(&s->performer);
	return STATUS_OK;
}

static enum status take_index(struct sheet *s, const struct line *line, struct text rest)
{
	int64_t number, sector;

	skip_blanks(&rest);
	if (!take_number(&rest, 99, &number) || !take_place(&rest, &sector)) {
		import_drop(s->import, line->number, line->text, line->n_bytes,
		        "is no place of a track");
		return STATUS_OK;
	}
	return number == 1 && s->in_track ? take_start(s, line, sector) : STATUS_OK;
}

static enum status take_text(struct buffer *to, struct text rest)
{
	struct text text = take_rest(&rest);

	return import_title(to, text.at, text.n_bytes);
}

/* Whether words speak of the disc or of a track: before the first TRACK, of the disc. */
static enum status take_line(struct sheet *s, const struct line *line, bool *tracks_began)
{
	struct text rest = {line->text, line->n_bytes}, word = take_word(&rest, false);

	if (is_word(word, "FILE"))
		return take_file(s, line, rest);
	if (is_word(word, "TRACK")) {
		*tracks_began = true;
		return take_track(s, rest);
	}
	if (is_word(word, "INDEX"))
		return take_index(s, line, rest);
	if (is_word(word, "PERFORMER"))
		return take_text(*tracks_began ? &s->performer : &s->disc_performer, rest);
	if (is_word(word, "TITLE") && *tracks_began)
		return take_text(&s->title, rest);
	return STATUS_OK;
}

static void sheet_done(struct sheet *s)
{
	buffer_done(&s->disc_performer);
	buffer_done(&s->performer);
	buffer_done(&s->title);
	buffer_done(&s->line);
	free(s->file);
	free(s->open_file);
	free(s->open_title);
}

enum status cue_read(struct import *import)
{
	struct sheet sheet = {.import = import};
	bool tracks_began = false;
	struct lines lines;
	struct line line;
	enum status status;

	lines_init(&lines, import->bytes);
	while ((status = lines_next(&lines, &line)) == STATUS_OK) {
		status = line.too_long ? STATUS_OK : take_line(&sheet, &line, &tracks_began);
		if (status != STATUS_OK)
			break;
	}
	if (status == STATUS_END)
		status = close_track(&sheet, -1);
	lines_done(&lines);
	sheet_done(&sheet);
	return status;
}
