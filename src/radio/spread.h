/* spread.h - songs in an order in which nobody is heard again too soon.  Private to radio/.
 *
 * What two songs may have in common is an artist, a title or an album, each a number; how far apart such songs must be is
 * the separation.
 */
#ifndef RADIO_SPREAD_H
#define RADIO_SPREAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "jukebox/separation.h"
#include "jukebox/status.h"

/* Of one song: 0 is a name that is not known, and in nobody's way. */
struct spread_song {
	uint32_t name[SEPARATION_KINDS]; /* 1 ... the number of songs */
	float seconds;
};

struct spread {
	const struct spread_song *songs; /* borrowed */
	size_t n_songs;
	struct separation separation;
};

struct spread_outcome {
	size_t n_close; /* songs that still are too close to an earlier one */
	bool impossible; /* more is asked for than any order of these songs could give */
};

/* Puts order[from .. n-1], indices of songs in random order, so that as few as can be are too near to each other or to order[0 .. from-1];
 * with from == 0 to before[0 .. n_before-1], the newest last (NULL, 0: nothing).  What stands at the end of the order hardly
 * depends on what was before: rounds can be made from their numbers.
 * Takes some 40 bytes a song meanwhile. */
enum status spread_order(const struct spread *spread, uint32_t *order, size_t from, size_t n,
        const uint32_t *before, size_t n_before, struct spread_outcome *outcome) MUST_USE;

/* The same for a short order that has some too close: lets pairs of order[from .. movable-1] change places as long as that makes
 * it better.  *outcome: as of spread_order before, and after. */
enum status spread_mend(const struct spread *spread, uint32_t *order, size_t from, size_t movable,
        size_t n, const uint32_t *before, size_t n_before, struct spread_outcome *outcome) MUST_USE;

#endif
