/* oss.c - an Open Sound System device: /dev/dsp and its like (OSS 3.8 and 4 interface).
 *
 * Opened and written without blocking, with bounded waits, as alsa.c; about 200 ms are in the
 * device.  An under-run shows as an empty device (GETOSPACE) before a write.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdint.h>
#include <sys/ioctl.h>
#include <sys/soundcard.h>
#include <unistd.h>

#include "device_samples.h"
#include "targets.h"

enum {
	FRAGMENTS = 8, /* of about 25 ms */
	FRAGMENTS_PER_SECOND = 40,
	STALL_MS = 10000,
	DRAIN_STEP_MS = 5,
	CHUNK_SAMPLES = 8192,
};

struct oss {
	const char *path;
	int fd;
	bool is_open, has_started;
	enum device_word word;
	size_t chunk_frames;
	uint8_t words[CHUNK_SAMPLES * 4];
};

static enum status refused(struct output_handle *o, const char *what)
{
	const struct oss *s = o->state;
	return error_set_errno(o->error, errno, "oss:%s: %s", s->path, what);
}

static enum status stopped(struct output_handle *o)
{
	const struct oss *s = o->state;
	return error_set(o->error, STATUS_CANCELLED, "oss:%s: stopped", s->path);
}

/* ---- opening ------------------------------------------------------------------------------ */

/* Must come first, when the words are not known yet: counts on 16 bit stereo.  Only a wish. */
static void ask_for_latency(struct output_handle *o)
{
	struct oss *s = o->state;
	int bytes = o->format->sample_rate_hz * 4 / FRAGMENTS_PER_SECOND, log2_bytes = 8;
	while (log2_bytes < 15 && 1 << (log2_bytes + 1) <= bytes)
		log2_bytes++;
	int value = FRAGMENTS << 16 | log2_bytes;
	if (ioctl(s->fd, SNDCTL_DSP_SETFRAGMENT, &value) < 0)
		log_file(o->log, LOG_DEBUG, s->path, "keeps its own latency");
}

static bool try_words(struct oss *s, int wanted)
{
	int got = wanted;
	return ioctl(s->fd, SNDCTL_DSP_SETFMT, &got) >= 0 && got == wanted;
}

static enum status choose_words(struct output_handle *o)
{
	struct oss *s = o->state;
#ifdef AFMT_S32_NE
	if (o->format->sample != SAMPLE_S16 && try_words(s, AFMT_S32_NE)) {
		s->word = WORD_S32;
		return STATUS_OK;
	}
#endif
	if (!try_words(s, AFMT_S16_NE))
		return error_set(o->error, STATUS_UNSUPPORTED,
		        "oss:%s: does not take 16 bit integers", s->path);
	s->word = WORD_S16;
	o->format->sample = SAMPLE_S16;
	return STATUS_OK;
}

static enum status choose_format(struct output_handle *o)
{
	struct oss *s = o->state;
	int channels = o->format->channels, rate = o->format->sample_rate_hz;
	TRY(choose_words(o));
	if (ioctl(s->fd, SNDCTL_DSP_CHANNELS, &channels) < 0)
		return refused(o, "channels");
	if (ioctl(s->fd, SNDCTL_DSP_SPEED, &rate) < 0)
		return refused(o, "rate");
	if (rate < 1000 || rate > 768000 || channels < 1 || channels > 32)
		return error_set(o->error, STATUS_UNSUPPORTED, "oss:%s: %d Hz, %d channels",
		        s->path, rate, channels);
	o->format->channels = channels;
	o->format->sample_rate_hz = rate;
	s->chunk_frames = CHUNK_SAMPLES / (size_t)channels;
	return STATUS_OK;
}

static enum status oss_open(struct output_handle *o)
{
	struct oss *s = o->state;
	s->path = o->spec[0] ? o->spec : "/dev/dsp";
	s->fd = open(s->path, O_WRONLY | O_NONBLOCK | O_CLOEXEC);
	if (s->fd < 0)
		return refused(o, "cannot open");
	s->is_open = true;
	ask_for_latency(o);
	return choose_format(o);
}

/* ---- playing ------------------------------------------------------------------------------ */

/* All of the device's buffer free means that it has nothing to play. */
static bool is_empty(struct oss *s)
{
	audio_buf_info info;
	return ioctl(s->fd, SNDCTL_DSP_GETOSPACE, &info) >= 0 && info.fragstotal > 0 &&
	       info.bytes >= info.fragstotal * info.fragsize;
}

static enum status wait_for_room(struct output_handle *o)
{
	struct oss *s = o->state;
	struct pollfd fds[2] = {
	        {.fd = s->fd, .events = POLLOUT}, {.fd = o->stop_fd, .events = POLLIN}};
	int ready = poll(fds, 2, STALL_MS);
	if (ready < 0 && errno != EINTR)
		return refused(o, "cannot wait");
	if (fds[1].revents)
		return stopped(o);
	if (ready == 0)
		return error_set(o->error, STATUS_IO, "oss:%s: took nothing for %d s", s->path,
		        STALL_MS / 1000);
	return STATUS_OK;
}

static enum status write_words(struct output_handle *o, size_t n_bytes)
{
	struct oss *s = o->state;
	size_t at = 0;
	if (s->has_started && is_empty(s))
		(*o->underruns)++;
	while (at < n_bytes) {
		TRY(wait_for_room(o));
		ssize_t n = write(s->fd, s->words + at, n_bytes - at);
		if (n < 0 && errno != EAGAIN && errno != EINTR)
			return refused(o, "cannot play");
		if (n > 0)
			at += (size_t)n;
	}
	s->has_started = true;
	return STATUS_OK;
}

static enum status oss_write(struct output_handle *o, const float *frames, size_t n_frames)
{
	struct oss *s = o->state;
	size_t channels = (size_t)o->format->channels;
	while (n_frames > 0) {
		size_t n = n_frames < s->chunk_frames ? n_frames : s->chunk_frames;
		device_words(s->word, frames, n * channels, s->words);
		TRY(write_words(o, n * channels * device_word_bytes(s->word)));
		frames += n * channels;
		n_frames -= n;
	}
	return STATUS_OK;
}

/* By looking: SNDCTL_DSP_SYNC alone would wait for ever on a device whose clock stands still. */
static enum status oss_finish(struct output_handle *o)
{
	struct oss *s = o->state;
	int waited_ms = 0, delay_bytes;
	ioctl(s->fd, SNDCTL_DSP_POST, NULL);
	while (waited_ms < STALL_MS && ioctl(s->fd, SNDCTL_DSP_GETODELAY, &delay_bytes) >= 0 &&
	        delay_bytes > 0) {
		struct pollfd fd = {.fd = o->stop_fd, .events = POLLIN};
		if (poll(&fd, 1, DRAIN_STEP_MS) > 0)
			return stopped(o);
		waited_ms += DRAIN_STEP_MS;
	}
	s->is_open = false;
	return close(s->fd) < 0 ? refused(o, "cannot close") : STATUS_OK;
}

static void oss_close(struct output_handle *o)
{
	struct oss *s = o->state;
	if (!s->is_open)
		return;
	ioctl(s->fd, SNDCTL_DSP_RESET, NULL);
	close(s->fd);
}

const struct output_target oss_target = {
        .name = "oss",
        .description = "an OSS device; oss: is /dev/dsp",
        .spec_help = "oss:PATH",
        .live = true,
        .has_clock = true,
        .calls = {.state_bytes = sizeof(struct oss),
                .open = oss_open,
                .write = oss_write,
                .finish = oss_finish,
                .close = oss_close},
};
