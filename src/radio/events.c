/* events.c - lines of JSON to a file or a descriptor. */
#include "jukebox/events.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "jukebox/json.h"
#include "jukebox/text.h"

struct events {
	int fd, rate_hz;
	bool is_ours;
};

static enum status open_spec(const char *spec, struct events *e, struct error *error)
{
	int64_t number;
	if (strncmp(spec, "fd:", 3) == 0) {
		if (text_to_int64(spec + 3, &number) != STATUS_OK || number < 0 || number > 65535 ||
		        fcntl((int)number, F_GETFD) < 0)
			return error_set(
			        error, STATUS_USAGE, "--events: %s is no open descriptor", spec);
		e->fd = (int)number;
		return STATUS_OK;
	}
	e->fd = open(spec, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NONBLOCK, 0666);
	e->is_ours = true;
	return e->fd >= 0 ? STATUS_OK : error_set_errno(error, errno, "%s", spec);
}

enum status events_open(const char *spec, int rate_hz, struct events **events, struct error *error)
{
	*events = NULL;
	struct events *e = calloc(1, sizeof *e);
	if (!e)
		return error_set(error, STATUS_NO_MEMORY, "out of memory");
	e->fd = -1;
	e->rate_hz = rate_hz;
	enum status status = open_spec(spec, e, error);
	if (status != STATUS_OK) {
		events_close(e);
		return status;
	}
	*events = e;
	return STATUS_OK;
}

void events_close(struct events *e)
{
	if (!e)
		return;
	if (e->is_ours && e->fd >= 0)
		close(e->fd);
	free(e);
}

static void stamp(char *to, size_t to_bytes)
{
	struct timespec now;
	struct tm utc;
	clock_gettime(CLOCK_REALTIME, &now);
	gmtime_r(&now.tv_sec, &utc);
	size_t n = strftime(to, to_bytes, "%Y-%m-%dT%H:%M:%S", &utc);
	snprintf(to + n, to_bytes - n, ".%03ldZ", now.tv_nsec / 1000000);
}

static int set_clip(json_t *o, const struct plan_clip *clip)
{
	int bad = json_object_set_new(o, "path", text_to_json(clip->path));
	if (clip->title)
		bad |= json_object_set_new(o, "title", text_to_json(clip->title));
	if (clip->artist)
		bad |= json_object_set_new(o, "artist", text_to_json(clip->artist));
	return bad;
}

/* One write a line, so that lines of several writers do not mix; what does not fit at once is lost. */
static void write_line(const struct events *e, const char *text, size_t n)
{
	struct pollfd ready = {e->fd, POLLOUT, 0};
	ssize_t done;
	if (poll(&ready, 1, 0) != 1)
		return;
	do
		done = write(e->fd, text, n);
	while (done < 0 && errno == EINTR);
}

void events_write(struct events *e, const char *event, int64_t frame, const struct plan_clip *clip,
        const char *text)
{
	char time[64];
	if (!e)
		return;
	stamp(time, sizeof time);
	json_t *o = json_pack("{s:s, s:I, s:f, s:s}", "event", event, "frame", (json_int_t)frame,
	        "second", (double)frame / e->rate_hz, "time", time);
	int bad = o == NULL || (clip && set_clip(o, clip)) ||
	          (text && json_object_set_new(o, "text", text_to_json(text)));
	char *line = bad ? NULL : json_dumps(o, JSON_COMPACT | JSON_REAL_PRECISION(12));
	size_t n = line ? strlen(line) : 0;
	if (line) {
		line[n] = '\n'; /* in place of the NUL: one write */
		write_line(e, line, n + 1);
	}
	free(line);
	json_decref(o);
}
