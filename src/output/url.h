/* url.h - "//user@host:port/mount" of network outputs. */
#ifndef JUKEBOX_OUTPUT_URL_H
#define JUKEBOX_OUTPUT_URL_H

#include <stdbool.h>

#include "jukebox/status.h"

enum { URL_PART_BYTES = 256 };

struct url {
	char user[URL_PART_BYTES]; /* "" when there is none */
	char host[URL_PART_BYTES]; /* without the brackets of IPv6; "" when there is none */
	int port;
	char path[URL_PART_BYTES]; /* with the slash */
};

/* `text` is what is behind the "name:".  STATUS_USAGE with the words. */
enum status url_parse(
        const char *text, int default_port, struct url *url, struct error *error) MUST_USE;

#endif
