/* spec.c - takes "alsa:hw:0", "mix.mp3?bitrate=192", "raw:-" apart.  Opens nothing. */
#include "spec.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "query.h"

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
static const char *cut_options(const struct output_spec *spec)
{
	char *mark = spec->target->is_url ? strchr(spec->place, '?') : strrchr(spec->place, '?');
	if (!mark)
		return "";
	bool whole_is_known = encoder_by_place(spec->place) != NULL;
	bool has_values = strchr(mark + 1, '=') != NULL;
	*mark = '\0';
	bool head_is_known =
	        spec->encoder || encoder_by_place(spec->place) || strstr(mark + 1, "codec=");
	if (spec->target->is_url || (!spec->target->takes_bytes && has_values) ||
	        (head_is_known && (has_values || !whole_is_known)))
		return mark + 1;
	*mark = '?';
	return "";
}

static enum status set_codec(struct output_spec *spec, const char *query, struct error *error)
{
	char name[32], as_file[40];
	enum status status = query_text(query, "codec", name, sizeof name, error);
	if (status == STATUS_NOT_FOUND)
		return STATUS_OK;
	TRY(status);
	snprintf(as_file, sizeof as_file, ".%s", name);
	spec->encoder = encoder_by_name(name);
	if (!spec->encoder)
		spec->encoder = encoder_by_suffix(as_file);
	return spec->encoder ? STATUS_OK
	                     : error_set(error, STATUS_USAGE, "codec=%s: there is none", name);
}

static enum status set_format(struct output_spec *spec, const char *query, struct error *error)
{
	char name[8];
	double rate_hz = 0, channels = 0;
	TRY(query_number(query, "rate", 1000, 768000, &rate_hz, error));
	TRY(query_number(query, "channels", 1, 32, &channels, error));
	spec->rate_hz = (int)rate_hz;
	spec->channels = (int)channels;
	enum status status = query_text(query, "format", name, sizeof name, error);
	spec->has_sample = status == STATUS_OK;
	if (spec->has_sample && sample_format_parse(name, &spec->sample) != STATUS_OK)
		status = STATUS_USAGE;
	return status == STATUS_USAGE
	               ? error_set(error, STATUS_USAGE, "format: must be s16, s24 or f32")
	               : STATUS_OK;
}

static bool is_one_of(const char *item, size_t n, const char *const *names)
{
	for (; names && *names; names++)
		if (query_names(item, n, *names))
			return true;
	return false;
}

static void add_item(char *to, const char *item, size_t n)
{
	size_t used = strlen(to);
	if (used)
		to[used++] = '&';
	memcpy(to + used, item, n);
	to[used + n] = '\0';
}

/* Deals out what is behind the question mark: to this output, to its target, the rest to its encoder. */
static enum status deal_options(struct output_spec *spec, const char *query, struct error *error)
{
	static const char *const ours[] = {"codec", "rate", "channels", "format", NULL};
	const char *item;
	size_t n;
	spec->options = calloc(1, strlen(query) + 1);
	spec->target_options = calloc(1, strlen(query) + 1);
	if (!spec->options || !spec->target_options)
		return error_set(error, STATUS_NO_MEMORY, "out of memory");
	TRY(set_codec(spec, query, error));
	TRY(set_format(spec, query, error));
	while (query_next(&query, &item, &n)) {
		if (is_one_of(item, n, ours))
			continue;
		if (is_one_of(item, n, spec->target->option_names))
			add_item(spec->target_options, item, n);
		else if (spec->target->takes_bytes)
			add_item(spec->options, item, n);
		else
			return error_set(error, STATUS_USAGE, "%s: has no option '%.*s'",
			        spec->target->name, (int)(n < 60 ? n : 60), item);
	}
	return STATUS_OK;
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
	enum status status = deal_options(spec, cut_options(spec), error);
	if (status == STATUS_OK && spec->target->takes_bytes)
		status = choose_encoder(spec, text, error);
	if (status != STATUS_OK)
		output_spec_done(spec);
	return status;
}

void output_spec_done(struct output_spec *spec)
{
	free(spec->place);
	free(spec->options);
	free(spec->target_options);
	*spec = (struct output_spec){0};
}

/* Where "user:password@" stands behind "//", the password; *end is behind it. */
static char *find_password(char *text, char **end)
{
	char *authority = strstr(text, "://");
	if (!authority)
		return NULL;
	authority += 3;
	size_t n = strcspn(authority, "/?");
	char *at = memrchr(authority, '@', n);
	char *colon = at ? memchr(authority, ':', (size_t)(at - authority)) : NULL;
	*end = at;
	return colon ? colon + 1 : NULL;
}

char *output_spec_masked(const char *text)
{
	size_t n_bytes = strlen(text) + 1;
	char *copy = malloc(n_bytes + 3); /* the mask may be longer than the password */
	if (!copy)
		return NULL;
	memcpy(copy, text, n_bytes);
	char *end = NULL, *password = find_password(copy, &end);
	if (!password)
		return copy;
	memmove(password + 3, end, strlen(end) + 1);
	memcpy(password, "***", 3);
	return copy;
}
