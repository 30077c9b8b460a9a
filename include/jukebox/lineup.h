/* lineup.h - what is on and what will be: the songs between the order of play and the mixer, and people's wishes.
 *
 * The programme appends what the list says; people insert and remove; the player tells what began.  Each song on its way is a
 * pick with a number of its own, which its clips carry as `entry`.
 * Threads: any, at any time; one lock inside.
 */
#ifndef JUKEBOX_LINEUP_H
#define JUKEBOX_LINEUP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "jukebox/status.h"

enum {
	LINEUP_MOST_QUEUED = 1000, /* by people */
	LINEUP_MOST = 4096,
};
#define LINEUP_NONE SIZE_MAX

/* Strings are owned by whoever holds the struct. */
struct pick {
	size_t id;
	char *path, *title, *directives; /* the last two may be NULL */
	bool queued; /* by people, not of the list */
	bool asked; /* for its record */
	bool dropped; /* of a list that is no longer; on only if it began before another could */
	/* Of the list's: where in the order of play, so that a run can be resumed behind it. */
	int64_t round;
	size_t place; /* LINEUP_NONE: of no list */
	char *memo; /* of a rotation, in place of round and place; may be NULL */
};
void pick_done(struct pick *pick);

struct lineup;

struct lineup *lineup_new(void);
void lineup_free(struct lineup *lineup);

/* ---- the programme's ---- */
/* At the end.  The texts are copied; *id is the new number. */
enum status lineup_append(struct lineup *lineup, const struct pick *pick, size_t *id) MUST_USE;
/* A copy of the first pick that was not asked for yet; then it was.  STATUS_END: there is none (yet). */
enum status lineup_ask(struct lineup *lineup, struct pick *pick) MUST_USE;
/* All that comes behind the pick `on_air` is to be asked for again. */
void lineup_ask_again(struct lineup *lineup, size_t on_air);
/* A copy; STATUS_NOT_FOUND: it was removed. */
enum status lineup_get(struct lineup *lineup, size_t id, struct pick *pick) MUST_USE;
/* What the list appended and has not begun does not come any more: another list takes its place. */
void lineup_drop_listed(struct lineup *lineup);
/* Of the dropped picks up to `id` the first, which began all the same: tells it once, as a copy; STATUS_END: none. */
enum status lineup_take_dropped(struct lineup *lineup, size_t id, struct pick *pick) MUST_USE;
/* Where the pick that began last is in the order of play now. */
void lineup_set_place(struct lineup *lineup, int64_t round, size_t place);
/* It cannot be played. */
void lineup_drop(struct lineup *lineup, size_t id);

/* ---- the player's ---- */
/* The pick is on; those before it are over, but for what was queued too late to be planned before it: that comes next. */
void lineup_began(struct lineup *lineup, size_t id);
/* It was tried, so it goes when the next one begins, also when people queued it. */
void lineup_failed(struct lineup *lineup, size_t id);
size_t lineup_on_air(struct lineup *lineup); /* LINEUP_NONE: nothing yet */
/* A copy of the pick of the list that began last; STATUS_END: none has. */
enum status lineup_last_listed(struct lineup *lineup, struct pick *pick) MUST_USE;

/* ---- people's ---- */
/* After what they queued before, or right behind the song on air. */
enum status lineup_queue(struct lineup *lineup, const char *path, bool next, size_t *id,
        struct error *error) MUST_USE;
/* Of what has not begun. */
enum status lineup_remove(struct lineup *lineup, size_t id, struct error *error) MUST_USE;
/* Copies of what comes, at most `most`; how many.  The caller calls pick_done for each. */
size_t lineup_coming(struct lineup *lineup, struct pick *picks, size_t most);

#endif
