/* progress.h - how far the programme is, on the status line of a terminal. */
#ifndef RADIO_PROGRESS_H
#define RADIO_PROGRESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "jukebox/log.h"
#include "jukebox/plan.h"

/* Plain data of the player's thread; progress_init, no end. */
struct progress {
	struct log *log;
	int rate_hz;
	bool live; /* at its listeners' pace: told by the song, not by how fast it goes */
	size_t n_tracks; /* in all; 0: not known, or no end */
	int64_t n_frames; /* in all; 0: not known */
	int64_t began_ns, told_ns;
	size_t tracks; /* begun */
	int64_t track_start, track_end; /* frames of the output */
	char name[200]; /* of the track */
};

void progress_init(struct progress *progress, struct log *log, int rate_hz, bool live);

/* A clip begins to be heard at `start_frame` of the output.  A part of the same file ("inner") only lengthens the track. */
void progress_clip(struct progress *progress, const struct plan_clip *clip, int64_t start_frame);

/* The programme stood still for so many frames. */
void progress_hold(struct progress *progress, int64_t n_frames);

/* So many frames are made; tells at most five times a second. */
void progress_tick(struct progress *progress, int64_t frame);

/* The line for that moment, of wall clock; for progress_tick, and its test. */
void progress_line(
        const struct progress *progress, int64_t frame, double spent_s, char *to, size_t to_bytes);

#endif
