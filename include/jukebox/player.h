/* player.h - one programme through the mixer to all outputs. */
#ifndef JUKEBOX_PLAYER_H
#define JUKEBOX_PLAYER_H

#include "jukebox/control.h"
#include "jukebox/errands.h"
#include "jukebox/events.h"
#include "jukebox/fallback.h"
#include "jukebox/lineup.h"
#include "jukebox/log.h"
#include "jukebox/mix.h"
#include "jukebox/onair.h"
#include "jukebox/output.h"

/* Where clips come from.  All are called by one thread at a time, but not always the same. */
struct player_source {
	mix_next_fn *next;
	/* What follows is asked for anew: behind the clip of this entry (SIZE_MAX: from the beginning), on the time line
	 * of the clips before, or, `now`, on one of its own.  `in_vain`: nothing of what was given since the turn before is heard.  NULL: it
	 * cannot; then there is no skip and no reload. */
	void (*turn)(void *user, size_t on_air, bool now, bool in_vain);
	/* A reload was asked for: returns at once, as disks may hang.  `reload_is_there` tells once when it can be made, by `reload`,
	 * before the turn that follows; that returns false when all stays as it is.  All three or none (NULL). */
	void (*ask_reload)(void *user);
	bool (*reload_is_there)(void *user);
	bool (*reload)(void *user);
	/* How long the first song behind a turn takes to arrive; may be NULL. */
	double (*arrival_s)(void *user);
	/* Of a source that has no end by itself: after STATUS_END of `next`, every few seconds: tries all anew.  NULL: an end
	 * is the end. */
	void (*retry)(void *user);
	/* It cannot be played now: what follows is without it.  May be NULL. */
	void (*drop)(void *user, size_t entry);
	/* Any thread: what is on ends soon, and nothing is known of what follows.  May be NULL. */
	void (*hurry)(void *user);
	/* Any thread: a call that waits for a measurement returns soon, with STATUS_CANCELLED.  May be NULL. */
	void (*interrupt)(void *user);
	void *user;
};

struct player_report {
	int64_t frames; /* written */
	size_t clips; /* begun */
	size_t failed_clips;
	size_t failed_outputs;
	struct mix_limiter_report limiter;
	/* Decoders or disks hang, and threads with them: what `source` uses must stay to the end of the process. */
	bool threads_hang;
	bool silenced; /* the alarm ended it */
};

/* What goes to the outputs, below level_lufs for so long, is told; `ends`: and ends the run. */
struct player_alarm {
	double seconds, level_lufs;
	bool ends;
};

/* Whom the player tells and asks while it runs; borrowed, each may be NULL. */
struct player_links {
	struct control *control;
	struct events *events;
	struct onair *onair;
	struct lineup *lineup; /* is told what began */
	struct errands *errands;
	struct fallback *_Atomic *fallback; /* plays when there is nothing else, once it is there */
	const struct player_alarm *alarm;
	struct log *log;
	/* For the status line: how many tracks and frames there are in all; 0: not known, or no end. */
	size_t n_tracks;
	int64_t n_frames;
};

/* Plays until the source or the outputs end, or a signal says so, and finishes the outputs.  All stay the caller's to close; the
 * place of a failed one is set to NULL, so keep a copy.  STATUS_IO: the last output failed (said in the log). */
enum status player_run(const struct player_source *source, const struct mix_options *options,
        struct output **outputs, size_t n_outputs, const struct player_links *links,
        struct player_report *report, struct error *error) MUST_USE;

#endif
