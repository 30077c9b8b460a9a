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

void output_hub_set_programme(
        struct output_hub *hub, output_programme_fn *programme, output_joint_fn *joint, void *user)
{
	pthread_mutex_lock(&hub->lock);
	hub->programme = programme;
	hub->joint = joint;
	hub->programme_user = user;
	pthread_mutex_unlock(&hub->lock);
}

static void track_done(struct output_track *track)
{
	free(track->title);
	free(track->artist);
}

void output_programme_done(struct output_programme *programme)
{
	track_done(&programme->now);
	track_done(&programme->next);
	for (size_t i = 0; i < programme->n_history; i++)
		track_done(&programme->history[i]);
	*programme = (struct output_programme){0};
}
