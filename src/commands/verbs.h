/* verbs.h - one verb a file; main.c holds the table of them. */
#ifndef COMMANDS_VERBS_H
#define COMMANDS_VERBS_H

#include "jukebox/options.h"

/* Exit status of every verb (a contract of the command line). */
enum {
	EXIT_DONE = 0,
	EXIT_FAILED = 1, /* nothing could be played, or an output failed */
	EXIT_USAGE = 2,
	EXIT_SKIPPED = 3, /* done, but tracks were skipped; only with --strict */
	EXIT_SILENT = 4, /* silent for too long; only with --silence-exit */
};

extern const struct verb verb_mix;
extern const struct verb verb_analyze;
extern const struct verb verb_plan;
extern const struct verb verb_cache;
extern const struct verb verb_list;
extern const struct verb verb_joints;
extern const struct verb verb_verify;
extern const struct verb verb_ctl;

/* Parses; on --help, or a mistake (then one line was printed), returns false with the exit status in
 * *exit_status and everything freed. */
bool verb_options(const struct verb *verb, void *values, int argc, char **argv, int *n_arguments,
        int *exit_status);

/* A mistake that no table could find: one line, and the exit status for it. */
int verb_usage(const struct verb *verb, const char *text);

#endif
