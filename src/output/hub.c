/* hub.c - what the outputs of one run share; each part is looked after by who uses it. */
#include "hub.h"

#include <stdlib.h>

struct output_hub *output_hub_new(void)
{
	struct output_hub *hub = calloc(1, sizeof *hub);
	if (hub)
		pthread_mutex_init(&hub->lock, NULL);
	return hub;
}

void output_hub_free(struct output_hub *hub)
{
	if (!hub)
		return;
	pthread_mutex_destroy(&hub->lock);
	free(hub->first_file);
	free(hub);
}
