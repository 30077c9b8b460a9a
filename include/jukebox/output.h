/* output.h - where the programme goes: files, pipes, sound cards, nowhere.
 *
 * Every output has a thread, a bounded queue, its own format (rate, channels, dither) and encoder.  A file or a pipe
 * never loses a frame and may hold the mix back; a live one paces the mix when it is alone and never holds back the others.
 */
#ifndef JUKEBOX_OUTPUT_H
#define JUKEBOX_OUTPUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "jukebox/encoder.h"
#include "jukebox/log.h"
#include "jukebox/status.h"
#include "jukebox/tags.h"

/* ---- the user's side ---------------------------------------------------------------------- */

struct output;

struct output_options {
	int bus_rate_hz; /* of the frames given to output_write: stereo */
	int rate_hz, channels; /* wanted; 0: as the bus, 2 */
	enum sample_format sample; /* wanted */
	bool sample_is_set; /* asked for by the user: lowering it is an error */
	uint64_t seed; /* of the dither */
	/* Is that file one that the programme reads?  Then it is refused as an output.  Asked for regular files that were
	 * there before; NULL: nobody knows. */
	bool (*is_input)(const void *user, dev_t device, ino_t inode);
	const void *is_input_user;
};

/* `spec`: "-" (WAV to standard output), "FILE.EXT" (by its ending), "raw:FILE" ("raw:-"), "wav:FILE",
 * "alsa:DEVICE", "oss:PATH", "null:".  Names of encoded files and pipes may end in "?name=value&name=value", the
 * encoder's options.  FIFOs and devices without a known ending get WAV.  Opens it and starts its thread.  STATUS_USAGE for a spec that nobody knows,
 * and for audio to a terminal. */
enum status output_open(const char *spec, const struct output_options *options, struct log *log,
        struct output **output, struct error *error) MUST_USE;

/* Hands over stereo float32 frames of the bus.  Copies them; waits while the queue is full.  The first failure of the
 * output's thread comes back here and from then on. */
enum status output_write(
        struct output *output, const float *frames, size_t n_frames, struct error *error) MUST_USE;

/* The title that is heard from the next written frame on. */
enum status output_announce(struct output *output, const struct tags *tags) MUST_USE;

/* Waits until all is written and heard; patches headers; tells late errors (a full disk at close). Then only output_close. */
enum status output_finish(struct output *output, struct error *error) MUST_USE;

/* Any thread: stop at once, also out of a wait for a stalled reader.  Calls that wait, and all later ones, return
 * STATUS_CANCELLED. */
void output_cancel(struct output *output);

/* Drops what is queued when finish was not called (files stay valid as far as they go).  NULL is fine. */
void output_close(struct output *output);

const char *output_name(const struct output *output); /* the spec, borrowed */
bool output_is_live(const struct output *output);
int64_t output_underruns(const struct output *output);

/* ---- the target's side: one constant table in one file, and one line in output/targets.c ---- */

struct output_handle {
	const char *spec; /* behind the "name:" */
	struct stream_format *format; /* open() may lower it; the core converts */
	const struct encoder_format *encoder; /* of byte targets; NULL for others */
	const char *encoder_options;
	const struct output_options *options; /* what the user asked for; only in open() */
	void *state; /* state_bytes, zeroed before open() */
	struct log *log;
	struct error *error;
	int64_t *underruns;
	/* Becomes readable (and stays so) when the output is to stop at once: poll it wherever the target waits,
	 * and return STATUS_CANCELLED. */
	int stop_fd;
};

struct output_target {
	const char *name, *description, *spec_help; /* "alsa", "...", "alsa:DEVICE" */
	bool live;
	bool takes_bytes; /* carries what an encoder makes: o->encoder is set */
	size_t state_bytes;
	enum status (*open)(struct output_handle *o);
	/* Frames in *o->format, or, for byte targets, what the encoder is given by the core. */
	enum status (*write)(struct output_handle *o, const float *frames, size_t n_frames);
	enum status (*announce)(struct output_handle *o, const struct tags *tags); /* may be NULL */
	enum status (*finish)(struct output_handle *o);
	void (*close)(struct output_handle *o);
};

const struct output_target *const *output_targets(void); /* ends with NULL */

#endif
