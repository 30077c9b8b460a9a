/* pace.h - how fast a programme goes to its outputs.
 *
 * Without a live output: as fast as files and pipes take it.  With one: in real time.  A device that has a clock of its own
 * paces the mix as long as it plays; else the monotonic clock does.  Whoever else is live, or stands still, loses
 * frames and holds nothing back.
 */
#ifndef JUKEBOX_RADIO_PACE_H
#define JUKEBOX_RADIO_PACE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "jukebox/output.h"

enum { PACE_OUTPUTS_MOST = 64 };

struct pace {
	struct output **outputs; /* the player's; NULL where one was lost */
	size_t n_outputs;
	int rate_hz;
	bool stalled[PACE_OUTPUTS_MOST]; /* a device that took nothing when it should have */
	bool has_anchor;
	int64_t anchor_ns; /* when frame 0 of `frames` was due */
	int64_t frames; /* since then */
	int64_t last_ns; /* when the last block was to come */
};

void pace_init(struct pace *pace, struct output **outputs, size_t n_outputs, int rate_hz);

/* Hands a block to output i. */
enum status pace_write(struct pace *pace, size_t i, const float *frames, size_t n_frames,
        struct error *error) MUST_USE;

/* After each block: sleeps until the next is due, if no output has waited for that; a mix that is late catches up at a few
 * times real time, so that no live output's queue overflows.  Nanoseconds of standstill that will not be
 * made up for; 0: none. */
int64_t pace_wait(struct pace *pace, size_t n_frames);

#endif
