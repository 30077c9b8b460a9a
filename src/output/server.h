/* server.h - an HTTP server for all mounts of one address and port: one thread, one epoll.
 *
 * Listeners share the bytes of their mount (stream.h).  Lives from the first mount to the last.
 */
#ifndef JUKEBOX_OUTPUT_SERVER_H
#define JUKEBOX_OUTPUT_SERVER_H

#include "hub.h"
#include "stream.h"

struct mount;

struct mount_options {
	const char *host; /* "": all addresses, of IPv6 too */
	int port; /* 0: one that is free */
	const char *path; /* "/radio.mp3" */
	const char *content_type;
	const char *name, *genre, *description, *homepage; /* "" when there is none */
	int bitrate_kbps; /* 0: not known */
	size_t listeners_most;
	size_t burst_bytes, kept_bytes;
	bool has_icy; /* metadata between the frames, when asked for */
};

/* Starts the server, if there is none yet.  Texts are copied.  STATUS_IO with the system's reason; STATUS_USAGE when the mount
 * is there already. */
enum status mount_open(struct output_hub *hub, const struct mount_options *options, struct log *log,
        struct mount **mount, struct error *error) MUST_USE;

/* "http://127.0.0.1:8831/radio.mp3"; borrowed. */
const char *mount_url(const struct mount *mount);

enum status mount_write(struct mount *mount, const void *bytes, size_t n_bytes) MUST_USE;
enum status mount_end_head(struct mount *mount) MUST_USE;
void mount_title(struct mount *mount, const char *title);

/* Listeners get what there is, and the end of the stream; waits for them, for `wait_ms` at most. */
void mount_end(struct mount *mount, int stop_fd, int wait_ms);

/* Takes the listeners' connections away; the last mount ends the server.  NULL is fine. */
void mount_close(struct mount *mount);

#endif
