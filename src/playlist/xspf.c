/* xspf.c - XSPF version 1 (xspf.org/spec), read with expat.
 *
 * Taken: track/location (a URI reference), track/title, track/creator.  Locations are relative to the
 * list's folder; xml:base and extensions are ignored.  Entities that a list declares itself are
 * refused with the list, and nothing outside it is ever loaded.
 */
#include "import.h"

#include <errno.h>
#include <expat.h>
#include <stdio.h>
#include <string.h>

#include "xml_clean.h"

enum {
	CHUNK_BYTES = 64 << 10,
	DEEPEST = 64, /* the format itself needs four levels, extensions a few more */
	TOKEN_MOST_BYTES = 8 << 20,
	LOCATION_MOST_BYTES = 64 << 10,
};

enum field { FIELD_NONE, FIELD_LOCATION, FIELD_TITLE, FIELD_CREATOR };

struct reader {
	struct import *import;
	XML_Parser parser;
	struct xml_clean clean;
	int depth;
	bool in_list; /* playlist/trackList */
	bool in_track;
	int64_t track_line;
	enum field field; /* whose text comes */
	struct buffer location, title, creator, whole_title;
	bool has_location, has_skipped; /* an entity that nobody knows */
	enum status status; /* not STATUS_OK: stopped */
	const char *stopped; /* why; NULL: not by us */
};

static void stop(struct reader *reader, enum status status, const char *why)
{
	if (reader->status == STATUS_OK) {
		reader->status = status;
		reader->stopped = why;
	}
	XML_StopParser(reader->parser, XML_FALSE);
}

/* The name without a namespace prefix. */
static const char *local_name(const char *name)
{
	const char *colon = strrchr(name, ':');
	return colon ? colon + 1 : name;
}

static int64_t line_now(const struct reader *reader)
{
	return (int64_t)XML_GetCurrentLineNumber(reader->parser);
}

static void begin_track(struct reader *reader)
{
	reader->in_track = true;
	reader->track_line = line_now(reader);
	reader->has_location = reader->has_skipped = false;
	buffer_clear(&reader->location);
	buffer_clear(&reader->title);
	buffer_clear(&reader->creator);
}

static enum field field_named(const char *name)
{
	if (strcmp(name, "location") == 0)
		return FIELD_LOCATION;
	if (strcmp(name, "title") == 0)
		return FIELD_TITLE;
	return strcmp(name, "creator") == 0 ? FIELD_CREATOR : FIELD_NONE;
}

/* Only the first location of a track counts: others are the same song elsewhere. */
static void begin_field(struct reader *reader, const char *name)
{
	reader->field = field_named(name);
	if (reader->field == FIELD_LOCATION && reader->has_location)
		reader->field = FIELD_NONE;
	if (reader->field == FIELD_LOCATION)
		reader->has_location = true;
}

static void on_start(void *context, const XML_Char *name, const XML_Char **attributes)
{
	struct reader *reader = context;
	const char *local = local_name(name);

	reader->depth++;
	if (reader->depth > DEEPEST)
		stop(reader, STATUS_BAD_DATA, "elements nested too deeply");
	else if (reader->depth == 1 && strcmp(local, "playlist") != 0)
		stop(reader, STATUS_BAD_DATA, "is no XSPF playlist");
	else if (reader->depth == 2)
		reader->in_list = strcmp(local, "trackList") == 0;
	else if (reader->depth == 3 && reader->in_list && strcmp(local, "track") == 0)
		begin_track(reader);
	else if (reader->depth == 4 && reader->in_track)
		begin_field(reader, local);
}

static enum status join_title(struct reader *reader)
{
	struct buffer *whole = &reader->whole_title, joined = {0};
	enum status status = STATUS_OK;

	if (reader->creator.n_bytes > 0) {
		status = buffer_add(&joined, reader->creator.at, reader->creator.n_bytes);
		if (status == STATUS_OK && reader->title.n_bytes > 0)
			status = buffer_add(&joined, " - ", 3);
	}
	if (status == STATUS_OK && reader->title.n_bytes > 0)
		status = buffer_add(&joined, reader->title.at, reader->title.n_bytes);
	if (status == STATUS_OK)
		status = import_title(whole, joined.at ? joined.at : "", joined.n_bytes);
	buffer_done(&joined);
	return status;
}

/* White space around text is layout in XML. */
static void trim_layout(struct buffer *text)
{
	size_t lead = 0;

	while (text->n_bytes > 0 && strchr(" \t\r\n", text->at[text->n_bytes - 1]))
		text->n_bytes--;
	while (lead < text->n_bytes && strchr(" \t\r\n", text->at[lead]))
		lead++;
	text->n_bytes -= lead;
	if (text->at) {
		memmove(text->at, text->at + lead, text->n_bytes);
		text->at[text->n_bytes] = '\0';
	}
}

static enum status end_track(struct reader *reader)
{
	struct buffer *location = &reader->location;
	struct import_entry entry = {.line = reader->track_line, .percent_first = true};

	reader->in_track = false;
	trim_layout(location);
	trim_layout(&reader->title);
	trim_layout(&reader->creator);
	if (reader->has_skipped || location->n_bytes == 0) {
		import_drop(reader->import, reader->track_line, NULL, 0,
		        reader->has_skipped ? "a track with an unknown entity"
		                            : "a track without a location");
		return STATUS_OK;
	}
	TRY(join_title(reader));
	entry.text = location->at;
	entry.n_bytes = location->n_bytes;
	entry.title = reader->whole_title.n_bytes > 0 ? reader->whole_title.at : NULL;
	return import_entry(reader->import, &entry);
}

static void on_end(void *context, const XML_Char *name)
{
	struct reader *reader = context;

	if (reader->depth == 4)
		reader->field = FIELD_NONE;
	if (reader->depth == 3 && reader->in_track && end_track(reader) != STATUS_OK)
		stop(reader, STATUS_NO_MEMORY, NULL);
	reader->depth--;
}

static void on_text(void *context, const XML_Char *text, int n_bytes)
{
	struct reader *reader = context;
	struct buffer *to = reader->field == FIELD_LOCATION ? &reader->location
	                    : reader->field == FIELD_TITLE  ? &reader->title
	                                                    : &reader->creator;

	if (reader->field == FIELD_NONE || reader->depth != 4)
		return;
	if (to->n_bytes + (size_t)n_bytes > LOCATION_MOST_BYTES)
		n_bytes = (int)(LOCATION_MOST_BYTES - to->n_bytes);
	if (buffer_add(to, text, (size_t)n_bytes) != STATUS_OK)
		stop(reader, STATUS_NO_MEMORY, NULL);
}

static void on_entity(void *context, const XML_Char *name, int is_parameter, const XML_Char *value,
        int value_bytes, const XML_Char *base, const XML_Char *system_id, const XML_Char *public_id,
        const XML_Char *notation)
{
	stop(context, STATUS_BAD_DATA, "declares entities: not read any further");
}

static void on_skipped(void *context, const XML_Char *name, int is_parameter)
{
	struct reader *reader = context;
	reader->has_skipped = true;
}

static void set_handlers(struct reader *reader)
{
	XML_SetUserData(reader->parser, reader);
	XML_SetElementHandler(reader->parser, on_start, on_end);
	XML_SetCharacterDataHandler(reader->parser, on_text);
	XML_SetEntityDeclHandler(reader->parser, on_entity);
	XML_SetSkippedEntityHandler(reader->parser, on_skipped);
}

/* expat keeps a token that has not ended in memory, and looks at it anew with each chunk. */
static void check_token(struct reader *reader, int64_t fed)
{
	int64_t done = XML_GetCurrentByteIndex(reader->parser);

	if (fed - done > TOKEN_MOST_BYTES)
		stop(reader, STATUS_BAD_DATA, "a single item above 8 MiB");
}

static enum status feed_chunk(struct reader *reader, int64_t *fed)
{
	void *chunk = XML_GetBuffer(reader->parser, CHUNK_BYTES);
	ssize_t n;

	if (!chunk)
		return STATUS_NO_MEMORY;
	n = xml_clean_read(&reader->clean, chunk, CHUNK_BYTES);
	if (n < 0)
		return STATUS_IO;
	*fed += n;
	if (XML_ParseBuffer(reader->parser, (int)n, reader->clean.at_end) != XML_STATUS_OK)
		return reader->status != STATUS_OK ? reader->status : STATUS_BAD_DATA;
	if (!reader->clean.at_end)
		check_token(reader, *fed);
	return reader->status;
}

static void report_damage(struct reader *reader)
{
	char why[160];
	enum XML_Error code = XML_GetErrorCode(reader->parser);

	if (code == XML_ERROR_NO_MEMORY) {
		reader->status = STATUS_NO_MEMORY;
		return;
	}
	if (reader->stopped)
		snprintf(why, sizeof why, "%s", reader->stopped);
	else
		snprintf(why, sizeof why, "damaged XML, not read any further: %s",
		        XML_ErrorString(code));
	import_drop(reader->import, line_now(reader), NULL, 0, why);
}

static enum status read_all(struct reader *reader)
{
	int64_t fed = 0;
	enum status status = STATUS_OK;

	set_handlers(reader);
	while (status == STATUS_OK && !reader->clean.at_end)
		status = feed_chunk(reader, &fed);
	if (status != STATUS_BAD_DATA)
		return status;
	report_damage(reader);
	return reader->status == STATUS_NO_MEMORY ? STATUS_NO_MEMORY : STATUS_OK;
}

enum status xspf_read(struct import *import)
{
	struct reader reader = {.import = import,
	        .parser = XML_ParserCreate(NULL),
	        .clean = {.bytes = import->bytes}};
	enum status status;
	int error_number;

	if (!reader.parser)
		return STATUS_NO_MEMORY;
	status = read_all(&reader);
	error_number = errno; /* of a read error, for the caller */
	XML_ParserFree(reader.parser);
	buffer_done(&reader.location);
	buffer_done(&reader.title);
	buffer_done(&reader.creator);
	buffer_done(&reader.whole_title);
	errno = error_number;
	return status;
}
