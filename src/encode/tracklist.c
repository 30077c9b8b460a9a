/* tracklist.c - what was played when, beside an audio file: as a cue sheet, as text, as JSON.
 *
 * "Encoders" of titles: frames are only counted, so positions are exact to the frame, and files, pipes, full disks and
 * signals are dealt with as for audio.  Each line goes out with its title; JSON is closed behind each, where the writer
 * can go back, so that the list of a killed run can be read.
 */
#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "formats.h"
#include "jukebox/cue_text.h"
#include "jukebox/text.h"
#include "settings.h"

struct tracklist {
	int64_t frame;
	int64_t written; /* bytes */
	int n_tracks;
	bool is_closed; /* JSON: the list's end is there */
};

static const char json_end[] = "\n]\n";
enum { JSON_END_BYTES = sizeof json_end - 1 };

static enum status put(struct encoder_handle *e, const char *text, size_t n_bytes)
{
	struct tracklist *t = e->state;
	TRY(e->writer->write(e->writer->user, text, n_bytes, e->error));
	t->written += (int64_t)n_bytes;
	return STATUS_OK;
}

static enum status open_list(struct encoder_handle *e, const char *name)
{
	TRY(settings_parse(e->options, name, NULL, 0, e->error));
	e->format.sample = SAMPLE_F32;
	return STATUS_OK;
}

static enum status count_frames(struct encoder_handle *e, const float *frames, size_t n_frames)
{
	struct tracklist *t = e->state;
	t->frame += (int64_t)n_frames;
	return STATUS_OK;
}

static enum status finish_list(struct encoder_handle *e)
{
	return STATUS_OK;
}

static void close_list(struct encoder_handle *e)
{
}

static const char *title_of(const struct tags *tags)
{
	const char *title = tags_get(tags, "title");
	return title ? title : "";
}

/* Takes over what was printed to memory and writes it. */
static enum status put_printed(struct encoder_handle *e, FILE *out, char **text, size_t *n)
{
	bool failed = ferror(out);
	if (fclose(out) != 0 || failed) {
		free(*text);
		return error_set(e->error, STATUS_NO_MEMORY, "out of memory");
	}
	enum status status = put(e, *text, *n);
	free(*text);
	return status;
}

/* ---- cue ---------------------------------------------------------------------------------- */

static enum status cue_open(struct encoder_handle *e)
{
	return open_list(e, "cue");
}

static enum status cue_announce(struct encoder_handle *e, const struct tags *tags)
{
	struct tracklist *t = e->state;
	char *text = NULL;
	size_t n = 0;
	FILE *out = open_memstream(&text, &n);
	if (!out)
		return error_set(e->error, STATUS_NO_MEMORY, "out of memory");
	if (t->n_tracks == 0)
		cue_text_file(out, e->writer->companion ? e->writer->companion : "mix.wav");
	cue_text_track(out, ++t->n_tracks, title_of(tags), tags_get(tags, "artist"), t->frame,
	        e->format.sample_rate_hz);
	return put_printed(e, out, &text, &n);
}

/* ---- text --------------------------------------------------------------------------------- */

static enum status txt_open(struct encoder_handle *e)
{
	return open_list(e, "txt");
}

static enum status txt_announce(struct encoder_handle *e, const struct tags *tags)
{
	struct tracklist *t = e->state;
	char name[2 * TAG_VALUE_BYTES + 4], shown[2 * TAG_VALUE_BYTES + 4], line[sizeof shown + 24];
	const char *artist = tags_get(tags, "artist");
	int64_t seconds = t->frame / e->format.sample_rate_hz;
	snprintf(name, sizeof name, "%s%s%s", artist ? artist : "", artist ? " - " : "",
	        title_of(tags));
	int n = snprintf(line, sizeof line, "%" PRId64 ":%02d:%02d  %s\n", seconds / 3600,
	        (int)(seconds / 60 % 60), (int)(seconds % 60),
	        text_escape(shown, sizeof shown, name));
	return put(e, line, (size_t)n);
}

/* ---- JSON --------------------------------------------------------------------------------- */

/* What stands before the next row, in place of the end if that was written. */
static enum status go_on(struct encoder_handle *e, const char *joint)
{
	struct tracklist *t = e->state;
	if (!t->is_closed)
		return put(e, joint, JSON_END_BYTES);
	return e->writer->patch(
	        e->writer->user, t->written - JSON_END_BYTES, joint, JSON_END_BYTES, e->error);
}

static enum status end_json(struct encoder_handle *e)
{
	struct tracklist *t = e->state;
	t->is_closed = true;
	return put(e, json_end, JSON_END_BYTES);
}

static enum status json_open(struct encoder_handle *e)
{
	TRY(open_list(e, "json"));
	TRY(put(e, "[", 1));
	return e->writer->patch ? end_json(e) : STATUS_OK;
}

static char *row_of(const struct encoder_handle *e, const struct tags *tags)
{
	const struct tracklist *t = e->state;
	const char *artist = tags_get(tags, "artist");
	json_t *row = json_pack("{s:f, s:I, s:s, s:s*}", "start",
	        (double)t->frame / e->format.sample_rate_hz, "frame", (json_int_t)t->frame, "title",
	        title_of(tags), "artist", artist);
	char *text = row ? json_dumps(row, JSON_COMPACT | JSON_REAL_PRECISION(12)) : NULL;
	json_decref(row);
	return text;
}

static enum status json_announce(struct encoder_handle *e, const struct tags *tags)
{
	struct tracklist *t = e->state;
	char *row = row_of(e, tags);
	if (!row)
		return error_set(e->error, STATUS_NO_MEMORY, "out of memory");
	enum status status = go_on(e, t->n_tracks++ == 0 ? "\n  " : ",\n ");
	if (status == STATUS_OK)
		status = put(e, row, strlen(row));
	free(row);
	TRY(status);
	return e->writer->patch ? end_json(e) : STATUS_OK;
}

static enum status json_finish(struct encoder_handle *e)
{
	const struct tracklist *t = e->state;
	return t->is_closed ? STATUS_OK : end_json(e);
}

/* ---- the tables --------------------------------------------------------------------------- */

#define A_LIST                                                                           \
	.state_bytes = sizeof(struct tracklist), .is_text = true, .write = count_frames, \
	.close = close_list

const struct encoder_format cue_encoder = {
        .name = "cue",
        .description = "tracklist: a cue sheet of the first audio file",
        .suffixes = (const char *const[]){"cue", NULL},
        .open = cue_open,
        .announce = cue_announce,
        .finish = finish_list,
        A_LIST,
};

const struct encoder_format txt_encoder = {
        .name = "txt",
        .description = "tracklist: H:MM:SS  Artist - Title",
        .suffixes = (const char *const[]){"txt", NULL},
        .open = txt_open,
        .announce = txt_announce,
        .finish = finish_list,
        A_LIST,
};

const struct encoder_format json_encoder = {
        .name = "json",
        .description = "tracklist: start, frame, title, artist",
        .suffixes = (const char *const[]){"json", NULL},
        .open = json_open,
        .announce = json_announce,
        .finish = json_finish,
        A_LIST,
};
