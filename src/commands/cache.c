/* cache.c - the verb `cache`: what a cache holds, whether it is well, and taking out what is of no more use.
 *
 * Nothing is measured here.  Where a playlist's cache lies is for cache/ to say. */
#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "jukebox/cache.h"
#include "jukebox/log.h"
#include "jukebox/text.h"
#include "verbs.h"

struct cache_values {
	bool json;
	const char *cache_path;
};

static const struct option_spec options[] = {
        {.name = "json",
                .kind = OPTION_FLAG,
                .offset = offsetof(struct cache_values, json),
                .set_offset = SIZE_MAX,
                .help = "list: print JSON Lines: path, state, duration, loudness_lufs, size, "
                        "record_size, reason"},
        {.name = "cache",
                .kind = OPTION_TEXT,
                .argument = "FILE",
                .offset = offsetof(struct cache_values, cache_path),
                .set_offset = SIZE_MAX,
                .help = "this cache, in place of the one that belongs to LIST"},
        {0},
};

/* ---- list ---------------------------------------------------------------------------------------- */

static bool print_json(const struct cache_row *row)
{
	char *path = text_to_utf8(row->path), *reason = text_to_utf8(row->reason);
	json_t *object = json_object();
	bool silent = !isfinite(row->loudness_lufs);
	bool done =
	        path && reason && object &&
	        json_object_set_new(object, "path", json_string(path)) == 0 &&
	        json_object_set_new(object, "state", json_string(row->state)) == 0 &&
	        json_object_set_new(object, "duration", json_real(row->duration_s)) == 0 &&
	        json_object_set_new(object, "loudness_lufs",
	                silent ? json_null() : json_real(row->loudness_lufs)) == 0 &&
	        json_object_set_new(object, "size", json_integer(row->size_bytes)) == 0 &&
	        json_object_set_new(object, "record_size", json_integer(row->record_bytes)) == 0 &&
	        json_object_set_new(object, "reason", json_string(reason)) == 0 &&
	        json_dumpf(object, stdout, JSON_COMPACT | JSON_REAL_PRECISION(12)) == 0;

	if (done)
		putchar('\n');
	json_decref(object);
	free(reason);
	free(path);
	return done;
}

/* On a terminal escaped, else the name's own bytes. */
static bool print_text(const char *text)
{
	if (!isatty(STDOUT_FILENO))
		return fputs(text, stdout) >= 0;
	size_t n_bytes = 8 * strlen(text) + 1; /* \u{10ffff} for 4 bytes, \xHH for one */
	char *escaped = malloc(n_bytes);
	bool done = escaped && fputs(text_escape(escaped, n_bytes, text), stdout) >= 0;

	free(escaped);
	return done;
}

/* "ok        3:05.120   -14.2 LUFS  /music/song.mp3" */
static bool print_columns(const struct cache_row *row)
{
	char duration[32] = "-", loudness[32] = "-";

	if (row->duration_s > 0 && row->duration_s < 1e9)
		text_from_seconds(duration, sizeof duration, row->duration_s);
	if (isfinite(row->loudness_lufs) && fabs(row->loudness_lufs) < 1000)
		snprintf(loudness, sizeof loudness, "%.1f LUFS", row->loudness_lufs);
	printf("%-8s %12s %12s  ", row->state, duration, loudness);
	bool done = print_text(row->path);
	if (done && row->reason[0] != '\0') {
		fputs("  (", stdout);
		done = print_text(row->reason);
		putchar(')');
	}
	putchar('\n');
	return done;
}

static enum status print_row(void *user, const struct cache_row *row)
{
	const struct cache_values *values = user;
	bool done = values->json ? print_json(row) : print_columns(row);

	return done && !ferror(stdout) ? STATUS_OK : STATUS_IO;
}

static enum status list(
        struct cache *cache, struct cache_values *values, int *exit_status, struct error *error)
{
	enum status status = cache_each(cache, print_row, values, error);

	if (fflush(stdout) != 0 || ferror(stdout))
		return error_set(
		        error, STATUS_IO, "standard output: not everything could be written");
	return status;
}

/* ---- check, prune -------------------------------------------------------------------------------- */

static enum status check(
        struct cache *cache, struct cache_values *values, int *exit_status, struct error *error)
{
	int64_t n_good, n_bad;

	TRY(cache_check(cache, &n_good, &n_bad, error));
	printf("%lld good, %lld bad\n", (long long)n_good, (long long)n_bad);
	if (n_bad > 0)
		*exit_status = EXIT_FAILED;
	return STATUS_OK;
}

static enum status prune(
        struct cache *cache, struct cache_values *values, int *exit_status, struct error *error)
{
	int64_t n_removed;

	TRY(cache_prune(cache, &n_removed, error));
	printf("%lld removed\n", (long long)n_removed);
	return STATUS_OK;
}

/* ---- the verb ------------------------------------------------------------------------------------ */

static const struct action {
	const char *name;
	bool changes;
	enum status (*run)(struct cache *cache, struct cache_values *values, int *exit_status,
	        struct error *error);
} actions[] = {{"list", false, list}, {"check", false, check}, {"prune", true, prune}};

static const struct action *find_action(const char *name)
{
	for (size_t i = 0; i < sizeof actions / sizeof *actions; i++)
		if (strcmp(actions[i].name, name) == 0)
			return &actions[i];
	return NULL;
}

/* New string; STATUS_OK also for a cache that is not there. */
static enum status choose_path(
        const struct cache_values *values, const char *argument, char **path, struct error *error)
{
	bool fallback;

	if (!values->cache_path && !cache_is_one(argument))
		return cache_path_for(argument, path, &fallback, error);
	*path = strdup(values->cache_path ? values->cache_path : argument);
	return *path ? STATUS_OK : error_set(error, STATUS_NO_MEMORY, "out of memory");
}

static int act(
        const struct action *action, struct cache_values *values, const char *path, struct log *log)
{
	struct error error = {0};
	struct cache *cache;
	int exit_status = EXIT_DONE;

	/* A cache that is not there holds nothing: also for prune, which is not to make one. */
	enum status status = cache_open(path, true, log, &cache, &error);
	if (status == STATUS_NOT_FOUND)
		return EXIT_DONE;
	if (status == STATUS_OK && action->changes) {
		cache_close(cache);
		status = cache_open(path, false, log, &cache, &error);
	}
	if (status == STATUS_OK) {
		status = action->run(cache, values, &exit_status, &error);
		cache_close(cache);
		if (status != STATUS_OK && error.text[0] == '\0')
			(void)error_set(&error, status, "%s: the cache is damaged", path);
	}
	if (fflush(stdout) != 0 && status == STATUS_OK)
		status = error_set(&error, STATUS_IO, "standard output cannot be written");
	if (status == STATUS_OK)
		return exit_status;
	log_print(log, LOG_ERROR, "%s", error.text);
	return EXIT_FAILED;
}

static int act_on(const struct action *action, struct cache_values *values, const char *argument)
{
	struct log *log = log_new(STDERR_FILENO, LOG_WARNING, false);
	struct error error = {0};
	char *path = NULL;
	int exit_status = EXIT_FAILED;

	if (choose_path(values, argument, &path, &error) == STATUS_OK)
		exit_status = act(action, values, path, log);
	else
		log_print(log, LOG_ERROR, "%s", error.text);
	free(path);
	log_free(log);
	return exit_status;
}

static int misused(const char *text)
{
	fprintf(stderr, "jukebox: cache: %s; see 'jukebox cache --help'\n", text);
	return EXIT_USAGE;
}

static int run(int argc, char **argv, const struct verb *verb)
{
	struct cache_values values = {0};
	int n_arguments, exit_status;

	if (!verb_options(verb, &values, argc, argv, &n_arguments, &exit_status))
		return exit_status;
	options_done(verb, &values);
	const struct action *action = n_arguments > 0 ? find_action(argv[0]) : NULL;
	if (!action)
		return misused(n_arguments > 0 ? "the first word must be list, check or prune"
		                               : "list, check or prune?");
	if (n_arguments > 2)
		return misused("one playlist at a time");
	if (n_arguments < 2 && !values.cache_path)
		return misused("no playlist and no cache given");
	return act_on(action, &values, n_arguments == 2 ? argv[1] : NULL);
}

const struct verb verb_cache = {
        .name = "cache",
        .synopsis = "list|check|prune [OPTION]... LIST|FILE",
        .purpose = "show, check or tidy what was measured and kept",
        .options = options,
        .notes = "list   one line a track: state, length, loudness, name\n"
                 "check  read all of it; exit status 1 when something is damaged\n"
                 "prune  take out what is gone, changed, failed or damaged, and give the space "
                 "back\n"
                 "LIST is a playlist or folder, and its cache is meant; FILE a cache itself.\n"
                 "A cache that is not there is an empty one.\n",
        .values_bytes = sizeof(struct cache_values),
        .run = run,
};
