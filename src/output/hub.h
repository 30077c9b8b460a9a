/* hub.h - what the outputs of one run share. */
#ifndef JUKEBOX_OUTPUT_HUB_H
#define JUKEBOX_OUTPUT_HUB_H

#include <pthread.h>

#include "jukebox/output.h"

struct output_hub {
	pthread_mutex_t lock;
	char *first_file; /* owned; the first encoded file, for its companions; NULL: none so far */
};

#endif
