/* station.c - what makes a mix a station. */
#include "station.h"

#include <stdlib.h>
#include <string.h>

#include "jukebox/replace.h"

void station_read_state(const struct settings *settings, struct log *log, struct state *state)
{
	struct error error = {0};
	const char *path = settings->state_file;
	char *text = NULL;
	size_t n = 0;
	*state = (struct state){0};
	if (!path)
		return;
	enum status status = file_read_all(path, STATE_MOST_BYTES, &text, &n, &error);
	if (status == STATUS_OK)
		status = state_from_text(text, n, state, &error);
	if (status != STATUS_OK && status != STATUS_NOT_FOUND)
		log_print(log, LOG_WARNING, "--state: %s: %s; the list begins anew", path,
		        error.text);
	free(text);
}

/* A list that is not there has no place. */
static void resume_place(struct station *s, const struct state *state)
{
	if (!state->has_place || !s->has_lists)
		return;
	if (programme_resume(s->programme, state->round, state->place, state->last, state->memo) !=
	        STATUS_OK)
		log_print(s->log, LOG_WARNING, "out of memory: the list begins anew");
	log_file(s->log, LOG_INFO, state->last, "resumed behind it");
}

void station_resume(struct station *s, const struct state *state)
{
	struct lineup *lineup = programme_lineup(s->programme);
	struct error error = {0};
	size_t id;
	resume_place(s, state);
	for (size_t i = 0; i < state->n_queued; i++)
		if (lineup_queue(lineup, state->queued[i].path, false, &id, &error) != STATUS_OK)
			log_file(s->log, LOG_WARNING, state->queued[i].path, "%s", error.text);
	for (size_t i = 0; i < state->n_history; i++)
		onair_remember(s->onair, &state->history[i]);
}

static struct lineup *lineup_of(const struct station *s)
{
	return s->programme && !s->settings->joints ? programme_lineup(s->programme) : NULL;
}

static enum status listen_to_people(struct station *s, struct error *error)
{
	struct control_desk desk = {
	        .onair = s->onair, .lineup = lineup_of(s), .errands = s->errands};
	return s->settings->control ? control_listen(s->control, s->settings->control, &desk, error)
	                            : STATUS_OK;
}

static enum status begin_errands(struct station *s, struct error *error)
{
	struct errands_options options = {
	        .state_file = lineup_of(s) ? s->settings->state_file : NULL,
	        .seed = s->settings->seed,
	        .lineup = lineup_of(s),
	        .now_playing_file = s->settings->now_playing,
	        .on_track = s->settings->on_track,
	        .onair = s->onair,
	        .log = s->log};
	if (!options.state_file && !options.now_playing_file && !options.on_track)
		return STATUS_OK;
	return errands_new(&options, &s->errands, error);
}

/* A rotation, and the lists that it names. */
static enum status watch_lists(struct station *s, struct error *error)
{
	const struct rotation *r = s->playlist ? playlist_rotation(s->playlist) : NULL;
	size_t n = (size_t)s->n_lists;
	char **names = calloc(n + (r ? r->count : 0) + 1, sizeof *names);
	if (!names)
		return error_set(error, STATUS_NO_MEMORY, "out of memory");
	memcpy(names, s->lists, n * sizeof *names);
	for (size_t i = 0; r && i < r->count; i++)
		if (r->sources[i].path && r->sources[i].count > 0)
			names[n++] = r->sources[i].path;
	enum status status = control_watch(s->control, names, n, error);
	free(names);
	return status;
}

void station_begin_lists(
        struct station *s, const struct playlist *playlist, const struct state *state)
{
	struct error error = {0};
	s->playlist = playlist;
	s->has_lists = true;
	resume_place(s, state);
	if (s->settings->watch && watch_lists(s, &error) != STATUS_OK)
		log_print(s->log, LOG_WARNING, "%s", error.text);
}

bool station_open(struct station *s, int *exit_status)
{
	struct error error = {0};
	enum status status = begin_errands(s, &error);
	if (status == STATUS_OK)
		status = listen_to_people(s, &error);
	if (status == STATUS_OK && s->settings->watch && s->has_lists)
		status = watch_lists(s, &error);
	if (status == STATUS_OK && lineup_of(s))
		status = control_keep_time(s->control, s->playlist, lineup_of(s), s->errands);
	if (status == STATUS_OK)
		status = notify_new(s->onair, &s->notify, &error);
	if (status == STATUS_OK)
		return true;
	log_print(s->log, LOG_ERROR, "%s", error.text);
	*exit_status = status == STATUS_USAGE ? EXIT_USAGE : EXIT_FAILED;
	return false;
}

void station_close(struct station *s, bool at_end)
{
	notify_free(s->notify);
	s->notify = NULL;
	errands_free(s->errands, at_end);
	s->errands = NULL;
}
