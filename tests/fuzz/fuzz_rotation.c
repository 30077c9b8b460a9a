/* fuzz_rotation.c - any bytes as the lines of a rotation. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "jukebox/rotation.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(const struct rotation_source *s)
{
	if (!s->name || !s->name[0] || strlen(s->name) > ROTATION_NAME_BYTES)
		abort();
	if (s->kind == ROTATION_AT ? s->hour < -1 || s->hour > 23 || s->minute < 0 || s->minute > 59
	                           : s->number < 1 || s->number > ROTATION_NUMBER_MOST)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	/* In memory of its own, without a NUL behind: a byte read beyond is seen. */
	for (size_t from = 0; from <= size;) {
		const uint8_t *end = size > from ? memchr(data + from, '\n', size - from) : NULL;
		size_t n = end ? (size_t)(end - data) - from : size - from;
		char *line = malloc(n ? n : 1);
		struct rotation_source s;
		struct error error = {0};
		if (!line)
			return 0;
		if (n > 0)
			memcpy(line, data + from, n);
		enum status status = rotation_parse_line(line, n, &s, &error);
		if (status == STATUS_OK) {
			check(&s);
			free(s.name);
		} else if (status == STATUS_BAD_DATA && !error.text[0]) {
			abort();
		}
		free(line);
		from += n + 1;
	}
	return 0;
}
