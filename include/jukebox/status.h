/* status.h - how calls tell what became of them.
 *
 * Everything that can fail returns an enum status; results leave through
 * pointers at the end of the argument list.  The words for a person are written
 * once, where the facts are known, into a struct error that the caller owns.
 */
#ifndef JUKEBOX_STATUS_H
#define JUKEBOX_STATUS_H

#define MUST_USE __attribute__((warn_unused_result))
#define PRINTF_LIKE(fmt, args) __attribute__((format(printf, fmt, args)))

enum status {
	STATUS_OK = 0,
	STATUS_END, /* no more: end of a track, a list, a queue */
	STATUS_NO_MEMORY,
	STATUS_IO, /* the system said no; the text has its reason */
	STATUS_NOT_FOUND, /* asked for by name, and not there */
	STATUS_BAD_DATA, /* damaged, hostile, or not what it claims to be */
	STATUS_UNSUPPORTED, /* valid, but not for this build or this program */
	STATUS_USAGE, /* an option or an argument is wrong */
	STATUS_CANCELLED, /* the caller asked to stop */
};

enum { ERROR_TEXT_BYTES = 512 };

/* The reason of a failure: what, which, and the system's or library's own
 * words.  Raw text: names in it are escaped when printed (log.h).  Plain data,
 * no ownership; {0} is "no error". */
struct error {
	enum status status;
	char text[ERROR_TEXT_BYTES];
};

/* Fills `e` (may be NULL) and returns `status`, so that failing is one line. */
enum status error_set(struct error *e, enum status status, const char *format, ...)
        PRINTF_LIKE(3, 4);

/* The same with STATUS_IO (or STATUS_NO_MEMORY, STATUS_NOT_FOUND for ENOMEM,
 * ENOENT), and ": " and the system's words for `error_number` (errno) added. */
enum status error_set_errno(struct error *e, int error_number, const char *format, ...)
        PRINTF_LIKE(3, 4);

/* Passes a failure up at once.  For functions that return enum status. */
#define TRY(call)                          \
	do {                               \
		enum status try_ = (call); \
		if (try_ != STATUS_OK)     \
			return try_;       \
	} while (0)

#endif
