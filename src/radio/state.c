/* state.c - where a run stands, as text.  When it is written is errands.c's affair.
 *
 * Names of files are bytes: those that are no UTF-8 stand as {"hex": "..."}.
 */
#include "jukebox/state.h"

#include <stdlib.h>
#include <string.h>

#include "jukebox/json.h"
#include "jukebox/text.h"

enum { VERSION = 1, PATH_MOST_BYTES = 8192 };

static void track_done(struct onair_track *t)
{
	free(t->path);
	free(t->title);
	free(t->artist);
	*t = (struct onair_track){0};
}

void state_done(struct state *s)
{
	free(s->last);
	free(s->memo);
	for (size_t i = 0; i < s->n_queued; i++)
		pick_done(&s->queued[i]);
	free(s->queued);
	for (size_t i = 0; i < ONAIR_HISTORY; i++)
		track_done(&s->history[i]);
	*s = (struct state){0};
}

/* ---- taking ------------------------------------------------------------------------------------------- */

static enum status take_place(struct state *s, struct lineup *lineup)
{
	struct pick last = {.id = LINEUP_NONE};
	enum status status = lineup_last_listed(lineup, &last);
	if (status != STATUS_OK)
		return status == STATUS_END ? STATUS_OK : status;
	s->has_place = true;
	s->round = last.round;
	s->place = last.place;
	s->last = last.path;
	s->memo = last.memo;
	last.path = last.memo = NULL;
	pick_done(&last);
	return STATUS_OK;
}

static enum status take_queued(struct state *s, struct lineup *lineup)
{
	struct pick *coming = calloc(LINEUP_MOST, sizeof *coming);
	if (!coming)
		return STATUS_NO_MEMORY;
	size_t n = lineup_coming(lineup, coming, LINEUP_MOST);
	for (size_t i = 0; i < n; i++) {
		if (coming[i].queued)
			coming[s->n_queued++] = coming[i];
		else
			pick_done(&coming[i]);
	}
	s->queued = coming;
	return STATUS_OK;
}

static void take_history(struct state *s, struct onair *onair)
{
	struct onair_snapshot now;
	onair_take(onair, &now);
	if (now.has_now) {
		s->history[s->n_history++] = now.now;
		now.now = (struct onair_track){0};
	}
	for (size_t i = 0; i < now.n_history && s->n_history < ONAIR_HISTORY; i++) {
		s->history[s->n_history++] = now.history[i];
		now.history[i] = (struct onair_track){0};
	}
	onair_snapshot_done(&now);
}

enum status state_take(struct state *s, int64_t seed, struct lineup *lineup, struct onair *onair)
{
	*s = (struct state){.seed = seed};
	enum status status = take_place(s, lineup);
	if (status == STATUS_OK)
		status = take_queued(s, lineup);
	if (status != STATUS_OK) {
		state_done(s);
		return status;
	}
	take_history(s, onair);
	return STATUS_OK;
}

/* ---- to text ---------------------------------------------------------------------------------------------- */

static json_t *bytes_to_json(const char *text)
{
	if (!text || text_is_utf8(text))
		return text_to_json(text);
	return json_pack("{s:o}", "hex", text_to_json_hex(text));
}

static json_t *track_to_json(const struct onair_track *t)
{
	return json_pack("{s:o, s:o, s:o, s:I}", "path", bytes_to_json(t->path), "title",
	        bytes_to_json(t->title), "artist", bytes_to_json(t->artist), "started_at_ms",
	        (json_int_t)t->started_at_ms);
}

char *state_to_text(const struct state *s)
{
	json_t *root = json_pack("{s:i, s:I}", "version", VERSION, "seed", (json_int_t)s->seed);
	json_t *list = s->has_place
	                       ? json_pack("{s:I, s:I, s:o, s:o}", "round", (json_int_t)s->round,
	                                 "place", (json_int_t)s->place, "path",
	                                 bytes_to_json(s->last), "rotation", bytes_to_json(s->memo))
	                       : json_null();
	json_t *queued = json_array(), *history = json_array();
	int bad = 0;
	for (size_t i = 0; i < s->n_queued; i++)
		bad |= json_array_append_new(queued, bytes_to_json(s->queued[i].path));
	for (size_t i = 0; i < s->n_history; i++)
		bad |= json_array_append_new(history, track_to_json(&s->history[i]));
	bad |= json_object_set_new(root, "list", list);
	bad |= json_object_set_new(root, "queue", queued);
	bad |= json_object_set_new(root, "history", history);
	char *text = bad ? NULL : json_dumps(root, JSON_INDENT(1));
	json_decref(root);
	return text;
}

/* ---- from text ---------------------------------------------------------------------------------------------- */

static int hex_digit(char c)
{
	const char *digits = "0123456789abcdef", *at = c ? strchr(digits, c) : NULL;
	return at ? (int)(at - digits) : -1;
}

static char *from_hex(const char *hex)
{
	size_t n = strlen(hex) / 2;
	char *text = strlen(hex) % 2 == 0 ? malloc(n + 1) : NULL;
	for (size_t i = 0; text && i < n; i++) {
		int high = hex_digit(hex[2 * i]), low = hex_digit(hex[2 * i + 1]);
		if (high < 0 || low < 0 || high + low == 0) {
			free(text);
			return NULL;
		}
		text[i] = (char)(high << 4 | low);
	}
	if (text)
		text[n] = '\0';
	return text;
}

/* A new text; NULL: there is none, or none that a name could be. */
static char *bytes_from_json(const json_t *value)
{
	const char *hex = json_string_value(json_object_get(value, "hex"));
	const char *text = json_string_value(value);
	if (hex && strlen(hex) <= 2 * PATH_MOST_BYTES)
		return from_hex(hex);
	if (!text || json_string_length(value) != strlen(text) || strlen(text) > PATH_MOST_BYTES)
		return NULL;
	return strdup(text);
}

static bool read_place(const json_t *list, struct state *s)
{
	const json_t *round = json_object_get(list, "round"),
	             *place = json_object_get(list, "place");
	if (json_is_null(list))
		return true;
	if (!json_is_integer(round) || !json_is_integer(place) || json_integer_value(round) < 0 ||
	        json_integer_value(place) < 0)
		return false;
	s->round = json_integer_value(round);
	s->place = (size_t)json_integer_value(place);
	s->last = bytes_from_json(json_object_get(list, "path"));
	s->memo = bytes_from_json(json_object_get(list, "rotation"));
	s->has_place = s->last != NULL;
	return s->has_place;
}

static bool read_queue(const json_t *queue, struct state *s)
{
	size_t n = json_array_size(queue);
	n = n < LINEUP_MOST_QUEUED ? n : LINEUP_MOST_QUEUED;
	s->queued = calloc(n + 1, sizeof *s->queued);
	if (!s->queued)
		return false;
	for (size_t i = 0; i < n; i++) {
		struct pick *pick = &s->queued[s->n_queued];
		pick->path = bytes_from_json(json_array_get(queue, i));
		pick->queued = true;
		s->n_queued += pick->path != NULL;
	}
	return true;
}

static void read_history(const json_t *history, struct state *s)
{
	for (size_t i = 0; i < json_array_size(history) && s->n_history < ONAIR_HISTORY; i++) {
		const json_t *track = json_array_get(history, i);
		struct onair_track *t = &s->history[s->n_history];
		t->path = bytes_from_json(json_object_get(track, "path"));
		if (!t->path)
			continue;
		t->title = bytes_from_json(json_object_get(track, "title"));
		t->artist = bytes_from_json(json_object_get(track, "artist"));
		t->started_at_ms = json_integer_value(json_object_get(track, "started_at_ms"));
		s->n_history++;
	}
}

enum status state_from_text(const char *text, size_t n_bytes, struct state *s, struct error *error)
{
	json_error_t why;
	*s = (struct state){0};
	json_t *root = json_loadb(text, n_bytes, JSON_REJECT_DUPLICATES, &why);
	if (!root)
		return error_set(error, STATUS_BAD_DATA, "line %d: %s", why.line, why.text);
	const json_t *seed = json_object_get(root, "seed");
	bool ok = json_integer_value(json_object_get(root, "version")) == VERSION &&
	          json_is_integer(seed) && read_place(json_object_get(root, "list"), s) &&
	          read_queue(json_object_get(root, "queue"), s);
	if (ok) {
		s->seed = json_integer_value(seed);
		read_history(json_object_get(root, "history"), s);
	} else {
		state_done(s);
		(void)error_set(error, STATUS_BAD_DATA, "not written by this version");
	}
	json_decref(root);
	return ok ? STATUS_OK : STATUS_BAD_DATA;
}
