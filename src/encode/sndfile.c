/* sndfile.c - AIFF, AU, CAF, W64 and FLAC through libsndfile.
 *
 * libsndfile writes into our writer as a virtual file: what it puts at the end goes to write, what it rewrites goes to
 * patch.  Formats whose head holds the length need a writer that can patch; FLAC may leave it open.
 * Integers are made here (the grid's exact values), since libsndfile scales floats by 2^15 - 1.
 */
#include <endian.h>
#include <sndfile.h>
#include <string.h>

#include "formats.h"
#include "pcm.h"
#include "settings.h"

enum { CHUNK_SAMPLES = 8192 };

struct sound_file {
	SNDFILE *file;
	struct encoder_handle *handle; /* during a call of ours */
	int64_t position, length; /* of the virtual file */
	enum status status; /* of the writer: its first failure */
	int chunk[CHUNK_SAMPLES];
	int16_t words[CHUNK_SAMPLES];
};

/* ---- the virtual file --------------------------------------------------------------------- */

static sf_count_t vio_length(void *user)
{
	const struct sound_file *s = user;
	return s->length;
}

static sf_count_t vio_seek(sf_count_t offset, int whence, void *user)
{
	struct sound_file *s = user;
	int64_t base = whence == SEEK_SET ? 0 : whence == SEEK_CUR ? s->position : s->length;
	int64_t to = base + offset;
	if (to < 0)
		return -1;
	s->position = to;
	return to;
}

static sf_count_t vio_read(void *to, sf_count_t n_bytes, void *user)
{
	return 0;
}

static sf_count_t vio_tell(void *user)
{
	const struct sound_file *s = user;
	return s->position;
}

/* What is rewritten on a pipe is given up: of FLAC the length and the checksum, which may be missing.  (A seek that
 * fails instead makes libsndfile append them.) */
static enum status rewrite(struct sound_file *s, const uint8_t *bytes, int64_t n_bytes)
{
	const struct writer *w = s->handle->writer;
	/* The words of the first failure stay. */
	struct error *error = s->status == STATUS_OK ? s->handle->error : NULL;
	return w->patch ? w->patch(w->user, s->position, bytes, (size_t)n_bytes, error) : STATUS_OK;
}

static enum status put(struct sound_file *s, const uint8_t *bytes, int64_t n_bytes)
{
	const struct writer *w = s->handle->writer;
	int64_t behind = s->length - s->position;
	int64_t old = behind < n_bytes ? behind : n_bytes;
	if (s->status != STATUS_OK && n_bytes > old)
		return s->status; /* nothing new after a failure, but the head still gets its lengths */
	if (behind < 0)
		return error_set(s->handle->error, STATUS_UNSUPPORTED, "libsndfile left a hole");
	if (old > 0)
		TRY(rewrite(s, bytes, old));
	if (n_bytes > old) {
		TRY(w->write(w->user, bytes + old, (size_t)(n_bytes - old), s->handle->error));
		s->length += n_bytes - old;
	}
	s->position += n_bytes;
	return STATUS_OK;
}

static sf_count_t vio_write(const void *bytes, sf_count_t n_bytes, void *user)
{
	struct sound_file *s = user;
	enum status status = put(s, bytes, n_bytes);
	if (s->status == STATUS_OK)
		s->status = status;
	return status == STATUS_OK ? n_bytes : 0;
}

static const SF_VIRTUAL_IO virtual_file = {
        .get_filelen = vio_length,
        .seek = vio_seek,
        .read = vio_read,
        .write = vio_write,
        .tell = vio_tell,
};

/* ---- the encoder -------------------------------------------------------------------------- */

static enum status failure(struct encoder_handle *e, const char *what)
{
	const struct sound_file *s = e->state;
	if (s->status != STATUS_OK)
		return s->status; /* its words are in *e->error */
	return error_set(e->error, STATUS_UNSUPPORTED, "%s: %s", what, sf_strerror(s->file));
}

static int subtype(enum sample_format sample)
{
	switch (sample) {
	case SAMPLE_S16:
		return SF_FORMAT_PCM_16;
	case SAMPLE_S24:
		return SF_FORMAT_PCM_24;
	case SAMPLE_F32:
		return SF_FORMAT_FLOAT;
	}
	return SF_FORMAT_PCM_16;
}

static enum status open_as(struct encoder_handle *e, int container, const char *name)
{
	struct sound_file *s = e->state;
	SF_INFO info = {.samplerate = e->format.sample_rate_hz,
	        .channels = e->format.channels,
	        .format = container | subtype(e->format.sample)};
	s->handle = e;
	if (!sf_format_check(&info))
		return error_set(e->error, STATUS_UNSUPPORTED,
		        "%s: does not take %s at %d Hz with %d channels", name,
		        sample_format_name(e->format.sample), info.samplerate, info.channels);
	s->file = sf_open_virtual((SF_VIRTUAL_IO *)&virtual_file, SFM_WRITE, &info, s);
	return s->file ? STATUS_OK : failure(e, name);
}

static enum status open_patched(struct encoder_handle *e, int container, const char *name)
{
	TRY(settings_parse(e->options, name, NULL, 0, e->error));
	if (!e->writer->patch)
		return error_set(e->error, STATUS_UNSUPPORTED,
		        "%s: cannot go to a pipe, its length is written at the start", name);
	return open_as(e, container, name);
}

static enum status aiff_open(struct encoder_handle *e)
{
	return open_patched(e, SF_FORMAT_AIFF, "aiff");
}

static enum status au_open(struct encoder_handle *e)
{
	return open_patched(e, SF_FORMAT_AU, "au");
}

static enum status caf_open(struct encoder_handle *e)
{
	return open_patched(e, SF_FORMAT_CAF, "caf");
}

static enum status w64_open(struct encoder_handle *e)
{
	return open_patched(e, SF_FORMAT_W64, "w64");
}

/* What `flac -5` does is libFLAC's own default; libsndfile counts levels from 0 to 1. */
static enum status flac_open(struct encoder_handle *e)
{
	struct sound_file *s = e->state;
	struct setting level = {.name = "level", .lowest = 0, .highest = 8, .value = 5};
	TRY(settings_parse(e->options, "flac", &level, 1, e->error));
	if (e->format.sample == SAMPLE_F32)
		e->format.sample = SAMPLE_S24;
	TRY(open_as(e, SF_FORMAT_FLAC, "flac"));
	double fraction = level.value / 8;
	sf_command(s->file, SFC_SET_COMPRESSION_LEVEL, &fraction, sizeof fraction);
	return STATUS_OK;
}

/* The encoder of FLAC is what a mix waits for: sixteen samples at a time. */
static sf_count_t write_s16(struct sound_file *s, const float *from, sf_count_t n_samples)
{
	pcm_from_float(SAMPLE_S16, from, (size_t)n_samples, (uint8_t *)s->words);
	for (sf_count_t i = 0; i < n_samples; i++)
		s->words[i] = (int16_t)le16toh((uint16_t)s->words[i]);
	return sf_write_short(s->file, s->words, n_samples);
}

/* Left-justified in 32 bits, as libsndfile wants them. */
static sf_count_t write_s24(struct sound_file *s, const float *from, sf_count_t n_samples)
{
	const float scale = 8388608.0f;
	for (sf_count_t i = 0; i < n_samples; i++) {
		float v = from[i] * scale;
		v = v < scale - 1 ? v : scale - 1;
		v = v > -scale ? v : -scale;
		s->chunk[i] = (int)v * 256;
	}
	return sf_write_int(s->file, s->chunk, n_samples);
}

static sf_count_t write_chunk(
        struct sound_file *s, enum sample_format sample, const float *from, sf_count_t n_samples)
{
	switch (sample) {
	case SAMPLE_S16:
		return write_s16(s, from, n_samples);
	case SAMPLE_S24:
		return write_s24(s, from, n_samples);
	case SAMPLE_F32:
		return sf_write_float(s->file, from, n_samples);
	}
	return 0;
}

static enum status sound_file_write(struct encoder_handle *e, const float *frames, size_t n_frames)
{
	struct sound_file *s = e->state;
	size_t channels = (size_t)e->format.channels, most = CHUNK_SAMPLES / channels;
	s->handle = e;
	while (n_frames > 0) {
		size_t n = n_frames < most ? n_frames : most;
		sf_count_t samples = (sf_count_t)(n * channels);
		if (write_chunk(s, e->format.sample, frames, samples) != samples ||
		        s->status != STATUS_OK)
			return failure(e, "libsndfile");
		frames += n * channels;
		n_frames -= n;
	}
	return STATUS_OK;
}

static enum status sound_file_finish(struct encoder_handle *e)
{
	struct sound_file *s = e->state;
	s->handle = e;
	int failed = sf_close(s->file);
	s->file = NULL;
	if (s->status == STATUS_OK && failed)
		return error_set(e->error, STATUS_IO, "libsndfile: %s", sf_error_number(failed));
	return s->status;
}

static void sound_file_close(struct encoder_handle *e)
{
	struct sound_file *s = e->state;
	s->handle = e;
	if (s->file)
		sf_close(s->file);
	s->file = NULL;
}

#define THROUGH_LIBSNDFILE                                                   \
	.state_bytes = sizeof(struct sound_file), .write = sound_file_write, \
	.finish = sound_file_finish, .close = sound_file_close, .wants_dither = true

const struct encoder_format flac_encoder = {
        .name = "flac",
        .description = "FLAC, lossless: s16 or s24; level=0...8",
        .suffixes = (const char *const[]){"flac", NULL},
        .open = flac_open,
        THROUGH_LIBSNDFILE,
};

const struct encoder_format aiff_encoder = {
        .name = "aiff",
        .description = "AIFF: s16, s24 or f32",
        .suffixes = (const char *const[]){"aiff", "aif", "aifc", NULL},
        .open = aiff_open,
        THROUGH_LIBSNDFILE,
};

const struct encoder_format au_encoder = {
        .name = "au",
        .description = "Sun AU: s16, s24 or f32",
        .suffixes = (const char *const[]){"au", "snd", NULL},
        .open = au_open,
        THROUGH_LIBSNDFILE,
};

const struct encoder_format caf_encoder = {
        .name = "caf",
        .description = "Core Audio: s16, s24 or f32; over 4 GiB too",
        .suffixes = (const char *const[]){"caf", NULL},
        .open = caf_open,
        THROUGH_LIBSNDFILE,
};

const struct encoder_format w64_encoder = {
        .name = "w64",
        .description = "Sony Wave64: s16, s24 or f32; over 4 GiB too",
        .suffixes = (const char *const[]){"w64", NULL},
        .open = w64_open,
        THROUGH_LIBSNDFILE,
};
