/* json.h - texts of strangers as JSON, which is UTF-8. */
#ifndef JUKEBOX_JSON_H
#define JUKEBOX_JSON_H

#include <jansson.h>

/* The text as text_to_utf8 makes it; null for NULL.  NULL: out of memory. */
json_t *text_to_json(const char *text);

/* The bytes of a name that is not UTF-8, two digits each.  NULL: out of memory. */
json_t *text_to_json_hex(const char *text);

#endif
