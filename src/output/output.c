/* output.c - one output: its queue, its thread, its conversion.  Where frames go is the target's affair.
 *
 * The caller's thread fills the ring, the output's thread takes fixed blocks from it (so that the bytes do not
 * depend on timing), converts, and calls the target.  The thread prints nothing: what it has to tell is kept and
 * told by the calls of the user.
 */
#include "jukebox/output.h"

#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "conversion.h"
#include "jukebox/ring.h"
#include "jukebox/thread.h"
#include "spec.h"
#include "targets.h"

enum {
	/* 64 KiB of 16 bit at once: a write of 16 KiB costs the kernel twice as much a byte. */
	BLOCK_FRAMES = 16384,
	BLOCKS = 4,
	BATCH = 2,
	/* Of a live target: smaller than what a sound card holds, so that it never waits for a block. */
	LIVE_BLOCK_FRAMES = 1024,
	/* A network, or an encoder on a busy machine, may be late by as much. */
	NETWORK_QUEUE_SECONDS = 2,
};

/* A title waiting for its frame. */
struct title {
	struct title *next;
	int64_t frame; /* at the output's rate */
	struct tags tags;
};

struct output {
	char *name;
	struct log *log;
	struct output_spec spec;
	const struct output_calls *calls; /* of spec.target */
	struct output_handle handle; /* the target's; of the thread while it runs */
	struct stream_format format;
	struct conversion *conversion;
	struct ring *ring;
	int bus_rate_hz;
	int64_t bus_frames; /* written by the user so far */
	int64_t frames; /* given to the target so far; of the thread */
	int64_t target_underruns; /* of the thread */
	_Atomic int64_t underruns; /* its copy for everybody */
	int64_t dropped; /* bus frames that a live output had no room for */
	atomic_bool cancelled;
	pthread_t thread;
	bool has_thread, is_open; /* is_open: calls->close is due */
	pthread_mutex_t lock; /* guards `failure`, `first_title`, `last_title` */
	struct error failure; /* the first one, of the thread */
	struct title *first_title, *last_title;
};

/* ---- titles ------------------------------------------------------------------------------- */

static void title_free(struct title *title)
{
	tags_done(&title->tags);
	free(title);
}

static struct title *take_title(struct output *o, int64_t up_to_frame)
{
	pthread_mutex_lock(&o->lock);
	struct title *title = o->first_title;
	if (title && title->frame <= up_to_frame) {
		o->first_title = title->next;
		if (!title->next)
			o->last_title = NULL;
	} else {
		title = NULL;
	}
	pthread_mutex_unlock(&o->lock);
	return title;
}

/* How many of the next n_frames come before the next title. */
static size_t frames_before_title(struct output *o, size_t n_frames)
{
	pthread_mutex_lock(&o->lock);
	const struct title *title = o->first_title;
	if (title && title->frame - o->frames < (int64_t)n_frames)
		n_frames = (size_t)(title->frame - o->frames);
	pthread_mutex_unlock(&o->lock);
	return n_frames;
}

static enum status announce_due(struct output *o)
{
	struct title *title;
	while ((title = take_title(o, o->frames)) != NULL) {
		enum status status = o->calls->announce
		                             ? o->calls->announce(&o->handle, &title->tags)
		                             : STATUS_OK;
		title_free(title);
		TRY(status);
	}
	return STATUS_OK;
}

enum status output_announce(struct output *output, const struct tags *tags, int64_t ahead_frames)
{
	struct title *title = calloc(1, sizeof *title);
	if (!title)
		return STATUS_NO_MEMORY;
	int64_t bus_frame = output->bus_frames + (ahead_frames > 0 ? ahead_frames : 0);
	title->frame = bus_frame * output->format.sample_rate_hz / output->bus_rate_hz;
	enum status status = tags_copy(&title->tags, tags);
	if (status != STATUS_OK) {
		title_free(title);
		return status;
	}
	pthread_mutex_lock(&output->lock);
	if (output->last_title)
		output->last_title->next = title;
	else
		output->first_title = title;
	output->last_title = title;
	pthread_mutex_unlock(&output->lock);
	return STATUS_OK;
}

/* ---- the thread --------------------------------------------------------------------------- */

static enum status to_target(void *user, const float *frames, size_t n_frames)
{
	struct output *o = user;
	while (n_frames > 0) {
		if (atomic_load(&o->cancelled))
			return STATUS_CANCELLED;
		TRY(announce_due(o));
		size_t n = frames_before_title(o, n_frames);
		TRY(o->calls->write(&o->handle, frames, n));
		atomic_store(&o->underruns, o->target_underruns);
		o->frames += (int64_t)n;
		frames += n * (size_t)o->format.channels;
		n_frames -= n;
	}
	return STATUS_OK;
}

static enum status play(struct output *o)
{
	const float *block;
	size_t n;
	while ((n = ring_next(o->ring, &block)) > 0) {
		/* A cut makes the last block shorter than that of others. */
		if (atomic_load(&o->cancelled))
			return STATUS_CANCELLED;
		TRY(conversion_run(o->conversion, block, n, to_target, o));
		ring_took(o->ring);
	}
	if (atomic_load(&o->cancelled))
		return STATUS_CANCELLED;
	TRY(conversion_run(o->conversion, NULL, 0, to_target, o));
	return o->calls->finish(&o->handle);
}

/* A failed output's file is whole, and its device free, long before the programme ends. */
static void close_target(struct output *o)
{
	struct error ignored = {0};
	if (!o->is_open)
		return;
	o->is_open = false;
	o->handle.error = &ignored;
	o->calls->close(&o->handle);
}

static bool begins_with(const char *text, const char *beginning)
{
	return beginning && beginning[0] && strncmp(text, beginning, strlen(beginning)) == 0;
}

/* What an encoder says names no output; what a target says does. */
static void name_once(const struct output *o, struct error *error)
{
	char text[ERROR_TEXT_BYTES];
	if (!error->text[0] || begins_with(error->text, o->name) ||
	        begins_with(error->text, o->spec.place))
		return;
	memcpy(text, error->text, sizeof text);
	error_set(error, error->status, "%s: %s", o->name, text);
}

static void *run(void *user)
{
	struct output *o = user;
	struct error error = {0};
	o->handle.error = &error;
	enum status status = play(o);
	atomic_store(&o->underruns, o->target_underruns);
	if (status != STATUS_OK) {
		error.status = status;
		name_once(o, &error);
		close_target(o);
		pthread_mutex_lock(&o->lock);
		o->failure = error;
		pthread_mutex_unlock(&o->lock);
	}
	ring_abandon(o->ring);
	return NULL;
}

static enum status start_thread(struct output *o, struct error *error)
{
	int failed = thread_start(&o->thread, run, o);
	if (failed)
		return error_set_errno(error, failed, "%s: cannot start a thread", o->name);
	o->has_thread = true;
	return STATUS_OK;
}

/* ---- the user's side ---------------------------------------------------------------------- */

/* An encoder or a device may be asked for less than it has; of devices, the best is wanted. */
static struct stream_format wanted_format(
        const struct output_spec *spec, const struct output_options *options)
{
	int rate_hz = spec->rate_hz ? spec->rate_hz : options->rate_hz;
	int channels = spec->channels ? spec->channels : options->channels;
	struct stream_format f = {
	        .sample_rate_hz = rate_hz ? rate_hz : options->bus_rate_hz,
	        .channels = channels ? channels : 2,
	        .sample = spec->has_sample ? spec->sample : options->sample,
	};
	if (!options->sample_is_set && !spec->has_sample && !spec->target->takes_bytes)
		f.sample = SAMPLE_F32;
	return f;
}

static enum status open_target(
        struct output *o, const struct output_options *options, struct error *error)
{
	TRY(target_load(o->spec.target, &o->calls, error));
	o->format = wanted_format(&o->spec, options);
	bool sample_is_set = options->sample_is_set || o->spec.has_sample;
	enum sample_format sample = o->format.sample;
	o->handle = (struct output_handle){.name = o->name,
	        .spec = o->spec.place,
	        .format = &o->format,
	        .encoder = o->spec.encoder,
	        .encoder_options = o->spec.options,
	        .options = options,
	        .target_options = o->spec.target_options,
	        .state = calloc(1, o->calls->state_bytes ? o->calls->state_bytes : 1),
	        .log = o->log,
	        .error = error,
	        .underruns = &o->target_underruns,
	        .stop_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)};
	if (!o->handle.state)
		return error_set(error, STATUS_NO_MEMORY, "%s: out of memory", o->name);
	if (o->handle.stop_fd < 0)
		return error_set_errno(error, errno, "%s: cannot make an event", o->name);
	o->is_open = true;
	TRY(o->calls->open(&o->handle));
	o->handle.options = NULL;
	if (sample_is_set && o->format.sample < sample)
		return error_set(error, STATUS_USAGE, "%s: cannot take %s, only %s", o->name,
		        sample_format_name(sample), sample_format_name(o->format.sample));
	return STATUS_OK;
}

static enum status prepare_queue(
        struct output *o, const struct output_options *options, struct error *error)
{
	bool live = o->spec.target->live;
	bool to_integers = !o->spec.encoder || o->spec.encoder->wants_dither;
	/* Of a live output half a second, since a skip is heard that much later; of others more than a second. */
	size_t live_frames = (size_t)options->bus_rate_hz / 2;
	if (o->spec.target->is_url)
		live_frames = (size_t)options->bus_rate_hz * NETWORK_QUEUE_SECONDS;
	struct conversion_key key = {.bus_rate_hz = options->bus_rate_hz,
	        .format = o->format,
	        .to_integers = to_integers,
	        .seed = options->seed,
	        .block_frames = live ? LIVE_BLOCK_FRAMES : BLOCK_FRAMES,
	        .n_blocks = live ? live_frames / LIVE_BLOCK_FRAMES + 2 : BLOCKS};
	o->ring = ring_new(key.block_frames, key.n_blocks, live ? 1 : BATCH, 2);
	o->conversion = conversion_new(options->hub, &key);
	if (!o->ring || !o->conversion)
		return error_set(error, STATUS_NO_MEMORY, "%s: out of memory", o->name);
	return STATUS_OK;
}

static enum status check_options(const struct output_options *options, struct error *error)
{
	int rate_hz = options->rate_hz ? options->rate_hz : options->bus_rate_hz;
	if (rate_hz < 1000 || rate_hz > 768000)
		return error_set(
		        error, STATUS_USAGE, "%d Hz: rates go from 1000 to 768000", rate_hz);
	if (options->channels < 0 || options->channels > 32)
		return error_set(
		        error, STATUS_USAGE, "%d: channels go from 1 to 32", options->channels);
	return STATUS_OK;
}

static enum status open_all(struct output *o, const char *spec,
        const struct output_options *options, struct error *error)
{
	o->name = strcmp(spec, "-") == 0 ? strdup("standard output") : output_spec_masked(spec);
	if (!o->name)
		return error_set(error, STATUS_NO_MEMORY, "out of memory");
	/* Command lines are seen by every user of the machine, and kept by shells. */
	if (strstr(spec, "://") && strcmp(spec, o->name) != 0)
		return error_set(error, STATUS_USAGE,
		        "no password here: give it by JUKEBOX_ICECAST_PASSWORD or "
		        "?password-file=FILE");
	TRY(check_options(options, error));
	if (strstr(o->name, "://"))
		o->name[strcspn(o->name, "?")] = '\0';
	TRY(output_spec_parse(spec, &o->spec, error));
	TRY(open_target(o, options, error));
	TRY(prepare_queue(o, options, error));
	return start_thread(o, error);
}

enum status output_open(const char *spec, const struct output_options *options, struct log *log,
        struct output **output, struct error *error)
{
	struct error ignored = {0};
	struct output *o = calloc(1, sizeof *o);
	if (!error)
		error = &ignored;
	if (!o)
		return error_set(error, STATUS_NO_MEMORY, "%s: out of memory", spec);
	pthread_mutex_init(&o->lock, NULL);
	o->log = log;
	o->bus_rate_hz = options->bus_rate_hz;
	o->handle.stop_fd = -1;
	enum status status = open_all(o, spec, options, error);
	if (status != STATUS_OK) {
		error->status = status;
		if (o->name)
			name_once(o, error);
		output_close(o);
		return status;
	}
	*output = o;
	return STATUS_OK;
}

static enum status failure_of(struct output *o, struct error *error)
{
	pthread_mutex_lock(&o->lock);
	struct error failure = o->failure;
	pthread_mutex_unlock(&o->lock);
	if (failure.status == STATUS_OK || atomic_load(&o->cancelled))
		return error_set(error, STATUS_CANCELLED, "%s: stopped", o->name);
	if (error)
		*error = failure;
	return failure.status;
}

enum status output_write(
        struct output *output, const float *frames, size_t n_frames, struct error *error)
{
	if (ring_write(output->ring, frames, n_frames) != STATUS_OK)
		return failure_of(output, error);
	output->bus_frames += (int64_t)n_frames;
	return STATUS_OK;
}

enum status output_offer(struct output *output, const float *frames, size_t n_frames,
        int64_t wait_ns, size_t *n_taken, struct error *error)
{
	size_t n = 0;
	if (ring_offer(output->ring, frames, n_frames, wait_ns, &n) != STATUS_OK)
		return failure_of(output, error);
	output->bus_frames += (int64_t)n;
	if (n < n_frames)
		conversion_cut(output->conversion, output->bus_frames);
	output->dropped += (int64_t)(n_frames - n);
	if (n_taken)
		*n_taken = n;
	return STATUS_OK;
}

static void join_thread(struct output *o)
{
	if (!o->has_thread)
		return;
	pthread_join(o->thread, NULL);
	o->has_thread = false;
}

enum status output_finish(struct output *output, struct error *error)
{
	struct output *o = output;
	ring_end(o->ring);
	join_thread(o);
	int64_t clipped = conversion_clipped(o->conversion);
	if (clipped > 0)
		log_print(o->log, LOG_WARNING,
		        "%s: %" PRId64 " samples over full scale were clipped", o->name, clipped);
	if (o->dropped > 0)
		log_print(o->log, LOG_WARNING, "%s: %.1f s were not played, since it took nothing",
		        o->name, (double)o->dropped / o->bus_rate_hz);
	if (output_underruns(o) > 0)
		log_print(o->log, LOG_WARNING, "%s: %" PRId64 " under-runs", o->name,
		        output_underruns(o));
	if (o->failure.status != STATUS_OK)
		return failure_of(o, error);
	return STATUS_OK;
}

void output_cancel(struct output *output)
{
	uint64_t one = 1;
	atomic_store(&output->cancelled, true);
	ssize_t ignored = write(output->handle.stop_fd, &one, sizeof one);
	(void)ignored; /* can only fail when it is readable already */
	ring_abandon(output->ring);
	ring_end(output->ring);
}

void output_close(struct output *output)
{
	struct output *o = output;
	if (!o)
		return;
	if (o->has_thread)
		output_cancel(o);
	join_thread(o);
	close_target(o);
	struct title *title;
	while ((title = take_title(o, INT64_MAX)) != NULL)
		title_free(title);
	if (o->handle.stop_fd >= 0)
		close(o->handle.stop_fd);
	free(o->handle.state);
	ring_free(o->ring);
	conversion_free(o->conversion);
	output_spec_done(&o->spec);
	pthread_mutex_destroy(&o->lock);
	free(o->name);
	free(o);
}

const char *output_name(const struct output *output)
{
	return output->name;
}

bool output_is_live(const struct output *output)
{
	return output->spec.target->live;
}

bool output_has_clock(const struct output *output)
{
	return output->spec.target->has_clock;
}

int64_t output_dropped(const struct output *output)
{
	return output->dropped;
}

int64_t output_underruns(const struct output *output)
{
	return atomic_load(&((struct output *)output)->underruns);
}
