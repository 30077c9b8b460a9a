/* hub.c - what the outputs of one run share; each part is looked after by who uses it. */
#include "hub.h"

#include <stdlib.h>
#include <string.h>

#include "spec.h"

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

/* What is wrong with it is said when it is opened. */
enum status output_hub_expect(struct output_hub *hub, const char *text)
{
	struct output_spec spec;
	struct error ignored;
	if (hub->first_file || output_spec_parse(text, &spec, &ignored) != STATUS_OK)
		return STATUS_OK;
	bool is_audio_file = strcmp(spec.target->name, "file") == 0 && !spec.encoder->is_text &&
	                     strcmp(spec.place, "-") != 0;
	if (is_audio_file)
		hub->first_file = strdup(spec.place);
	output_spec_done(&spec);
	return is_audio_file && !hub->first_file ? STATUS_NO_MEMORY : STATUS_OK;
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
