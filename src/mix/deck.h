/* deck.h - decodes a clip, or a chain of joined clips, to stereo frames at the bus' rate.
 *
 * The frames that come out are exactly the n_frames of its clips together, whatever the files hold: what
 * cannot be read is silence and is noted in its clip.  Threads: one deck, one thread at a time.
 */
#ifndef MIX_DECK_H
#define MIX_DECK_H

#include "clip.h"
#include "jukebox/kept.h"
#include "jukebox/resampler.h"

struct deck;

enum { DECK_RAW_FRAMES = 2048 };

/* A worker's own, for files that are not stereo: too large for each deck to have. */
struct deck_scratch;
struct deck_scratch *deck_scratch_new(void);
void deck_scratch_free(struct deck_scratch *scratch);

enum deck_state {
	DECK_MORE, /* call again */
	DECK_WAITING, /* for deck_add or deck_end: the end of the last clip known is reached */
	DECK_FINISHED, /* files are closed; nothing will come */
};

/* `kept`: songs that are decoded already; borrowed, may be NULL.  NULL when out of memory. */
struct deck *deck_new(int rate_hz, enum resampler_quality quality, struct kept *kept);
void deck_free(struct deck *deck);

/* The first clip, or one joined to the last: of the same source rate.  Takes a reference. */
void deck_add(struct deck *deck, struct clip *clip);
/* No more clips. */
void deck_end(struct deck *deck);

/* Up to max_frames stereo frames to `out`; fewer only when it waits or has finished. */
enum deck_state deck_fill(struct deck *deck, struct deck_scratch *scratch, float *out,
        size_t max_frames, size_t *n_frames);

/* How many clips were begun so far. */
int deck_begun(const struct deck *deck);

#endif
