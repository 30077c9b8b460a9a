/* shown.h - what is on, as outputs show it to their listeners. */
#ifndef COMMANDS_SHOWN_H
#define COMMANDS_SHOWN_H

#include "jukebox/onair.h"
#include "jukebox/output.h"

/* An output_programme_fn; `user` is a struct onair.  Paths stay here: listeners see names. */
void shown_programme(void *user, struct output_programme *programme);

#endif
