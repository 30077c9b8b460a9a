/* standby.h - what a run that is to go on has ready for the moment when its programme cannot be had. */
#ifndef COMMANDS_STANDBY_H
#define COMMANDS_STANDBY_H

#include "jukebox/fallback.h"
#include "settings.h"

/* What --fallback names, mixed and in memory; NULL when nothing is asked for.  False: it cannot be had (said). Before the
 * programme asks the session's records for anything. */
bool standby_load(struct session *session, const struct settings *settings,
        const struct mix_options *options, struct fallback **fallback) MUST_USE;

/* How long a mix waits: for nothing but what is soon there, if it is heard as it is made; else longer, or for ever. */
void standby_set_patience(const struct settings *settings, bool live, struct mix_options *options);

/* The programme goes on for ever, whatever becomes of its list. */
bool standby_never_ends(const struct settings *settings, bool live);

#endif
