/* standby.h - what a run that is to go on has ready for the moment when its programme cannot be had. */
#ifndef COMMANDS_STANDBY_H
#define COMMANDS_STANDBY_H

#include "jukebox/fallback.h"
#include "settings.h"

/* What --fallback names, read, measured and mixed by a thread of its own, as its disk may hang. */
struct standby;

enum standby_news {
	STANDBY_READY,
	STANDBY_FAILED, /* it cannot be had (said) */
	STANDBY_LATE, /* neither, until the deadline */
};

/* The session's log and cache are borrowed until standby_try_free has returned true.  NULL: out of memory, or no thread. */
struct standby *standby_start(const struct session *session, const struct settings *settings,
        const struct mix_options *options);
/* False: a thread hangs in a file, and so all stays.  NULL is fine. */
bool standby_try_free(struct standby *standby, int64_t deadline_ns) MUST_USE;

enum standby_news standby_wait(struct standby *standby, int64_t deadline_ns) MUST_USE;
/* The programme begins without it: it is tried again and again, until it is there, and that is said. */
void standby_go_on(struct standby *standby);

/* Becomes other than NULL once, when it is there; NULL for NULL. */
struct fallback *_Atomic *standby_fallback(struct standby *standby);

/* How long a mix waits: for nothing but what is soon there, if it is heard as it is made; else longer, or for ever. */
void standby_set_patience(const struct settings *settings, bool live, struct mix_options *options);

/* The programme goes on for ever, whatever becomes of its list. */
bool standby_never_ends(const struct settings *settings, bool live);

#endif
