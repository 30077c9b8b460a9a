/* state.h - where a run stands, as text: for another run that goes on there. */
#ifndef JUKEBOX_STATE_H
#define JUKEBOX_STATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "jukebox/lineup.h"
#include "jukebox/onair.h"
#include "jukebox/status.h"

enum { STATE_MOST_BYTES = 16 << 20 };

/* Plain data; texts are owned (state_done). */
struct state {
	int64_t seed;
	bool has_place; /* false: the list was played to its end */
	int64_t round;
	size_t place;
	char *memo; /* of a rotation; NULL: a list */
	char *last; /* path of the list's entry that began last */
	struct pick *queued; /* by people, not yet on */
	size_t n_queued;
	struct onair_track history
	        [ONAIR_HISTORY]; /* newest first; what was on when it was written is the first */
	size_t n_history;
};
void state_done(struct state *state);

/* What it is now; on failure *state is empty. */
enum status state_take(
        struct state *state, int64_t seed, struct lineup *lineup, struct onair *onair) MUST_USE;

/* JSON; a new text, NULL when out of memory. */
char *state_to_text(const struct state *state);
/* The text may be anything: STATUS_BAD_DATA. */
enum status state_from_text(
        const char *text, size_t n_bytes, struct state *state, struct error *error) MUST_USE;

#endif
