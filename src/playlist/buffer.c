/* buffer.c - a text that grows.  Bounds are the callers' affair: they know what is sensible. */
#include "buffer.h"

#include <stdlib.h>
#include <string.h>

void buffer_done(struct buffer *buffer)
{
	free(buffer->at);
	*buffer = (struct buffer){0};
}

void buffer_clear(struct buffer *buffer)
{
	buffer->n_bytes = 0;
	if (buffer->at)
		buffer->at[0] = '\0';
}

enum status buffer_reserve(struct buffer *buffer, size_t n_bytes)
{
	size_t wanted = buffer->capacity ? buffer->capacity : 256;
	char *at;

	if (n_bytes < buffer->capacity)
		return STATUS_OK;
	while (wanted <= n_bytes)
		wanted *= 2;
	at = realloc(buffer->at, wanted);
	if (!at)
		return STATUS_NO_MEMORY;
	buffer->at = at;
	buffer->capacity = wanted;
	return STATUS_OK;
}

enum status buffer_add(struct buffer *buffer, const char *from, size_t n_bytes)
{
	TRY(buffer_reserve(buffer, buffer->n_bytes + n_bytes));
	if (n_bytes > 0)
		memcpy(buffer->at + buffer->n_bytes, from, n_bytes);
	buffer->n_bytes += n_bytes;
	buffer->at[buffer->n_bytes] = '\0';
	return STATUS_OK;
}
