/* view.c - a source as libraries want it; see view.h. */
#include "view.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* Room for whatever is added to a position without overflow. */
#define LARGEST_POSITION (INT64_MAX / 4)

void view_init(struct view *view, struct source *source, int64_t start)
{
	view->source = source;
	view->start = start;
	view->position = 0;
	view->error_number = 0;
	view->buffer_at = 0;
	view->n_buffered = 0;
}

static int64_t read_source(struct view *view, int64_t position, void *to, size_t n_bytes)
{
	ssize_t got = -1;

	if (source_seek(view->source, view->start + position) >= 0)
		got = source_read(view->source, to, n_bytes);
	if (got < 0)
		view->error_number = errno ? errno : EIO;
	return got;
}

static size_t take_buffered(struct view *view, uint8_t *to, size_t n_bytes)
{
	int64_t skip = view->position - view->buffer_at;
	size_t n;

	if (skip < 0 || skip >= (int64_t)view->n_buffered)
		return 0;
	n = view->n_buffered - (size_t)skip;
	if (n > n_bytes)
		n = n_bytes;
	memcpy(to, view->buffer + skip, n);
	view->position += (int64_t)n;
	return n;
}

static int64_t fill_buffer(struct view *view)
{
	int64_t got = read_source(view, view->position, view->buffer, sizeof(view->buffer));

	view->buffer_at = view->position;
	view->n_buffered = got > 0 ? (size_t)got : 0;
	return got;
}

int64_t view_read(struct view *view, void *to, size_t n_bytes)
{
	uint8_t *at = to;
	size_t n = take_buffered(view, at, n_bytes);
	int64_t got;

	if (n == n_bytes)
		return (int64_t)n;
	if (n_bytes - n < sizeof(view->buffer)) {
		got = fill_buffer(view);
		if (got < 0)
			return n > 0 ? (int64_t)n : -1;
		return (int64_t)(n + take_buffered(view, at + n, n_bytes - n));
	}
	got = read_source(view, view->position, at + n, n_bytes - n);
	if (got < 0)
		return n > 0 ? (int64_t)n : -1;
	view->position += got;
	return (int64_t)n + got;
}

int64_t view_seek(struct view *view, int64_t offset, int whence)
{
	int64_t from = whence == SEEK_CUR   ? view->position
	               : whence == SEEK_END ? view_size(view)
	                                    : 0;
	int64_t to;

	if (__builtin_add_overflow(from, offset, &to) || to < 0 ||
	        to > LARGEST_POSITION - view->start)
		return -1;
	view->position = to;
	return to;
}

int64_t view_position(const struct view *view)
{
	return view->position;
}

int64_t view_size(const struct view *view)
{
	int64_t size = source_size(view->source) - view->start;

	return size > 0 ? size : 0;
}

enum status view_end(const struct view *view, struct error *error)
{
	if (view->error_number == 0)
		return STATUS_END;
	return error_set_errno(error, view->error_number, "cannot read");
}

enum status view_refuse(const struct view *view, struct error *error, const char *format, ...)
{
	char text[ERROR_TEXT_BYTES];
	va_list arguments;

	if (view->error_number != 0)
		return error_set_errno(error, view->error_number, "cannot read");
	va_start(arguments, format);
	vsnprintf(text, sizeof(text), format, arguments);
	va_end(arguments);
	return error_set(error, STATUS_BAD_DATA, "%s", text);
}
