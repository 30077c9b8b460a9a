/* plan_text.c - a plan for people: a table, and a cue sheet. */
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "jukebox/cue_text.h"
#include "jukebox/plan.h"
#include "jukebox/text.h"

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

static void table_row(FILE *out, const struct plan *plan, size_t i)
{
	const struct plan_clip *c = &plan->clips[i];
	char start[32], name[64], reason[2 * PLAN_REASON_BYTES], sources[2 * PLAN_REASON_BYTES];
	clip_name(c, name, 41);
	text_from_seconds(start, sizeof start, (double)c->start_frame / plan->rate_hz);
	fprintf(out, "%12s  %7.2f  %+6.1f dB  %+7.2f  %-40s  %s%s%s%s\n", start,
	        (double)c->n_frames / plan->rate_hz, c->gain_db,
	        (double)c->overlap_frames / plan->rate_hz, name,
	        text_escape(reason, sizeof reason, c->reason), c->sources[0] ? " [" : "",
	        text_escape(sources, sizeof sources, c->sources), c->sources[0] ? "]" : "");
}

char *plan_to_table(const struct plan *plan)
{
	char *text = NULL, length[32];
	size_t n = 0;
	FILE *out = open_memstream(&text, &n);
	if (!out)
		return NULL;
	fprintf(out, "%12s  %7s  %9s  %7s  %-40s  %s\n", "start", "seconds", "gain", "overlap",
	        "track", "then");
	for (size_t i = 0; i < plan->count; i++)
		table_row(out, plan, i);
	text_from_seconds(length, sizeof length, (double)plan_frames(plan) / plan->rate_hz);
	fprintf(out, "%zu clips, %s at %d Hz, target %.1f LUFS\n", plan->count, length,
	        plan->rate_hz, plan->target_lufs);
	bool failed = ferror(out);
	if (fclose(out) != 0 || failed) {
		free(text);
		return NULL;
	}
	return text;
}

char *plan_to_cue(const struct plan *plan, const char *audio_file)
{
	char *text = NULL;
	size_t n = 0;
	int number = 0;
	FILE *out = open_memstream(&text, &n);
	if (!out)
		return NULL;
	cue_text_file(out, audio_file);
	for (size_t i = 0; i < plan->count; i++) {
		const struct plan_clip *c = &plan->clips[i];
		if (strcmp(c->transition, "inner") != 0)
			cue_text_track(out, ++number, c->title ? c->title : base_name(c->path),
			        c->artist, c->title_frame, plan->rate_hz);
	}
	bool failed = ferror(out);
	if (fclose(out) != 0 || failed) {
		free(text);
		return NULL;
	}
	return text;
}
