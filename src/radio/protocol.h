/* protocol.h - the words of the control socket: one JSON object a line, one line of JSON back.  Private to radio/.
 *
 *     {"command": "skip", "id": 7}                         {"ok": true, "id": 7}
 *     {"command": "queue", "path": "/m/a.ogg", "next": true}
 *     {"command": "juggle"}                                {"ok": false, "error": "..."}
 *
 * Lines are strangers' text: anything that is no request gets an error object, and changes nothing.
 */
#ifndef RADIO_PROTOCOL_H
#define RADIO_PROTOCOL_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "jukebox/status.h"

enum { REQUEST_PATH_BYTES = 4096 };

enum request_kind {
	REQUEST_STATUS,
	REQUEST_SKIP,
	REQUEST_QUEUE, /* path, next */
	REQUEST_REMOVE, /* item */
	REQUEST_PAUSE,
	REQUEST_RESUME,
	REQUEST_RELOAD,
	REQUEST_VOLUME, /* volume_db, if has_volume; else it is only asked for */
	REQUEST_STOP,
	REQUEST_QUIT,
};

/* Softer than this is a pause; louder than 0 would need a limiter behind it. */
#define REQUEST_LOWEST_DB (-60.0)

struct request {
	enum request_kind kind;
	char path[REQUEST_PATH_BYTES];
	bool next;
	int64_t item;
	bool has_volume;
	double volume_db; /* REQUEST_LOWEST_DB ... 0 */
};

/* Does it, and may add fields to the reply.  Anything but STATUS_OK becomes the error object. */
typedef enum status request_fn(
        void *user, const struct request *request, json_t *reply, struct error *error);

/* The answer to a line of n bytes, with a line end, as a new string (caller frees); NULL when out of memory. */
char *protocol_answer(const char *line, size_t n, request_fn *carry_out, void *user);

/* A line that is longer than any request. */
char *protocol_refuse(const char *text);

#endif
