/* programme.h - the order of play: entries, their records, and the planner, as one stream of clips. */
#ifndef JUKEBOX_PROGRAMME_H
#define JUKEBOX_PROGRAMME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "jukebox/library.h"
#include "jukebox/log.h"
#include "jukebox/plan.h"
#include "jukebox/playlist.h"

struct programme_options {
	struct policy policy;
	int64_t rounds; /* how often the list is played; 0: for ever */
	bool shuffle; /* anew each round, no repeat across the seam */
	uint64_t seed;
};

struct programme;

/* Everything is borrowed until programme_free. */
struct programme *programme_new(const struct playlist *playlist, struct library *library,
        const struct programme_options *options, struct log *log);
void programme_free(struct programme *programme);

/* For --explain. */
void programme_explain(struct programme *programme, planner_explain_fn *explain, void *user);

/* The next clip, in order; waits for measurements.  Fits mix_next_fn: the caller owns the clip; STATUS_END: that was all.
 * Tracks that cannot be played were logged, counted and left out.  One thread at a time. */
enum status programme_next(void *programme, struct plan_clip *clip, struct error *error) MUST_USE;

/* Another list from the next track on, at the place behind the entry that was planned last, if it is in there. `playlist` is borrowed; the
 * old one is not used any more after the next programme_next. Same thread as programme_next. */
void programme_reload(struct programme *programme, const struct playlist *playlist);

size_t programme_skipped(const struct programme *programme);
size_t programme_planned(const struct programme *programme);

#endif
