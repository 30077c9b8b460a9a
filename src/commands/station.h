/* station.h - what makes a mix a station: the control socket, the state file, who is told of each song. */
#ifndef COMMANDS_STATION_H
#define COMMANDS_STATION_H

#include "jukebox/control.h"
#include "jukebox/errands.h"
#include "jukebox/events.h"
#include "jukebox/notify.h"
#include "jukebox/onair.h"
#include "jukebox/programme.h"
#include "jukebox/state.h"
#include "settings.h"

struct station {
	const struct settings *settings;
	struct log *log;
	struct control *control;
	struct onair *onair;
	struct programme *programme; /* NULL: a saved plan */
	const struct playlist *playlist; /* NULL: a saved plan */
	char **lists; /* to watch */
	int n_lists;
	bool has_lists; /* they could be read; false: a saved plan, or later */
	struct errands *errands; /* owned */
	struct notify *notify; /* owned; NULL: no service manager asks */
};

/* The state that an earlier run left; empty when there is none, or none that can be used (said). */
void station_read_state(const struct settings *settings, struct log *log, struct state *state);

/* The programme goes on there. */
void station_resume(struct station *station, const struct state *state);

/* Lists that were not to be had when the station opened are there: the programme, which has them already, goes on where `state` says, and
 * they are watched. */
void station_begin_lists(
        struct station *station, const struct playlist *playlist, const struct state *state);

/* False: said, with *exit_status. */
bool station_open(struct station *station, int *exit_status);
/* `at_end`: all was played.  {0} is fine. */
void station_close(struct station *station, bool at_end);

#endif
