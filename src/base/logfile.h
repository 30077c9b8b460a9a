/* logfile.h - lines on their way to a file, which may be slow, full, moved or gone.  Private to base/.
 *
 * One thread of its own writes; whoever has a line to say never waits for it.  The file is looked for by its name once a second at
 * most while there is something to write: when another lies there, or none, it is opened anew, which is all that a program
 * that rotates logs needs.
 */
#ifndef BASE_LOGFILE_H
#define BASE_LOGFILE_H

#include <stddef.h>

#include "jukebox/status.h"

struct logfile;

/* Appends to `path`, which is copied. */
enum status logfile_open(const char *path, struct logfile **logfile, struct error *error) MUST_USE;

/* A line without its end; the time is put before it.  Any thread; what does not fit any more is counted, and told when it
 * does again. */
void logfile_write(struct logfile *logfile, const char *line);

/* Writes what is left; a disk that hangs for two seconds keeps the rest.  NULL is fine. */
void logfile_close(struct logfile *logfile);

#endif
