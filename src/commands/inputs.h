/* inputs.h - the files that a run reads, so that no output goes over one of them. */
#ifndef JUKEBOX_COMMANDS_INPUTS_H
#define JUKEBOX_COMMANDS_INPUTS_H

#include <stdbool.h>
#include <sys/types.h>

#include "jukebox/plan.h"
#include "jukebox/playlist.h"

/* All borrowed; any may be NULL. */
struct inputs {
	char **lists;
	int n_lists;
	const struct playlist *playlist;
	const char *plan_file;
	const struct plan *plan;
};

/* For output_options.is_input; `user` is a struct inputs.  One stat(2) an entry, so it is only asked for an output that
 * was there before. */
bool inputs_hold(const void *user, dev_t device, ino_t inode);

#endif
