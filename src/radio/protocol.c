/* protocol.c - from a line of JSON to a request, and from what became of it to a line of JSON.  Sockets are
 * server.c's, and what a request does is control.c's affair. */
#include "protocol.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* In the order of enum request_kind. */
static const char *const names[] = {
        "status", "skip", "queue", "remove", "pause", "resume", "reload", "volume", "stop", "quit"};

static enum status find_kind(const char *name, enum request_kind *kind, struct error *error)
{
	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		if (strcmp(name, names[i]) == 0) {
			*kind = (enum request_kind)i;
			return STATUS_OK;
		}
	return error_set(error, STATUS_USAGE, "no such command: '%.40s'", name);
}

static enum status read_path(const json_t *root, struct request *r, struct error *error)
{
	const char *path = json_string_value(json_object_get(root, "path"));
	if (!path || path[0] != '/')
		return error_set(
		        error, STATUS_USAGE, "\"path\" must be a text that begins with '/'");
	size_t n = strlen(path);
	if (n >= sizeof r->path || n != json_string_length(json_object_get(root, "path")))
		return error_set(error, STATUS_USAGE, "\"path\" is no name of a file");
	memcpy(r->path, path, n + 1);
	const json_t *next = json_object_get(root, "next");
	if (next && !json_is_boolean(next))
		return error_set(error, STATUS_USAGE, "\"next\" must be true or false");
	r->next = json_is_true(next);
	return STATUS_OK;
}

static enum status read_item(const json_t *root, struct request *r, struct error *error)
{
	const json_t *item = json_object_get(root, "item");
	if (!json_is_integer(item) || json_integer_value(item) < 0)
		return error_set(error, STATUS_USAGE,
		        "\"item\" must be the number of an item, as status tells it");
	r->item = json_integer_value(item);
	return STATUS_OK;
}

static enum status read_volume(const json_t *root, struct request *r, struct error *error)
{
	const json_t *db = json_object_get(root, "db");
	r->has_volume = db != NULL;
	if (!db)
		return STATUS_OK;
	r->volume_db = json_number_value(db);
	if (!json_is_number(db) || !(r->volume_db >= REQUEST_LOWEST_DB && r->volume_db <= 0))
		return error_set(error, STATUS_USAGE, "\"db\" must be a number from %g to 0",
		        REQUEST_LOWEST_DB);
	return STATUS_OK;
}

static enum status read_request(const json_t *root, struct request *r, struct error *error)
{
	*r = (struct request){0};
	if (!json_is_object(root))
		return error_set(error, STATUS_USAGE, "a request is one JSON object");
	const char *name = json_string_value(json_object_get(root, "command"));
	if (!name)
		return error_set(error, STATUS_USAGE, "\"command\" is missing, or no text");
	TRY(find_kind(name, &r->kind, error));
	switch (r->kind) {
	case REQUEST_QUEUE:
		return read_path(root, r, error);
	case REQUEST_REMOVE:
		return read_item(root, r, error);
	case REQUEST_VOLUME:
		return read_volume(root, r, error);
	default:
		return STATUS_OK;
	}
}

/* Takes the reply over. */
static char *to_line(json_t *reply)
{
	char *text = reply ? json_dumps(reply, JSON_COMPACT | JSON_REAL_PRECISION(12)) : NULL;
	size_t n = text ? strlen(text) : 0;
	char *line = text ? realloc(text, n + 2) : NULL;
	json_decref(reply);
	if (!line) {
		free(text);
		return NULL;
	}
	memcpy(line + n, "\n", 2);
	return line;
}

char *protocol_refuse(const char *text)
{
	return to_line(json_pack("{s:b, s:s}", "ok", 0, "error", text));
}

/* Error texts may hold names of files in any bytes. */
static json_t *refusal(const struct error *error)
{
	char text[sizeof error->text];
	size_t n = strlen(error->text);
	memcpy(text, error->text, n + 1);
	for (size_t i = 0; i < n; i++)
		if ((unsigned char)text[i] < 0x20 || (unsigned char)text[i] > 0x7e)
			text[i] = '?';
	return json_pack("{s:b, s:s}", "ok", 0, "error", text);
}

char *protocol_answer(const char *line, size_t n, request_fn *carry_out, void *user)
{
	struct error error = {0};
	struct request request;
	json_error_t why;
	json_t *root = json_loadb(line, n, JSON_REJECT_DUPLICATES, &why);
	enum status status = root ? read_request(root, &request, &error)
	                          : error_set(&error, STATUS_BAD_DATA, "not JSON: %s", why.text);
	json_t *reply = json_pack("{s:b}", "ok", 1);
	if (reply && status == STATUS_OK)
		status = carry_out(user, &request, reply, &error);
	if (status != STATUS_OK) {
		json_decref(reply);
		reply = refusal(&error);
	}
	json_t *id = json_object_get(root, "id");
	if (reply && id && (json_is_integer(id) || json_is_string(id)))
		json_object_set(reply, "id", id);
	json_decref(root);
	return to_line(reply);
}
