/* protocol.h - what passes between the program, the sandbox's helper and its children.
 *
 * Sockets are SOCK_SEQPACKET: a message comes whole or not at all.  The program believes nothing of a reply that it
 * has not checked. */
#ifndef DECODE_PROTOCOL_H
#define DECODE_PROTOCOL_H

#include <stdint.h>

#include "jukebox/decoder.h"

enum {
	/* Samples of a block: 1.5 s of stereo, so that switching processes does not count. */
	BLOCK_SAMPLES = 131072,
	/* One is read, and two are asked for: behind the first of them the child goes on with the other, and does not wait for
	 * the program to wake up. */
	N_BLOCKS = 3,
	/* Its pages come as they are used, which takes no longer than all at once (0.74 ms): many files are only opened, to see
	 * that they can be. */
	SHARED_BYTES = N_BLOCKS * BLOCK_SAMPLES * (int)sizeof(float),
	MOST_NAME_BYTES = 16 * 1024,
};

/* To the helper, with three descriptors: the child's socket, the shared memory, the file.  The file's name follows. */
struct open_request {
	uint32_t with_modules;
	uint32_t is_part; /* the name's part is meant */
};
enum { OPEN_SOCKET, OPEN_MEMORY, OPEN_FILE, N_OPEN };

enum child_verb {
	CHILD_READ,
	CHILD_SEEK,
	CHILD_WATCH, /* from here on */
	CHILD_PASS, /* decodes PASS_FRAMES, and gives out none */
	CHILD_REPORT, /* a piece of it, to the beginning of the shared memory; STATUS_END behind the last one */
};
enum { PASS_FRAMES = 1 << 20 }; /* 24 s: 15 ms of work, beside which asking does not count */

struct child_request {
	uint32_t verb;
	uint32_t block; /* READ: where to put it */
	int64_t at; /* SEEK: frame; REPORT: byte */
};

/* The first reply answers the opening: then facts hold, and the tags lie in the shared memory, n bytes of
 * "name NUL value NUL".  The others answer a request each. */
struct child_reply {
	int32_t status; /* enum status */
	uint32_t n; /* frames; REPORT: bytes */
	uint32_t has_filter; /* seccomp holds */
	struct stream_facts facts;
	struct decoder_damage damage;
	char text[ERROR_TEXT_BYTES];
};

/* What it is called in lists of processes, and how it is started. */
#define HELPER_NAME "jukebox-decode"

/* The helper's side: serves until the other end of `socket` is closed.  Never returns. */
_Noreturn void helper_run(int socket, const struct decoder_watcher *watcher);

/* The child's side.  `descriptors` as sent. */
struct modules;
_Noreturn void child_run(const int descriptors[N_OPEN], const struct open_request *request,
        const char *name, const struct modules *modules, const struct decoder_watcher *watcher,
        void *filter);

#endif
