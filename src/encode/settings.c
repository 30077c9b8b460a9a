/* settings.c - reads an encoder's options.  What they mean is the encoder's affair. */
#include "settings.h"

#include <stdio.h>
#include <string.h>

#include "jukebox/text.h"

enum { OPTION_BYTES_MOST = 64 }; /* name and value; longer is nonsense */

static void append(char *to, size_t to_bytes, const char *text)
{
	size_t used = strlen(to);
	snprintf(to + used, to_bytes - used, "%s%s", used ? ", " : "", text);
}

static enum status unknown(const char *encoder, const char *name, const struct setting *settings,
        size_t n_settings, struct error *error)
{
	char known[256] = "";
	for (size_t i = 0; i < n_settings; i++)
		append(known, sizeof known, settings[i].name);
	return error_set(error, STATUS_USAGE, "%s: unknown option '%s' (%s%s)", encoder, name,
	        n_settings ? "known: " : "it has none", known);
}

static enum status parse_choice(
        struct setting *s, const char *encoder, const char *text, struct error *error)
{
	char known[256] = "";
	for (size_t i = 0; s->choices[i]; i++) {
		if (strcmp(s->choices[i], text) == 0) {
			s->value = (double)i;
			s->is_set = true;
			return STATUS_OK;
		}
		append(known, sizeof known, s->choices[i]);
	}
	return error_set(
	        error, STATUS_USAGE, "%s: %s=%s: must be one of %s", encoder, s->name, text, known);
}

static enum status parse_number(
        struct setting *s, const char *encoder, const char *text, struct error *error)
{
	double value;
	if (text_to_double(text, &value) != STATUS_OK || !(value >= s->lowest) ||
	        !(value <= s->highest))
		return error_set(error, STATUS_USAGE, "%s: %s=%s: must be a number from %g to %g",
		        encoder, s->name, text, s->lowest, s->highest);
	s->value = value;
	s->is_set = true;
	return STATUS_OK;
}

static enum status parse_one(char *option, const char *encoder, struct setting *settings,
        size_t n_settings, struct error *error)
{
	char *equals = strchr(option, '=');
	if (!equals)
		return error_set(error, STATUS_USAGE, "%s: '%s': options are written name=value",
		        encoder, option);
	*equals = '\0';
	for (size_t i = 0; i < n_settings; i++)
		if (strcmp(settings[i].name, option) == 0)
			return settings[i].choices
			               ? parse_choice(&settings[i], encoder, equals + 1, error)
			               : parse_number(&settings[i], encoder, equals + 1, error);
	return unknown(encoder, option, settings, n_settings, error);
}

enum status settings_parse(const char *options, const char *encoder, struct setting *settings,
        size_t n_settings, struct error *error)
{
	while (*options) {
		char option[OPTION_BYTES_MOST];
		size_t n = strcspn(options, "&");
		if (n >= sizeof option)
			return error_set(error, STATUS_USAGE, "%s: option '%.*s...' is too long",
			        encoder, OPTION_BYTES_MOST, options);
		memcpy(option, options, n);
		option[n] = '\0';
		TRY(parse_one(option, encoder, settings, n_settings, error));
		options += n + (options[n] == '&');
	}
	return STATUS_OK;
}
