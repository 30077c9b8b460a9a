/* decoder.h - any music file as frames of float32.
 *
 * What every decoder promises, whatever is in the file:
 * - Frames are interleaved float32, full scale +-1.0 (may exceed it), in one constant format from
 *   open to close, channels in WAVE order (FL FR FC LFE BL BR ...).  A file that changes rate or
 *   channels on its way (joined MP3s, chained Ogg) is converted to the format of its first part.
 * - NaN and Inf become 0; nothing is above +-DECODER_LARGEST.
 * - What was encoded is what comes out: encoder delay and padding are cut (LAME/Xing, Opus
 *   pre-skip, Vorbis granule positions).  The length comes from decoding, not from a header.
 * - Damage is passed: decoding goes on behind it, what was lost is counted.
 * - Rates 1,000 to 768,000 Hz, 1 to 32 channels; anything else is refused before allocation.
 * Threads: one decoder, one thread at a time; different decoders share nothing.
 */
#ifndef JUKEBOX_DECODER_H
#define JUKEBOX_DECODER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "jukebox/limits.h"
#include "jukebox/source.h"
#include "jukebox/status.h"
#include "jukebox/tags.h"

enum {
	DECODER_HEAD_BYTES = 4096, /* what probe() gets to see, at most */
};
#define DECODER_LARGEST 1000.0f /* +60 dBFS: louder is damage */

struct stream_facts {
	char codec[16]; /* "mp3", "vorbis", "flac", "opus", "pcm_s16", ... */
	int sample_rate_hz;
	int channels;
	int64_t frames; /* as announced; -1 unknown; a hint, never a bound */
};

struct decoder_damage {
	int64_t events; /* how often decoding had to resynchronise */
	int64_t lost_frames; /* estimate of what was not heard; 0 when unknown */
	char text[96]; /* the first event in words; "" when none */
};

/* ---- the user's side ------------------------------------------------------------------- */

struct decoder;

/* Opens a file, or the part of one that `path` names (part.h: then frame 0 is the part's first one, and tags that
 * speak of the whole file's title are left out), by its content: the built-in formats first, then those of modules (module.h).  The
 * error names no file: callers add it. */
enum status decoder_open(const char *path, struct decoder **decoder, struct error *error) MUST_USE;

/* The same from a source, which the decoder owns from here on, also on failure. */
enum status decoder_open_source(
        struct source *source, struct decoder **decoder, struct error *error) MUST_USE;

void decoder_close(struct decoder *decoder);

/* Borrowed until close, constant. */
const struct stream_facts *decoder_facts(const struct decoder *decoder);
const struct tags *decoder_tags(const struct decoder *decoder);
const struct decoder_damage *decoder_damage(const struct decoder *decoder); /* so far */

/* 1 to max_frames frames to `to` with STATUS_OK; STATUS_END with 0 frames at the end. Errors
 * other than STATUS_NO_MEMORY and STATUS_IO do not come from here: damage is passed. */
enum status decoder_read(struct decoder *decoder, float *to, size_t max_frames, size_t *n_frames,
        struct error *error) MUST_USE;

/* The next read begins exactly at `frame` of what linear reading gives (0 ...); past the end the
 * next read gives STATUS_END. */
enum status decoder_seek(struct decoder *decoder, int64_t frame, struct error *error) MUST_USE;

/* ---- watching: work on the frames of a whole file, done where they are decoded ---------- */

/* In the sandbox frames are decoded by another process, and to fetch them from another core's cache made measuring 12 to
 * 22 % slower (doc/design.md).  A watcher works there, and only its report comes back.  Its state goes with the process. */
struct decoder_watcher {
	void *(*begin)(const struct stream_facts *facts); /* NULL: out of memory */
	enum status (*see)(void *state, const float *frames, size_t n_frames);
	enum status (*report)(void *state, uint8_t **bytes, size_t *n_bytes); /* malloc'ed */
};

/* From frame 0 on, before any read: the watcher that the sandbox was started with (sandbox.h) sees all that is decoded.
 * False: there is no sandbox; nothing has happened.
 * A decoder that is watched does not seek.  When its process dies there is STATUS_CANCELLED: what was seen is lost. */
bool decoder_watch(struct decoder *decoder);

/* As decoder_read, but the frames stay where they are.  STATUS_USAGE: it is not watched; so for the report. */
enum status decoder_pass_over(
        struct decoder *decoder, size_t *n_frames, struct error *error) MUST_USE;

/* Behind STATUS_END: the watcher's report (caller frees).  Nothing is sure of it but its size, at most
 * DECODER_REPORT_BYTES and DECODER_REPORT_BYTES_PER_SECOND of what was decoded: who knows what became of that process? */
enum { DECODER_REPORT_BYTES = 128 * 1024, DECODER_REPORT_BYTES_PER_SECOND = 128 };
enum status decoder_report(
        struct decoder *decoder, uint8_t **bytes, size_t *n_bytes, struct error *error) MUST_USE;

/* ---- the format's side: one constant table in one file, and one line in decode/formats.c, or a
 * module (module.h) ---- */

/* Counts one event of damage that was passed; the first one's words are kept.  For formats. */
void damage_add(struct decoder_damage *damage, int64_t lost_frames, const char *format, ...)
        PRINTF_LIKE(3, 4);

/* What a format's functions see of the decoder. */
struct decoder_handle {
	struct source *source; /* borrowed; behind any ID3v2 tags when open() is called */
	void *state; /* state_bytes, zeroed by the core before open() */
	struct stream_facts *facts; /* open() fills it */
	struct tags *tags; /* open() may fill it */
	struct decoder_damage *damage;
	struct error *error; /* of the call at hand; never NULL */
};

struct decoder_format {
	const char *name, *description; /* "mp3" (stable), one line for the list */
	const char *const *suffixes; /* lower case, no dot, NULL at the end; they break ties */
	/* 0 not mine ... 100 certain.  `head` holds the first n_bytes (<= DECODER_HEAD_BYTES)
	 * behind any ID3v2 tags.  A format may return 1 to be tried when nobody else knows
	 * better. */
	int (*probe)(const uint8_t *head, size_t n_bytes);
	size_t state_bytes;
	/* May fail at any line and just return: the core then calls close. */
	enum status (*open)(struct decoder_handle *d);
	/* As decoder_read.  Announces a change of format by changing *d->facts (rate, channels)
	 * and giving STATUS_OK with no frames; those of the new format come with the next call,
	 * and the core converts them.  Otherwise no frames mean: call again. */
	enum status (*read)(
	        struct decoder_handle *d, float *to, size_t max_frames, size_t *n_frames);
	/* Leaves *d->facts as they are at that place.  NULL, or any failure but of memory or the
	 * system (the place may then be lost): the core decodes anew from the start and drops
	 * frames. */
	enum status (*seek)(struct decoder_handle *d, int64_t frame);
	void (*close)(struct decoder_handle *d); /* copes with zeroed or partly filled state */
};

/* The formats in this build, without those of modules, for --version and the tests; ends with
 * NULL. */
const struct decoder_format *const *decoder_formats(void);

#endif
