/* inquiry.c - threads that ask name servers and servers.  getaddrinfo cannot be stopped: who leaves gives its half of the
 * question away, and the thread frees it when it comes back. */
#include "inquiry.h"

#include <netdb.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "jukebox/thread.h"

enum { ANSWER_SECONDS = 5 };

struct inquiry {
	struct url url;
	int (*ask)(const struct url *url);
	int answer; /* of the thread until has_answer */
	atomic_bool has_answer;
	atomic_int owners;
};

static void give_up(struct inquiry *q)
{
	if (atomic_fetch_sub(&q->owners, 1) == 1)
		free(q);
}

static int resolve(const struct url *url, struct addrinfo **found)
{
	struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICSERV};
	char service[8];
	snprintf(service, sizeof service, "%d", url->port);
	return getaddrinfo(url->host, service, &hints, found);
}

static int ask_name(const struct url *url)
{
	struct addrinfo *found = NULL;
	int failed = resolve(url, &found);
	if (!failed)
		freeaddrinfo(found);
	return failed;
}

/* -1: none answers. */
static int connect_first(const struct addrinfo *found)
{
	struct timeval most = {.tv_sec = ANSWER_SECONDS}; /* of the connection too */
	for (const struct addrinfo *a = found; a; a = a->ai_next) {
		int fd = socket(a->ai_family, a->ai_socktype | SOCK_CLOEXEC, a->ai_protocol);
		if (fd < 0)
			continue;
		setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &most, sizeof most);
		setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &most, sizeof most);
		if (connect(fd, a->ai_addr, a->ai_addrlen) == 0)
			return fd;
		close(fd);
	}
	return -1;
}

/* Of the first line, "HTTP/1.0 404 Not Found"; it comes in one piece, or is not understood. */
static int read_status(int fd)
{
	char line[64];
	int status = 0;
	ssize_t n = recv(fd, line, sizeof line - 1, 0);
	if (n <= 0)
		return 0;
	line[n] = '\0';
	const char *blank = strncmp(line, "HTTP/", 5) == 0 ? strchr(line, ' ') : NULL;
	if (blank)
		status = (int)strtol(blank + 1, NULL, 10);
	return status >= 100 && status <= 599 ? status : 0;
}

static int ask_path(const struct url *url)
{
	char request[2 * URL_PART_BYTES + 64];
	struct addrinfo *found = NULL;
	if (resolve(url, &found) != 0)
		return 0;
	int status = 0, fd = connect_first(found);
	freeaddrinfo(found);
	if (fd < 0)
		return 0;
	int n = snprintf(request, sizeof request, "GET %s HTTP/1.0\r\nHost: %s:%d\r\n\r\n",
	        url->path, url->host, url->port);
	if (send(fd, request, (size_t)n, MSG_NOSIGNAL) == n)
		status = read_status(fd);
	close(fd);
	return status;
}

static void *run(void *user)
{
	struct inquiry *q = user;
	q->answer = q->ask(&q->url);
	atomic_store(&q->has_answer, true);
	give_up(q);
	return NULL;
}

static struct inquiry *begin(const struct url *url, int (*ask)(const struct url *url))
{
	struct inquiry *q = calloc(1, sizeof *q);
	if (!q)
		return NULL;
	q->url = *url;
	q->ask = ask;
	atomic_init(&q->owners, 2);
	if (thread_start_detached(run, q))
		return q;
	free(q);
	return NULL;
}

struct inquiry *inquiry_of_name(const struct url *url)
{
	return begin(url, ask_name);
}

struct inquiry *inquiry_of_path(const struct url *url)
{
	return begin(url, ask_path);
}

bool inquiry_answer(const struct inquiry *inquiry, int *answer)
{
	if (!atomic_load(&inquiry->has_answer))
		return false;
	*answer = inquiry->answer;
	return true;
}

void inquiry_leave(struct inquiry *inquiry)
{
	if (inquiry)
		give_up(inquiry);
}
