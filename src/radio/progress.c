/* progress.c - the words of the status line.  Numbers come first, since a terminal may be narrow; the log escapes them all,
 * and shows none where there is no terminal. */
#include "progress.h"

#include <stdio.h>
#include <string.h>

#include "jukebox/clock.h"
#include "jukebox/text.h"

static const int64_t PAUSE_NS = 200000000; /* between two lines */
static const double SPEED_AFTER_S = 0.5; /* before, it would be a guess */

void progress_init(struct progress *p, struct log *log, int rate_hz, bool live)
{
	*p = (struct progress){.log = log, .rate_hz = rate_hz, .live = live};
	p->began_ns = clock_now_ns();
}

static void name_of(const struct plan_clip *clip, char *to, size_t to_bytes)
{
	const char *slash = strrchr(clip->path, '/');
	if (clip->title)
		snprintf(to, to_bytes, "%s%s%s", clip->artist ? clip->artist : "",
		        clip->artist ? " - " : "", clip->title);
	else
		snprintf(to, to_bytes, "%s", slash && slash[1] ? slash + 1 : clip->path);
}

void progress_clip(struct progress *p, const struct plan_clip *clip, int64_t start_frame)
{
	p->track_end = start_frame + clip->n_frames;
	if (p->tracks > 0 && strcmp(clip->transition, "inner") == 0)
		return;
	p->tracks++;
	p->track_start = start_frame;
	name_of(clip, p->name, sizeof p->name);
	p->told_ns = 0;
}

void progress_hold(struct progress *p, int64_t n_frames)
{
	p->track_start += n_frames;
	p->track_end += n_frames;
}

/* A saved plan knows its length; of a list the songs so far are taken for the rest. */
static double whole_s(const struct progress *p, int64_t frame)
{
	double length = (double)(p->track_end - p->track_start);
	double heard = length > 0 ? (double)(frame - p->track_start) / length : 0;
	if (p->n_frames > 0)
		return (double)p->n_frames / p->rate_hz;
	if (p->n_tracks == 0 || p->tracks == 0 || p->tracks > p->n_tracks)
		return 0;
	if (p->tracks == p->n_tracks)
		return (double)p->track_end / p->rate_hz;
	heard = heard < 0 ? 0 : heard > 1 ? 1 : heard;
	double share = ((double)p->tracks - 1 + heard) / (double)p->n_tracks;
	return share > 0.001 ? (double)frame / p->rate_hz / share : 0;
}

/* Whole seconds: "3:05". */
static const char *time_text(char *to, size_t to_bytes, double seconds)
{
	text_from_seconds(to, to_bytes, seconds > 0 ? seconds : 0);
	to[strcspn(to, ".")] = '\0';
	return to;
}

static size_t put_speed(
        const struct progress *p, int64_t frame, double spent_s, char *to, size_t to_bytes)
{
	char at[32], all[32], left[32];
	double made_s = (double)frame / p->rate_hz, whole = whole_s(p, frame);
	double speed = spent_s > SPEED_AFTER_S ? made_s / spent_s : 0;
	size_t n = (size_t)snprintf(to, to_bytes, "%s", time_text(at, sizeof at, made_s));
	if (whole > 0)
		n += (size_t)snprintf(to + n, to_bytes - n, " of %s%s (%.0f %%)",
		        p->n_frames > 0 ? "" : "about ", time_text(all, sizeof all, whole),
		        made_s < whole ? 100 * made_s / whole : 100);
	if (speed > 0)
		n += (size_t)snprintf(to + n, to_bytes - n, ", %.*fx", speed < 10 ? 1 : 0, speed);
	if (speed > 0 && whole > 0)
		n += (size_t)snprintf(to + n, to_bytes - n, ", %s left",
		        time_text(left, sizeof left, (whole - made_s) / speed));
	return n;
}

static size_t put_place(const struct progress *p, int64_t frame, char *to, size_t to_bytes)
{
	char at[32], all[32];
	return (size_t)snprintf(to, to_bytes, "%s of %s",
	        time_text(at, sizeof at, (double)(frame - p->track_start) / p->rate_hz),
	        time_text(all, sizeof all, (double)(p->track_end - p->track_start) / p->rate_hz));
}

void progress_line(
        const struct progress *p, int64_t frame, double spent_s, char *to, size_t to_bytes)
{
	char numbers[160], count[48];
	if (p->live)
		put_place(p, frame, numbers, sizeof numbers);
	else
		put_speed(p, frame, spent_s, numbers, sizeof numbers);
	snprintf(count, sizeof count, "%zu", p->tracks);
	if (p->n_tracks > 0)
		snprintf(count, sizeof count, "%zu of %zu", p->tracks, p->n_tracks);
	snprintf(to, to_bytes, "%s: %s, %s", numbers, count, p->name);
}

void progress_tick(struct progress *p, int64_t frame)
{
	char line[400];
	int64_t now_ns = clock_now_ns();
	if (p->tracks == 0 || now_ns - p->told_ns < PAUSE_NS)
		return;
	p->told_ns = now_ns;
	progress_line(p, frame, (double)(now_ns - p->began_ns) / 1e9, line, sizeof line);
	log_status(p->log, "%s", line);
}
