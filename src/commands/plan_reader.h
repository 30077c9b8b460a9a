/* plan_reader.h - the clips of a plan, one after the other, as a mix asks for them (player.h). */
#ifndef COMMANDS_PLAN_READER_H
#define COMMANDS_PLAN_READER_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "jukebox/plan.h"

/* Begin with PLAN_READER_INIT; end with plan_done(&reader.plan), when nobody asks any more. */
struct plan_reader {
	struct plan plan; /* owned */
	pthread_mutex_t lock; /* guards all below, and paths: "" for a clip that is left out */
	size_t next;
	int64_t shift; /* frames that what comes is sooner for clips that were left out */
	bool is_cut; /* the clip before the next one was left out */
};

#define PLAN_READER_INIT                          \
	{                                         \
		.lock = PTHREAD_MUTEX_INITIALIZER \
	}

/* Fits mix_next_fn: the caller owns the clip, whose `entry` is its number. */
enum status plan_reader_next(void *reader, struct plan_clip *clip, struct error *error) MUST_USE;

/* Goes on behind this clip (SIZE_MAX: anew); `now`, with the next file. */
void plan_reader_turn(void *reader, size_t on_air, bool now, bool in_vain);

/* It cannot be played: what follows its file takes its place, and all behind is sooner by as much.  Any thread.  Call plan_reader_turn
 * next. */
void plan_reader_drop(void *reader, size_t entry);

#endif
