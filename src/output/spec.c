/* spec.c - takes "alsa:hw:0", "mix.mp3?bitrate=192", "raw:-" apart.  Opens nothing. */
#include "spec.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* What stands before the first colon of `text` is `name`? */
static bool begins_with_name(const char *text, const char *name)
{
	size_t n = strlen(name);
	return strncmp(text, name, n) == 0 && text[n] == ':';
}

static const struct output_target *target_of(const char *text)
{
	for (const struct output_target *const *t = output_targets(); *t; t++)
		if (begins_with_name(text, (*t)->name))
			return *t;
	return NULL;
}

static const struct encoder_format *encoder_of(const char *text)
{
	for (const struct encoder_format *const *e = encoder_formats(); *e; e++)
		if (begins_with_name(text, (*e)->name))
			return *e;
	return NULL;
}

static const struct output_target *target_by_name(const char *name)
{
	for (const struct output_target *const *t = output_targets(); *t; t++)
		if (strcmp((*t)->name, name) == 0)
			return *t;
	return NULL;
}

static const struct encoder_format *encoder_by_place(const char *place)
{
	return strcmp(place, "-") == 0 ? encoder_by_name("wav") : encoder_by_suffix(place);
}

/* Cuts "?options" off spec->place.  A question mark is also a letter of names: it begins options only where what
 * stands before it says what to encode, and "a.mp3?.wav" is a name. */
static void split_options(struct output_spec *spec)
{
	char *mark = strrchr(spec->place, '?');
	spec->options = "";
	if (!mark)
		return;
	bool whole_is_known = encoder_by_place(spec->place) != NULL;
	*mark = '\0';
	bool head_is_known = spec->encoder || encoder_by_place(spec->place);
	if (head_is_known && (strchr(mark + 1, '=') || !whole_is_known))
		spec->options = mark + 1;
	else
		*mark = '?';
}

/* An existing thing that is no file needs no ending: /dev/full, a FIFO. */
static bool is_special(const char *place)
{
	struct stat st;
	return stat(place, &st) == 0 && !S_ISREG(st.st_mode) && !S_ISDIR(st.st_mode);
}

static bool is_folder(const char *place)
{
	struct stat st;
	return stat(place, &st) == 0 && S_ISDIR(st.st_mode);
}

static void append(char *to, size_t to_bytes, const char *before, const char *text)
{
	size_t used = strlen(to);
	snprintf(to + used, to_bytes - used, "%s%s", used ? before : "", text);
}

static enum status unknown(const char *text, struct error *error)
{
	char endings[200] = "", names[160] = "";
	for (const struct encoder_format *const *e = encoder_formats(); *e; e++)
		for (const char *const *s = (*e)->suffixes; *s; s++)
			append(endings, sizeof endings, ", ", *s);
	for (const struct output_target *const *t = output_targets(); *t; t++)
		append(names, sizeof names, ", ", (*t)->spec_help);
	return error_set(error, STATUS_USAGE,
	        "%.120s: unknown kind of output (endings: %s; or FORMAT:FILE; others: %s)", text,
	        endings, names);
}

static enum status choose_encoder(struct output_spec *spec, const char *text, struct error *error)
{
	if (!spec->place[0])
		return error_set(error, STATUS_USAGE, "'%s': names no file", text);
	if (is_folder(spec->place))
		return error_set(error, STATUS_USAGE, "%s: is a folder", spec->place);
	if (!spec->encoder)
		spec->encoder = encoder_by_place(spec->place);
	if (!spec->encoder && is_special(spec->place))
		spec->encoder = encoder_by_name("wav");
	return spec->encoder ? STATUS_OK : unknown(text, error);
}

enum status output_spec_parse(const char *text, struct output_spec *spec, struct error *error)
{
	*spec = (struct output_spec){.target = target_of(text)};
	if (!spec->target) {
		spec->target = target_by_name("file");
		spec->encoder = encoder_of(text);
	}
	bool is_named = spec->encoder || target_of(text);
	spec->place = strdup(is_named ? strchr(text, ':') + 1 : text);
	if (!spec->place)
		return error_set(error, STATUS_NO_MEMORY, "%s: out of memory", text);
	spec->options = "";
	if (!spec->target->takes_bytes)
		return STATUS_OK;
	split_options(spec);
	enum status status = choose_encoder(spec, text, error);
	if (status != STATUS_OK)
		output_spec_done(spec);
	return status;
}

void output_spec_done(struct output_spec *spec)
{
	free(spec->place);
	*spec = (struct output_spec){0};
}
