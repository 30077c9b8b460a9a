/* query.c - reads the options of outputs.  What they mean is the affair of who asks. */
#include "query.h"

#include <stdio.h>
#include <string.h>

#include "jukebox/text.h"

bool query_next(const char **rest, const char **item, size_t *n)
{
	while (**rest == '&')
		++*rest;
	*item = *rest;
	*n = strcspn(*rest, "&");
	*rest += *n;
	return *n > 0;
}

bool query_names(const char *item, size_t n, const char *name)
{
	size_t length = strlen(name);
	return n > length && item[length] == '=' && strncmp(item, name, length) == 0;
}

static int hex(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* The character at *from, which moves behind it. */
static unsigned char decode(const char **from, const char *end)
{
	const char *p = *from;
	if (*p == '%' && end - p > 2 && hex(p[1]) >= 0 && hex(p[2]) >= 0) {
		*from += 3;
		return (unsigned char)(hex(p[1]) * 16 + hex(p[2]));
	}
	++*from;
	return (unsigned char)*p;
}

static enum status decode_all(const char *name, const char *from, const char *end, char *to,
        size_t to_bytes, struct error *error)
{
	size_t n = 0;
	while (from < end) {
		unsigned char c = decode(&from, end);
		if (c < 0x20 || c == 0x7f)
			return error_set(
			        error, STATUS_USAGE, "%s: holds a control character", name);
		if (n + 1 >= to_bytes)
			return error_set(error, STATUS_USAGE, "%s: is longer than %zu bytes", name,
			        to_bytes - 1);
		to[n++] = (char)c;
	}
	to[n] = '\0';
	return STATUS_OK;
}

enum status query_text(
        const char *query, const char *name, char *to, size_t to_bytes, struct error *error)
{
	const char *item;
	size_t n;
	while (query_next(&query, &item, &n))
		if (query_names(item, n, name))
			return decode_all(
			        name, item + strlen(name) + 1, item + n, to, to_bytes, error);
	return STATUS_NOT_FOUND;
}

enum status query_number(const char *query, const char *name, double lowest, double highest,
        double *value, struct error *error)
{
	char text[32];
	double number;
	enum status status = query_text(query, name, text, sizeof text, error);
	if (status == STATUS_NOT_FOUND)
		return STATUS_OK;
	TRY(status);
	if (text_to_double(text, &number) != STATUS_OK || !(number >= lowest && number <= highest))
		return error_set(error, STATUS_USAGE, "%s=%s: must be a number from %.10g to %.10g",
		        name, text, lowest, highest);
	*value = number;
	return STATUS_OK;
}

enum status query_flag(const char *query, const char *name, bool *value, struct error *error)
{
	char text[8] = "";
	enum status status = query_text(query, name, text, sizeof text, error);
	if (status == STATUS_NOT_FOUND)
		return STATUS_OK;
	*value = strcmp(text, "yes") == 0;
	if (status != STATUS_OK || (!*value && strcmp(text, "no") != 0))
		return error_set(error, STATUS_USAGE, "%s: must be yes or no", name);
	return STATUS_OK;
}
