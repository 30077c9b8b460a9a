/* logfile.c - lines on their way to a file.  What they say is log.c's affair. */
#include "logfile.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "jukebox/clock.h"
#include "jukebox/replace.h"

enum { ROOM_BYTES = 256 << 10 };
static const int64_t LOOK_NS = 1000000000, PATIENCE_NS = 2000000000;

struct logfile {
	char *path;
	int fd; /* of the thread, but for the first time; -1: it cannot be opened */
	dev_t device;
	ino_t inode;
	int64_t looked_ns;
	pthread_t thread;
	pthread_mutex_t lock; /* guards what follows */
	pthread_cond_t news, gone;
	char *waiting, *writing; /* ROOM_BYTES each; the thread's is `writing` */
	size_t n_waiting;
	size_t n_lost; /* lines */
	bool closing, ended;
};

static bool open_file(struct logfile *f)
{
	struct stat st;
	f->fd = open(
	        f->path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NONBLOCK | O_NOCTTY, 0640);
	if (f->fd < 0 || fstat(f->fd, &st) != 0)
		return false;
	f->device = st.st_dev;
	f->inode = st.st_ino;
	return true;
}

/* Another file, or none, at that name: it was rotated. */
static void look(struct logfile *f)
{
	struct stat st;
	int64_t now = clock_now_ns();
	if (f->fd >= 0 && now - f->looked_ns < LOOK_NS)
		return;
	f->looked_ns = now;
	if (f->fd >= 0 && stat(f->path, &st) == 0 && st.st_dev == f->device &&
	        st.st_ino == f->inode)
		return;
	if (f->fd >= 0)
		close(f->fd);
	(void)open_file(f); /* tried again with the next line */
}

/* Lines that a full disk refuses are lost: a log is no reason to stop. */
static void write_out(struct logfile *f, size_t n)
{
	look(f);
	if (f->fd >= 0)
		(void)file_write_all(f->fd, f->writing, n);
}

static void *write_lines(void *user)
{
	struct logfile *f = user;
	pthread_mutex_lock(&f->lock);
	for (;;) {
		while (f->n_waiting == 0 && !f->closing)
			pthread_cond_wait(&f->news, &f->lock);
		if (f->n_waiting == 0)
			break;
		char *full = f->waiting;
		size_t n = f->n_waiting;
		f->waiting = f->writing;
		f->writing = full;
		f->n_waiting = 0;
		pthread_mutex_unlock(&f->lock);
		write_out(f, n);
		pthread_mutex_lock(&f->lock);
	}
	f->ended = true;
	pthread_cond_signal(&f->gone);
	pthread_mutex_unlock(&f->lock);
	return NULL;
}

static void free_all(struct logfile *f)
{
	if (f->fd >= 0)
		close(f->fd);
	pthread_mutex_destroy(&f->lock);
	pthread_cond_destroy(&f->news);
	pthread_cond_destroy(&f->gone);
	free(f->waiting);
	free(f->writing);
	free(f->path);
	free(f);
}

enum status logfile_open(const char *path, struct logfile **logfile, struct error *error)
{
	struct logfile *f = *logfile = calloc(1, sizeof *f);
	if (!f)
		return error_set(error, STATUS_NO_MEMORY, "out of memory");
	f->fd = -1;
	pthread_mutex_init(&f->lock, NULL);
	pthread_cond_init(&f->news, NULL);
	clock_condition_init(&f->gone);
	f->path = strdup(path);
	f->waiting = malloc(ROOM_BYTES);
	f->writing = malloc(ROOM_BYTES);
	enum status status = STATUS_OK;
	if (!f->path || !f->waiting || !f->writing)
		status = error_set(error, STATUS_NO_MEMORY, "out of memory");
	else if (!open_file(f))
		status = error_set_errno(error, errno, "%s", path);
	else if (pthread_create(&f->thread, NULL, write_lines, f) != 0)
		status = error_set(error, STATUS_NO_MEMORY, "cannot start a thread");
	if (status == STATUS_OK)
		return STATUS_OK;
	free_all(f);
	*logfile = NULL;
	return status;
}

/* Local time with its offset, as ISO 8601 has it. */
static size_t stamp(char *to, size_t to_bytes)
{
	time_t now = (time_t)clock_wall_s();
	struct tm tm;
	return localtime_r(&now, &tm) ? strftime(to, to_bytes, "%Y-%m-%dT%H:%M:%S%z ", &tm) : 0;
}

/* With the lock.  False: there is no room. */
static bool append(struct logfile *f, const char *line)
{
	char time[48];
	size_t n_time = stamp(time, sizeof time), n = strlen(line);
	if (f->n_waiting + n_time + n + 1 > ROOM_BYTES)
		return false;
	memcpy(f->waiting + f->n_waiting, time, n_time);
	memcpy(f->waiting + f->n_waiting + n_time, line, n);
	f->n_waiting += n_time + n;
	f->waiting[f->n_waiting++] = '\n';
	return true;
}

void logfile_write(struct logfile *logfile, const char *line)
{
	struct logfile *f = logfile;
	char lost[64];
	pthread_mutex_lock(&f->lock);
	snprintf(lost, sizeof lost, "warning: %zu lines were lost", f->n_lost);
	if (f->n_lost > 0 && append(f, lost))
		f->n_lost = 0;
	if (!append(f, line))
		f->n_lost++;
	pthread_cond_signal(&f->news);
	pthread_mutex_unlock(&f->lock);
}

void logfile_close(struct logfile *logfile)
{
	struct logfile *f = logfile;
	int64_t deadline_ns = clock_now_ns() + PATIENCE_NS;
	if (!f)
		return;
	pthread_mutex_lock(&f->lock);
	f->closing = true;
	pthread_cond_signal(&f->news);
	while (!f->ended && clock_wait(&f->gone, &f->lock, deadline_ns))
		;
	bool ended = f->ended;
	pthread_mutex_unlock(&f->lock);
	if (!ended) {
		pthread_detach(f->thread); /* its disk hangs: so does the thread, with all it has */
		return;
	}
	pthread_join(f->thread, NULL);
	free_all(f);
}
