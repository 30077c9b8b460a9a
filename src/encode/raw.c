/* raw.c - headerless little-endian PCM: s16, s24 packed, f32. */
#include "formats.h"
#include "pcm.h"
#include "settings.h"

struct raw {
	uint8_t scratch[PCM_SCRATCH_BYTES];
};

static enum status raw_open(struct encoder_handle *e)
{
	return settings_parse(e->options, "raw", NULL, 0, e->error);
}

static enum status raw_write(struct encoder_handle *e, const float *frames, size_t n_frames)
{
	struct raw *raw = e->state;
	uint64_t n_written;
	return pcm_write(
	        e, raw->scratch, frames, n_frames * (size_t)e->format.channels, &n_written);
}

static enum status raw_finish(struct encoder_handle *e)
{
	return STATUS_OK;
}

static void raw_close(struct encoder_handle *e)
{
}

const struct encoder_format raw_encoder = {
        .name = "raw",
        .description = "headerless PCM, little-endian: s16, s24 packed or f32",
        .suffixes = (const char *const[]){"raw", "pcm", NULL},
        .state_bytes = sizeof(struct raw),
        .open = raw_open,
        .write = raw_write,
        .finish = raw_finish,
        .close = raw_close,
        .wants_dither = true,
};
