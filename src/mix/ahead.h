/* ahead.h - decodes the next clips ahead of the mixer.
 *
 * One thread asks for clips, n_workers decode them, in the order of the plan and within one budget of
 * memory.  Threads: ahead_* belong to the mixer's thread.
 */
#ifndef MIX_AHEAD_H
#define MIX_AHEAD_H

#include "clip.h"
#include "jukebox/mix.h"

struct ahead;

/* NULL when out of memory or threads. */
struct ahead *ahead_new(const struct mix_options *options, mix_next_fn *next, void *user);
/* Waits for a call of `next` under way, and for blocks being decoded. */
void ahead_free(struct ahead *ahead);
/* The same, if nothing has to be waited for beyond the deadline (0: at once); else its threads are told to end and it
 * stays, for another try. */
bool ahead_try_free(struct ahead *ahead, int64_t deadline_ns);
/* Nobody will try again: it stays to the end of the process. */
void ahead_leave_behind(struct ahead *ahead);

/* The next clip of the plan; waits for it.  The mixer's reference, let go with ahead_leave. STATUS_END: no more. */
enum status ahead_next(struct ahead *ahead, struct clip **clip, struct error *error) MUST_USE;

/* Frames of the clip from where ahead_took left off: waits for at least one, for wait_ns at most (STATUS_END then).
 * Borrowed until ahead_took.  Clips of one chain are read one after the other. */
enum status ahead_read(struct ahead *ahead, struct clip *clip, int64_t wait_ns,
        const float **frames, size_t *n_frames, struct error *error) MUST_USE;
void ahead_took(struct ahead *ahead, struct clip *clip, size_t n_frames);

void ahead_leave(struct ahead *ahead, struct clip *clip);

/* As far as can be told by the deadline (of clock_now_ns; 0: at once). */
enum ahead_state {
	AHEAD_READY, /* the call that was meant will not wait */
	AHEAD_END, /* there is no next clip */
	AHEAD_LATE,
};
/* Before ahead_next; with `decoded` the first frames of that clip are there, too. */
enum ahead_state ahead_await_next(struct ahead *ahead, bool decoded, int64_t deadline_ns);
/* What ahead_next will give; borrowed until then.  Only after AHEAD_READY; NULL: a failure. */
const struct plan_clip *ahead_peek(struct ahead *ahead);

/* Little of what is decoded of the clip is left, and for stall_ns nothing has come.  To be asked again and again while the
 * clip is on, or will be soon. */
bool ahead_stalls(struct ahead *ahead, struct clip *clip, int64_t stall_ns);
/* How many of its frames are there. */
int64_t ahead_filled(struct ahead *ahead, const struct clip *clip);
/* What ahead_next would give without waiting; borrowed until then; NULL: nothing.  The mixer may only ask ahead_stalls about it. */
struct clip *ahead_coming(struct ahead *ahead);

/* No more clips: those that ahead_next has not given are dropped, `next` is not called again. */
void ahead_drop(struct ahead *ahead);

#endif
