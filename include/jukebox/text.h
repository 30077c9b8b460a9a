/* text.h - text from strangers: names, tags, titles. */
#ifndef JUKEBOX_TEXT_H
#define JUKEBOX_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "jukebox/status.h"

/* Makes `from` fit for a terminal or a log: printable UTF-8 stays; control
 * characters (C0, DEL, C1), line and paragraph separators, bidirectional
 * overrides, and bytes that are no UTF-8 become \n, \t, \xHH or \u{HHHH}.  Always ends with
 * NUL; what does not fit is cut and ends with "...".  Returns `to`. */
char *text_escape(char *to, size_t to_bytes, const char *from);

/* Does the NUL-terminated text hold valid UTF-8 only? */
bool text_is_utf8(const char *text);

/* A new UTF-8 copy (caller frees): unchanged when it is UTF-8, else every byte is taken as
 * Latin-1.  NULL when out of memory. */
char *text_to_utf8(const char *text);

/* Length in bytes of the valid UTF-8 sequence at `at` (1 to 4), 0 when there is none (or at the
 * NUL); its code point to `*code`. */
size_t text_utf8_decode(const char *at, uint32_t *code);

enum { TEXT_UTF16_UNIT_BYTES = 6 };
/* One unit of UTF-16 as UTF-8: up to TEXT_UTF16_UNIT_BYTES bytes to `to`, without a NUL; returns how many.  *high, 0 at the
 * start of a text, keeps the first half of a pair until the second one comes; halves without the other become U+FFFD. */
size_t text_from_utf16(uint32_t *high, uint32_t unit, char *to);

/* strcmp-like order that people expect: "track 2" before "track 10"; letter case decides last. */
int text_natural_compare(const char *a, const char *b);

/* A finite number written in full ("-3.5"), nothing after it; not affected by the locale. */
enum status text_to_double(const char *text, double *value) MUST_USE;
enum status text_to_int64(const char *text, int64_t *value) MUST_USE;

/* Seconds as people write them: "12", "12.5", "3:05", "1:02:03.25". */
enum status text_to_seconds(const char *text, double *seconds) MUST_USE;

/* Seconds as "M:SS.mmm" or "H:MM:SS.mmm"; returns `to`.  `to_bytes` >= 24. */
char *text_from_seconds(char *to, size_t to_bytes, double seconds);

#endif
