/* url.c - takes the place of a network output apart (RFC 3986, as far as it is needed). */
#include "url.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "jukebox/text.h"

static enum status copy_part(char *to, const char *from, size_t n, struct error *error)
{
	if (n >= URL_PART_BYTES)
		return error_set(error, STATUS_USAGE, "a part of the address is too long");
	memcpy(to, from, n);
	to[n] = '\0';
	return STATUS_OK;
}

static enum status parse_port(const char *text, size_t n, int *port, struct error *error)
{
	char digits[8];
	int64_t value;
	snprintf(digits, sizeof digits, "%.*s", (int)(n < sizeof digits ? n : sizeof digits), text);
	if (text_to_int64(digits, &value) != STATUS_OK || value < 0 || value > 65535)
		return error_set(
		        error, STATUS_USAGE, "'%.*s' is no port", (int)(n < 20 ? n : 20), text);
	*port = (int)value;
	return STATUS_OK;
}

/* "host", "host:port", "[::1]:port", ":port" */
static enum status parse_host(const char *text, size_t n, struct url *url, struct error *error)
{
	const char *end = text + n, *host_end, *port;
	if (n > 0 && *text == '[') {
		text++;
		host_end = memchr(text, ']', (size_t)(end - text));
		if (!host_end)
			return error_set(error, STATUS_USAGE, "a bracket is missing");
		port = host_end + 1;
	} else {
		host_end = memchr(text, ':', n);
		host_end = host_end ? host_end : end;
		port = host_end;
	}
	TRY(copy_part(url->host, text, (size_t)(host_end - text), error));
	if (port == end)
		return STATUS_OK;
	if (*port != ':')
		return error_set(error, STATUS_USAGE, "'%.20s' is no port", port);
	return parse_port(port + 1, (size_t)(end - port - 1), &url->port, error);
}

static bool is_plain(const char *path)
{
	for (; *path; path++)
		if (*path <= ' ' || *path > '~' || strchr("\"<>\\^`{|}#%", *path))
			return false;
	return true;
}

enum status url_parse(const char *text, int default_port, struct url *url, struct error *error)
{
	*url = (struct url){.port = default_port};
	if (strncmp(text, "//", 2) != 0)
		return error_set(error, STATUS_USAGE, "an address begins with //");
	text += 2;
	size_t n = strcspn(text, "/");
	const char *at = memrchr(text, '@', n);
	if (at) {
		TRY(copy_part(url->user, text, (size_t)(at - text), error));
		n -= (size_t)(at + 1 - text);
		text = at + 1;
	}
	TRY(parse_host(text, n, url, error));
	text += n;
	if (strlen(text) < 2)
		return error_set(error, STATUS_USAGE, "the address names no mount: /NAME.EXT");
	if (!is_plain(text))
		return error_set(error, STATUS_USAGE,
		        "a mount is made of letters, digits and the like: '%.80s'", text);
	return copy_part(url->path, text, strlen(text), error);
}
