/* shown.c - from the radio's words to the outputs'. */
#include "shown.h"

#include <stdlib.h>
#include <string.h>

/* A file without a title is told by its name. */
static char *title_of(const struct onair_track *track)
{
	if (track->title)
		return strdup(track->title);
	if (!track->path)
		return NULL;
	const char *slash = strrchr(track->path, '/');
	const char *name = slash && slash[1] ? slash + 1 : track->path;
	const char *dot = strrchr(name, '.');
	return dot && dot > name ? strndup(name, (size_t)(dot - name)) : strdup(name);
}

static void show_track(const struct onair_track *from, struct output_track *to)
{
	to->title = title_of(from);
	to->artist = from->artist ? strdup(from->artist) : NULL;
	to->started_at_ms = from->started_at_ms;
}

void shown_programme(void *user, struct output_programme *programme)
{
	const struct shown *shown = user;
	struct onair_snapshot snapshot;
	onair_take(shown->onair, &snapshot);
	programme->has_now = snapshot.has_now;
	programme->has_next = snapshot.has_next;
	programme->has_joint = snapshot.has_now && snapshot.has_next;
	if (snapshot.has_now)
		show_track(&snapshot.now, &programme->now);
	if (snapshot.has_next)
		show_track(&snapshot.next, &programme->next);
	programme->elapsed_s = onair_elapsed_s(&snapshot);
	programme->duration_s = onair_duration_s(&snapshot);
	for (size_t i = 0; i < snapshot.n_history && i < OUTPUT_HISTORY; i++)
		show_track(&snapshot.history[i], &programme->history[programme->n_history++]);
	onair_snapshot_done(&snapshot);
}

static bool find_record(const struct shown *shown, const char *path, struct record *record)
{
	struct error ignored;
	*record = (struct record){0};
	return shown->cache && cache_find(shown->cache, path, record, &ignored) == STATUS_OK;
}

char *shown_joint(void *user)
{
	const struct shown *shown = user;
	struct plan_clip old, next;
	struct record old_record, next_record;
	if (!onair_joint(shown->onair, &old, &next))
		return NULL;
	bool has_old = find_record(shown, old.path, &old_record);
	bool has_next = find_record(shown, next.path, &next_record);
	struct joint_picture picture = {.old = &old,
	        .next = &next,
	        .old_record = has_old ? &old_record : NULL,
	        .next_record = has_next ? &next_record : NULL,
	        .rate_hz = shown->rate_hz,
	        .target_lufs = shown->target_lufs};
	char *svg = plan_joint_to_svg(&picture);
	record_done(&old_record);
	record_done(&next_record);
	plan_clip_done(&old);
	plan_clip_done(&next);
	return svg;
}
