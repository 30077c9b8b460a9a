/* settings.h - the options that verbs share, and what they open: log, playlist, cache, library. */
#ifndef COMMANDS_SETTINGS_H
#define COMMANDS_SETTINGS_H

#include "jukebox/cache.h"
#include "jukebox/library.h"
#include "jukebox/log.h"
#include "jukebox/plan.h"
#include "jukebox/playlist.h"
#include "jukebox/programme.h"
#include "verbs.h"

struct settings {
	bool watch, quiet, verbose, strict, no_cache, json;
	const char *cache;
	int64_t jobs;
	int sandbox; /* index in sandbox_names */

	/* order of play */
	bool shuffle, loop;
	int64_t rounds, seed;
	struct separation separation;

	/* policy */
	bool target_is_set;
	double target, ceiling, max_overlap, crossfade, gap, inner_silence_s;
	int loudness, inner_silence, limiter;
	bool no_mix, plain, use_tags;
	int64_t rate;

	/* mix */
	struct option_texts outputs;
	bool silence_alarm, silence_exit;
	double silence_s, silence_lufs;
	int format, quality;
	bool format_is_set;
	int64_t channels, buffer;
	const char *log_file;
	int log_level;
	const char *events, *plan_file, *control, *state_file, *now_playing, *on_track, *fallback;

	/* joints */
	bool joints; /* only what lies around them is rendered */
	double around;

	/* plan */
	bool cue, svg, explain;
};

void settings_defaults(struct settings *settings);
enum status settings_parse_separation(void *settings, const char *text, struct error *error);
enum status settings_parse_inner_silence(void *settings, const char *text, struct error *error);
enum status settings_parse_silence_alarm(void *settings, const char *text, struct error *error);

extern const char *const sandbox_names[], *const log_level_names[];
extern const char *const loudness_names[], *const limiter_names[], *const format_names[],
                                                                           *const quality_names[];

#define OPTION_AT(field) .offset = offsetof(struct settings, field), .set_offset = SIZE_MAX

/* Rows of the tables: what every verb that reads lists takes ... */
#define LIST_OPTIONS                                                                       \
	{.name = "cache",                                                                  \
	        .kind = OPTION_TEXT,                                                       \
	        .argument = "FILE",                                                        \
	        OPTION_AT(cache),                                                          \
	        .help = "keep measurements in FILE (default: LIST.jukebox)"},              \
	        {.name = "no-cache",                                                       \
	                .kind = OPTION_FLAG,                                               \
	                OPTION_AT(no_cache),                                               \
	                .help = "keep no measurements"},                                   \
	        {.letter = 'j',                                                            \
	                .name = "jobs",                                                    \
	                .kind = OPTION_INT,                                                \
	                .argument = "N",                                                   \
	                OPTION_AT(jobs),                                                   \
	                .lowest = 0,                                                       \
	                .highest = 256,                                                    \
	                .help = "threads that measure or decode (default 0: one a core)"}, \
	        {.name = "sandbox",                                                        \
	                .kind = OPTION_CHOICE,                                             \
	                .argument = "WHEN",                                                \
	                OPTION_AT(sandbox),                                                \
	                .choices = sandbox_names,                                          \
	                .help = "decode in a process that can do nothing else: on, off,\n" \
	                        "require (default on, where the kernel allows it)"},       \
	        {.name = "strict",                                                         \
	                .kind = OPTION_FLAG,                                               \
	                OPTION_AT(strict),                                                 \
	                .help = "exit with 3 when tracks were skipped"},                   \
	        {.letter = 'q',                                                            \
	                .name = "quiet",                                                   \
	                .kind = OPTION_FLAG,                                               \
	                OPTION_AT(quiet),                                                  \
	                .help = "print errors only"},                                      \
	{                                                                                  \
		.letter = 'v', .name = "verbose", .kind = OPTION_FLAG, OPTION_AT(verbose), \
		.help = "print more"                                                       \
	}

/* ... what every verb that renders takes ... */
#define OUTPUT_OPTIONS                                                                            \
	{.letter = 'o',                                                                           \
	        .name = "output",                                                                 \
	        .kind = OPTION_TEXTS,                                                             \
	        .argument = "SPEC",                                                               \
	        OPTION_AT(outputs),                                                               \
	        .help = "write or play to SPEC; may be given many times:\nFILE.wav (and "         \
	                ".flac, .ogg, .mp3, .cue ...), -,\nalsa:DEVICE, oss:DEVICE, "             \
	                "httpd://ADDRESS:PORT/MOUNT.ogg,\nicecast://HOST:PORT/MOUNT.ogg, null:"}, \
	        {.name = "format",                                                                \
	                .kind = OPTION_CHOICE,                                                    \
	                .argument = "FORMAT",                                                     \
	                .offset = offsetof(struct settings, format),                              \
	                .set_offset = offsetof(struct settings, format_is_set),                   \
	                .choices = format_names,                                                  \
	                .help = "samples: s16, s24, f32 (default s16)"},                          \
	        {.name = "channels",                                                              \
	                .kind = OPTION_INT,                                                       \
	                .argument = "N",                                                          \
	                OPTION_AT(channels),                                                      \
	                .lowest = 1,                                                              \
	                .highest = 8,                                                             \
	                .help = "of the outputs (default 2)"},                                    \
	        {.name = "quality",                                                               \
	                .kind = OPTION_CHOICE,                                                    \
	                .argument = "NAME",                                                       \
	                OPTION_AT(quality),                                                       \
	                .choices = quality_names,                                                 \
	                .help = "of resampling: fast, medium, high, best\n(default high)"},       \
	        {.name = "buffer",                                                                \
	                .kind = OPTION_BYTES,                                                     \
	                .argument = "BYTES",                                                      \
	                OPTION_AT(buffer),                                                        \
	                .lowest = 1 << 20,                                                        \
	                .highest = 1e12,                                                          \
	                .help = "memory for songs that are decoded once, to be\n"                 \
	                        "measured and mixed (default 256M)"},                             \
	        {.name = "events",                                                                \
	                .kind = OPTION_TEXT,                                                      \
	                .argument = "FILE",                                                       \
	                OPTION_AT(events),                                                        \
	                .help = "write events as JSON Lines to FILE or fd:N"},                    \
	{                                                                                         \
		.name = "plan", .kind = OPTION_TEXT, .argument = "FILE", OPTION_AT(plan_file),    \
		.help = "render a plan that `plan --json` wrote, not a list"                      \
	}

/* ... what an unattended run takes ... */
#define RADIO_OPTIONS                                                                             \
	{.name = "fallback",                                                                      \
	        .kind = OPTION_TEXT,                                                              \
	        .argument = "FILE|LIST",                                                          \
	        OPTION_AT(fallback),                                                              \
	        .help = "play this, kept in memory, while the list cannot be\nplayed"},           \
	        {.name = "silence-alarm",                                                         \
	                .kind = OPTION_CALL,                                                      \
	                .argument = "S[:LUFS]",                                                   \
	                .offset = 0,                                                              \
	                .set_offset = offsetof(struct settings, silence_alarm),                   \
	                .parse = settings_parse_silence_alarm,                                    \
	                .help = "tell when it has been silent for S seconds (below\n"             \
	                        "LUFS: default -60)"},                                            \
	        {.name = "silence-exit",                                                          \
	                .kind = OPTION_FLAG,                                                      \
	                OPTION_AT(silence_exit),                                                  \
	                .help = "then exit with 4, for whoever starts it again"},                 \
	        {.name = "control",                                                               \
	                .kind = OPTION_TEXT,                                                      \
	                .argument = "PATH",                                                       \
	                OPTION_AT(control),                                                       \
	                .help = "listen to `jukebox ctl` on a socket of this name"},              \
	        {.name = "log",                                                                   \
	                .kind = OPTION_TEXT,                                                      \
	                .argument = "FILE",                                                       \
	                OPTION_AT(log_file),                                                      \
	                .help = "append messages and songs to FILE, with the time"},              \
	        {.name = "log-level",                                                             \
	                .kind = OPTION_CHOICE,                                                    \
	                .argument = "LEVEL",                                                      \
	                OPTION_AT(log_level),                                                     \
	                .choices = log_level_names,                                               \
	                .help = "of it: error, warning, info, debug (default info)"},             \
	        {.name = "watch",                                                                 \
	                .kind = OPTION_FLAG,                                                      \
	                OPTION_AT(watch),                                                         \
	                .help = "reload the list by itself when it changes"},                     \
	        {.name = "state",                                                                 \
	                .kind = OPTION_TEXT,                                                      \
	                .argument = "FILE",                                                       \
	                OPTION_AT(state_file),                                                    \
	                .help = "keep in FILE where the list stands, and go on there"},           \
	        {.name = "now-playing",                                                           \
	                .kind = OPTION_TEXT,                                                      \
	                .argument = "FILE",                                                       \
	                OPTION_AT(now_playing),                                                   \
	                .help = "keep in FILE what is on (JSON if it ends in .json)"},            \
	{                                                                                         \
		.name = "on-track", .kind = OPTION_TEXT, .argument = "COMMAND",                   \
		OPTION_AT(on_track),                                                              \
		.help = "run COMMAND (no shell) for each song; it gets the song\nas JSON and as " \
		        "JUKEBOX_..."                                                             \
	}

/* ... and what every verb that plans takes besides. */
#define POLICY_OPTIONS                                                                           \
	{.letter = 't',                                                                          \
	        .name = "target",                                                                \
	        .kind = OPTION_NUMBER,                                                           \
	        .argument = "LUFS",                                                              \
	        OPTION_AT(target),                                                               \
	        .lowest = -70,                                                                   \
	        .highest = 0,                                                                    \
	        .help = "loudness of every song (default -18)"},                                 \
	        {.name = "loudness",                                                             \
	                .kind = OPTION_CHOICE,                                                   \
	                .argument = "MODE",                                                      \
	                OPTION_AT(loudness),                                                     \
	                .choices = loudness_names,                                               \
	                .help = "track, album or off (default track; a found\nalbum always has " \
	                        "one gain)"},                                                    \
	        {.name = "limiter",                                                              \
	                .kind = OPTION_CHOICE,                                                   \
	                .argument = "on|off",                                                    \
	                OPTION_AT(limiter),                                                      \
	                .choices = limiter_names,                                                \
	                .help = "true-peak limiter of the mix (default on)"},                    \
	        {.name = "ceiling",                                                              \
	                .kind = OPTION_NUMBER,                                                   \
	                .argument = "DBTP",                                                      \
	                OPTION_AT(ceiling),                                                      \
	                .lowest = -40,                                                           \
	                .highest = 0,                                                            \
	                .help = "of the limiter (default -1)"},                                  \
	        {.name = "max-overlap",                                                          \
	                .kind = OPTION_SECONDS,                                                  \
	                .argument = "S",                                                         \
	                OPTION_AT(max_overlap),                                                  \
	                .lowest = 0,                                                             \
	                .highest = 600,                                                          \
	                .help = "longest overlap of two songs (default 6)"},                     \
	        {.name = "crossfade",                                                            \
	                .kind = OPTION_SECONDS,                                                  \
	                .argument = "S",                                                         \
	                OPTION_AT(crossfade),                                                    \
	                .lowest = 0,                                                             \
	                .highest = 600,                                                          \
	                .help = "fade across S seconds at every joint instead"},                 \
	        {.name = "gap",                                                                  \
	                .kind = OPTION_SECONDS,                                                  \
	                .argument = "S",                                                         \
	                OPTION_AT(gap),                                                          \
	                .lowest = 0,                                                             \
	                .highest = 600,                                                          \
	                .help = "leave exactly S seconds between songs instead"},                \
	        {.name = "no-mix",                                                               \
	                .kind = OPTION_FLAG,                                                     \
	                OPTION_AT(no_mix),                                                       \
	                .help = "whole tracks, end to end"},                                     \
	        {.name = "plain",                                                                \
	                .kind = OPTION_FLAG,                                                     \
	                OPTION_AT(plain),                                                        \
	                .help = "--no-mix --loudness off --limiter off"},                        \
	        {.name = "inner-silence",                                                        \
	                .kind = OPTION_CALL,                                                     \
	                .argument = "RULE",                                                      \
	                .offset = 0,                                                             \
	                .set_offset = SIZE_MAX,                                                  \
	                .parse = settings_parse_inner_silence,                                   \
	                .help = "silence over 10 s inside a file: keep, shorten:S,\ndrop (it), " \
	                        "end (the track there); "                                        \
	                        "default shorten:2"},                                            \
	        {.name = "use-tags",                                                             \
	                .kind = OPTION_FLAG,                                                     \
	                OPTION_AT(use_tags),                                                     \
	                .help = "honour liq_*, MixRamp, ReplayGain, R128 tags"},                 \
	        {.name = "rate",                                                                 \
	                .kind = OPTION_INT,                                                      \
	                .argument = "HZ",                                                        \
	                OPTION_AT(rate),                                                         \
	                .lowest = 8000,                                                          \
	                .highest = 384000,                                                       \
	                .help = "sample rate of the mix (default 44100)"},                       \
	        {.name = "shuffle",                                                              \
	                .kind = OPTION_FLAG,                                                     \
	                OPTION_AT(shuffle),                                                      \
	                .help = "play in a random order"},                                       \
	        {.name = "separation",                                                           \
	                .kind = OPTION_CALL,                                                     \
	                .argument = "SPEC",                                                      \
	                OPTION_AT(separation),                                                   \
	                .parse = settings_parse_separation,                                      \
	                .help = "shuffled, but like songs so far apart:\nartist=60m,title=3h,"   \
	                        "album=5 (time, or songs)"},                                     \
	        {.name = "seed",                                                                 \
	                .kind = OPTION_INT,                                                      \
	                .argument = "N",                                                         \
	                OPTION_AT(seed),                                                         \
	                .help = "of shuffle and dither (default 1): the same\nseed gives the "   \
	                        "same mix"},                                                     \
	{                                                                                        \
		.name = "loop", .kind = OPTION_INT, .argument = "N", .argument_may_miss = true,  \
		.offset = offsetof(struct settings, rounds),                                     \
		.set_offset = offsetof(struct settings, loop), .lowest = 1, .highest = 1e9,      \
		.help = "play the list N times, or for ever"                                     \
	}

/* --plain and the like are resolved here. */
void settings_policy(const struct settings *settings, struct policy *policy);

/* What a verb works with; opened in one go, freed in one go. */
struct session {
	struct log *log;
	struct playlist *playlist;
	struct cache *cache;
	struct library *records; /* of every file */
	size_t bad_lists; /* lists that could not be read at all */
};

/* Prints what is wrong and returns false with *exit_status; then too session_close is due. */
bool session_open(struct session *session, const struct settings *settings, char **lists,
        int n_lists, bool background, int *exit_status);
/* Another log for a verb that opens nothing else. */
/* Starts what --sandbox asks for, once; before any thread.  False: there will be none, *error says why. */
bool session_sandbox(const struct settings *s, struct error *error);

struct log *session_log(const struct settings *settings);
void session_log_free(struct log *log); /* behind the last decoder */
/* The parts of session_open, for who has a log and reads lists otherwise: the lists (NULL: out of memory), and cache and library. */
struct playlist *session_read_lists(struct log *log, char **lists, int n_lists, size_t *n_bad);
bool session_open_library(struct session *session, const struct settings *settings,
        const char *first_list, bool background);
void session_close(struct session *session);

/* The programme for these settings; NULL when out of memory (said). */
struct programme *session_programme(struct session *session, const struct settings *settings);

/* The whole programme as a plan, which is the caller's, also on failure (its rate and the like are set before). */
enum status plan_collect(
        struct programme *programme, struct plan *plan, struct error *error) MUST_USE;

/* A plan that `plan --json` wrote.  On failure *plan is empty. */
enum status plan_read(const char *path, struct plan *plan, struct error *error) MUST_USE;

/* What `mix` and its like run: lists, or a saved plan, to all outputs. */
int mix_run_verb(int argc, char **argv, const struct verb *verb);

/* Exit status of a verb that has done what it could. */
int session_exit(const struct session *session, const struct settings *settings, size_t played,
        size_t skipped);

#endif
