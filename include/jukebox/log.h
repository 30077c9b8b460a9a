/* log.h - the only way to the terminal for everything below commands/.
 *
 * Lines read "jukebox: FILE: text".  Whatever goes through here is escaped
 * (text.h), so names and tags from strangers never drive the terminal.
 * Threads: any thread may call at any time; lines never mix.
 */
#ifndef JUKEBOX_LOG_H
#define JUKEBOX_LOG_H

#include <stdbool.h>
#include <stddef.h>

#include "jukebox/status.h"

enum log_level { LOG_ERROR, LOG_WARNING, LOG_INFO, LOG_DEBUG };

struct log;

/* Writes lines of at most `most` detail to file descriptor `fd` (borrowed).
 * With `show_status` a status line (log_status) is kept at the bottom of a
 * terminal. NULL when out of memory; every call below accepts a NULL log and
 * then does nothing. */
struct log *log_new(int fd, enum log_level most, bool show_status);

/* Besides, lines of at most `most` detail are appended to the file `path`, each with the time, never waited for (base/logfile.h).  Once, before
 * other threads use the log. */
enum status log_to_file(
        struct log *log, const char *path, enum log_level most, struct error *error) MUST_USE;

/* Prints the summary of what was held back (see log_file), frees. */
void log_free(struct log *log);

void log_print(struct log *log, enum log_level level, const char *format, ...) PRINTF_LIKE(3, 4);

/* About one file or playlist entry.  A flood is bounded: after
 * LOG_FILE_LINES lines in an hour only a count is kept, which the first line of the next hour, or log_free, prints. */
enum { LOG_FILE_LINES = 500 };
void log_file(struct log *log, enum log_level level, const char *file, const char *format, ...)
        PRINTF_LIKE(4, 5);

/* What only the file is told (at LOG_INFO): what a terminal has in its status line. */
void log_record(struct log *log, const char *format, ...) PRINTF_LIKE(2, 3);

/* Replaces the status line at the bottom of the terminal; "" takes it away.
 * Nothing happens without show_status. */
void log_status(struct log *log, const char *format, ...) PRINTF_LIKE(2, 3);

/* How many errors and warnings were logged so far, printed or held back. */
size_t log_count(struct log *log, enum log_level level);

#endif
