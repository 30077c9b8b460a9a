/* mp2.c - MPEG Layer II through TwoLAME, at a constant rate: what broadcasters' links and old streams take.
 *
 * The format knows no tag of its length: a file ends with its last frame of 1152, and a decoder's filters delay it by
 * 481.  TwoLAME prints what it refuses, so rates are looked at here first.
 */
#include <twolame.h>

#include "formats.h"
#include "settings.h"

enum {
	CHUNK_FRAMES = 1152 * 4,
	/* 384 kbit/s at 32 kHz are 1728 bytes a frame; five frames can be due at once. */
	BUFFER_BYTES = 16384,
	KBPS_OF_CHANNEL = 96, /* of MPEG-1; half of it at the lower rates of MPEG-2 */
};

struct mp2 {
	twolame_options *twolame;
	unsigned char buffer[BUFFER_BYTES];
};

/* The rates of MPEG 1 and 2: the next one above, at most 48 kHz. */
static int nearest_rate(int rate_hz)
{
	static const int rates[] = {16000, 22050, 24000, 32000, 44100, 48000};
	for (size_t i = 0; i < sizeof rates / sizeof *rates; i++)
		if (rate_hz <= rates[i])
			return rates[i];
	return 48000;
}

static bool is_mpeg1(const struct stream_format *format)
{
	return format->sample_rate_hz >= 32000;
}

/* ISO 11172-3, 2.4.2.3: not every rate goes with every mode; ISO 13818-3, 2.4.2.3 for the lower sample rates. */
static bool is_bitrate(const struct stream_format *format, int kbps)
{
	static const int mpeg1[] = {
	        32, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384, 0};
	static const int mpeg2[] = {8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160, 0};
	const int *rate = is_mpeg1(format) ? mpeg1 : mpeg2;
	while (*rate && *rate != kbps)
		rate++;
	if (!*rate || !is_mpeg1(format))
		return *rate != 0;
	return format->channels == 1 ? kbps <= 192 : kbps >= 64 && kbps != 80;
}

static enum status choose_bitrate(
        struct encoder_handle *e, const struct setting *setting, int *kbps)
{
	*kbps = e->format.channels * KBPS_OF_CHANNEL / (is_mpeg1(&e->format) ? 1 : 2);
	if (setting->is_set)
		*kbps = (int)setting->value;
	if (!setting->is_set || (*kbps == setting->value && is_bitrate(&e->format, *kbps)))
		return STATUS_OK;
	return error_set(e->error, STATUS_USAGE,
	        "mp2: there is no bitrate=%g for %d channels at %d Hz (64, 96, 128, 160, 192 ... "
	        "for two at 44100)",
	        setting->value, e->format.channels, e->format.sample_rate_hz);
}

static enum status mp2_open(struct encoder_handle *e)
{
	struct mp2 *mp2 = e->state;
	struct setting bitrate = {.name = "bitrate", .lowest = 8, .highest = 384};
	int kbps;
	TRY(settings_parse(e->options, "mp2", &bitrate, 1, e->error));
	e->format.sample_rate_hz = nearest_rate(e->format.sample_rate_hz);
	if (e->format.channels > 2)
		e->format.channels = 2;
	e->format.sample = SAMPLE_F32;
	TRY(choose_bitrate(e, &bitrate, &kbps));
	mp2->twolame = twolame_init();
	if (!mp2->twolame)
		return error_set(e->error, STATUS_NO_MEMORY, "mp2: out of memory");
	twolame_set_verbosity(mp2->twolame, 0);
	twolame_set_num_channels(mp2->twolame, e->format.channels);
	twolame_set_in_samplerate(mp2->twolame, e->format.sample_rate_hz);
	twolame_set_out_samplerate(mp2->twolame, e->format.sample_rate_hz);
	twolame_set_bitrate(mp2->twolame, kbps);
	if (twolame_init_params(mp2->twolame) != 0)
		return error_set(
		        e->error, STATUS_USAGE, "mp2: TwoLAME does not take these options");
	return STATUS_OK;
}

static enum status write_encoded(struct encoder_handle *e, int n_bytes)
{
	struct mp2 *mp2 = e->state;
	if (n_bytes < 0)
		return error_set(
		        e->error, STATUS_BAD_DATA, "mp2: TwoLAME failed with code %d", n_bytes);
	return n_bytes == 0
	               ? STATUS_OK
	               : e->writer->write(e->writer->user, mp2->buffer, (size_t)n_bytes, e->error);
}

static enum status mp2_write(struct encoder_handle *e, const float *frames, size_t n_frames)
{
	struct mp2 *mp2 = e->state;
	while (n_frames > 0) {
		size_t n = n_frames < CHUNK_FRAMES ? n_frames : CHUNK_FRAMES;
		TRY(write_encoded(e, twolame_encode_buffer_float32_interleaved(mp2->twolame, frames,
		                             (int)n, mp2->buffer, BUFFER_BYTES)));
		frames += n * (size_t)e->format.channels;
		n_frames -= n;
	}
	return STATUS_OK;
}

static enum status mp2_finish(struct encoder_handle *e)
{
	struct mp2 *mp2 = e->state;
	return write_encoded(e, twolame_encode_flush(mp2->twolame, mp2->buffer, BUFFER_BYTES));
}

static void mp2_close(struct encoder_handle *e)
{
	struct mp2 *mp2 = e->state;
	if (mp2->twolame)
		twolame_close(&mp2->twolame);
}

const struct encoder_format mp2_encoder = {
        .name = "mp2",
        .description = "MPEG Layer II: bitrate=8...384 (192)",
        .suffixes = (const char *const[]){"mp2", NULL},
        .state_bytes = sizeof(struct mp2),
        .open = mp2_open,
        .write = mp2_write,
        .finish = mp2_finish,
        .close = mp2_close,
};
