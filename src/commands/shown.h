/* shown.h - what is on, as outputs show it to their listeners. */
#ifndef COMMANDS_SHOWN_H
#define COMMANDS_SHOWN_H

#include "jukebox/cache.h"
#include "jukebox/onair.h"
#include "jukebox/output.h"

struct shown {
	struct onair *onair;
	struct cache *cache; /* NULL: pictures without curves */
	int rate_hz;
	double target_lufs;
};

/* An output_programme_fn and an output_joint_fn; `user` is a struct shown.  Paths stay here: listeners see names. */
void shown_programme(void *user, struct output_programme *programme);
char *shown_joint(void *user);

#endif
