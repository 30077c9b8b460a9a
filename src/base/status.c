/* status.c - the words of a failure. */
#include "jukebox/status.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum status error_set(struct error *e, enum status status, const char *format, ...)
{
	if (e) {
		va_list args;
		va_start(args, format);
		e->status = status;
		vsnprintf(e->text, sizeof e->text, format, args);
		va_end(args);
	}
	return status;
}

static enum status status_of_errno(int error_number)
{
	switch (error_number) {
	case ENOMEM:
		return STATUS_NO_MEMORY;
	case ENOENT:
	case ENOTDIR:
		return STATUS_NOT_FOUND;
	default:
		return STATUS_IO;
	}
}

enum status error_set_errno(struct error *e, int error_number, const char *format, ...)
{
	enum status status = status_of_errno(error_number);
	if (e) {
		va_list args;
		va_start(args, format);
		int n = vsnprintf(e->text, sizeof e->text, format, args);
		va_end(args);
		e->status = status;
		if (n < 0)
			n = 0;
		if ((size_t)n < sizeof e->text) {
			char words[128];
			snprintf(e->text + n, sizeof e->text - (size_t)n, "%s%s", n ? ": " : "",
			        strerror_r(error_number, words, sizeof words));
		}
	}
	return status;
}
