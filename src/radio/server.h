/* server.h - a UNIX socket of lines, for a poll that is somebody else's.  Private to radio/.
 *
 * Nobody who connects can hold the program up, or make it grow: lines, clients, requests a second and replies that wait are
 * bounded.  One thread.
 */
#ifndef RADIO_SERVER_H
#define RADIO_SERVER_H

#include <poll.h>
#include <stddef.h>
#include <stdint.h>

#include "jukebox/status.h"

enum {
	SERVER_CLIENTS = 16, /* one more takes the place of the one that was silent longest */
	SERVER_LINE_BYTES = 32768,
	SERVER_FDS = SERVER_CLIENTS + 1,
};

struct server;

/* The reply to a line (without its end), a new string; NULL: none, and the client is let go. */
typedef char *server_answer_fn(void *user, const char *line, size_t n);

/* Makes the socket, for its owner alone.  A dead one in its place is replaced; a live one, and anything else, is an error. */
enum status server_open(const char *path, server_answer_fn *answer, void *user,
        struct server **server, struct error *error) MUST_USE;
/* Also removes the socket, if it is still this one. */
void server_close(struct server *server);

/* Fills up to SERVER_FDS places and returns how many. */
size_t server_fds(struct server *server, struct pollfd *fds);
/* Milliseconds until server_handle is due without any of them; -1: not at all. */
int server_patience(const struct server *server);
void server_handle(struct server *server, const struct pollfd *fds, size_t n);

#endif
