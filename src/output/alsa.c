/* alsa.c - an ALSA device, by name.
 *
 * The device is asked for its own rates (plug's resampler off: the core has a better one), for the finest
 * words it has, and for about 200 ms of latency.  Waits are bounded: a device that takes nothing for
 * STALL_MS is lost, since its own clock should have made room.  Under-runs and suspends are
 * recovered and counted.  A device that is lost (a plug was pulled, a sound server ended) is asked for again every
 * second; meanwhile the sound is dropped at the pace at which it would have been played.
 */
#include <alsa/asoundlib.h>
#include <poll.h>
#include <time.h>

#include "device_samples.h"
#include "jukebox/clock.h"
#include "jukebox/output.h"
#include "query.h"

enum {
	LATENCY_MS = 200,
	PERIODS = 4,
	RETRY_MS = 1000,
	WAIT_MS = 500, /* between two looks at stop_fd */
	STALL_MS = 10000,
	DRAIN_STEP_MS = 5,
	CHUNK_SAMPLES = 8192,
};

struct alsa {
	snd_pcm_t *pcm;
	const char *name;
	enum device_word word;
	unsigned latency_us;
	struct stream_format made; /* at first: it must come back with that */
	int64_t retry_ns; /* of a lost one */
	int64_t lost_frames;
	size_t chunk_frames;
	uint8_t words[CHUNK_SAMPLES * 4];
};

/* A word that can hold samples of a format, and what is left of them. */
struct choice {
	snd_pcm_format_t alsa;
	enum device_word word;
	enum sample_format sample;
};

static const struct choice choices_f32[] = {
        {SND_PCM_FORMAT_FLOAT, WORD_F32, SAMPLE_F32},
        {SND_PCM_FORMAT_S32, WORD_S32, SAMPLE_F32},
        {SND_PCM_FORMAT_S24_3LE, WORD_S24_IN_3, SAMPLE_S24},
        {SND_PCM_FORMAT_S24, WORD_S24_IN_4, SAMPLE_S24},
        {SND_PCM_FORMAT_S16, WORD_S16, SAMPLE_S16},
        {.alsa = SND_PCM_FORMAT_UNKNOWN},
};
static const struct choice choices_s24[] = {
        {SND_PCM_FORMAT_S24_3LE, WORD_S24_IN_3, SAMPLE_S24},
        {SND_PCM_FORMAT_S24, WORD_S24_IN_4, SAMPLE_S24},
        {SND_PCM_FORMAT_S32, WORD_S32, SAMPLE_S24},
        {SND_PCM_FORMAT_FLOAT, WORD_F32, SAMPLE_S24},
        {SND_PCM_FORMAT_S16, WORD_S16, SAMPLE_S16},
        {.alsa = SND_PCM_FORMAT_UNKNOWN},
};
static const struct choice choices_s16[] = {
        {SND_PCM_FORMAT_S16, WORD_S16, SAMPLE_S16},
        {SND_PCM_FORMAT_S32, WORD_S32, SAMPLE_S16},
        {SND_PCM_FORMAT_S24_3LE, WORD_S24_IN_3, SAMPLE_S16},
        {SND_PCM_FORMAT_S24, WORD_S24_IN_4, SAMPLE_S16},
        {SND_PCM_FORMAT_FLOAT, WORD_F32, SAMPLE_S16},
        {.alsa = SND_PCM_FORMAT_UNKNOWN},
};

static const struct choice *choices_of(enum sample_format wanted)
{
	switch (wanted) {
	case SAMPLE_S16:
		return choices_s16;
	case SAMPLE_S24:
		return choices_s24;
	case SAMPLE_F32:
		return choices_f32;
	}
	return choices_f32;
}

/* alsa-lib prints by itself unless it is told where to; what it said comes back as an error code too. */
static void say_nothing(
        const char *file, int line, const char *function, int err, const char *fmt, va_list arg)
{
}

static enum status refused(struct output_handle *o, int err, const char *what)
{
	const struct alsa *a = o->state;
	return error_set(o->error, STATUS_IO, "alsa:%s: %s: %s", a->name, what, snd_strerror(err));
}

/* ---- opening ------------------------------------------------------------------------------ */

static enum status choose_words(struct output_handle *o, snd_pcm_hw_params_t *hw)
{
	struct alsa *a = o->state;
	const struct choice *c = choices_of(o->format->sample);
	for (; c->alsa != SND_PCM_FORMAT_UNKNOWN; c++) {
		if (snd_pcm_hw_params_set_format(a->pcm, hw, c->alsa) < 0)
			continue;
		a->word = c->word;
		o->format->sample = c->sample;
		return STATUS_OK;
	}
	return error_set(o->error, STATUS_UNSUPPORTED,
	        "alsa:%s: takes neither float nor 16, 24 or 32 bit integers", a->name);
}

static enum status choose_format(struct output_handle *o, snd_pcm_hw_params_t *hw)
{
	struct alsa *a = o->state;
	unsigned channels = (unsigned)o->format->channels,
	         rate = (unsigned)o->format->sample_rate_hz;
	int err = snd_pcm_hw_params_any(a->pcm, hw);
	if (err < 0)
		return refused(o, err, "has no set-up");
	err = snd_pcm_hw_params_set_access(a->pcm, hw, SND_PCM_ACCESS_RW_INTERLEAVED);
	if (err < 0)
		return refused(o, err, "no interleaved access");
	TRY(choose_words(o, hw));
	err = snd_pcm_hw_params_set_channels_near(a->pcm, hw, &channels);
	if (err < 0)
		return refused(o, err, "channels");
	snd_pcm_hw_params_set_rate_resample(a->pcm, hw, 0);
	err = snd_pcm_hw_params_set_rate_near(a->pcm, hw, &rate, NULL);
	if (err < 0)
		return refused(o, err, "rate");
	if (rate < 1000 || rate > 768000 || channels < 1 || channels > 32)
		return error_set(o->error, STATUS_UNSUPPORTED, "alsa:%s: %u Hz, %u channels",
		        a->name, rate, channels);
	o->format->channels = (int)channels;
	o->format->sample_rate_hz = (int)rate;
	return STATUS_OK;
}

static int set_buffer_first(const struct alsa *a, snd_pcm_hw_params_t *hw)
{
	unsigned buffer_us = a->latency_us, period_us = a->latency_us / PERIODS;
	int err = snd_pcm_hw_params_set_buffer_time_near(a->pcm, hw, &buffer_us, NULL);
	if (err >= 0)
		err = snd_pcm_hw_params_set_period_time_near(a->pcm, hw, &period_us, NULL);
	return err < 0 ? err : snd_pcm_hw_params(a->pcm, hw);
}

static int set_period_first(const struct alsa *a, snd_pcm_hw_params_t *hw)
{
	unsigned buffer_us = a->latency_us, period_us = a->latency_us / PERIODS;
	snd_pcm_hw_params_set_period_time_near(a->pcm, hw, &period_us, NULL);
	snd_pcm_hw_params_set_buffer_time_near(a->pcm, hw, &buffer_us, NULL);
	return snd_pcm_hw_params(a->pcm, hw);
}

/* Buffer first: a device may round both, and the latency is what is heard.  JACK's periods are powers of two, and a buffer
 * that is no multiple of one leaves it none. */
static enum status choose_buffer(struct output_handle *o, snd_pcm_hw_params_t *hw)
{
	struct alsa *a = o->state;
	snd_pcm_hw_params_t *before;
	int err = snd_pcm_hw_params_malloc(&before);
	if (err < 0)
		return refused(o, err, "set-up");
	snd_pcm_hw_params_copy(before, hw);
	err = set_buffer_first(a, hw);
	if (err < 0)
		err = set_period_first(a, before);
	snd_pcm_hw_params_free(before);
	return err < 0 ? refused(o, err, "set-up") : STATUS_OK;
}

/* Playing begins when all but one period is there, so that it does not begin with an under-run. */
static enum status choose_start(struct output_handle *o)
{
	struct alsa *a = o->state;
	snd_pcm_uframes_t buffer = 0, period = 0;
	snd_pcm_sw_params_t *sw;
	int err = snd_pcm_sw_params_malloc(&sw);
	if (err < 0)
		return refused(o, err, "set-up");
	err = snd_pcm_get_params(a->pcm, &buffer, &period);
	if (err >= 0)
		err = snd_pcm_sw_params_current(a->pcm, sw);
	if (err >= 0)
		err = snd_pcm_sw_params_set_start_threshold(
		        a->pcm, sw, buffer > period ? buffer - period : buffer);
	if (err >= 0)
		err = snd_pcm_sw_params_set_avail_min(a->pcm, sw, period ? period : 1);
	if (err >= 0)
		err = snd_pcm_sw_params(a->pcm, sw);
	snd_pcm_sw_params_free(sw);
	return err < 0 ? refused(o, err, "set-up") : STATUS_OK;
}

static enum status set_up(struct output_handle *o)
{
	snd_pcm_hw_params_t *hw;
	int err = snd_pcm_hw_params_malloc(&hw);
	if (err < 0)
		return refused(o, err, "set-up");
	enum status status = choose_format(o, hw);
	if (status == STATUS_OK)
		status = choose_buffer(o, hw);
	snd_pcm_hw_params_free(hw);
	return status == STATUS_OK ? choose_start(o) : status;
}

static enum status open_quietly(struct output_handle *o)
{
	struct alsa *a = o->state;
	a->name = o->spec[0] ? o->spec : "default";
	int err = snd_pcm_open(&a->pcm, a->name, SND_PCM_STREAM_PLAYBACK, SND_PCM_NONBLOCK);
	if (err < 0) {
		a->pcm = NULL;
		return refused(o, err, "cannot open");
	}
	TRY(set_up(o));
	a->chunk_frames = CHUNK_SAMPLES / (size_t)o->format->channels;
	return STATUS_OK;
}

static enum status open_device(struct output_handle *o)
{
	snd_local_error_handler_t before = snd_lib_error_set_local(say_nothing);
	enum status status = open_quietly(o);
	snd_lib_error_set_local(before);
	return status;
}

static enum status alsa_open(struct output_handle *o)
{
	struct alsa *a = o->state;
	double latency_ms = LATENCY_MS;
	TRY(query_number(o->target_options, "latency", 5, 10000, &latency_ms, o->error));
	a->latency_us = (unsigned)(latency_ms * 1000);
	TRY(open_device(o));
	a->made = *o->format;
	return STATUS_OK;
}

/* ---- playing ------------------------------------------------------------------------------ */

static bool is_stopped(const struct output_handle *o)
{
	struct pollfd fd = {.fd = o->stop_fd, .events = POLLIN};
	return poll(&fd, 1, 0) > 0;
}

/* Until the device has room.  *waited_ms is what was waited in a row so far. */
static enum status wait_for_room(struct output_handle *o, int *waited_ms)
{
	struct alsa *a = o->state;
	if (is_stopped(o))
		return error_set(o->error, STATUS_CANCELLED, "alsa:%s: stopped", a->name);
	int ready = snd_pcm_wait(a->pcm, WAIT_MS);
	if (ready == 0)
		*waited_ms += WAIT_MS;
	if (*waited_ms >= STALL_MS)
		return error_set(o->error, STATUS_IO, "alsa:%s: took nothing for %d s", a->name,
		        STALL_MS / 1000);
	return STATUS_OK; /* errors of the wait come back from the next write */
}

static enum status recover(struct output_handle *o, int err)
{
	struct alsa *a = o->state;
	if (err == -EPIPE || err == -ESTRPIPE)
		(*o->underruns)++;
	snd_local_error_handler_t before = snd_lib_error_set_local(say_nothing);
	int failed = snd_pcm_recover(a->pcm, err, 1);
	snd_lib_error_set_local(before);
	return failed < 0 ? refused(o, failed, "cannot play") : STATUS_OK;
}

static enum status write_words(struct output_handle *o, const uint8_t *words, size_t n_frames)
{
	struct alsa *a = o->state;
	size_t frame_bytes = device_word_bytes(a->word) * (size_t)o->format->channels;
	int waited_ms = 0;
	while (n_frames > 0) {
		snd_pcm_sframes_t n = snd_pcm_writei(a->pcm, words, n_frames);
		if (n == -EAGAIN || n == 0) {
			TRY(wait_for_room(o, &waited_ms));
		} else if (n < 0) {
			TRY(recover(o, (int)n));
		} else {
			waited_ms = 0;
			words += (size_t)n * frame_bytes;
			n_frames -= (size_t)n;
		}
	}
	return STATUS_OK;
}

static void close_device(struct alsa *a)
{
	if (!a->pcm)
		return;
	snd_local_error_handler_t before = snd_lib_error_set_local(say_nothing);
	snd_pcm_drop(a->pcm);
	snd_pcm_close(a->pcm);
	snd_lib_error_set_local(before);
	a->pcm = NULL;
}

/* *o->error says why. */
static void lose_device(struct output_handle *o)
{
	struct alsa *a = o->state;
	close_device(a);
	a->retry_ns = clock_now_ns() + RETRY_MS * INT64_C(1000000);
	log_print(o->log, LOG_WARNING, "%s; asking for it again every second", o->error->text);
}

static bool is_same(const struct stream_format *a, const struct stream_format *b)
{
	return a->sample_rate_hz == b->sample_rate_hz && a->channels == b->channels &&
	       a->sample == b->sample;
}

static void try_again(struct output_handle *o)
{
	struct alsa *a = o->state;
	if (clock_now_ns() < a->retry_ns)
		return;
	a->retry_ns = clock_now_ns() + RETRY_MS * INT64_C(1000000);
	if (open_device(o) == STATUS_OK && !is_same(o->format, &a->made))
		close_device(a); /* another device behind the name: not this time */
	*o->format = a->made;
	if (!a->pcm)
		return;
	log_print(o->log, LOG_WARNING, "%s: is back; %.1f s were not heard", o->name,
	        (double)a->lost_frames / a->made.sample_rate_hz);
	a->lost_frames = 0;
}

/* As long as they would have taken. */
static enum status drop_frames(struct output_handle *o, size_t n_frames)
{
	struct alsa *a = o->state;
	struct pollfd fd = {.fd = o->stop_fd, .events = POLLIN};
	int64_t ns = (int64_t)n_frames * 1000000000 / a->made.sample_rate_hz;
	struct timespec t = {.tv_sec = ns / 1000000000, .tv_nsec = ns % 1000000000};
	a->lost_frames += (int64_t)n_frames;
	if (ppoll(&fd, 1, &t, NULL) > 0)
		return error_set(o->error, STATUS_CANCELLED, "alsa:%s: stopped", a->name);
	return STATUS_OK;
}

static enum status play_words(struct output_handle *o, size_t n_frames)
{
	struct alsa *a = o->state;
	if (!a->pcm)
		try_again(o);
	if (!a->pcm)
		return drop_frames(o, n_frames);
	enum status status = write_words(o, a->words, n_frames);
	if (status != STATUS_IO)
		return status;
	lose_device(o);
	return STATUS_OK;
}

static enum status alsa_write(struct output_handle *o, const float *frames, size_t n_frames)
{
	struct alsa *a = o->state;
	size_t channels = (size_t)o->format->channels;
	while (n_frames > 0) {
		size_t n = n_frames < a->chunk_frames ? n_frames : a->chunk_frames;
		device_words(a->word, frames, n * channels, a->words);
		TRY(play_words(o, n));
		frames += n * channels;
		n_frames -= n;
	}
	return STATUS_OK;
}

/* Without blocking, so that a device whose clock stands still does not hold the end of the program. */
static enum status alsa_finish(struct output_handle *o)
{
	struct alsa *a = o->state;
	int waited_ms = 0, err;
	if (!a->pcm)
		return error_set(
		        o->error, STATUS_IO, "alsa:%s: was lost, and did not come back", a->name);
	while ((err = snd_pcm_drain(a->pcm)) == -EAGAIN && waited_ms < STALL_MS) {
		struct pollfd fd = {.fd = o->stop_fd, .events = POLLIN};
		if (poll(&fd, 1, DRAIN_STEP_MS) > 0)
			return error_set(o->error, STATUS_CANCELLED, "alsa:%s: stopped", a->name);
		waited_ms += DRAIN_STEP_MS;
	}
	if (err == -EPIPE) /* it ran dry at the very end: all was heard */
		return STATUS_OK;
	return err < 0 ? refused(o, err, "cannot play to the end") : STATUS_OK;
}

static void alsa_close(struct output_handle *o)
{
	close_device(o->state);
}

const struct output_module jukebox_output = {
        .version = JUKEBOX_VERSION,
        .calls = {.state_bytes = sizeof(struct alsa),
                .open = alsa_open,
                .write = alsa_write,
                .finish = alsa_finish,
                .close = alsa_close},
};
