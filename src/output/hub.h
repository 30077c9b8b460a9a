/* hub.h - what the outputs of one run share. */
#ifndef JUKEBOX_OUTPUT_HUB_H
#define JUKEBOX_OUTPUT_HUB_H

#include <pthread.h>

#include "jukebox/output.h"

struct conversion_group;
struct server;

struct output_hub {
	char *first_file; /* owned; the first audio file; NULL: none.  Settled before outputs are opened */
	pthread_mutex_t lock; /* guards all below */
	struct server *servers; /* a list; each lives as long as its mounts */
	struct conversion_group *conversions; /* a list; each lives as long as its outputs */
	output_programme_fn *programme; /* NULL: nobody knows what is on */
	output_joint_fn *joint;
	void *programme_user;
};

#endif
