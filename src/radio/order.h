/* order.h - which entry of the list comes next: rounds, shuffle, and where a run stands.  Private to radio/. */
#ifndef RADIO_ORDER_H
#define RADIO_ORDER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "jukebox/playlist.h"
#include "jukebox/separation.h"
#include "jukebox/status.h"
#include "spread.h"

/* Names (separation_name) and length of an entry, as far as they are known; 0: not. */
typedef void order_names_fn(void *user, const struct playlist_entry *entry,
        uint64_t name[SEPARATION_KINDS], float *seconds);

struct order_options {
	int64_t rounds; /* 0: for ever */
	bool shuffle;
	uint64_t seed;
	struct separation separation; /* when shuffled */
	order_names_fn *names; /* asked for all entries at each round; NULL: nothing is separated */
	void *user;
};

/* Entries of a playlist, which is borrowed. */
struct order_list {
	const struct playlist *playlist;
	size_t first, count;
};

struct order {
	struct order_list list;
	struct order_options options;
	uint32_t *permutation; /* of this round; NULL: as in the list */
	struct spread_song *songs; /* NULL: nothing is separated */
	size_t n_close; /* entries of this round that are nearer to their like than they should be */
	size_t next; /* place in this round of the next entry */
	size_t changed_at; /* where the order went on behind a change */
	int64_t round;
};

enum status order_init(struct order *order, const struct order_list *list,
        const struct order_options *options) MUST_USE;
void order_done(struct order *order);

/* The next entry of the playlist; STATUS_END: the round is over. */
enum status order_next(struct order *order, size_t *entry) MUST_USE;

/* Shuffled: the first of the next few entries that suits comes next; none: all stays as it is. */
typedef bool order_suits_fn(void *user, size_t entry);
void order_prefer(struct order *order, order_suits_fn *suits, void *user);

/* STATUS_END: that was all. */
enum status order_begin_round(struct order *order) MUST_USE;

/* Another list, when the entry of path `last` was played last, at `place` of `round` (NULL: nothing was).  In the order of the
 * list: goes on behind it, if it is in there, else at that place.  Shuffled: what this round had is not played again. */
enum status order_change(struct order *order, const struct order_list *list, int64_t round,
        size_t place, const char *last) MUST_USE;

/* Behind a change: the entry of this path was played meanwhile; the order goes on behind what was played. */
void order_played(struct order *order, const char *path);

/* As a run stood that is over; the list may be another one. */
enum status order_resume(
        struct order *order, int64_t round, size_t place, const char *last) MUST_USE;

#endif
