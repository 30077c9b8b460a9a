/* onair.h - what is on, what comes next, what was: one truth for the control socket, the status page and files.
 *
 * The player writes it, everybody else takes snapshots.  A track is "now" from its mix point on, as titles are.
 * Threads: any, at any time; one lock inside, held for copies of a few strings.
 */
#ifndef JUKEBOX_ONAIR_H
#define JUKEBOX_ONAIR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "jukebox/plan.h"

enum { ONAIR_HISTORY = 32 };

enum onair_state {
	ONAIR_STARTING, /* nothing was heard yet */
	ONAIR_PLAYING,
	ONAIR_PAUSED,
	ONAIR_FALLBACK, /* the programme cannot be had; something else plays */
	ONAIR_STOPPING,
};
const char *onair_state_name(enum onair_state state);

/* Strings are owned by whoever holds the struct; title and artist may be NULL, text is as in the tags (escape it). */
struct onair_track {
	char *path, *title, *artist;
	int64_t start_frame; /* of the output, at which it began to be heard */
	int64_t end_frame; /* at which it is planned to be over */
	int64_t started_at_ms; /* of the mix point, wall clock, ms since 1970; 0: not yet */
};

struct onair_snapshot {
	enum onair_state state;
	int rate_hz;
	int64_t frame; /* given to the outputs so far */
	int64_t began_at_ms; /* the programme, wall clock */
	double volume_db;
	bool has_now, has_next;
	struct onair_track now, next;
	struct onair_track history[ONAIR_HISTORY]; /* newest first, without `now` */
	size_t n_history;
	size_t n_tracks; /* that became `now`, in all */
};

struct onair;

struct onair *onair_new(int rate_hz);
void onair_free(struct onair *onair);

/* A copy of all; the caller calls onair_snapshot_done.  Out of memory: strings are missing, never more.  A NULL `onair` gives
 * an empty one. */
void onair_take(struct onair *onair, struct onair_snapshot *snapshot);
void onair_snapshot_done(struct onair_snapshot *snapshot);

/* Copies of the clips around the next joint, for a picture of it; the caller calls plan_clip_done on both.  false: not known. */
bool onair_joint(struct onair *onair, struct plan_clip *old, struct plan_clip *next);

/* Seconds of `now` that were heard, and its planned length; 0 when there is none. */
double onair_elapsed_s(const struct onair_snapshot *snapshot);
double onair_duration_s(const struct onair_snapshot *snapshot);

/* ---- the player's; a NULL `onair` is fine ------------------------------------------------------- */

/* The clip is `now` from here on; start_frame and n_frames are those of the output.  Another part of the same file
 * ("inner") only lengthens it. */
void onair_title(struct onair *onair, const struct plan_clip *clip, int64_t start_frame);
/* Something older for the end of the history, newest first: of a run that is resumed.  The texts are copied. */
void onair_remember(struct onair *onair, const struct onair_track *track);
void onair_next(struct onair *onair, const struct plan_clip *clip); /* NULL: not known */
void onair_progress(struct onair *onair, int64_t frame);
/* The programme stood still for so many frames: what is on ends that much later. */
void onair_hold(struct onair *onair, int64_t frames);
void onair_set_state(struct onair *onair, enum onair_state state);
void onair_set_volume(struct onair *onair, double volume_db);

#endif
