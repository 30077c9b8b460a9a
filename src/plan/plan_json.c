/* plan_json.c - a plan as JSON, and back.  Names and units are a contract: fields are added, never renamed. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "jukebox/json.h"
#include "jukebox/plan.h"
#include "jukebox/text.h"
#include "plan_print.h"

/* Seconds that give the same frame again at any rate up to 768 kHz, and are short to read. */
static json_t *seconds(double frames, int rate_hz)
{
	return json_real(round(frames / rate_hz * 1e9) / 1e9);
}

static json_t *decibels(double db)
{
	return isfinite(db) ? json_real(round(db * 1e6) / 1e6) : json_null();
}

static json_t *clip_to_json(const struct plan_clip *c, int rate)
{
	json_t *o = json_object();
	int64_t end = c->start_frame + c->n_frames;
	int bad = json_object_set_new(o, "path", text_to_json(c->path));
	if (!text_is_utf8(c->path)) /* JSON is: the bytes are told beside it */
		bad |= json_object_set_new(o, "path_hex", text_to_json_hex(c->path));
	bad |= json_object_set_new(o, "title", text_to_json(c->title));
	bad |= json_object_set_new(o, "artist", text_to_json(c->artist));
	bad |= json_object_set_new(o, "start", seconds((double)c->start_frame, rate));
	bad |= json_object_set_new(o, "cue_in", seconds((double)c->from_frame, c->source_hz));
	bad |= json_object_set_new(o, "cue_out", seconds((double)c->to_frame, c->source_hz));
	bad |= json_object_set_new(o, "end", seconds((double)end, rate));
	bad |= json_object_set_new(o, "fade_in", seconds((double)c->fade_in_frames, rate));
	bad |= json_object_set_new(o, "fade_out", seconds((double)c->fade_out_frames, rate));
	bad |= json_object_set_new(o, "gain_db", decibels(c->gain_db));
	bad |= json_object_set_new(o, "overlap", seconds((double)c->overlap_frames, rate));
	bad |= json_object_set_new(o, "transition", json_string(c->transition));
	bad |= json_object_set_new(o, "reason", json_string(c->reason));
	bad |= json_object_set_new(
	        o, "sources", c->sources[0] ? json_string(c->sources) : json_null());
	bad |= json_object_set_new(o, "title_at", seconds((double)c->title_frame, rate));
	bad |= json_object_set_new(o, "expected_peak_dbtp", decibels(c->expected_peak_dbtp));
	bad |= json_object_set_new(o, "source_rate", json_integer(c->source_hz));
	bad |= json_object_set_new(o, "declick_in", seconds((double)c->declick_in_frames, rate));
	bad |= json_object_set_new(o, "declick_out", seconds((double)c->declick_out_frames, rate));
	bad |= json_object_set_new(
	        o, "fade_law", json_string(c->law == FADE_LINEAR ? "linear" : "equal-power"));
	bad |= json_object_set_new(o, "joined", json_boolean(c->joined));
	bad |= json_object_set_new(o, "offset", json_pack("[f, f]", c->offset[0], c->offset[1]));
	if (bad) {
		json_decref(o);
		return NULL;
	}
	return o;
}

/* Takes the value over.  Its text as a member of what is `depth` levels deep. */
static enum status print_value(FILE *out, json_t *value, int depth)
{
	char *text = value ? json_dumps(value,
	                             JSON_ENCODE_ANY | JSON_INDENT(1) | JSON_REAL_PRECISION(15))
	                   : NULL;
	json_decref(value);
	for (const char *c = text; c && *c; c++) {
		putc(*c, out);
		for (int i = 0; *c == '\n' && i < depth; i++)
			putc(' ', out);
	}
	free(text);
	return text ? STATUS_OK : STATUS_NO_MEMORY;
}

enum status plan_json_begin(const struct plan_printer *p)
{
	fprintf(p->out,
	        "{\n \"sample_rate\": %d,\n \"channels\": %d,\n \"target_lufs\": ", p->rate_hz,
	        p->channels);
	TRY(print_value(p->out, decibels(p->target_lufs), 0));
	fputs(",\n \"tracks\": [", p->out);
	return STATUS_OK;
}

enum status plan_json_clip(const struct plan_printer *p, const struct plan_clip *clip)
{
	fputs(p->n_clips > 0 ? ",\n  " : "\n  ", p->out);
	return print_value(p->out, clip_to_json(clip, p->rate_hz), 2);
}

enum status plan_json_end(const struct plan_printer *p)
{
	fputs(p->n_clips > 0 ? "\n ],\n \"duration\": " : "],\n \"duration\": ", p->out);
	TRY(print_value(p->out, seconds((double)p->n_frames, p->rate_hz), 0));
	fputs("\n}\n", p->out);
	return STATUS_OK;
}

/* ---- reading: a plan may be edited by hand, and may come from a stranger ------------------------------ */

struct reader {
	const json_t *object;
	size_t index;
	struct error *error;
	enum status status; /* the first failure sticks */
};

static double number(
        struct reader *r, const char *name, double otherwise, double lowest, double highest)
{
	const json_t *value = json_object_get(r->object, name);
	if (!value || json_is_null(value)) {
		if (isnan(otherwise) && r->status == STATUS_OK)
			r->status = error_set(
			        r->error, STATUS_BAD_DATA, "track %zu: no \"%s\"", r->index, name);
		return isnan(otherwise) ? lowest : otherwise;
	}
	double v = json_number_value(value);
	if (json_is_number(value) && v >= lowest && v <= highest)
		return v;
	if (r->status == STATUS_OK)
		r->status = error_set(r->error, STATUS_BAD_DATA,
		        "track %zu: \"%s\" is no number from %g to %g", r->index, name, lowest,
		        highest);
	return lowest;
}

static const double LONGEST_S = 1e8; /* three years; frames at 768 kHz stay exact in a double */

static int64_t frames_of(
        struct reader *r, const char *name, double otherwise, double lowest, int rate_hz)
{
	return llround(number(r, name, otherwise, lowest, LONGEST_S) * rate_hz);
}

static char *text_of(struct reader *r, const char *name)
{
	const char *text = json_string_value(json_object_get(r->object, name));
	char *copy = text ? strdup(text) : NULL;
	if (text && !copy)
		r->status = error_set(r->error, STATUS_NO_MEMORY, "out of memory");
	return copy;
}

static int hex_digit(char c)
{
	return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static char *path_of(struct reader *r)
{
	char *hex = text_of(r, "path_hex");
	if (!hex)
		return text_of(r, "path");
	size_t n = strlen(hex) / 2;
	for (size_t i = 0; i < n; i++) { /* in place: the path is shorter than its hex */
		int high = hex_digit(hex[2 * i]), low = hex_digit(hex[2 * i + 1]);
		if (high < 0 || low < 0 || high + low == 0) {
			free(hex);
			return NULL;
		}
		hex[i] = (char)(high << 4 | low);
	}
	hex[n] = '\0';
	return hex;
}

static void clip_place(struct reader *r, struct plan_clip *c, int rate)
{
	c->source_hz = (int)number(r, "source_rate", rate, DECODER_LOWEST_HZ, DECODER_HIGHEST_HZ);
	c->start_frame = frames_of(r, "start", NAN, 0, rate);
	c->from_frame = frames_of(r, "cue_in", 0, 0, c->source_hz);
	c->to_frame = frames_of(r, "cue_out", NAN, 0, c->source_hz);
	int64_t natural = llround((double)(c->to_frame - c->from_frame) * rate / c->source_hz);
	c->n_frames = frames_of(r, "end", (double)(c->start_frame + natural) / rate, 0, rate) -
	              c->start_frame;
	/* Who moves a song edits "start" alone: its length follows from the cues. */
	if (llabs(c->n_frames - natural) > 1)
		c->n_frames = natural;
	if (r->status == STATUS_OK && (c->to_frame <= c->from_frame || c->n_frames <= 0))
		r->status = error_set(r->error, STATUS_BAD_DATA,
		        "track %zu: cue_out is not behind cue_in", r->index);
}

static void clip_sound(struct reader *r, struct plan_clip *c, int rate)
{
	const char *law = json_string_value(json_object_get(r->object, "fade_law"));
	const json_t *offset = json_object_get(r->object, "offset");
	double length = (double)c->n_frames / rate;
	c->gain_db = number(r, "gain_db", 0, -200, 60);
	c->fade_in_frames = llround(number(r, "fade_in", 0, 0, length) * rate);
	c->fade_out_frames = llround(number(r, "fade_out", 0, 0, length) * rate);
	c->declick_in_frames = llround(number(r, "declick_in", 0, 0, length) * rate);
	c->declick_out_frames = llround(number(r, "declick_out", 0, 0, length) * rate);
	c->law = law && strcmp(law, "linear") == 0 ? FADE_LINEAR : FADE_EQUAL_POWER;
	c->joined = json_is_true(json_object_get(r->object, "joined"));
	for (size_t i = 0; i < 2; i++) {
		double v = json_number_value(json_array_get(offset, i));
		c->offset[i] = fabs(v) <= 1 ? v : 0;
	}
}

/* Cut between letters: half a letter could not be written as JSON again. */
static void copy_words(char *to, size_t to_bytes, const char *text)
{
	size_t n = 0, letter;
	uint32_t code;
	while (text && (letter = text_utf8_decode(text + n, &code)) > 0 && n + letter < to_bytes)
		n += letter;
	if (text)
		memcpy(to, text, n);
	to[n] = '\0';
}

static void clip_words(struct reader *r, struct plan_clip *c, int rate)
{
	const char *transition = json_string_value(json_object_get(r->object, "transition"));
	const char *reason = json_string_value(json_object_get(r->object, "reason"));
	const char *sources = json_string_value(json_object_get(r->object, "sources"));
	c->path = path_of(r);
	c->title = text_of(r, "title");
	c->artist = text_of(r, "artist");
	c->title_frame = frames_of(r, "title_at", (double)c->start_frame / rate, 0, rate);
	c->overlap_frames = frames_of(r, "overlap", 0, -LONGEST_S, rate);
	c->expected_peak_dbtp = number(r, "expected_peak_dbtp", -HUGE_VAL, -HUGE_VAL, 200);
	copy_words(c->transition, sizeof c->transition, transition);
	copy_words(c->reason, sizeof c->reason, reason);
	copy_words(c->sources, sizeof c->sources, sources);
	if (r->status == STATUS_OK && (!c->path || !c->path[0]))
		r->status =
		        error_set(r->error, STATUS_BAD_DATA, "track %zu: no \"path\"", r->index);
}

static enum status read_clips(const json_t *tracks, struct plan *plan, struct error *error)
{
	for (size_t i = 0; i < json_array_size(tracks); i++) {
		struct reader r = {
		        .object = json_array_get(tracks, i), .index = i + 1, .error = error};
		struct plan_clip clip = {.entry = SIZE_MAX};
		clip_place(&r, &clip, plan->rate_hz);
		clip_sound(&r, &clip, plan->rate_hz);
		clip_words(&r, &clip, plan->rate_hz);
		if (r.status == STATUS_OK && i > 0 &&
		        clip.start_frame < plan->clips[i - 1].start_frame)
			r.status = error_set(error, STATUS_BAD_DATA,
			        "track %zu begins before the one above it", i + 1);
		if (i == 0)
			clip.joined = false;
		if (r.status != STATUS_OK) {
			plan_clip_done(&clip);
			return r.status;
		}
		TRY(plan_append(plan, &clip));
	}
	return STATUS_OK;
}

enum status plan_from_json(const char *text, size_t n_bytes, struct plan *plan, struct error *error)
{
	json_error_t why;
	*plan = (struct plan){.channels = 2};
	json_t *o = json_loadb(text, n_bytes, JSON_REJECT_DUPLICATES, &why);
	if (!o)
		return error_set(
		        error, STATUS_BAD_DATA, "not JSON: line %d: %s", why.line, why.text);
	struct reader r = {.object = o, .error = error};
	const json_t *tracks = json_object_get(o, "tracks");
	plan->rate_hz = (int)number(&r, "sample_rate", NAN, DECODER_LOWEST_HZ, DECODER_HIGHEST_HZ);
	plan->target_lufs = number(&r, "target_lufs", -18, -100, 20);
	if (r.status == STATUS_OK && !json_is_array(tracks))
		r.status = error_set(error, STATUS_BAD_DATA, "not a plan: no list of \"tracks\"");
	if (r.status == STATUS_OK)
		r.status = read_clips(tracks, plan, error);
	json_decref(o);
	if (r.status != STATUS_OK)
		plan_done(plan);
	return r.status;
}
