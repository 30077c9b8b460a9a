/* clip.h - one clip of the plan while it is played: shared by its deck (a worker) and the mixer.
 *
 * `plan` does not change once the clip is made.  The deck writes the failure once, before it sets `failed`; the
 * mixer reads it after.  Both hold a reference; who lets go last frees.
 */
#ifndef MIX_CLIP_H
#define MIX_CLIP_H

#include <stdatomic.h>
#include <stdbool.h>

#include "gain.h"
#include "jukebox/plan.h"
#include "jukebox/status.h"

struct stream;

struct clip {
	struct plan_clip plan;
	atomic_int n_references;

	/* the deck's */
	struct clip *next_in_deck;
	atomic_bool failed;
	int64_t failed_frame; /* of the clip, at the output's rate: silence from here on */
	char failure[ERROR_TEXT_BYTES];

	/* ahead.c's */
	struct stream *stream; /* NULL: a clip of no frames */
	struct clip *next_known;

	/* the mixer's */
	struct clip *next;
	struct gain_curve curve;
	int64_t start,
	        title; /* frames of the mixer, where the plan's are of the source's time line */
	int64_t leave_from,
	        leave_to; /* fades out between these, and is over then; 0: it plays to its end */
	bool start_told, title_told, failure_told;
	bool lost; /* its frames did not come in time */
	bool given_up; /* nothing is waited for any more */
};

/* Takes *plan over.  One reference.  NULL when out of memory; then *plan is still the caller's. */
struct clip *clip_new(struct plan_clip *plan);
void clip_hold(struct clip *clip);
void clip_release(struct clip *clip);

#endif
