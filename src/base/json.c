/* json.c - texts of strangers as JSON. */
#include "jukebox/json.h"

#include <stdlib.h>
#include <string.h>

#include "jukebox/text.h"

json_t *text_to_json(const char *text)
{
	if (!text)
		return json_null();
	char *utf8 = text_to_utf8(text);
	json_t *value = utf8 ? json_string(utf8) : NULL;
	free(utf8);
	return value;
}

json_t *text_to_json_hex(const char *text)
{
	static const char digits[] = "0123456789abcdef";
	size_t n = strlen(text);
	char *hex = malloc(2 * n + 1);
	if (!hex)
		return NULL;
	for (size_t i = 0; i < n; i++) {
		hex[2 * i] = digits[(unsigned char)text[i] >> 4];
		hex[2 * i + 1] = digits[(unsigned char)text[i] & 15];
	}
	hex[2 * n] = '\0';
	json_t *value = json_string(hex);
	free(hex);
	return value;
}
