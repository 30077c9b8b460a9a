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

/* The next clip of the plan; waits for it.  The mixer's reference, let go with ahead_leave. STATUS_END: no more. */
enum status ahead_next(struct ahead *ahead, struct clip **clip, struct error *error) MUST_USE;

/* Frames of the clip from where ahead_took left off: waits for at least one.  Borrowed until ahead_took.
 * Clips of one chain are read one after the other. */
enum status ahead_read(struct ahead *ahead, struct clip *clip, const float **frames,
        size_t *n_frames, struct error *error) MUST_USE;
void ahead_took(struct ahead *ahead, struct clip *clip, size_t n_frames);

void ahead_leave(struct ahead *ahead, struct clip *clip);

/* No more clips: those that ahead_next has not given are dropped, `next` is not called again. */
void ahead_drop(struct ahead *ahead);

#endif
