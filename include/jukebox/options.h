/* options.h - one table of options a verb: it feeds the parser, the help and the tests of the manual. */
#ifndef JUKEBOX_OPTIONS_H
#define JUKEBOX_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "jukebox/status.h"

enum option_kind {
	OPTION_FLAG, /* bool: sets true */
	OPTION_TEXT, /* const char *: borrowed from argv */
	OPTION_TEXTS, /* struct option_texts: may be given many times */
	OPTION_INT, /* int64_t */
	OPTION_NUMBER, /* double */
	OPTION_SECONDS, /* double: "12.5" or "3:05" */
	OPTION_BYTES, /* int64_t: "64M", "1G" */
	OPTION_CHOICE, /* int: index in `choices` */
	OPTION_CALL, /* set by parse() */
};

struct option_texts {
	const char **items; /* owned; the texts are borrowed from argv */
	size_t count;
};

/* `argument` NULL: takes none.  With OPTION_ARGUMENT_MAY_MISS ("[=N]" in the help) the argument is optional. */
struct option_spec {
	char letter; /* 0: long only */
	const char *name;
	enum option_kind kind;
	const char *argument; /* "FILE", "LUFS", ...; for the help */
	bool argument_may_miss; /* --name or --name=ARGUMENT */
	size_t offset; /* of the field in the verb's struct */
	size_t set_offset; /* of a bool that tells it was given; SIZE_MAX: none */
	double lowest, highest; /* numbers: the range, when lowest < highest */
	const char *const *choices; /* OPTION_CHOICE: ends with NULL */
	enum status (*parse)(void *values, const char *text, struct error *error); /* OPTION_CALL */
	const char *help; /* one line or more, '\n' between; with default and unit */
};

/* A verb of the command line. */
struct verb {
	const char *name;
	const char *synopsis; /* "[OPTION]... LIST..." */
	const char *purpose; /* one line */
	const struct option_spec *options; /* ends with name == NULL */
	const char *notes; /* printed behind the options; may be NULL */
	size_t values_bytes;
	int (*run)(int argc, char **argv, const struct verb *verb);
};

/* Options may stand between arguments, "--" ends them.  On success argv[0 .. *n_arguments-1] are the arguments.
 * STATUS_USAGE: one line in *error.  STATUS_END: --help was asked for and printed to `out`. */
enum status options_parse(const struct verb *verb, void *values, int argc, char **argv,
        int *n_arguments, FILE *out, struct error *error) MUST_USE;

void options_print_help(const struct verb *verb, FILE *out);

/* Frees the lists of OPTION_TEXTS. */
void options_done(const struct verb *verb, void *values);

#endif
