/* sandbox.h - decoding in a child process that can do nothing else.
 *
 * sandbox_start makes a helper process.  From then on every decoder of a file is a child of the helper's, which gets
 * the open file, a socket pair and shared memory for the samples, and gives up the rest: no new files, sockets,
 * programs or processes (seccomp, where the kernel allows it, and resource limits), at most 1 GiB of memory.  A
 * decoder that crashes, or works for SANDBOX_HANG_S of processor time on one request, is one file's failure.
 * Modules are loaded by the helper, before any file is looked at.
 * Threads: start before any thread, stop behind the last decoder; decoders are opened from any thread.
 */
#ifndef JUKEBOX_SANDBOX_H
#define JUKEBOX_SANDBOX_H

#include <stdbool.h>

#include "jukebox/status.h"

enum { SANDBOX_HANG_S = 10 };

/* STATUS_OK also where there is a helper but the kernel gives no seccomp: then resource limits alone hold, and
 * error->text says so.  Anything else: decoding goes on in this process, with the reason in *error. */
enum status sandbox_start(struct error *error) MUST_USE;

/* Ends the helper.  Nothing when there is none. */
void sandbox_stop(void);

bool sandbox_is_on(void);

#endif
