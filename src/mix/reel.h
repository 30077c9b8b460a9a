/* reel.h - the clips of one source on their way through the mixer: asked for, known, sounding, over.  Private to mix/.
 *
 * Positions are the mixer's.  One thread.
 */
#ifndef MIX_REEL_H
#define MIX_REEL_H

#include "ahead.h"

struct reel {
	struct reel *next; /* the mixer's list */
	struct ahead *ahead;
	struct clip *first, *last; /* taken, and not yet over */
	int64_t shift; /* from the time line of the plan to the mixer's */
	int64_t horizon; /* clips that begin before it are all taken */
	int64_t end; /* of all taken clips */
	bool all_taken;
	int64_t stall_ns; /* a clip whose frames are waited for so long is lost; INT64_MAX: none is */
};

/* NULL when out of memory or threads. */
struct reel *reel_new(const struct mix_options *options, mix_next_fn *next, void *user);
/* Waits for its threads. */
void reel_free(struct reel *reel);
/* The same, if nothing has to be waited for beyond the deadline (0: at once). */
bool reel_try_free(struct reel *reel, int64_t deadline_ns);

/* The next clip becomes known; waits for it. */
enum status reel_take(struct reel *reel, struct error *error) MUST_USE;

/* No more clips: those that do not begin before `position` are dropped. */
void reel_close(struct reel *reel, int64_t position);

/* Takes the clip out of the list and lets go of it. */
void reel_drop(struct reel *reel, struct clip *clip);

/* First frame behind the clip, now that it may be leaving. */
int64_t clip_end(const struct clip *clip);
/* Fades out over `frames` from `position` on, if it would not be over before. */
void clip_leave(struct clip *clip, int64_t position, int64_t frames);

/* Sums frames [position, position + n) of all clips to `bus`; *is_empty: nothing was written there yet. */
enum status reel_sum(struct reel *reel, int64_t position, size_t n, float *bus, float *factors,
        bool *is_empty, struct error *error) MUST_USE;

#endif
