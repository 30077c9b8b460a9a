/* fuzz_control.c - any bytes as a line of the control socket. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "radio/protocol.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static enum status check(
        void *user, const struct request *request, json_t *reply, struct error *error)
{
	if (request->kind == REQUEST_QUEUE &&
	        (request->path[0] != '/' || strlen(request->path) >= sizeof request->path))
		abort();
	if (request->kind == REQUEST_REMOVE && request->item < 0)
		abort();
	if (request->has_volume &&
	        !(request->volume_db >= REQUEST_LOWEST_DB && request->volume_db <= 0))
		abort();
	return request->next ? error_set(error, STATUS_IO, "%s", request->path) : STATUS_OK;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *line = protocol_answer((const char *)data, size, check, NULL);
	if (!line)
		return 0;
	size_t n = strlen(line);
	json_t *reply = json_loads(line, 0, NULL);
	if (n == 0 || memchr(line, '\n', n) != line + n - 1 ||
	        !json_is_boolean(json_object_get(reply, "ok")))
		abort();
	json_decref(reply);
	free(line);
	return 0;
}
