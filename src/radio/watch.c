/* watch.c - tells when lists change (inotify).  A list is watched by its name in its folder, so that one that is renamed into
 * its place counts.  Reading it is the caller's affair. */
#include "watch.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#include "jukebox/clock.h"

static const int64_t QUIET_NS = 500000000;

struct watched {
	int descriptor; /* of its folder */
	char *name; /* in there; NULL: every file is of the list */
};

struct watch {
	int fd;
	struct watched *lists; /* owned */
	size_t n_lists;
	int64_t changed_ns; /* 0: nothing has */
};

static enum status add(struct watch *w, const char *list, struct error *error)
{
	struct stat found;
	bool is_folder = stat(list, &found) == 0 && S_ISDIR(found.st_mode);
	const char *slash = strrchr(list, '/');
	char *folder = is_folder ? strdup(list)
	               : slash   ? strndup(list, (size_t)(slash - list) + 1)
	                         : strdup(".");
	char *name = is_folder ? NULL : strdup(slash ? slash + 1 : list);
	if (!folder || (!is_folder && !name)) {
		free(folder);
		free(name);
		return error_set(error, STATUS_NO_MEMORY, "out of memory");
	}
	int descriptor = inotify_add_watch(w->fd, folder,
	        IN_CLOSE_WRITE | IN_MOVED_TO | IN_MOVED_FROM | IN_DELETE | IN_ONLYDIR);
	int why = errno;
	w->lists[w->n_lists++] = (struct watched){descriptor, name};
	enum status status =
	        descriptor >= 0 ? STATUS_OK : error_set_errno(error, why, "--watch: %s", folder);
	free(folder);
	return status;
}

enum status watch_open(char *const *lists, size_t n, struct watch **watch, struct error *error)
{
	struct watch *w = calloc(1, sizeof *w);
	*watch = NULL;
	if (!w)
		return error_set(error, STATUS_NO_MEMORY, "out of memory");
	w->fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
	w->lists = calloc(n + 1, sizeof *w->lists);
	enum status status = w->fd < 0 ? error_set_errno(error, errno, "--watch") : STATUS_OK;
	if (!w->lists)
		status = error_set(error, STATUS_NO_MEMORY, "out of memory");
	for (size_t i = 0; i < n && w->lists && status == STATUS_OK; i++)
		if (strcmp(lists[i], "-") != 0)
			status = add(w, lists[i], error);
	if (status != STATUS_OK) {
		watch_close(w);
		return status;
	}
	*watch = w;
	return STATUS_OK;
}

void watch_close(struct watch *w)
{
	if (!w)
		return;
	for (size_t i = 0; i < w->n_lists; i++)
		free(w->lists[i].name);
	free(w->lists);
	if (w->fd >= 0)
		close(w->fd);
	free(w);
}

int watch_fd(const struct watch *w)
{
	return w->fd;
}

int watch_patience(const struct watch *w)
{
	int64_t left = w->changed_ns + QUIET_NS - clock_now_ns();
	return w->changed_ns == 0 ? -1 : left <= 0 ? 0 : (int)(left / 1000000) + 1;
}

/* In a folder of music our own cache does not count. */
static bool matters(const struct watch *w, const struct inotify_event *event)
{
	if (event->mask & IN_Q_OVERFLOW)
		return true;
	for (size_t i = 0; i < w->n_lists && event->len > 0; i++) {
		const struct watched *list = &w->lists[i];
		if (list->descriptor == event->wd &&
		        (list->name ? strcmp(list->name, event->name) == 0
		                    : event->name[0] != '.' && !strstr(event->name, ".jukebox")))
			return true;
	}
	return false;
}

void watch_handle(struct watch *w)
{
	_Alignas(struct inotify_event) char bytes[8192];
	ssize_t n;
	while ((n = read(w->fd, bytes, sizeof bytes)) > 0)
		for (ssize_t at = 0; at < n;) {
			const struct inotify_event *event = (const void *)(bytes + at);
			if (matters(w, event))
				w->changed_ns = clock_now_ns();
			at += (ssize_t)(sizeof *event + event->len);
		}
}

bool watch_changed(struct watch *w)
{
	if (watch_patience(w) != 0)
		return false;
	w->changed_ns = 0;
	return true;
}
