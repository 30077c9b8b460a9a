/* options.c - the table of a verb's options, fed to getopt_long and to the help. */
#include "jukebox/options.h"

#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include "jukebox/text.h"

enum { OPTIONS_MOST = 64, CODE_LONG = 1000, CODE_HELP = 2000 };

struct getopt_tables {
	char letters[3 * OPTIONS_MOST + 8];
	struct option longs[OPTIONS_MOST + 2];
};

/* The code of option i is CODE_LONG + i by its name, its letter by its letter. */
static void fill_tables(const struct verb *verb, struct getopt_tables *t)
{
	char *letter = t->letters;
	size_t i = 0;
	*letter++ = ':'; /* tell a missing argument from an unknown option */
	*letter++ = 'h';
	for (; i < OPTIONS_MOST && verb->options[i].name; i++) {
		const struct option_spec *o = &verb->options[i];
		int argument = !o->argument           ? no_argument
		               : o->argument_may_miss ? optional_argument
		                                      : required_argument;
		t->longs[i] = (struct option){o->name, argument, NULL, CODE_LONG + (int)i};
		if (o->letter) {
			*letter++ = o->letter;
			for (int colons = argument; colons > 0; colons--)
				*letter++ = ':';
		}
	}
	t->longs[i++] = (struct option){"help", no_argument, NULL, CODE_HELP};
	t->longs[i] = (struct option){0};
	*letter = '\0';
}

static const struct option_spec *option_of_code(const struct verb *verb, int code)
{
	if (code >= CODE_LONG)
		return &verb->options[code - CODE_LONG];
	for (const struct option_spec *o = verb->options; o->name; o++)
		if (o->letter == code)
			return o;
	return NULL;
}

static enum status bad_value(
        struct error *error, const struct option_spec *o, const char *text, const char *want)
{
	return error_set(error, STATUS_USAGE, "--%s: '%.100s' is not %s", o->name, text, want);
}

static enum status check_range(
        struct error *error, const struct option_spec *o, const char *text, double value)
{
	if (o->lowest < o->highest && (value < o->lowest || value > o->highest))
		return error_set(error, STATUS_USAGE, "--%s: %.100s is out of range (%g to %g)",
		        o->name, text, o->lowest, o->highest);
	return STATUS_OK;
}

/* "64M" -> bytes; K, M, G are powers of 1024. */
static enum status parse_bytes(const char *text, int64_t *bytes)
{
	char digits[24];
	size_t n = strspn(text, "0123456789");
	if (n == 0 || n >= sizeof digits || (text[n] && text[n + 1]))
		return STATUS_BAD_DATA;
	memcpy(digits, text, n);
	digits[n] = '\0';
	const char *units = "KMG", *unit = text[n] ? strchr(units, text[n] & ~0x20) : NULL;
	if (text[n] && !unit)
		return STATUS_BAD_DATA;
	TRY(text_to_int64(digits, bytes));
	int shift = unit ? 10 * (int)(unit - units + 1) : 0;
	if (*bytes > INT64_MAX >> shift)
		return STATUS_BAD_DATA;
	*bytes <<= shift;
	return STATUS_OK;
}

/* "2s" is as good as "2". */
static enum status parse_seconds(const char *text, double *seconds)
{
	char plain[40];
	size_t n = strlen(text);
	if (n == 0 || n >= sizeof plain)
		return STATUS_BAD_DATA;
	memcpy(plain, text, n + 1);
	if (plain[n - 1] == 's')
		plain[n - 1] = '\0';
	return text_to_seconds(plain, seconds);
}

static enum status set_choice(
        const struct option_spec *o, const char *text, int *field, struct error *error)
{
	char list[160] = "one of";
	for (int i = 0; o->choices[i]; i++) {
		if (strcmp(o->choices[i], text) == 0) {
			*field = i;
			return STATUS_OK;
		}
		size_t n = strlen(list);
		snprintf(list + n, sizeof list - n, "%s %s", i ? "," : "", o->choices[i]);
	}
	return bad_value(error, o, text, list);
}

static enum status add_text(struct option_texts *texts, const char *text, struct error *error)
{
	const char **items = realloc(texts->items, (texts->count + 1) * sizeof *items);
	if (!items)
		return error_set(error, STATUS_NO_MEMORY, "out of memory");
	texts->items = items;
	items[texts->count++] = text;
	return STATUS_OK;
}

static enum status set_whole(
        const struct option_spec *o, const char *text, int64_t *field, struct error *error)
{
	if (o->kind == OPTION_INT && text_to_int64(text, field) != STATUS_OK)
		return bad_value(error, o, text, "a whole number");
	if (o->kind == OPTION_BYTES && parse_bytes(text, field) != STATUS_OK)
		return bad_value(error, o, text, "a size such as 64M");
	return check_range(error, o, text, (double)*field);
}

static enum status set_real(
        const struct option_spec *o, const char *text, double *field, struct error *error)
{
	if (o->kind == OPTION_SECONDS && parse_seconds(text, field) != STATUS_OK)
		return bad_value(error, o, text, "a time such as 2.5 or 1:30");
	if (o->kind == OPTION_NUMBER && text_to_double(text, field) != STATUS_OK)
		return bad_value(error, o, text, "a number");
	return check_range(error, o, text, *field);
}

static enum status set_option(
        const struct option_spec *o, void *values, const char *text, struct error *error)
{
	void *field = (char *)values + o->offset;
	if (o->set_offset != SIZE_MAX)
		*(bool *)((char *)values + o->set_offset) = true;
	if (text == NULL && o->kind != OPTION_FLAG && o->kind != OPTION_CALL)
		return STATUS_OK; /* --name without its optional argument: the flag tells */
	switch (o->kind) {
	case OPTION_FLAG:
		*(bool *)field = true;
		return STATUS_OK;
	case OPTION_TEXT:
		*(const char **)field = text;
		return STATUS_OK;
	case OPTION_TEXTS:
		return add_text(field, text, error);
	case OPTION_CHOICE:
		return set_choice(o, text, field, error);
	case OPTION_CALL:
		return o->parse(values, text, error);
	case OPTION_INT:
	case OPTION_BYTES:
		return set_whole(o, text, field, error);
	case OPTION_NUMBER:
	case OPTION_SECONDS:
		return set_real(o, text, field, error);
	}
	return error_set(error, STATUS_USAGE, "--%s: no such kind of option", o->name);
}

static enum status unknown_option(char **argv, struct error *error)
{
	if (optopt > 0 && optopt < CODE_LONG)
		return error_set(error, STATUS_USAGE, "unknown option '-%c'", optopt);
	return error_set(error, STATUS_USAGE, "unknown, ambiguous or misused option '%.100s'",
	        argv[optind - 1]);
}

static enum status missing_argument(const struct verb *verb, struct error *error)
{
	const struct option_spec *o = option_of_code(verb, optopt);
	return error_set(error, STATUS_USAGE, "--%s needs an argument (%s)", o ? o->name : "?",
	        o && o->argument ? o->argument : "?");
}

enum status options_parse(const struct verb *verb, void *values, int argc, char **argv,
        int *n_arguments, FILE *out, struct error *error)
{
	struct getopt_tables tables;
	int code;
	fill_tables(verb, &tables);
	opterr = 0;
	optind = 0; /* glibc: begin anew, with the permutation of arguments */
	while ((code = getopt_long(argc, argv, tables.letters, tables.longs, NULL)) != -1) {
		if (code == CODE_HELP || code == 'h') {
			options_print_help(verb, out);
			return STATUS_END;
		}
		if (code == ':')
			return missing_argument(verb, error);
		const struct option_spec *o = code == '?' ? NULL : option_of_code(verb, code);
		if (!o)
			return unknown_option(argv, error);
		TRY(set_option(o, values, optarg, error));
	}
	*n_arguments = argc - optind;
	memmove(argv, argv + optind, (size_t)*n_arguments * sizeof *argv);
	return STATUS_OK;
}

enum { HELP_COLUMN = 31 };

static void print_option(const struct option_spec *o, FILE *out)
{
	char left[80];
	const char *open = o->argument_may_miss ? "[=" : "=",
	           *close = o->argument_may_miss ? "]" : "";
	int n = o->letter ? snprintf(left, sizeof left, "  -%c, --%s", o->letter, o->name)
	                  : snprintf(left, sizeof left, "      --%s", o->name);
	if (o->argument)
		n += snprintf(
		        left + n, sizeof left - (size_t)n, "%s%s%s", open, o->argument, close);
	fprintf(out, "%-*s", HELP_COLUMN, left);
	if (n >= HELP_COLUMN)
		fprintf(out, "\n%*s", HELP_COLUMN, "");
	for (const char *p = o->help; *p; p++) {
		putc(*p, out);
		if (*p == '\n')
			fprintf(out, "%*s", HELP_COLUMN, "");
	}
	putc('\n', out);
}

static const struct option_spec help_option = {
        .letter = 'h', .name = "help", .kind = OPTION_FLAG, .help = "show this help and exit"};

void options_print_help(const struct verb *verb, FILE *out)
{
	fprintf(out, "Usage: jukebox %s %s\n%s\n\n", verb->name, verb->synopsis, verb->purpose);
	for (const struct option_spec *o = verb->options; o->name; o++)
		print_option(o, out);
	print_option(&help_option, out);
	if (verb->notes)
		fprintf(out, "\n%s", verb->notes);
}

void options_done(const struct verb *verb, void *values)
{
	for (const struct option_spec *o = verb->options; o->name; o++)
		if (o->kind == OPTION_TEXTS)
			free(((struct option_texts *)((char *)values + o->offset))->items);
}
