/* mix.h - carries out a plan, block by block.
 *
 * Knows nothing of playlists, thresholds or caches.  The same clips give the same bytes, whatever the
 * number of threads.  The bus is stereo float32 at one rate.
 */
#ifndef JUKEBOX_MIX_H
#define JUKEBOX_MIX_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "jukebox/kept.h"
#include "jukebox/log.h"
#include "jukebox/plan.h"
#include "jukebox/resampler.h"
#include "jukebox/status.h"

/* Sound at the bus' rate, stereo, for when there is nothing else: frames 0 to n_frames, then from loop_from on again. */
struct mix_loop {
	const float *frames;
	int64_t n_frames, loop_from;
};

struct mix_options {
	int rate_hz; /* of the bus */
	size_t buffer_bytes; /* budget of all decode-ahead rings together */
	int n_workers; /* decode-ahead threads, at least 1 */
	enum resampler_quality quality;
	bool limiter;
	double ceiling_dbtp; /* of the limiter */
	struct kept *kept; /* where songs may be decoded already; borrowed; NULL: nowhere */

	/* For a mix that must not stand still.  0: whatever is late is waited for. */
	int64_t patience_ns; /* for the next clip, when it is due; then silence, or `fallback`, until it comes */
	/* A clip of which nothing is decoded for so long is given up; without patience_ns its place stays silent from there on. */
	int64_t stall_ns;
	const struct mix_loop *fallback; /* borrowed; NULL: silence */
	/* Becomes true when mixer_fade_out will be called soon: what would be waited for without an end is then waited for a moment;
	 * borrowed; NULL: never. */
	const atomic_bool *stopping;
	const atomic_bool *idle; /* nothing will come for now: no patience; borrowed; NULL: never */
};

/* Asked for the next clip, in order of start_frame, from one thread of the mixer's choosing, a little before it is
 * needed.  STATUS_OK: *clip is filled, and the mixer owns it.  STATUS_END: that was all.  May wait (for a measurement);
 * anything else ends the mix with that error. */
typedef enum status mix_next_fn(void *user, struct plan_clip *clip, struct error *error);

/* What happened, stamped with the output frame; called by the thread in mixer_read, must not block.  `clip` is borrowed;
 * its frames are those of the mixer.
 * For a clip that could not be read, or not to its end, MIX_CLIP_FAILED comes with the reason in `text`: its place stays silent
 * from there on, the rest of the programme is where it was.  With options.patience_ns it is given up instead: what was known to
 * come behind it is dropped, and the mix goes on with nothing until the turn that is to be asked for then (mixer_turn, now if the
 * clip was on). */
enum mix_event {
	MIX_CLIP_START,
	MIX_TITLE,
	MIX_CLIP_END,
	MIX_CLIP_FAILED,
	MIX_TURNED, /* a turn was made; no clip */
	MIX_TURN_LOST, /* another clip began before it could be made; no clip */
	MIX_DRY, /* nothing is there in time: silence, or the fallback, from here on; no clip */
	MIX_FLOWS, /* no more; no clip */
};
typedef void mix_event_fn(void *user, enum mix_event event, int64_t frame,
        const struct plan_clip *clip, const char *text);

struct mix_limiter_report {
	double most_db; /* largest gain reduction so far, >= 0 */
	double reduced_s; /* seconds with more than 0.1 dB of it */
};

struct mixer;

struct mixer *mixer_new(const struct mix_options *options, mix_next_fn *next, mix_event_fn *event,
        void *user, struct log *log);

/* 1 to max_frames stereo frames; STATUS_END with 0 when all clips are over. Frame counts are exact: the limiter's
 * look-ahead is taken off the front and flushed at the end. */
enum status mixer_read(struct mixer *mixer, float *to, size_t max_frames, size_t *n_frames,
        struct error *error) MUST_USE;

/* The frame that the next mixer_read will give first. */
int64_t mixer_position(const struct mixer *mixer);

/* Fades out over `frames` from here and ends, whatever is on; nothing is waited for.  0: ends at once.
 * From the thread in mixer_read only. */
void mixer_fade_out(struct mixer *mixer, int64_t frames);

/* A turn: what comes next is asked for anew, while what is on goes on.  Clips that were asked for and have not begun are
 * dropped once the first new one is there.  A turn under way is replaced. */
struct mix_turn {
	void *user; /* given to `next` from here on */
	size_t on_air; /* as mixer_on_air says; if another clip begins before the turn is made, it is lost */
	/* Now: what is on fades out, and the first new clip starts behind the first lead_frames of that.  Else it starts
	 * where the time line of the clips before says, or at once if that has passed. */
	bool now;
	int64_t lead_frames;
	const _Atomic int64_t *fade_frames; /* read when the fade begins; borrowed */
};
/* `entry` of the clip that began last, in what is mixed by now; SIZE_MAX: none. */
size_t mixer_on_air(const struct mixer *mixer);
/* May be called when MIX_TURN_LOST or MIX_CLIP_FAILED is told.  STATUS_NO_MEMORY: nothing has changed. */
enum status mixer_turn(struct mixer *mixer, const struct mix_turn *turn) MUST_USE;

/* The programme is over when what is on is. */
void mixer_end_here(struct mixer *mixer);

/* Of several clips that are on, all but the one that began last fade out; false: there is only one. */
bool mixer_leave_older(struct mixer *mixer, int64_t frames);

void mixer_limiter_report(const struct mixer *mixer, struct mix_limiter_report *report);

/* False: too many turns before wait for decoders that hang; later it may go. */
bool mixer_can_turn(const struct mixer *mixer);
/* A clip was given up, and until the next turn nothing more comes. */
bool mixer_wants_turn(const struct mixer *mixer);
/* How far what is known reaches; INT64_MAX: the next clip, or the end, is known. */
int64_t mixer_known_frames(const struct mixer *mixer);
/* Is there nothing to play just now (MIX_DRY)? */
bool mixer_is_dry(const struct mixer *mixer);

/* Another one, borrowed, than that of the options, which had none: it plays from now on, if there is nothing else.  From the thread
 * in mixer_read only. */
void mixer_set_fallback(struct mixer *mixer, const struct mix_loop *fallback);

/* Stops and joins the decode-ahead threads.  NULL is fine. */
void mixer_free(struct mixer *mixer);
/* The same, waiting no longer than to the deadline (of clock_now_ns).  False: threads hang; the mixer stays, and so must all that
 * `next` uses, to the end of the process. */
bool mixer_try_free(struct mixer *mixer, int64_t deadline_ns) MUST_USE;

#endif
