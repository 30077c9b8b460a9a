/* log.c - lines for people, escaped, bounded, never torn apart by threads.
 *
 * Writes with write(2) on a descriptor: nothing is buffered, so a crash loses no line and a full or
 * closed stderr harms nobody.
 */
#include "jukebox/log.h"

#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "jukebox/clock.h"
#include "jukebox/replace.h"
#include "jukebox/text.h"
#include "logfile.h"

enum { LINE_BYTES = 6000 };

struct log {
	pthread_mutex_t lock; /* guards all below */
	int fd;
	enum log_level most;
	bool show_status;
	char status[640];
	size_t counts[LOG_DEBUG + 1];
	size_t file_lines, held_back;
	int64_t hour_began_ns;
	struct logfile *file; /* NULL: none */
	enum log_level most_in_file;
};

struct log *log_new(int fd, enum log_level most, bool show_status)
{
	struct log *log = calloc(1, sizeof *log);
	if (!log)
		return NULL;
	if (pthread_mutex_init(&log->lock, NULL) != 0) {
		free(log);
		return NULL;
	}
	log->fd = fd;
	log->most = most;
	log->show_status = show_status;
	log->hour_began_ns = clock_now_ns();
	return log;
}

enum status log_to_file(struct log *log, const char *path, enum log_level most, struct error *error)
{
	log->most_in_file = most;
	return logfile_open(path, &log->file, error);
}

/* Nobody is left to be told of a failure. */
static void put(const struct log *log, const char *text, size_t n)
{
	(void)file_write_all(log->fd, text, n);
}

/* The status line does not wrap (DECAWM off, and on again): of a line in two rows one would stay. */
#define WRAP_OFF "\033[?7l"
#define WRAP_ON "\033[?7h"

/* Puts the line in place of the status line, and that below it again. */
static void put_line(struct log *log, const char *line)
{
	char out[LINE_BYTES + sizeof log->status + 64];
	bool has_status = log->status[0] != '\0';
	int n = snprintf(out, sizeof out, "%sjukebox: %s\n%s%s%s", has_status ? "\r\033[K" : "",
	        line, has_status ? WRAP_OFF : "", log->status, has_status ? WRAP_ON : "");
	if (n > 0)
		put(log, out, (size_t)n < sizeof out ? (size_t)n : sizeof out - 1);
}

static const char *level_word(enum log_level level)
{
	return level == LOG_WARNING ? "warning: " : "";
}

/* With the lock. */
static void say(struct log *log, enum log_level level, const char *line)
{
	if (level <= log->most)
		put_line(log, line);
	if (log->file && level <= log->most_in_file)
		logfile_write(log->file, line);
}

static void tell_held_back(struct log *log)
{
	char line[80];
	snprintf(line, sizeof line, "warning: %zu more lines about files were left out",
	        log->held_back);
	if (log->held_back > 0)
		say(log, LOG_WARNING, line);
	log->held_back = 0;
}

/* What floods a log in one hour is told again in the next: a station runs for months. */
static void begin_hour(struct log *log)
{
	static const int64_t HOUR_NS = 3600 * INT64_C(1000000000);
	int64_t now = clock_now_ns();
	if (now - log->hour_began_ns < HOUR_NS)
		return;
	log->hour_began_ns = now;
	log->file_lines = 0;
	tell_held_back(log);
}

void log_free(struct log *log)
{
	if (!log)
		return;
	log_status(log, "%s", "");
	pthread_mutex_lock(&log->lock);
	tell_held_back(log);
	pthread_mutex_unlock(&log->lock);
	logfile_close(log->file);
	pthread_mutex_destroy(&log->lock);
	free(log);
}

/* Counts the line, and shows it when the level is wanted.  `file` may be NULL; lines about files are bounded. */
__attribute__((format(printf, 4, 0))) static void put_message(
        struct log *log, enum log_level level, const char *file, const char *format, va_list args)
{
	char raw[LINE_BYTES / 3], line[LINE_BYTES] = "";
	vsnprintf(raw, sizeof raw, format, args);
	pthread_mutex_lock(&log->lock);
	log->counts[level]++;
	begin_hour(log);
	bool is_wanted = level <= log->most || (log->file && level <= log->most_in_file);
	if (is_wanted && file && log->file_lines >= LOG_FILE_LINES) {
		log->held_back++;
	} else if (is_wanted) {
		log->file_lines += file != NULL;
		if (file)
			text_escape(line, LINE_BYTES * 2 / 3, file);
		size_t n = strlen(line);
		n += (size_t)snprintf(
		        line + n, sizeof line - n, "%s%s", file ? ": " : "", level_word(level));
		text_escape(line + n, sizeof line - n, raw);
		say(log, level, line);
	}
	pthread_mutex_unlock(&log->lock);
}

void log_print(struct log *log, enum log_level level, const char *format, ...)
{
	if (!log)
		return;
	va_list args;
	va_start(args, format);
	put_message(log, level, NULL, format, args);
	va_end(args);
}

void log_file(struct log *log, enum log_level level, const char *file, const char *format, ...)
{
	if (!log)
		return;
	va_list args;
	va_start(args, format);
	put_message(log, level, file, format, args);
	va_end(args);
}

void log_record(struct log *log, const char *format, ...)
{
	if (!log || !log->file || log->most_in_file < LOG_INFO)
		return;
	char raw[LINE_BYTES / 3], line[LINE_BYTES];
	va_list args;
	va_start(args, format);
	vsnprintf(raw, sizeof raw, format, args);
	va_end(args);
	logfile_write(log->file, text_escape(line, sizeof line, raw));
}

void log_status(struct log *log, const char *format, ...)
{
	if (!log || !log->show_status)
		return;
	char raw[sizeof log->status / 2];
	va_list args;
	va_start(args, format);
	vsnprintf(raw, sizeof raw, format, args);
	va_end(args);
	pthread_mutex_lock(&log->lock);
	bool was_there = log->status[0] != '\0';
	text_escape(log->status, sizeof log->status, raw);
	if (was_there || log->status[0]) {
		char out[sizeof log->status + 32];
		int n = snprintf(out, sizeof out, "\r\033[K" WRAP_OFF "%s" WRAP_ON, log->status);
		put(log, out, (size_t)n);
	}
	pthread_mutex_unlock(&log->lock);
}

size_t log_count(struct log *log, enum log_level level)
{
	if (!log)
		return 0;
	pthread_mutex_lock(&log->lock);
	size_t n = log->counts[level];
	pthread_mutex_unlock(&log->lock);
	return n;
}
