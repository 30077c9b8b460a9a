/* listeners.c - many listeners of one HTTP stream on loopback: does each get every byte, and what do they cost the server?
 *
 *   cc -O2 -o listeners bench/listeners.c
 *   listeners ADDRESS PORT PATH COUNT SECONDS SERVER_PID
 *
 * The first listener's bytes are kept.  Each other one's first bytes are looked for in them, and every byte behind is held
 * against them: a byte that was dropped, doubled or changed is a mismatch.  The server's CPU time and memory are
 * read from /proc, with the first listener alone (for a tenth of the time) and with all.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { KEY_BYTES = 512, PENDING_BYTES = 256 * 1024, READ_BYTES = 65536 };

struct listener {
	int fd;
	bool in_body, is_placed, is_bad, is_closed;
	uint8_t *pending; /* not yet compared */
	size_t n_pending;
	size_t position; /* in the reference, of pending[0] */
	int64_t bytes; /* of the body */
	char last[4]; /* of the head */
};

static uint8_t *reference;
static size_t reference_bytes, reference_room;

static void die(const char *what)
{
	perror(what);
	exit(2);
}

static double now(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static double cpu_seconds(int pid)
{
	char path[64], line[1024];
	unsigned long user = 0, system = 0;
	snprintf(path, sizeof path, "/proc/%d/stat", pid);
	FILE *f = fopen(path, "r");
	if (!f || !fgets(line, sizeof line, f))
		die(path);
	fclose(f);
	sscanf(strrchr(line, ')') + 1, " %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu",
	        &user, &system);
	return (double)(user + system) / (double)sysconf(_SC_CLK_TCK);
}

static long resident_kb(int pid)
{
	char path[64], line[256];
	long kb = 0;
	snprintf(path, sizeof path, "/proc/%d/status", pid);
	FILE *f = fopen(path, "r");
	if (!f)
		die(path);
	while (fgets(line, sizeof line, f))
		if (sscanf(line, "VmRSS: %ld", &kb) == 1)
			break;
	fclose(f);
	return kb;
}

static void join(struct listener *l, const struct sockaddr_in *to, const char *path, int epoll)
{
	char request[512];
	int n = snprintf(request, sizeof request, "GET %s HTTP/1.0\r\nHost: x\r\n\r\n", path);
	l->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (l->fd < 0 || connect(l->fd, (const struct sockaddr *)to, sizeof *to) < 0)
		die("connect");
	if (write(l->fd, request, (size_t)n) != n)
		die("write");
	struct epoll_event event = {.events = EPOLLIN, .data.ptr = l};
	if (epoll_ctl(epoll, EPOLL_CTL_ADD, l->fd, &event) < 0)
		die("epoll_ctl");
}

static void keep_reference(const uint8_t *bytes, size_t n)
{
	if (reference_bytes + n > reference_room) {
		reference_room = 2 * (reference_bytes + n) + (1 << 20);
		reference = realloc(reference, reference_room);
		if (!reference)
			die("realloc");
	}
	memcpy(reference + reference_bytes, bytes, n);
	reference_bytes += n;
}

static void compare(struct listener *l)
{
	if (l->is_bad || l->n_pending == 0)
		return;
	if (!l->is_placed) {
		if (l->n_pending < KEY_BYTES)
			return;
		uint8_t *at = memmem(reference, reference_bytes, l->pending, KEY_BYTES);
		if (!at)
			return;
		l->position = (size_t)(at - reference);
		l->is_placed = true;
	}
	size_t n = reference_bytes - l->position;
	n = n < l->n_pending ? n : l->n_pending;
	if (memcmp(reference + l->position, l->pending, n) != 0)
		l->is_bad = true;
	l->position += n;
	l->n_pending -= n;
	memmove(l->pending, l->pending + n, l->n_pending);
}

/* Of the body. */
static void take(struct listener *l, const uint8_t *bytes, size_t n, bool is_reference)
{
	l->bytes += (int64_t)n;
	if (is_reference) {
		keep_reference(bytes, n);
		return;
	}
	if (l->n_pending + n > PENDING_BYTES)
		l->is_bad = true; /* never found in the reference */
	if (l->is_bad)
		return;
	if (!l->pending && !(l->pending = malloc(PENDING_BYTES)))
		die("malloc");
	memcpy(l->pending + l->n_pending, bytes, n);
	l->n_pending += n;
	compare(l);
}

static void hear(struct listener *l, bool is_reference)
{
	static uint8_t buffer[READ_BYTES];
	ssize_t n = recv(l->fd, buffer, sizeof buffer, MSG_DONTWAIT);
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n <= 0) {
		l->is_closed = true;
		close(l->fd);
		return;
	}
	ssize_t at = 0;
	while (!l->in_body && at < n) {
		memmove(l->last, l->last + 1, 3);
		l->last[3] = (char)buffer[at++];
		l->in_body = memcmp(l->last, "\r\n\r\n", 4) == 0;
	}
	if (at < n)
		take(l, buffer + at, (size_t)(n - at), is_reference);
}

static void listen_for(double seconds, int epoll, struct listener *listeners)
{
	double end = now() + seconds;
	struct epoll_event events[256];
	while (now() < end) {
		int n = epoll_wait(epoll, events, 256, 100);
		for (int i = 0; i < n; i++)
			hear(events[i].data.ptr, events[i].data.ptr == listeners);
	}
}

int main(int argc, char **argv)
{
	if (argc != 7) {
		fprintf(stderr, "usage: listeners ADDRESS PORT PATH COUNT SECONDS SERVER_PID\n");
		return 2;
	}
	struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons((uint16_t)atoi(argv[2]))};
	int count = atoi(argv[4]), pid = atoi(argv[6]), epoll = epoll_create1(EPOLL_CLOEXEC);
	double seconds = atof(argv[5]), alone_seconds = seconds / 10;
	struct listener *listeners = calloc((size_t)count + 1, sizeof *listeners);
	struct rlimit limit = {.rlim_cur = (rlim_t)count + 64, .rlim_max = (rlim_t)count + 64};
	getrlimit(RLIMIT_NOFILE, &limit);
	limit.rlim_cur = limit.rlim_max;
	setrlimit(RLIMIT_NOFILE, &limit);
	if (!listeners || epoll < 0 || inet_pton(AF_INET, argv[1], &to.sin_addr) != 1)
		die("set-up");
	join(&listeners[0], &to, argv[3], epoll);
	double cpu = cpu_seconds(pid);
	listen_for(alone_seconds, epoll, listeners);
	double alone = (cpu_seconds(pid) - cpu) / alone_seconds;
	long kb_alone = resident_kb(pid);
	for (int i = 1; i <= count; i++) {
		join(&listeners[i], &to, argv[3], epoll);
		if (i % 50 == 0)
			listen_for(0.05, epoll, listeners);
	}
	listen_for(5, epoll, listeners); /* their bursts */
	cpu = cpu_seconds(pid);
	double began = now();
	listen_for(seconds, epoll, listeners);
	double with = (cpu_seconds(pid) - cpu) / (now() - began);
	long kb = resident_kb(pid);
	int bad = 0, closed = 0;
	int64_t least = INT64_MAX, most = 0;
	for (int i = 1; i <= count; i++) {
		compare(&listeners[i]);
		bad += listeners[i].is_bad || !listeners[i].is_placed;
		closed += listeners[i].is_closed;
		least = listeners[i].bytes < least ? listeners[i].bytes : least;
		most = listeners[i].bytes > most ? listeners[i].bytes : most;
	}
	printf("{\"listeners\": %d, \"seconds\": %.0f, \"with_other_bytes\": %d, \"closed\": %d, "
	       "\"least_bytes\": %lld, "
	       "\"most_bytes\": %lld, \"cpu_alone\": %.4f, \"cpu_with\": %.4f, "
	       "\"cpu_ms_per_listener_and_s\": %.4f, "
	       "\"rss_kb_alone\": %ld, \"rss_kb\": %ld, \"kb_per_listener\": %.1f}\n",
	        count, seconds, bad, closed, (long long)least, (long long)most, alone, with,
	        (with - alone) * 1000 / count, kb_alone, kb, (double)(kb - kb_alone) / count);
	return bad || closed;
}
