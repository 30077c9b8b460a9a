/* settings.c - shared options, and the opening of what verbs work with. */
#include "settings.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "jukebox/clock.h"
#include "jukebox/measure.h"
#include "jukebox/sandbox.h"
#include "jukebox/text.h"

const char *const sandbox_names[] = {"on", "off", "require", NULL};
const char *const log_level_names[] = {"error", "warning", "info", "debug", NULL};
const char *const loudness_names[] = {"track", "album", "off", NULL};
const char *const limiter_names[] = {"on", "off", NULL};
const char *const format_names[] = {"s16", "s24", "f32", NULL};
const char *const quality_names[] = {"fast", "medium", "high", "best", NULL};

enum { LIMITER_ON, LIMITER_OFF };
enum { SANDBOX_ON, SANDBOX_OFF, SANDBOX_REQUIRE };

void settings_defaults(struct settings *s)
{
	struct policy policy;
	policy_defaults(&policy);
	*s = (struct settings){.target = policy.target_lufs,
	        .ceiling = policy.ceiling_dbtp,
	        .max_overlap = policy.max_overlap_s,
	        .crossfade = policy.crossfade_s,
	        .gap = policy.gap_s,
	        .inner_silence = policy.inner_silence,
	        .inner_silence_s = policy.inner_silence_s,
	        .rate = policy.rate_hz,
	        .quality = 2,
	        .channels = 2,
	        .buffer = 256 << 20,
	        .silence_lufs = -60,
	        .log_level = LOG_INFO,
	        .seed = 1,
	        .around = 8};
}

/* It asks for a shuffle by itself. */
enum status settings_parse_separation(void *settings, const char *text, struct error *error)
{
	struct settings *s = settings;
	struct error reason = {0};
	enum status status = separation_parse(text, &s->separation, &reason);
	s->shuffle = true;
	return status == STATUS_OK ? status
	                           : error_set(error, status, "--separation: %s", reason.text);
}

enum status settings_parse_inner_silence(void *settings, const char *text, struct error *error)
{
	static const char *const words[] = {"keep", "shorten", "drop", "end"};
	struct settings *s = settings;
	for (int i = 0; i < 4; i++)
		if (strcmp(text, words[i]) == 0) {
			s->inner_silence = i;
			return STATUS_OK;
		}
	if (strncmp(text, "shorten:", 8) == 0 &&
	        text_to_seconds(text + 8, &s->inner_silence_s) == STATUS_OK) {
		s->inner_silence = INNER_SHORTEN;
		return STATUS_OK;
	}
	return error_set(error, STATUS_USAGE,
	        "--inner-silence: '%.100s' is not keep, shorten:S, drop or end", text);
}

enum status settings_parse_silence_alarm(void *settings, const char *text, struct error *error)
{
	struct settings *s = settings;
	char seconds[24];
	size_t n = strcspn(text, ":");
	bool good = n > 0 && n < sizeof seconds;
	if (good) {
		memcpy(seconds, text, n);
		seconds[n] = '\0';
		good = text_to_double(seconds, &s->silence_s) == STATUS_OK;
	}
	if (good && text[n])
		good = text_to_double(text + n + 1, &s->silence_lufs) == STATUS_OK;
	if (good && s->silence_s >= 1 && s->silence_s <= 86400 && s->silence_lufs >= -100 &&
	        s->silence_lufs <= 0)
		return STATUS_OK;
	return error_set(error, STATUS_USAGE,
	        "--silence-alarm: '%.100s' is not SECONDS (1 to 86400) or SECONDS:LUFS (-100 to 0)",
	        text);
}

void settings_policy(const struct settings *s, struct policy *policy)
{
	policy_defaults(policy);
	policy->target_lufs = s->target;
	policy->ceiling_dbtp = s->ceiling;
	policy->max_overlap_s = s->max_overlap;
	policy->crossfade_s = s->crossfade;
	policy->gap_s = s->gap;
	policy->loudness = s->plain ? LOUDNESS_OFF : (enum loudness_mode)s->loudness;
	policy->no_mix = s->no_mix || s->plain;
	policy->inner_silence = (enum inner_silence)s->inner_silence;
	policy->inner_silence_s = s->inner_silence_s;
	policy->use_tags = s->use_tags;
	policy->rate_hz = (int)s->rate;
}

bool session_sandbox(const struct settings *s, struct error *error)
{
	return s->sandbox == SANDBOX_OFF ||
	       sandbox_start(s->sandbox == SANDBOX_REQUIRE, &measure_watcher, error) == STATUS_OK;
}

void session_log_free(struct log *log)
{
	sandbox_report_to(NULL);
	log_free(log);
}

struct log *session_log(const struct settings *s)
{
	enum log_level level = s->quiet ? LOG_ERROR : s->verbose ? LOG_DEBUG : LOG_INFO;
	struct log *log = log_new(STDERR_FILENO, level, !s->quiet && isatty(STDERR_FILENO));
	struct error error = {0};
	if (!session_sandbox(s, &error))
		log_print(log, LOG_DEBUG, "%s", error.text);
	/* It has a thread: behind the sandbox. */
	if (log && s->log_file &&
	        log_to_file(log, s->log_file, (enum log_level)s->log_level, &error) != STATUS_OK) {
		log_print(log, LOG_ERROR, "--log: %s", error.text);
		session_log_free(log);
		return NULL;
	}
	sandbox_report_to(log);
	return log;
}

struct playlist *session_read_lists(struct log *log, char **lists, int n_lists, size_t *n_bad)
{
	struct playlist_options options = {.must_exist = true};
	struct playlist *playlist = playlist_new(log, &options);
	*n_bad = 0;
	for (int i = 0; playlist && i < n_lists; i++) {
		struct error error = {0};
		if (playlist_add(playlist, lists[i], &error) != STATUS_OK) {
			log_print(log, LOG_ERROR, "%s", error.text);
			++*n_bad;
		}
	}
	return playlist;
}

/* The cache of the first list; one in memory when none is wanted or none can be had. */
static bool open_cache(struct session *session, const struct settings *s, const char *first_list)
{
	struct error error = {0};
	char *path = NULL;
	bool fallback = false;
	enum status status = STATUS_OK;
	if (s->cache && !s->no_cache)
		path = strdup(s->cache);
	else if (!s->no_cache)
		status = cache_path_for(first_list, &path, &fallback, &error);
	if (status == STATUS_OK && !path && !s->no_cache)
		status = error_set(&error, STATUS_NO_MEMORY, "out of memory");
	if (status == STATUS_OK && fallback)
		log_print(session->log, LOG_INFO, "measurements are kept in %s", path);
	if (status == STATUS_OK)
		status = cache_open(path, false, session->log, &session->cache, &error);
	if (status != STATUS_OK)
		log_print(session->log, LOG_ERROR, "%s: %s", path ? path : first_list, error.text);
	free(path);
	return status == STATUS_OK;
}

bool session_open(struct session *session, const struct settings *s, char **lists, int n_lists,
        bool background, int *exit_status)
{
	*session = (struct session){.log = session_log(s)};
	*exit_status = EXIT_FAILED;
	if (!session->log)
		return false;
	session->playlist = session_read_lists(session->log, lists, n_lists, &session->bad_lists);
	bool all_bad = session->bad_lists == (size_t)n_lists;
	return session->playlist && (!all_bad || s->fallback) &&
	       session_open_library(session, s, lists[0], background);
}

bool session_open_library(
        struct session *session, const struct settings *s, const char *first_list, bool background)
{
	if (!open_cache(session, s, first_list))
		return false;
	session->records = library_new(session->cache, (int)s->jobs, background, session->log);
	if (!session->records)
		log_print(session->log, LOG_ERROR, "cannot start a thread, or out of memory");
	return session->records != NULL;
}

void session_close(struct session *session)
{
	static const int64_t PATIENCE_NS = 1000000000;
	/* The end of the process takes what hangs in a file, and what that may still want. */
	if (!library_try_free(session->records, clock_now_ns() + PATIENCE_NS))
		return;
	cache_close(session->cache);
	playlist_free(session->playlist);
	session_log_free(session->log);
	*session = (struct session){0};
}

struct programme *session_programme(struct session *session, const struct settings *s)
{
	struct programme_options options = {.rounds = s->rounds > 0 || s->loop ? s->rounds : 1,
	        .shuffle = s->shuffle,
	        .seed = (uint64_t)s->seed,
	        .separation = s->separation};
	settings_policy(s, &options.policy);
	struct programme *programme =
	        programme_new(session->playlist, session->records, &options, session->log);
	if (!programme)
		log_print(session->log, LOG_ERROR, "out of memory");
	return programme;
}

int session_exit(
        const struct session *session, const struct settings *s, size_t played, size_t skipped)
{
	if (played == 0)
		return EXIT_FAILED;
	bool lost =
	        skipped > 0 || session->bad_lists > 0 || playlist_dropped(session->playlist) > 0;
	return s->strict && lost ? EXIT_SKIPPED : EXIT_DONE;
}
