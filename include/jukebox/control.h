/* control.h - the outside world while a programme runs: signals, and a socket for people and programs.
 *
 * One thread in one poll turns both into requests; nothing else reacts to the outside.
 * INT, TERM: fade out and finish; a second one: stop now.  HUP: reload.  USR1: skip.  USR2 is ignored.
 */
#ifndef JUKEBOX_CONTROL_H
#define JUKEBOX_CONTROL_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

#include "jukebox/errands.h"
#include "jukebox/lineup.h"
#include "jukebox/onair.h"
#include "jukebox/playlist.h"
#include "jukebox/status.h"

struct control;

/* What is done when asking nicely is not enough; called from the control thread, at most once each. */
struct control_hooks {
	void (*unblock)(
	        void *user); /* 0.4 s after the request to stop: end waiting for measurements */
	void (*abort)(
	        void *user); /* 1.4 s after it, or at the second signal: end waiting for anything */
	void *user;
};

/* Blocks the signals in the calling thread, so before other threads are started, and starts its own.  NULL when that cannot be. */
struct control *control_new(void);
void control_set_hooks(struct control *control, const struct control_hooks *hooks);
/* Ends the thread; the hooks are not called any more.  NULL is fine. */
void control_free(struct control *control);

/* What people may see and change through the socket; borrowed until control_free. */
struct control_desk {
	struct onair *onair;
	struct lineup *lineup; /* NULL: nothing can be queued */
	struct errands *errands; /* is told of what changed in there; may be NULL */
};

/* A socket of lines of JSON (their words: the manual, jukebox ctl) at `path`, for its owner alone; once. */
enum status control_listen(struct control *control, const char *path,
        const struct control_desk *desk, struct error *error) MUST_USE;

/* A change of one of these lists, or folders, is a request to reload; once. */
enum status control_watch(
        struct control *control, char *const *lists, size_t n_lists, struct error *error) MUST_USE;

/* What a rotation has at a time of day is queued next when it is due; again for another playlist in its place, which goes on from the
 * one before.  A playlist without any is fine.  Borrowed until control_free: lineup, errands (may be NULL). */
enum status control_keep_time(struct control *control, const struct playlist *playlist,
        struct lineup *lineup, struct errands *errands) MUST_USE;

/* Any thread.  The take_ calls tell each request once. */
bool control_stopping(const struct control *control);
const atomic_bool *control_stopping_flag(const struct control *control); /* the same, for a mixer */
bool control_take_skip(struct control *control);
bool control_take_reload(struct control *control);
bool control_take_lineup_changed(struct control *control); /* people queued or removed something */
bool control_ending(const struct control *control); /* stop when this song is over */
bool control_paused(const struct control *control);
double control_volume_db(const struct control *control);

/* Waits until the socket or a signal asked for something, at most `milliseconds`. */
void control_wait(struct control *control, int milliseconds);

#endif
