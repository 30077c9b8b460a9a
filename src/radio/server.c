/* server.c - a UNIX socket of lines; what lines mean is protocol.c's affair. */
#include "server.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "jukebox/clock.h"
#include "protocol.h"

enum { REQUESTS_A_SECOND = 100 };
static const int64_t SECOND_NS = 1000000000, STUCK_NS = 10 * INT64_C(1000000000);

struct client {
	int fd; /* -1: a free place */
	char line[SERVER_LINE_BYTES];
	size_t n_line;
	char *reply; /* owned; while there is one, nothing is read */
	size_t n_reply, n_written;
	int64_t heard_ns; /* when it last did anything */
	int64_t second_ns; /* when its allowance began */
	int n_requests; /* since then */
};

struct server {
	int fd;
	struct sockaddr_un address;
	dev_t device;
	ino_t inode; /* of the socket that is ours */
	int64_t accept_after_ns; /* no descriptor was left: not before then */
	server_answer_fn *answer;
	void *user;
	struct client clients[SERVER_CLIENTS];
};

/* ---- the socket ------------------------------------------------------------------------------------- */

static enum status set_address(struct server *s, const char *path, struct error *error)
{
	size_t n = strlen(path);
	if (n == 0 || n >= sizeof s->address.sun_path)
		return error_set(error, STATUS_USAGE,
		        "--control: the name of a socket has 1 to %zu bytes: %s",
		        sizeof s->address.sun_path - 1, path);
	s->address.sun_family = AF_UNIX;
	memcpy(s->address.sun_path, path, n + 1);
	return STATUS_OK;
}

static int new_socket(void)
{
	return socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
}

/* Linux gives the name the mode of the socket, so there is no moment at which others may connect. */
static bool bind_socket(struct server *s)
{
	return fchmod(s->fd, 0600) == 0 &&
	       bind(s->fd, (struct sockaddr *)&s->address, sizeof s->address) == 0;
}

/* Something has the name.  Only a socket that nobody listens on any more is removed. */
static enum status remove_stale(struct server *s, struct error *error)
{
	const char *path = s->address.sun_path;
	struct stat found;
	if (lstat(path, &found) != 0)
		return error_set_errno(error, errno, "%s", path);
	if (!S_ISSOCK(found.st_mode))
		return error_set(error, STATUS_IO, "%s: is there, and is no socket", path);
	int fd = new_socket();
	if (fd < 0)
		return error_set_errno(error, errno, "%s", path);
	int failed = connect(fd, (struct sockaddr *)&s->address, sizeof s->address);
	int why = errno;
	close(fd);
	if (!failed || why == EAGAIN)
		return error_set(
		        error, STATUS_IO, "%s: another program listens there already", path);
	if (why != ECONNREFUSED || unlink(path) != 0)
		return error_set_errno(error, why == ECONNREFUSED ? errno : why, "%s", path);
	return STATUS_OK;
}

static enum status listen_on(struct server *s, struct error *error)
{
	const char *path = s->address.sun_path;
	struct stat made;
	s->fd = new_socket();
	if (s->fd < 0)
		return error_set_errno(error, errno, "%s", path);
	if (!bind_socket(s)) {
		if (errno != EADDRINUSE)
			return error_set_errno(error, errno, "%s", path);
		TRY(remove_stale(s, error));
		if (!bind_socket(s))
			return error_set_errno(error, errno, "%s", path);
	}
	if (listen(s->fd, SERVER_CLIENTS) != 0 || lstat(path, &made) != 0)
		return error_set_errno(error, errno, "%s", path);
	s->device = made.st_dev;
	s->inode = made.st_ino;
	return STATUS_OK;
}

enum status server_open(const char *path, server_answer_fn *answer, void *user,
        struct server **server, struct error *error)
{
	struct server *s = calloc(1, sizeof *s);
	*server = NULL;
	if (!s)
		return error_set(error, STATUS_NO_MEMORY, "out of memory");
	s->fd = -1;
	s->answer = answer;
	s->user = user;
	for (size_t i = 0; i < SERVER_CLIENTS; i++)
		s->clients[i].fd = -1;
	enum status status = set_address(s, path, error);
	if (status == STATUS_OK)
		status = listen_on(s, error);
	if (status != STATUS_OK) {
		server_close(s);
		return status;
	}
	*server = s;
	return STATUS_OK;
}

static void hang_up(struct client *c)
{
	if (c->fd >= 0)
		close(c->fd);
	free(c->reply);
	*c = (struct client){.fd = -1};
}

void server_close(struct server *s)
{
	struct stat found;
	if (!s)
		return;
	for (size_t i = 0; i < SERVER_CLIENTS; i++)
		hang_up(&s->clients[i]);
	if (s->fd >= 0)
		close(s->fd);
	if (s->inode != 0 && lstat(s->address.sun_path, &found) == 0 && found.st_dev == s->device &&
	        found.st_ino == s->inode)
		unlink(s->address.sun_path);
	free(s);
}

/* ---- clients ------------------------------------------------------------------------------------------ */

static struct client *free_place(struct server *s)
{
	struct client *longest = &s->clients[0];
	for (size_t i = 0; i < SERVER_CLIENTS; i++) {
		if (s->clients[i].fd < 0)
			return &s->clients[i];
		if (s->clients[i].heard_ns < longest->heard_ns)
			longest = &s->clients[i];
	}
	hang_up(longest);
	return longest;
}

static void take_client(struct server *s)
{
	int fd = accept4(s->fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	if (fd < 0) {
		if (errno != EAGAIN && errno != EINTR && errno != ECONNABORTED)
			s->accept_after_ns = clock_now_ns() + SECOND_NS;
		return;
	}
	struct client *c = free_place(s);
	c->fd = fd;
	c->heard_ns = c->second_ns = clock_now_ns();
}

static void send_reply(struct client *c)
{
	while (c->n_written < c->n_reply) {
		ssize_t n = send(c->fd, c->reply + c->n_written, c->n_reply - c->n_written,
		        MSG_NOSIGNAL | MSG_DONTWAIT);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
			return;
		if (n <= 0) {
			hang_up(c);
			return;
		}
		c->n_written += (size_t)n;
		c->heard_ns = clock_now_ns();
	}
	free(c->reply);
	c->reply = NULL;
	c->n_reply = c->n_written = 0;
}

/* Takes the reply over; NULL ends the conversation. */
static void reply(struct client *c, char *text)
{
	if (!text) {
		hang_up(c);
		return;
	}
	c->reply = text;
	c->n_reply = strlen(text);
	c->n_written = 0;
	send_reply(c);
}

static bool has_allowance(const struct client *c)
{
	return c->n_requests < REQUESTS_A_SECOND || clock_now_ns() - c->second_ns >= SECOND_NS;
}

static void spend_allowance(struct client *c)
{
	int64_t now = clock_now_ns();
	if (now - c->second_ns >= SECOND_NS) {
		c->second_ns = now;
		c->n_requests = 0;
	}
	c->n_requests++;
}

/* Answers the lines that are whole, while replies leave at once. */
static void answer_lines(struct server *s, struct client *c)
{
	char *end;
	while (c->fd >= 0 && !c->reply && has_allowance(c) &&
	        (end = memchr(c->line, '\n', c->n_line))) {
		size_t n = (size_t)(end - c->line);
		char *text = s->answer(s->user, c->line, n);
		spend_allowance(c);
		c->n_line -= n + 1;
		memmove(c->line, end + 1, c->n_line);
		reply(c, text);
	}
	if (c->fd >= 0 && c->n_line == sizeof c->line &&
	        !memchr(c->line, '\n',
	                c->n_line)) { /* the rest would look like lines: no more of it */
		reply(c, protocol_refuse("the line is too long"));
		hang_up(c);
	}
}

static void hear(struct server *s, struct client *c)
{
	ssize_t n = recv(c->fd, c->line + c->n_line, sizeof c->line - c->n_line, MSG_DONTWAIT);
	if (n < 0 && (errno == EINTR || errno == EAGAIN || errno == EWOULDBLOCK))
		return;
	if (n <= 0) {
		hang_up(c);
		return;
	}
	c->n_line += (size_t)n;
	c->heard_ns = clock_now_ns();
}

/* ---- the poll ------------------------------------------------------------------------------------------- */

static bool may_hear(const struct client *c)
{
	return !c->reply && c->n_line < sizeof c->line && has_allowance(c);
}

size_t server_fds(struct server *s, struct pollfd *fds)
{
	size_t n = 0;
	if (clock_now_ns() >= s->accept_after_ns)
		fds[n++] = (struct pollfd){s->fd, POLLIN, 0};
	for (size_t i = 0; i < SERVER_CLIENTS; i++) {
		const struct client *c = &s->clients[i];
		short events = c->reply ? POLLOUT : may_hear(c) ? POLLIN : 0;
		if (c->fd >= 0 &&
		        events) /* without events a hang-up alone would wake us again and again */
			fds[n++] = (struct pollfd){c->fd, events, 0};
	}
	return n;
}

int server_patience(const struct server *s)
{
	int patience = clock_now_ns() < s->accept_after_ns ? 1000 : -1;
	for (size_t i = 0; i < SERVER_CLIENTS; i++) {
		const struct client *c = &s->clients[i];
		if (c->fd >= 0 && c->reply)
			patience = patience < 0 ? 1000 : patience;
		if (c->fd >= 0 && !has_allowance(c))
			patience = 50;
	}
	return patience;
}

static short events_of(const struct pollfd *fds, size_t n, int fd)
{
	for (size_t i = 0; i < n; i++)
		if (fds[i].fd == fd)
			return fds[i].revents;
	return 0;
}

static void handle_client(struct server *s, struct client *c, short events)
{
	if (c->reply && events & (POLLOUT | POLLERR | POLLHUP))
		send_reply(c);
	if (c->fd >= 0 && c->reply && clock_now_ns() - c->heard_ns > STUCK_NS)
		hang_up(c); /* it does not read what it asked for */
	if (c->fd >= 0 && events & (POLLIN | POLLHUP | POLLERR) && may_hear(c))
		hear(s, c);
	if (c->fd >= 0)
		answer_lines(s, c);
}

void server_handle(struct server *s, const struct pollfd *fds, size_t n)
{
	for (size_t i = 0; i < SERVER_CLIENTS; i++)
		if (s->clients[i].fd >= 0)
			handle_client(s, &s->clients[i], events_of(fds, n, s->clients[i].fd));
	if (events_of(fds, n, s->fd))
		take_client(s);
}
