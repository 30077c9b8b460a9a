/* plan_text.c - plans in print: a table and a cue sheet for people; JSON is plan_json.c's. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "jukebox/cue_text.h"
#include "jukebox/plan.h"
#include "jukebox/text.h"
#include "plan_print.h"

static const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');
	return slash && slash[1] ? slash + 1 : path;
}

/* "Artist - Title", or the file's name. */
static void clip_name(const struct plan_clip *c, char *to, size_t to_bytes)
{
	char name[1200];
	if (c->title && c->artist)
		snprintf(name, sizeof name, "%.500s - %.600s", c->artist, c->title);
	else
		snprintf(name, sizeof name, "%.1100s", c->title ? c->title : base_name(c->path));
	text_escape(to, to_bytes, name);
}

static void table_begin(const struct plan_printer *p)
{
	fprintf(p->out, "%12s  %7s  %9s  %7s  %-40s  %s\n", "start", "seconds", "gain", "overlap",
	        "track", "then");
}

static void table_row(const struct plan_printer *p, const struct plan_clip *c)
{
	char start[32], name[64], reason[2 * PLAN_REASON_BYTES], sources[2 * PLAN_REASON_BYTES];
	clip_name(c, name, 41);
	text_from_seconds(start, sizeof start, (double)c->start_frame / p->rate_hz);
	fprintf(p->out, "%12s  %7.2f  %+6.1f dB  %+7.2f  %-40s  %s%s%s%s\n", start,
	        (double)c->n_frames / p->rate_hz, c->gain_db,
	        (double)c->overlap_frames / p->rate_hz, name,
	        text_escape(reason, sizeof reason, c->reason), c->sources[0] ? " [" : "",
	        text_escape(sources, sizeof sources, c->sources), c->sources[0] ? "]" : "");
}

static void table_end(const struct plan_printer *p)
{
	char length[32];
	text_from_seconds(length, sizeof length, (double)p->n_frames / p->rate_hz);
	fprintf(p->out, "%zu clips, %s at %d Hz, target %.1f LUFS\n", p->n_clips, length,
	        p->rate_hz, p->target_lufs);
}

static void cue_row(struct plan_printer *p, const struct plan_clip *c)
{
	if (strcmp(c->transition, "inner") != 0)
		cue_text_track(p->out, ++p->n_titles, c->title ? c->title : base_name(c->path),
		        c->artist, c->title_frame, p->rate_hz);
}

static enum status written(const struct plan_printer *p)
{
	return ferror(p->out) ? STATUS_IO : STATUS_OK;
}

enum status plan_print_begin(struct plan_printer *p)
{
	if (p->form == PLAN_JSON)
		TRY(plan_json_begin(p));
	else if (p->form == PLAN_TABLE)
		table_begin(p);
	else
		cue_text_file(p->out, p->audio_file);
	return written(p);
}

enum status plan_print_clip(struct plan_printer *p, const struct plan_clip *clip)
{
	int64_t end = clip->start_frame + clip->n_frames;
	if (p->form == PLAN_JSON)
		TRY(plan_json_clip(p, clip));
	else if (p->form == PLAN_TABLE)
		table_row(p, clip);
	else
		cue_row(p, clip);
	p->n_clips++;
	p->n_frames = end > p->n_frames ? end : p->n_frames;
	return written(p);
}

enum status plan_print_end(struct plan_printer *p)
{
	if (p->form == PLAN_JSON)
		TRY(plan_json_end(p));
	else if (p->form == PLAN_TABLE)
		table_end(p);
	return fflush(p->out) == 0 ? written(p) : STATUS_IO;
}

char *plan_to_text(const struct plan *plan, enum plan_form form, const char *audio_file)
{
	char *text = NULL;
	size_t n = 0;
	struct plan_printer printer = {.form = form,
	        .out = open_memstream(&text, &n),
	        .rate_hz = plan->rate_hz,
	        .channels = plan->channels,
	        .target_lufs = plan->target_lufs,
	        .audio_file = audio_file};
	if (!printer.out)
		return NULL;
	enum status status = plan_print_begin(&printer);
	for (size_t i = 0; i < plan->count && status == STATUS_OK; i++)
		status = plan_print_clip(&printer, &plan->clips[i]);
	if (status == STATUS_OK)
		status = plan_print_end(&printer);
	if (fclose(printer.out) == 0 && status == STATUS_OK)
		return text;
	free(text);
	return NULL;
}
