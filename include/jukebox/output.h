/* output.h - where the programme goes: files, pipes, sound cards, nowhere.
 *
 * Every output has a thread, a bounded queue, its own format (rate, channels, dither) and encoder.  A file or a pipe
 * never loses a frame and may hold the mix back.  A live one may pace the mix (output_write), but one that takes nothing
 * loses frames instead of holding back the others (output_offer).
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

/* What the outputs of one run share: HTTP servers, the name of the first file.  Outlives them all. */
struct output_hub;
struct output_hub *output_hub_new(void); /* NULL: out of memory */
void output_hub_free(struct output_hub *hub); /* NULL is fine */
/* Tells of an output that will be opened: a tracklist speaks of the first audio file, wherever that stands. */
enum status output_hub_expect(struct output_hub *hub, const char *text) MUST_USE;

/* What is on, for outputs that show it.  Strings are owned, any may be NULL; output_programme_done frees them. */
enum { OUTPUT_HISTORY = 10 };
struct output_track {
	char *title, *artist;
	int64_t started_at_ms; /* wall clock, ms since 1970; 0: not yet */
};
struct output_programme {
	bool has_now, has_next;
	struct output_track now, next;
	double elapsed_s, duration_s; /* of now; a duration of 0 is not known */
	struct output_track history[OUTPUT_HISTORY]; /* newest first, without now */
	size_t n_history;
	bool has_joint; /* there is a picture of how the next one will come in */
};
void output_programme_done(struct output_programme *programme);

/* Fills *programme, which is {0} before; from any thread, whenever somebody asks. */
typedef void output_programme_fn(void *user, struct output_programme *programme);
/* That picture, as SVG; the caller frees; NULL when there is none. */
typedef char *output_joint_fn(void *user);
void output_hub_set_programme(
        struct output_hub *hub, output_programme_fn *programme, output_joint_fn *joint, void *user);

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
	struct output_hub *hub; /* borrowed until output_close; NULL: there are no others */
};

/* `spec`: "-" (WAV to standard output), "FILE.EXT" (by its ending), "raw:FILE" ("raw:-"), "wav:FILE",
 * "alsa:DEVICE", "oss:PATH", "null:".  Any may end in "?name=value&name=value": "codec", "rate", "channels" and "format"
 * of this output, and the options of its encoder and its target.  FIFOs and devices without a known ending get WAV.  Opens it and starts its thread.  STATUS_USAGE for a spec that nobody knows,
 * and for audio to a terminal. */
enum status output_open(const char *spec, const struct output_options *options, struct log *log,
        struct output **output, struct error *error) MUST_USE;

/* Hands over stereo float32 frames of the bus.  Copies them; waits while the queue is full.  The first failure of the
 * output's thread comes back here and from then on. */
enum status output_write(
        struct output *output, const float *frames, size_t n_frames, struct error *error) MUST_USE;

/* The same for a live output beside others: waits for at most `wait_ns`, then drops and counts what did not fit.
 * *n_taken may be NULL. */
enum status output_offer(struct output *output, const float *frames, size_t n_frames,
        int64_t wait_ns, size_t *n_taken, struct error *error) MUST_USE;

/* The title that is heard from a frame of the bus on, so many behind the next one written. */
enum status output_announce(
        struct output *output, const struct tags *tags, int64_t ahead_frames) MUST_USE;

/* Waits until all is written and heard; patches headers; tells late errors (a full disk at close). Then only output_close. */
enum status output_finish(struct output *output, struct error *error) MUST_USE;

/* Any thread: stop at once, also out of a wait for a stalled reader.  Calls that wait, and all later ones, return
 * STATUS_CANCELLED. */
void output_cancel(struct output *output);

/* Drops what is queued when finish was not called (files stay valid as far as they go).  NULL is fine. */
void output_close(struct output *output);

/* The spec, of a URL without the options, or "standard output"; borrowed. Errors begin with it, or with the file's. */
const char *output_name(const struct output *output);
bool output_is_live(const struct output *output);
bool output_has_clock(const struct output *output);
int64_t output_dropped(const struct output *output); /* frames of the bus */
int64_t output_underruns(const struct output *output);

/* ---- the target's side: one constant table in one file, and one line in output/targets.c ---- */

struct output_handle {
	const char *name; /* for messages */
	const char *spec; /* behind the "name:" */
	struct stream_format *format; /* open() may lower it; the core converts */
	const struct encoder_format *encoder; /* of byte targets; NULL for others */
	const char *encoder_options;
	const struct output_options *options; /* what the user asked for; only in open() */
	const char *target_options; /* the target's own; "" when none */
	void *state; /* state_bytes, zeroed before open() */
	struct log *log;
	struct error *error;
	int64_t *underruns;
	/* Becomes readable (and stays so) when the output is to stop at once: poll it wherever the target waits,
	 * and return STATUS_CANCELLED. */
	int stop_fd;
};

struct output_calls {
	size_t state_bytes;
	enum status (*open)(struct output_handle *o);
	/* Frames in *o->format, or, for byte targets, what the encoder is given by the core. */
	enum status (*write)(struct output_handle *o, const float *frames, size_t n_frames);
	enum status (*announce)(struct output_handle *o, const struct tags *tags); /* may be NULL */
	enum status (*finish)(struct output_handle *o);
	/* Also called by the output's own thread, as soon as another call failed. */
	void (*close)(struct output_handle *o);
};

struct output_target {
	const char *name, *description, *spec_help; /* "alsa", "...", "alsa:DEVICE" */
	bool live; /* its listeners' clock runs on: it may lose frames, and holds nothing back */
	bool has_clock; /* write() waits until the device has played: it can pace the mix */
	bool is_url; /* "//..." is behind its name, and a question mark always begins the options */
	const char *const *option_names; /* its own options, NULL at the end; NULL: none */
	bool takes_bytes; /* carries what an encoder makes: o->encoder is set */
	struct output_calls calls; /* all NULL: they are in a module */
};

const struct output_target *const *output_targets(void); /* ends with NULL */

/* The calls of a target that needs large libraries are in a file of their own, output-NAME.so in the module folder
 * (loader.h), which is loaded when such an output is opened.  It belongs to one version of the program: this is no
 * interface for others. */
struct output_module {
	const char *version; /* JUKEBOX_VERSION */
	struct output_calls calls;
};

/* The one symbol that the program looks for. */
extern const struct output_module jukebox_output __attribute__((visibility("default")));

#endif
