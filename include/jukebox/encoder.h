/* encoder.h - frames to bytes.  An encoder knows no files; a byte output carries what it makes.
 *
 * N encoders and M outputs cost N + M files.  Adding one: a file, and a line in encode/formats.c.
 */
#ifndef JUKEBOX_ENCODER_H
#define JUKEBOX_ENCODER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "jukebox/status.h"
#include "jukebox/tags.h"

enum sample_format { SAMPLE_S16, SAMPLE_S24, SAMPLE_F32 };

/* "s16", "s24", "f32". */
enum status sample_format_parse(const char *text, enum sample_format *format) MUST_USE;
const char *sample_format_name(enum sample_format format);

struct stream_format {
	int sample_rate_hz;
	int channels;
	enum sample_format sample; /* what integer encoders store; others take floats */
};

/* Where bytes go.  Owned by the output; an encoder only calls it. */
struct writer {
	/* All n_bytes or a failure; interrupted and short writes are the writer's affair. */
	enum status (*write)(void *user, const void *bytes, size_t n_bytes, struct error *error);
	/* Overwrites at an absolute position and comes back; NULL where that cannot be (pipes). */
	enum status (*patch)(void *user, int64_t position, const void *bytes, size_t n_bytes,
	        struct error *error);
	void *user;
	const char *companion; /* the audio file that a tracklist speaks of; NULL: not known */
};

struct encoder_handle {
	const struct writer *writer;
	struct stream_format format; /* open() may lower it; what write() gets follows it */
	const char *options; /* "bitrate=192&quality=6"; "" when none */
	void *state; /* state_bytes, zeroed before open() */
	struct error *error;
};

struct encoder_format {
	const char *name, *description;
	const char *const *suffixes; /* lower case, no dot, NULL at the end */
	size_t state_bytes;
	enum status (*open)(struct encoder_handle *e);
	/* Interleaved float32, format.channels, already dithered for integer samples where that is due:
	 * see `wants_dither`. */
	enum status (*write)(struct encoder_handle *e, const float *frames, size_t n_frames);
	enum status (*announce)(
	        struct encoder_handle *e, const struct tags *tags); /* may be NULL */
	enum status (*finish)(
	        struct encoder_handle *e); /* patches headers, writes the last bytes */
	void (*close)(struct encoder_handle *e); /* copes with zeroed state */
	bool wants_dither; /* stores integers itself: dither before it */
	bool is_text; /* a tracklist: no audio is in it */
};

const struct encoder_format *const *encoder_formats(void); /* ends with NULL */
const struct encoder_format *encoder_by_suffix(const char *file_name); /* NULL: none */
const struct encoder_format *encoder_by_name(const char *name);

/* ---- the user's side: what a byte output calls -------------------------------------------- */

struct encoder;

/* Writes the head of the stream.  *format comes back as the encoder wants its frames.  `writer` is copied, what its
 * `user` points to must live until encoder_close; `options` until encoder_open returns.  STATUS_USAGE for options
 * that the encoder does not know, before the first byte was written. */
enum status encoder_open(const struct encoder_format *kind, struct stream_format *format,
        const char *options, const struct writer *writer, struct encoder **encoder,
        struct error *error) MUST_USE;
enum status encoder_write(struct encoder *encoder, const float *frames, size_t n_frames,
        struct error *error) MUST_USE;
/* STATUS_OK when the format carries no titles. */
enum status encoder_announce(
        struct encoder *encoder, const struct tags *tags, struct error *error) MUST_USE;
/* Then only encoder_close. */
enum status encoder_finish(struct encoder *encoder, struct error *error) MUST_USE;
/* Without encoder_finish: what was written stays readable where the format and the writer allow it. */
void encoder_close(struct encoder *encoder);

#endif
