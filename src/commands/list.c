/* list.c - the verb `list`: what a playlist yields, and why the rest of its lines yield nothing.
 *
 * Output is for people on a terminal (escaped), for xargs -0, or for programs (JSON Lines).  A look at
 * the beginning of each file tells what is no music; whether all of it plays is left to `analyze`.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "jukebox/decoder.h"
#include "jukebox/json.h"
#include "jukebox/log.h"
#include "jukebox/playlist.h"
#include "jukebox/sandbox.h"
#include "jukebox/source.h"
#include "jukebox/text.h"
#include "verbs.h"

struct list_values {
	bool json, null_ended, quick, strict;
};

static const struct option_spec options[] = {
        {.name = "json",
                .kind = OPTION_FLAG,
                .offset = offsetof(struct list_values, json),
                .set_offset = SIZE_MAX,
                .help = "print JSON Lines: index, path, title, directives"},
        {.letter = '0',
                .name = "null",
                .kind = OPTION_FLAG,
                .offset = offsetof(struct list_values, null_ended),
                .set_offset = SIZE_MAX,
                .help = "end each name with a NUL, as xargs -0 wants it"},
        {.name = "quick",
                .kind = OPTION_FLAG,
                .offset = offsetof(struct list_values, quick),
                .set_offset = SIZE_MAX,
                .help = "see that files are there, but do not look into them"},
        {.name = "strict",
                .kind = OPTION_FLAG,
                .offset = offsetof(struct list_values, strict),
                .set_offset = SIZE_MAX,
                .help = "exit with 3 when a line or a name yielded nothing"},
        {0},
};

/* ---- a look into a file ------------------------------------------------------------------------ */

/* Does a decoder know it for certain?  Those that take anything for want of a better one do not count. */
static bool is_known(const uint8_t *head, size_t n_bytes)
{
	if (n_bytes >= 3 && memcmp(head, "ID3", 3) == 0)
		return true;
	for (const struct decoder_format *const *format = decoder_formats(); *format; format++)
		if ((*format)->probe(head, n_bytes) > 1)
			return true;
	return false;
}

/* Whoever is not known by its first bytes is opened: junk may stand before music. */
static enum status look_into(void *context, const char *path, struct error *error)
{
	uint8_t head[DECODER_HEAD_BYTES];
	struct source *source;
	struct decoder *decoder;
	ssize_t n;

	TRY(source_open(path, &source, error));
	n = source_read(source, head, sizeof head);
	if (n > 0 && is_known(head, (size_t)n)) {
		source_close(source);
		return STATUS_OK;
	}
	source_seek(source, 0);
	TRY(decoder_open_source(source, &decoder, error));
	decoder_close(decoder);
	return STATUS_OK;
}

/* ---- output ------------------------------------------------------------------------------------ */

static void print_escaped(const char *path)
{
	size_t n_bytes = 8 * strlen(path) + 1; /* \u{10ffff} for 4 bytes, \xHH for one */
	char *escaped = malloc(n_bytes);

	puts(escaped ? text_escape(escaped, n_bytes, path) : "(out of memory)");
	free(escaped);
}

static void print_names(const struct playlist *playlist, const struct list_values *values)
{
	bool escape = !values->null_ended && isatty(STDOUT_FILENO);

	for (size_t i = 0; i < playlist_count(playlist) && !ferror(stdout); i++) {
		const char *path = playlist_get(playlist, i).path;
		if (escape) {
			print_escaped(path);
		} else {
			fputs(path, stdout);
			putchar(values->null_ended ? '\0' : '\n');
		}
	}
}

/* A path that is not UTF-8 is given as if it were Latin-1, and path_hex then holds its bytes. */
static json_t *entry_to_json(const struct playlist_entry *entry, size_t index)
{
	json_t *object = json_object();
	bool needs_hex = !text_is_utf8(entry->path);

	if (!object)
		return NULL;
	if (json_object_set_new(object, "index", json_integer((json_int_t)index)) != 0 ||
	        json_object_set_new(object, "path", text_to_json(entry->path)) != 0 ||
	        (needs_hex && json_object_set_new(
	                              object, "path_hex", text_to_json_hex(entry->path)) != 0) ||
	        json_object_set_new(object, "title", text_to_json(entry->title)) != 0 ||
	        json_object_set_new(object, "directives", text_to_json(entry->directives)) != 0) {
		json_decref(object);
		return NULL;
	}
	return object;
}

static bool print_json(const struct playlist *playlist)
{
	for (size_t i = 0; i < playlist_count(playlist) && !ferror(stdout); i++) {
		struct playlist_entry entry = playlist_get(playlist, i);
		json_t *object = entry_to_json(&entry, i + 1);
		bool done = object && json_dumpf(object, stdout, JSON_COMPACT) == 0;
		json_decref(object);
		if (!done)
			return false;
		putchar('\n');
	}
	return true;
}

/* ---- the verb ---------------------------------------------------------------------------------- */

/* Appends what each name yields; returns how many names could not be read at all. */
static size_t add_names(struct playlist *playlist, struct log *log, char **names, int n_names)
{
	size_t failed = 0;

	for (int i = 0; i < n_names; i++) {
		struct error error = {0};
		if (playlist_add(playlist, names[i], &error) == STATUS_OK)
			continue;
		log_print(log, LOG_ERROR, "%s", error.text);
		failed++;
	}
	return failed;
}

static int print_playlist(
        const struct playlist *playlist, const struct list_values *values, struct log *log)
{
	bool done = true;

	if (values->json)
		done = print_json(playlist);
	else
		print_names(playlist, values);
	if (!done || fflush(stdout) != 0 || ferror(stdout)) {
		log_print(log, LOG_ERROR, "standard output: not everything could be written");
		return EXIT_FAILED;
	}
	return playlist_count(playlist) > 0 ? EXIT_DONE : EXIT_FAILED;
}

static int list_all(const struct list_values *values, struct log *log, char **names, int n_names)
{
	struct playlist_options reading = {
	        .must_exist = true, .accept = values->quick ? NULL : look_into};
	struct playlist *playlist = playlist_new(log, &reading);
	int exit_status;
	size_t failed;

	if (!playlist) {
		log_print(log, LOG_ERROR, "out of memory");
		return EXIT_FAILED;
	}
	failed = add_names(playlist, log, names, n_names);
	exit_status = print_playlist(playlist, values, log);
	if (exit_status == EXIT_DONE && values->strict && failed + playlist_dropped(playlist) > 0)
		exit_status = EXIT_SKIPPED;
	playlist_free(playlist);
	return exit_status;
}

static int run(int argc, char **argv, const struct verb *verb)
{
	struct list_values values = {0};
	struct log *log;
	struct error ignored = {0};
	int n_names, exit_status;

	if (!verb_options(verb, &values, argc, argv, &n_names, &exit_status))
		return exit_status;
	options_done(verb, &values);
	if (n_names == 0) {
		fprintf(stderr, "jukebox: list: no playlist given; see 'jukebox list --help'\n");
		return EXIT_USAGE;
	}
	log = log_new(STDERR_FILENO, LOG_WARNING, false);
	/* Files are looked into; without a sandbox that is done here. */
	if (sandbox_start(false, NULL, &ignored) != STATUS_OK)
		log_print(log, LOG_DEBUG, "%s", ignored.text);
	sandbox_report_to(log);
	exit_status = list_all(&values, log, argv, n_names);
	sandbox_report_to(NULL);
	log_free(log);
	return exit_status;
}

const struct verb verb_list = {
        .name = "list",
        .synopsis = "[OPTION]... LIST...",
        .purpose = "Print the music files that lists yield, and say which lines yield nothing.",
        .options = options,
        .notes = "LIST is a playlist (M3U, PLS, XSPF), a folder, a music file, or - for standard "
                 "input.\n"
                 "Lines that yield nothing are reported on standard error, with their numbers.\n"
                 "Names are escaped when they go to a terminal.\n",
        .values_bytes = sizeof(struct list_values),
        .run = run,
};
