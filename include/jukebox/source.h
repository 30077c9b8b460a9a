/* source.h - bytes to read: a regular file, or memory.
 *
 * Decoders and parsers read through this alone, so that memory, fuzzers and fault injection
 * need no special case.  A file is opened with O_NONBLOCK | O_CLOEXEC and refused unless it is
 * a regular file: FIFOs, devices and sockets cannot block or feed us for ever.  No mmap: a file
 * that shrinks must not kill the program.
 * Threads: one source, one thread at a time.
 */
#ifndef JUKEBOX_SOURCE_H
#define JUKEBOX_SOURCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <time.h>

#include "jukebox/part.h"
#include "jukebox/status.h"

struct source;

/* `path` is copied; it may name a part of a file (part.h), then all of the file is read. */
enum status source_open(const char *path, struct source **source, struct error *error) MUST_USE;

/* `bytes` is borrowed and must outlive the source; `name` is copied. */
enum status source_open_memory(const void *bytes, size_t n_bytes, const char *name,
        struct source **source, struct error *error) MUST_USE;

/* From an open file, which is the source's from here on, also on failure.  `name` is copied; with `is_part` it names a
 * part of it. */
enum status source_open_descriptor(int fd, const char *name, bool is_part, struct source **source,
        struct error *error) MUST_USE;

/* n_bytes of another source, which is borrowed and must outlive this one.  Both may be used, in turn.  The bytes must be
 * there: 0 <= begins_at, begins_at + n_bytes <= source_size(of). */
enum status source_open_piece(const struct source *of, int64_t begins_at, int64_t n_bytes,
        struct source **source, struct error *error) MUST_USE;

void source_close(struct source *source);

/* Up to n_bytes to `to`; fewer only at the end; 0 at the end; -1 with errno on a read error.
 * Interrupted reads are retried. */
ssize_t source_read(struct source *source, void *to, size_t n_bytes);

/* Absolute position from the start, 0 ... ; past the end is allowed and reads as the end.
 * Returns the position, or -1 with errno. */
int64_t source_seek(struct source *source, int64_t position);

int64_t source_position(const struct source *source);

/* At the time of opening. */
int64_t source_size(const struct source *source);
/* Time of the last change; zero for memory. */
struct timespec source_mtime(const struct source *source);
const char *source_path(const struct source *source);

/* The open file, borrowed; -1: memory. */
int source_descriptor(const struct source *source);

/* Which part of the file was named; NULL: all of it. */
const struct part *source_part(const struct source *source);

#endif
