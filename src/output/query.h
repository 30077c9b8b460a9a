/* query.h - "name=value&name=value" behind the question mark of an output. */
#ifndef JUKEBOX_OUTPUT_QUERY_H
#define JUKEBOX_OUTPUT_QUERY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "jukebox/status.h"

enum { QUERY_VALUE_BYTES = 1024 };

/* The value of `name`, with %XX decoded, to `to`; STATUS_NOT_FOUND without a word when it is not there; STATUS_USAGE for
 * what does not fit, or holds a NUL or a control character (header lines are made of these). */
enum status query_text(const char *query, const char *name, char *to, size_t to_bytes,
        struct error *error) MUST_USE;

/* *value is kept when the name is not there. */
enum status query_number(const char *query, const char *name, double lowest, double highest,
        double *value, struct error *error) MUST_USE;
/* yes or no. */
enum status query_flag(
        const char *query, const char *name, bool *value, struct error *error) MUST_USE;

/* One "name=value" of `*rest`, which moves behind it; false at the end.  *item is not terminated: *n bytes. */
bool query_next(const char **rest, const char **item, size_t *n);

/* Is `name` the name of this item? */
bool query_names(const char *item, size_t n, const char *name);

#endif
