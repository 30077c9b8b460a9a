/* notify.c - what a service manager wants to know.
 *
 * The protocol is a datagram of lines, stable and documented with an implementation to copy in sd_notify(3); libsystemd would add
 * a dozen shared objects to a program that starts with as many.
 */
#include "jukebox/notify.h"

#include <errno.h>
#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "jukebox/clock.h"
#include "jukebox/text.h"

enum { STATUS_BYTES = 512 };
static const int64_t TICK_NS = 250000000;

struct notify {
	struct onair *onair;
	int fd; /* connected; every message is one datagram, never waited for */
	int64_t watchdog_ns; /* 0: none */
	pthread_t thread;
	pthread_mutex_t lock; /* guards quit */
	pthread_cond_t news;
	bool quit;
	/* of the thread alone */
	bool is_ready, is_stopping;
	int64_t frame, pinged_ns;
	char status[STATUS_BYTES];
};

/* ---- messages ------------------------------------------------------------------------------------- */

static bool send_text(const struct notify *n, const char *text)
{
	return send(n->fd, text, strlen(text), MSG_NOSIGNAL | MSG_DONTWAIT) >= 0;
}

static void send_status(struct notify *n, const struct onair_snapshot *s)
{
	char artist[200] = "", title[200], line[STATUS_BYTES];
	const char *slash = s->now.path ? strrchr(s->now.path, '/') : NULL;
	const char *name = s->now.title ? s->now.title : slash ? slash + 1 : s->now.path;
	if (s->now.artist)
		text_escape(artist, sizeof artist, s->now.artist);
	text_escape(title, sizeof title, name ? name : "");
	if (s->has_now && s->state == ONAIR_PLAYING)
		snprintf(line, sizeof line, "STATUS=%s%s%s", artist, artist[0] ? " - " : "", title);
	else
		snprintf(line, sizeof line, "STATUS=%s", onair_state_name(s->state));
	if (strcmp(line, n->status) != 0 && send_text(n, line))
		snprintf(n->status, sizeof n->status, "%s", line);
}

/* While the programme is held nothing has to move. */
static void ping(struct notify *n, const struct onair_snapshot *s)
{
	int64_t now = clock_now_ns();
	bool is_alive = s->frame > n->frame || s->state == ONAIR_PAUSED;
	if (n->watchdog_ns == 0 || !n->is_ready || !is_alive ||
	        now - n->pinged_ns < n->watchdog_ns / 2 - TICK_NS / 2)
		return;
	if (send_text(n, "WATCHDOG=1"))
		n->pinged_ns = now;
	n->frame = s->frame;
}

static void look(struct notify *n)
{
	struct onair_snapshot s;
	onair_take(n->onair, &s);
	if (!n->is_ready && s.frame > 0)
		n->is_ready = send_text(n, "READY=1");
	if (!n->is_stopping && s.state == ONAIR_STOPPING)
		n->is_stopping = send_text(n, "STOPPING=1");
	send_status(n, &s);
	ping(n, &s);
	onair_snapshot_done(&s);
}

/* ---- the thread -------------------------------------------------------------------------------------- */

static void wait_a_tick(struct notify *n)
{
	int64_t ns =
	        n->watchdog_ns > 0 && n->watchdog_ns / 8 < TICK_NS ? n->watchdog_ns / 8 : TICK_NS;
	(void)clock_wait(&n->news, &n->lock, clock_now_ns() + ns);
}

static void *tell(void *user)
{
	struct notify *n = user;
	pthread_mutex_lock(&n->lock);
	while (!n->quit) {
		pthread_mutex_unlock(&n->lock);
		look(n);
		pthread_mutex_lock(&n->lock);
		if (!n->quit)
			wait_a_tick(n);
	}
	pthread_mutex_unlock(&n->lock);
	return NULL;
}

/* ---- life ----------------------------------------------------------------------------------------------- */

/* "/run/..." or, abstract, "@...". */
static int connect_to(const char *path)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	size_t n = strlen(path);
	if ((path[0] != '/' && path[0] != '@') || n >= sizeof address.sun_path) {
		errno = EAFNOSUPPORT;
		return -1;
	}
	memcpy(address.sun_path, path, n);
	if (path[0] == '@')
		address.sun_path[0] = '\0';
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd >= 0 && connect(fd, (struct sockaddr *)&address,
	                       (socklen_t)(offsetof(struct sockaddr_un, sun_path) + n)) == 0)
		return fd;
	int why = errno;
	if (fd >= 0)
		close(fd);
	errno = why;
	return -1;
}

/* In nanoseconds; 0: nobody waits for this process. */
static int64_t read_watchdog(void)
{
	const char *pid = getenv("WATCHDOG_PID"), *usec = getenv("WATCHDOG_USEC");
	int64_t process, us;
	if (!usec || text_to_int64(usec, &us) != STATUS_OK || us < 1000 || us > INT64_MAX / 1000)
		return 0;
	if (pid && (text_to_int64(pid, &process) != STATUS_OK || process != getpid()))
		return 0;
	return us * 1000;
}

static enum status begin(struct notify *n, const char *path, struct error *error)
{
	n->fd = connect_to(path);
	if (n->fd < 0)
		return error_set_errno(error, errno, "NOTIFY_SOCKET: %s", path);
	pthread_mutex_init(&n->lock, NULL);
	clock_condition_init(&n->news);
	if (pthread_create(&n->thread, NULL, tell, n) == 0)
		return STATUS_OK;
	close(n->fd);
	return error_set(error, STATUS_NO_MEMORY, "cannot start a thread");
}

enum status notify_new(struct onair *onair, struct notify **notify, struct error *error)
{
	const char *path = getenv("NOTIFY_SOCKET");
	*notify = NULL;
	if (!path || !path[0])
		return STATUS_OK;
	struct notify *n = calloc(1, sizeof *n);
	if (!n)
		return error_set(error, STATUS_NO_MEMORY, "out of memory");
	n->onair = onair;
	n->watchdog_ns = read_watchdog();
	enum status status = begin(n, path, error);
	unsetenv("NOTIFY_SOCKET");
	unsetenv("WATCHDOG_USEC");
	unsetenv("WATCHDOG_PID");
	if (status == STATUS_OK)
		*notify = n;
	else
		free(n);
	return status;
}

void notify_free(struct notify *n)
{
	if (!n)
		return;
	pthread_mutex_lock(&n->lock);
	n->quit = true;
	pthread_cond_signal(&n->news);
	pthread_mutex_unlock(&n->lock);
	pthread_join(n->thread, NULL);
	if (!n->is_stopping)
		(void)send_text(n, "STOPPING=1");
	close(n->fd);
	pthread_mutex_destroy(&n->lock);
	pthread_cond_destroy(&n->news);
	free(n);
}

void notify_reloading(struct notify *n)
{
	char text[80];
	snprintf(text, sizeof text, "RELOADING=1\nMONOTONIC_USEC=%lld",
	        (long long)(clock_now_ns() / 1000));
	if (n)
		(void)send_text(n, text);
}

void notify_reloaded(struct notify *n)
{
	if (n)
		(void)send_text(n, "READY=1");
}
