/* errands.h - what must be done when a song begins, and may take its time: the state file, the now-playing file, the command.
 *
 * One thread of its own; the latest news count, older ones may go unsaid.
 */
#ifndef JUKEBOX_ERRANDS_H
#define JUKEBOX_ERRANDS_H

#include <stdbool.h>
#include <stdint.h>

#include "jukebox/lineup.h"
#include "jukebox/log.h"
#include "jukebox/onair.h"
#include "jukebox/status.h"

struct errands;

/* All borrowed; files and command may be NULL. */
struct errands_options {
	const char *state_file;
	int64_t seed; /* for it */
	struct lineup *lineup; /* for it */
	const char *now_playing_file; /* "Artist - Title"; JSON if the name ends in .json */
	const char *on_track; /* words as of errands_split_words */
	struct onair *onair;
	struct log *log;
};

/* STATUS_USAGE: the command is no command. */
enum status errands_new(const struct errands_options *options, struct errands **errands,
        struct error *error) MUST_USE;

/* Something has begun, or changed.  Any thread; returns at once.  NULL is fine. */
void errands_poke(struct errands *errands);

/* What is left is done; a command that still runs has two seconds.  `at_end`: the list was played to its end: another run begins
 * anew.  NULL is fine. */
void errands_free(struct errands *errands, bool at_end);

/* Splits at blanks; "..." and '...' keep them, a backslash takes the next character as it is (not inside '...').  No
 * variables, no patterns.  A list that ends with NULL, all in one block that the caller frees. STATUS_BAD_DATA: a quote is not closed. */
enum status errands_split_words(const char *text, char ***words) MUST_USE;

#endif
