/* xml_clean.c - takes out the characters that XML 1.0 forbids (2.2, production 2).
 *
 * Tags of files hold control characters, list writers copy them as they are or as &#x1b;, and a
 * conforming parser then refuses the whole list.  Each becomes a '?'.  UTF-16 is left as it is.
 */
#include "xml_clean.h"

#include <stdint.h>
#include <string.h>

static bool is_allowed(uint32_t c)
{
	return c == '\t' || c == '\n' || c == '\r' || (c >= 0x20 && c <= 0xd7ff) ||
	       (c >= 0xe000 && c <= 0xfffd) || (c >= 0x10000 && c <= 0x10ffff);
}

static int digit_of(char c, unsigned base)
{
	int value = c >= '0' && c <= '9'   ? c - '0'
	            : c >= 'a' && c <= 'f' ? c - 'a' + 10
	            : c >= 'A' && c <= 'F' ? c - 'A' + 10
	                                   : -1;
	return value < (int)base ? value : -1;
}

enum reference { REFERENCE_NONE, REFERENCE_CUT, REFERENCE_ALLOWED, REFERENCE_FORBIDDEN };

/* "&#27;" or "&#x1b;" at the start of the text?  Its length to *n_taken. */
static enum reference look(const char *text, size_t n_bytes, size_t *n_taken)
{
	unsigned base = 10;
	uint32_t code = 0;
	size_t i = 2, first;

	if (n_bytes < 2)
		return REFERENCE_CUT;
	if (text[1] != '#')
		return REFERENCE_NONE;
	if (n_bytes > 2 && text[2] == 'x') {
		base = 16;
		i = 3;
	}
	for (first = i; i < n_bytes && i < XML_REFERENCE_MOST_BYTES; i++) {
		int digit = digit_of(text[i], base);
		if (digit < 0)
			break;
		code = code > 0x110000 ? code : code * base + (uint32_t)digit;
	}
	if (i == n_bytes && i < XML_REFERENCE_MOST_BYTES)
		return REFERENCE_CUT;
	if (i == first || i == XML_REFERENCE_MOST_BYTES || text[i] != ';')
		return REFERENCE_NONE;
	*n_taken = i + 1;
	return is_allowed(code) ? REFERENCE_ALLOWED : REFERENCE_FORBIDDEN;
}

/* In place; returns the new length.  Holds back a reference that is cut at the end. */
static size_t clean_text(struct xml_clean *clean, char *text, size_t n_bytes)
{
	size_t from = 0, to = 0, n_taken = 0;

	while (from < n_bytes) {
		unsigned char c = (unsigned char)text[from];
		enum reference reference =
		        c == '&' ? look(text + from, n_bytes - from, &n_taken) : REFERENCE_NONE;
		if (reference == REFERENCE_CUT && !clean->at_end) {
			clean->n_held = n_bytes - from;
			memcpy(clean->held, text + from, clean->n_held);
			return to;
		}
		if (reference == REFERENCE_FORBIDDEN) {
			text[to++] = '?';
			from += n_taken;
		} else {
			text[to++] = c >= 0x20 || is_allowed(c) ? (char)c : '?';
			from++;
		}
	}
	return to;
}

/* By the byte order mark, or by the NULs that "<" has in it. */
static bool is_utf16(const struct bytes *bytes)
{
	const uint8_t *head = bytes->head;

	return bytes->n_head >= 2 &&
	       (memcmp(head, "\xff\xfe", 2) == 0 || memcmp(head, "\xfe\xff", 2) == 0 || !head[0] ||
	               !head[1]);
}

ssize_t xml_clean_read(struct xml_clean *clean, char *to, size_t n_bytes)
{
	size_t n = clean->n_held;
	ssize_t more;

	memcpy(to, clean->held, n);
	clean->n_held = 0;
	more = bytes_read(clean->bytes, to + n, n_bytes - n);
	if (more < 0)
		return -1;
	clean->at_end = (size_t)more < n_bytes - n;
	n += (size_t)more;
	return (ssize_t)(is_utf16(clean->bytes) ? n : clean_text(clean, to, n));
}
