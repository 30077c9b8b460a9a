/* sandbox.h - decoding in a child process that can do nothing else.
 *
 * sandbox_start makes a helper process.  From then on every decoder of a file is a child of the helper's, which gets
 * the open file, a socket pair and shared memory for the samples, and gives up the rest: no new files, sockets,
 * programs or processes (seccomp, where the kernel allows it, and resource limits), at most 1 GiB of memory.  A
 * decoder that crashes, or works for SANDBOX_HANG_S of processor time on one request, is one file's failure.
 * Modules are loaded by the helper, before any file is looked at.
 *
 * A process that dies costs nothing: a child's file is opened once more, at the frame that was next, by another child
 * (a decoder that crashes at the same place again is given up); a helper is replaced, SANDBOX_RESTARTS times a minute.
 * Threads: start before any thread, stop behind the last decoder; decoders are opened from any thread.
 */
#ifndef JUKEBOX_SANDBOX_H
#define JUKEBOX_SANDBOX_H

#include <stdbool.h>

#include "jukebox/status.h"

struct decoder_watcher;
struct log;

enum { SANDBOX_HANG_S = 10, SANDBOX_RESTARTS = 6 };

/* `watcher`: what children can do with all that they decode (decoder.h), constant; may be NULL.
 * Anything but STATUS_OK: there is no helper, with the reason in *error.  Then, and when the helper dies and cannot be
 * replaced, decoding goes on in this process; with `required` files are refused, which they are also where the kernel
 * gives no seccomp and resource limits alone would hold. */
enum status sandbox_start(
        bool required, const struct decoder_watcher *watcher, struct error *error) MUST_USE;

/* Where it is told what died; borrowed until another one, or NULL, is given. */
void sandbox_report_to(struct log *log);

/* Ends the helper.  Nothing when there is none. */
void sandbox_stop(void);

/* What main() begins with, if it ever starts a sandbox: a helper that takes the place of another is this program,
 * started again.  Does not return there.  `watcher` as for sandbox_start. */
void sandbox_serve(int argc, char **argv, const struct decoder_watcher *watcher);

#endif
