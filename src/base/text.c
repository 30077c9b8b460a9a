/* text.c - text from strangers made safe, and numbers read strictly. */
#include "jukebox/text.h"

#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* RFC 3629: shortest form only, no surrogates, up to U+10FFFF. */
size_t text_utf8_decode(const char *at, uint32_t *code)
{
	const unsigned char *p = (const unsigned char *)at;
	if (p[0] == 0)
		return 0;
	if (p[0] < 0x80) {
		*code = p[0];
		return 1;
	}
	size_t n = p[0] >= 0xf0 && p[0] < 0xf5   ? 4
	           : p[0] >= 0xe0 && p[0] < 0xf0 ? 3
	           : p[0] >= 0xc2 && p[0] < 0xe0 ? 2
	                                         : 0;
	if (n == 0)
		return 0;
	uint32_t c = p[0] & (0xffu >> (n + 1));
	for (size_t i = 1; i < n; i++) {
		if ((p[i] & 0xc0) != 0x80)
			return 0;
		c = c << 6 | (p[i] & 0x3fu);
	}
	static const uint32_t lowest[5] = {0, 0, 0x80, 0x800, 0x10000};
	if (c < lowest[n] || c > 0x10ffff || (c >= 0xd800 && c <= 0xdfff))
		return 0;
	*code = c;
	return n;
}

bool text_is_utf8(const char *text)
{
	uint32_t code;
	while (*text) {
		size_t n = text_utf8_decode(text, &code);
		if (n == 0)
			return false;
		text += n;
	}
	return true;
}

char *text_to_utf8(const char *text)
{
	if (text_is_utf8(text))
		return strdup(text);
	char *copy = malloc(2 * strlen(text) + 1), *to = copy;
	if (!copy)
		return NULL;
	for (const unsigned char *p = (const unsigned char *)text; *p; p++) {
		if (*p < 0x80) {
			*to++ = (char)*p;
		} else {
			*to++ = (char)(0xc0 | *p >> 6);
			*to++ = (char)(0x80 | (*p & 0x3f));
		}
	}
	*to = '\0';
	return copy;
}

static size_t utf8_put(char *to, uint32_t c)
{
	if (c < 0x80) {
		to[0] = (char)c;
		return 1;
	}
	if (c < 0x800) {
		to[0] = (char)(0xc0 | c >> 6);
		to[1] = (char)(0x80 | (c & 63));
		return 2;
	}
	if (c < 0x10000) {
		to[0] = (char)(0xe0 | c >> 12);
		to[1] = (char)(0x80 | (c >> 6 & 63));
		to[2] = (char)(0x80 | (c & 63));
		return 3;
	}
	to[0] = (char)(0xf0 | c >> 18);
	to[1] = (char)(0x80 | (c >> 12 & 63));
	to[2] = (char)(0x80 | (c >> 6 & 63));
	to[3] = (char)(0x80 | (c & 63));
	return 4;
}

/* RFC 2781, section 2.2. */
size_t text_from_utf16(uint32_t *high, uint32_t unit, char *to)
{
	uint32_t waiting = *high;
	size_t n = 0;

	*high = 0;
	if (waiting && unit >= 0xdc00 && unit < 0xe000)
		return utf8_put(to, 0x10000 + ((waiting - 0xd800) << 10) + (unit - 0xdc00));
	if (waiting)
		n = utf8_put(to, 0xfffd);
	if (unit >= 0xd800 && unit < 0xdc00) {
		*high = unit;
		return n;
	}
	return n + utf8_put(to + n, unit >= 0xdc00 && unit < 0xe000 ? 0xfffd : unit);
}

/* Characters that move the cursor, end lines, or turn the reading direction: never printed raw. */
static bool is_unprintable(uint32_t c)
{
	return c < 0x20 || (c >= 0x7f && c < 0xa0) || c == 0x061c || (c >= 0x200b && c <= 0x200f) ||
	       (c >= 0x2028 && c <= 0x202e) || (c >= 0x2060 && c <= 0x206f) || c == 0xfeff ||
	       (c >= 0xfff9 && c <= 0xfffb) || (c >= 0xe0000 && c <= 0xe0fff);
}

/* One character, or one stray byte, of `from` in a form fit to print; returns the bytes taken. */
static size_t escape_one(char piece[16], const char *from)
{
	uint32_t code;
	size_t n = text_utf8_decode(from, &code);
	if (n == 0) {
		snprintf(piece, 16, "\\x%02x", (unsigned char)*from);
		return 1;
	}
	if (!is_unprintable(code)) {
		memcpy(piece, from, n);
		piece[n] = '\0';
	} else if (code == '\n' || code == '\t' || code == '\r') {
		snprintf(piece, 16, "\\%c", code == '\n' ? 'n' : code == '\t' ? 't' : 'r');
	} else if (code < 0x100) {
		snprintf(piece, 16, "\\x%02x", (unsigned)code);
	} else {
		snprintf(piece, 16, "\\u{%04x}", (unsigned)code);
	}
	return n;
}

char *text_escape(char *to, size_t to_bytes, const char *from)
{
	char piece[16];
	size_t used = 0, safe = 0; /* safe: how much can stay when "..." has to follow */
	if (to_bytes == 0)
		return to;
	while (*from) {
		size_t taken = escape_one(piece, from), n = strlen(piece);
		if (used + n >= to_bytes) {
			if (to_bytes > 3) {
				memcpy(to + safe, "...", 3);
				used = safe + 3;
			}
			break;
		}
		memcpy(to + used, piece, n);
		used += n;
		if (used + 3 < to_bytes)
			safe = used;
		from += taken;
	}
	to[used] = '\0';
	return to;
}

static const char *skip_zeros(const char *p)
{
	while (*p == '0' && isdigit((unsigned char)p[1]))
		p++;
	return p;
}

static int compare_numbers(const char **a, const char **b)
{
	const char *p = skip_zeros(*a), *q = skip_zeros(*b);
	size_t n = strspn(p, "0123456789"), m = strspn(q, "0123456789");
	*a = p + n;
	*b = q + m;
	return n != m ? (n < m ? -1 : 1) : memcmp(p, q, n);
}

int text_natural_compare(const char *a, const char *b)
{
	const char *p = a, *q = b;
	while (*p && *q) {
		if (isdigit((unsigned char)*p) && isdigit((unsigned char)*q)) {
			int order = compare_numbers(&p, &q);
			if (order != 0)
				return order;
			continue;
		}
		int x = tolower((unsigned char)*p), y = tolower((unsigned char)*q);
		if (x != y)
			return x < y ? -1 : 1;
		p++, q++;
	}
	if (*p || *q)
		return *p ? 1 : -1;
	return strcmp(a, b);
}

/* [+-]digits[.digits], in plain decimal whatever the locale says. */
static bool looks_like_number(const char *text)
{
	size_t whole, part = 0;
	text += *text == '-' || *text == '+';
	whole = strspn(text, "0123456789");
	text += whole;
	if (*text == '.') {
		text++;
		part = strspn(text, "0123456789");
		text += part;
	}
	return whole + part > 0 && whole < 16 && part < 16 && *text == '\0';
}

enum status text_to_double(const char *text, double *value)
{
	if (!looks_like_number(text))
		return STATUS_BAD_DATA;
	bool negative = *text == '-';
	text += *text == '-' || *text == '+';
	double v = 0, scale = 1;
	for (; isdigit((unsigned char)*text); text++)
		v = v * 10 + (*text - '0');
	if (*text == '.')
		for (text++; *text; text++) {
			v = v * 10 + (*text - '0');
			scale *= 10;
		}
	*value = (negative ? -v : v) / scale;
	return STATUS_OK;
}

enum status text_to_int64(const char *text, int64_t *value)
{
	const char *digits = text + (*text == '-' || *text == '+');
	if (!isdigit((unsigned char)*digits))
		return STATUS_BAD_DATA;
	char *end;
	errno = 0;
	long long v = strtoll(text, &end, 10);
	if (errno != 0 || *end != '\0')
		return STATUS_BAD_DATA;
	*value = v;
	return STATUS_OK;
}

enum status text_to_seconds(const char *text, double *seconds)
{
	double total = 0;
	for (int parts = 0; parts < 3; parts++) {
		char part[40];
		size_t n = strcspn(text, ":");
		double v;
		if (n == 0 || n >= sizeof part || !isdigit((unsigned char)text[0]))
			return STATUS_BAD_DATA;
		memcpy(part, text, n);
		part[n] = '\0';
		TRY(text_to_double(part, &v));
		if (parts > 0 && v >= 60)
			return STATUS_BAD_DATA;
		total = total * 60 + v;
		text += n;
		if (*text == '\0') {
			*seconds = total;
			return STATUS_OK;
		}
		if (strchr(part, '.')) /* only the last part may have a fraction */
			return STATUS_BAD_DATA;
		text++;
	}
	return STATUS_BAD_DATA;
}

char *text_from_seconds(char *to, size_t to_bytes, double seconds)
{
	if (!isfinite(seconds) || fabs(seconds) > 1e12) {
		snprintf(to, to_bytes, "?");
		return to;
	}
	long long ms = llround(fabs(seconds) * 1000);
	const char *sign = seconds < 0 && ms > 0 ? "-" : "";
	if (ms >= 3600000)
		snprintf(to, to_bytes, "%s%lld:%02lld:%02lld.%03lld", sign, ms / 3600000,
		        ms / 60000 % 60, ms / 1000 % 60, ms % 1000);
	else
		snprintf(to, to_bytes, "%s%lld:%02lld.%03lld", sign, ms / 60000, ms / 1000 % 60,
		        ms % 1000);
	return to;
}
