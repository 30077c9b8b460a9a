/* verbs.c - what every verb does with its arguments first. */
#include "verbs.h"

#include <stdio.h>

#include "jukebox/text.h"

bool verb_options(const struct verb *verb, void *values, int argc, char **argv, int *n_arguments,
        int *exit_status)
{
	struct error error = {0};
	char line[2 * ERROR_TEXT_BYTES];
	switch (options_parse(verb, values, argc, argv, n_arguments, stdout, &error)) {
	case STATUS_OK:
		return true;
	case STATUS_END:
		*exit_status = fflush(stdout) == 0 ? EXIT_DONE : EXIT_FAILED;
		break;
	default:
		fprintf(stderr, "jukebox: %s; see 'jukebox %s --help'\n",
		        text_escape(line, sizeof line, error.text), verb->name);
		*exit_status = EXIT_USAGE;
	}
	options_done(verb, values);
	return false;
}

int verb_usage(const struct verb *verb, const char *text)
{
	fprintf(stderr, "jukebox: %s; see 'jukebox %s --help'\n", text, verb->name);
	return EXIT_USAGE;
}
