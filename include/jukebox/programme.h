/* programme.h - the order of play: entries, their records, and the planner, as one stream of clips. */
#ifndef JUKEBOX_PROGRAMME_H
#define JUKEBOX_PROGRAMME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "jukebox/library.h"
#include "jukebox/lineup.h"
#include "jukebox/log.h"
#include "jukebox/plan.h"
#include "jukebox/playlist.h"
#include "jukebox/separation.h"

struct programme_options {
	struct policy policy;
	int64_t rounds; /* how often the list is played; 0: for ever */
	bool shuffle; /* anew each round, no repeat across the seam */
	uint64_t seed;
	struct separation separation; /* when shuffled */
};

struct programme;

/* Everything is borrowed until programme_free. */
struct programme *programme_new(const struct playlist *playlist, struct library *library,
        const struct programme_options *options, struct log *log);
void programme_free(struct programme *programme);

/* For --explain. */
void programme_explain(struct programme *programme, planner_explain_fn *explain, void *user);

/* What is on its way; borrowed until programme_free.  Its threads: any. */
struct lineup *programme_lineup(struct programme *programme);

/* The next clip, in order; waits for measurements.  Fits mix_next_fn: the caller owns the clip, whose `entry` is the number of a pick
 * of the line-up; STATUS_END: that was all. Tracks that cannot be played were logged, counted and left out.  One thread at a time. */
enum status programme_next(void *programme, struct plan_clip *clip, struct error *error) MUST_USE;

/* Plans anew what follows the pick that is on: for a line-up that has changed.  The clips that come lie on the time line of those
 * before, or, `now`, on one of their own.  `in_vain`: of the clips since the turn before none is heard.  Same thread as
 * programme_next. */
void programme_turn(struct programme *programme, size_t on_air, bool now, bool in_vain);

/* How long the first song behind a turn takes to arrive, in seconds. */
double programme_arrival_s(const struct programme *programme);

/* Another list in place of what has not begun: goes on behind what the line-up says began last.  `playlist` is borrowed; the
 * old one is not used any more. Call programme_turn next.  Same thread as programme_next. */
void programme_reload(struct programme *programme, const struct playlist *playlist);

/* After STATUS_END, when that is not to be the end: what could not be played is tried again.  Same thread as programme_next. */
void programme_retry(struct programme *programme);

/* The programme is about to run dry: the next clip is made of what is measured.  What is not comes in another round, and the joint to
 * what is not known yet is an end.  Any thread. */
void programme_hurry(struct programme *programme);

/* Somebody listens while it is made: once two tracks are known, the first one waits for no other for long.  Before the first
 * programme_next. */
void programme_set_live(struct programme *programme);

/* For a mix that waits for everything: what the cache knows is opened before it is planned.  A song that cannot be played any
 * more is left out then, where its place would be silent.  Before the first programme_next. */
void programme_open_first(struct programme *programme);

/* A programme_next that waits for a measurement ends with STATUS_CANCELLED; so does the next one that would, until programme_turn
 * or programme_retry.  Any thread. */
void programme_interrupt(struct programme *programme);

/* Goes on where another run stood; before the first programme_next.  `memo` is that of a rotation, else NULL. */
enum status programme_resume(struct programme *programme, int64_t round, size_t place,
        const char *last, const char *memo) MUST_USE;

size_t programme_skipped(const struct programme *programme);
size_t programme_planned(const struct programme *programme);

#endif
