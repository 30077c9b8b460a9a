/* mp3.c - MP3 through LAME: constant, average and variable rate.
 *
 * On a file the first frame is LAME's info tag, filled in at the end: it holds the length, the table for seeking,
 * and the delay and padding that make the file gapless.  A pipe gets none, since it could not be filled in.
 * Before it a file has room for an ID3 tag with chapters, filled in at the end too: an unattended programme is many
 * titles.  chapters=no leaves it out.
 */
#include <lame/lame.h>

#include "chapters.h"
#include "formats.h"
#include "settings.h"

enum {
	CHUNK_FRAMES = 1152 * 4,
	/* LAME's own bound for a chunk, and for the rest at the end (lame.h). */
	BUFFER_BYTES = CHUNK_FRAMES * 5 / 4 + 7200,
	TAG_BYTES_MOST = 2880,
	CHAPTER_BYTES = 16 * 1024, /* for over 100 titles */
};

enum mode { MODE_CBR, MODE_ABR, MODE_VBR };
static const char *const yes_no[] = {"no", "yes", NULL};
static const char *const modes[] = {"cbr", "abr", "vbr", NULL};

struct mp3 {
	lame_global_flags *lame;
	bool has_info_tag, has_chapters;
	struct chapters chapters;
	int64_t frames;
	uint8_t id3[CHAPTER_BYTES];
	unsigned char buffer[BUFFER_BYTES];
};

enum { SET_MODE, SET_BITRATE, SET_QUALITY, SET_CHAPTERS, SETTINGS };

static enum status refuse(struct encoder_handle *e, const char *why)
{
	return error_set(e->error, STATUS_USAGE, "mp3: %s", why);
}

/* A bit rate alone means constant, a quality alone variable. */
static enum status choose_mode(struct encoder_handle *e, struct setting *s)
{
	if (!s[SET_MODE].is_set)
		s[SET_MODE].value = s[SET_BITRATE].is_set ? MODE_CBR : MODE_VBR;
	if (s[SET_MODE].value == MODE_VBR && s[SET_BITRATE].is_set)
		return refuse(e, "mode=vbr takes quality=0...9 and no bitrate");
	if (s[SET_MODE].value != MODE_VBR && s[SET_QUALITY].is_set)
		return refuse(e, "quality is for mode=vbr; cbr and abr take bitrate=8...320");
	return STATUS_OK;
}

static void apply(lame_global_flags *lame, const struct setting *s)
{
	int bitrate = (int)s[SET_BITRATE].value;
	switch ((enum mode)s[SET_MODE].value) {
	case MODE_CBR:
		lame_set_VBR(lame, vbr_off);
		lame_set_brate(lame, bitrate);
		break;
	case MODE_ABR:
		lame_set_VBR(lame, vbr_abr);
		lame_set_VBR_mean_bitrate_kbps(lame, bitrate);
		break;
	case MODE_VBR:
		lame_set_VBR(lame, vbr_default);
		lame_set_VBR_quality(lame, (float)s[SET_QUALITY].value);
		break;
	}
}

static void say_nothing(const char *format, va_list arguments)
{
}

/* The rates of MPEG 1, 2 and 2.5: the next one above, at most 48 kHz. */
static int nearest_rate(int rate_hz)
{
	static const int rates[] = {8000, 11025, 12000, 16000, 22050, 24000, 32000, 44100, 48000};
	for (size_t i = 0; i < sizeof rates / sizeof *rates; i++)
		if (rate_hz <= rates[i])
			return rates[i];
	return 48000;
}

static enum status mp3_open(struct encoder_handle *e)
{
	struct mp3 *mp3 = e->state;
	struct setting settings[SETTINGS] = {
	        [SET_MODE] = {.name = "mode", .choices = modes},
	        [SET_BITRATE] = {.name = "bitrate", .lowest = 8, .highest = 320, .value = 192},
	        [SET_QUALITY] = {.name = "quality", .lowest = 0, .highest = 9.999, .value = 2},
	        [SET_CHAPTERS] = {.name = "chapters",
	                .choices = yes_no,
	                .value = e->writer->patch != NULL},
	};
	TRY(settings_parse(e->options, "mp3", settings, SETTINGS, e->error));
	TRY(choose_mode(e, settings));
	e->format.sample_rate_hz = nearest_rate(e->format.sample_rate_hz);
	if (e->format.channels > 2)
		e->format.channels = 2;
	e->format.sample = SAMPLE_F32;
	mp3->lame = lame_init();
	if (!mp3->lame)
		return error_set(e->error, STATUS_NO_MEMORY, "mp3: out of memory");
	lame_set_errorf(mp3->lame, say_nothing);
	lame_set_msgf(mp3->lame, say_nothing);
	lame_set_debugf(mp3->lame, say_nothing);
	lame_set_num_channels(mp3->lame, e->format.channels);
	lame_set_in_samplerate(mp3->lame, e->format.sample_rate_hz);
	lame_set_out_samplerate(mp3->lame, e->format.sample_rate_hz);
	lame_set_write_id3tag_automatic(mp3->lame, 0);
	lame_set_bWriteVbrTag(mp3->lame, e->writer->patch != NULL);
	apply(mp3->lame, settings);
	if (lame_init_params(mp3->lame) < 0)
		return refuse(e, "LAME does not take these options at this rate");
	mp3->has_info_tag = e->writer->patch != NULL;
	mp3->has_chapters = mp3->has_info_tag && settings[SET_CHAPTERS].value != 0;
	if (!mp3->has_chapters)
		return STATUS_OK;
	chapters_to_id3(&mp3->chapters, 0, e->format.sample_rate_hz, mp3->id3, CHAPTER_BYTES);
	return e->writer->write(e->writer->user, mp3->id3, CHAPTER_BYTES, e->error);
}

static enum status write_encoded(struct encoder_handle *e, int n_bytes)
{
	struct mp3 *mp3 = e->state;
	if (n_bytes < 0)
		return error_set(
		        e->error, STATUS_BAD_DATA, "mp3: LAME failed with code %d", n_bytes);
	return n_bytes == 0
	               ? STATUS_OK
	               : e->writer->write(e->writer->user, mp3->buffer, (size_t)n_bytes, e->error);
}

static int encode(struct encoder_handle *e, const float *frames, int n_frames)
{
	struct mp3 *mp3 = e->state;
	return e->format.channels == 1 ? lame_encode_buffer_ieee_float(mp3->lame, frames, frames,
	                                         n_frames, mp3->buffer, BUFFER_BYTES)
	                               : lame_encode_buffer_interleaved_ieee_float(mp3->lame,
	                                         frames, n_frames, mp3->buffer, BUFFER_BYTES);
}

static enum status mp3_write(struct encoder_handle *e, const float *frames, size_t n_frames)
{
	struct mp3 *mp3 = e->state;
	while (n_frames > 0) {
		size_t n = n_frames < CHUNK_FRAMES ? n_frames : CHUNK_FRAMES;
		TRY(write_encoded(e, encode(e, frames, (int)n)));
		mp3->frames += (int64_t)n;
		frames += n * (size_t)e->format.channels;
		n_frames -= n;
	}
	return STATUS_OK;
}

static enum status mp3_announce(struct encoder_handle *e, const struct tags *tags)
{
	struct mp3 *mp3 = e->state;
	if (!mp3->has_chapters)
		return STATUS_OK;
	enum status status = chapters_add(&mp3->chapters, mp3->frames, tags);
	return status == STATUS_OK ? status : error_set(e->error, status, "mp3: out of memory");
}

static enum status patch_chapters(struct encoder_handle *e)
{
	struct mp3 *mp3 = e->state;
	if (!mp3->has_chapters || mp3->chapters.count == 0)
		return STATUS_OK;
	chapters_to_id3(
	        &mp3->chapters, mp3->frames, e->format.sample_rate_hz, mp3->id3, CHAPTER_BYTES);
	return e->writer->patch(e->writer->user, 0, mp3->id3, CHAPTER_BYTES, e->error);
}

static enum status mp3_finish(struct encoder_handle *e)
{
	struct mp3 *mp3 = e->state;
	TRY(write_encoded(e, lame_encode_flush(mp3->lame, mp3->buffer, BUFFER_BYTES)));
	if (!mp3->has_info_tag)
		return STATUS_OK;
	TRY(patch_chapters(e));
	size_t n_bytes = lame_get_lametag_frame(mp3->lame, mp3->buffer, TAG_BYTES_MOST);
	if (n_bytes == 0 || n_bytes > TAG_BYTES_MOST)
		return STATUS_OK;
	return e->writer->patch(e->writer->user, mp3->has_chapters ? CHAPTER_BYTES : 0, mp3->buffer,
	        n_bytes, e->error);
}

static void mp3_close(struct encoder_handle *e)
{
	struct mp3 *mp3 = e->state;
	chapters_done(&mp3->chapters);
	if (mp3->lame)
		lame_close(mp3->lame);
}

const struct encoder_format mp3_encoder = {
        .name = "mp3",
        .description =
                "MP3: quality=0...9 (2), or bitrate=8...320; mode=vbr|abr|cbr; chapters=yes|no",
        .suffixes = (const char *const[]){"mp3", NULL},
        .state_bytes = sizeof(struct mp3),
        .open = mp3_open,
        .write = mp3_write,
        .announce = mp3_announce,
        .finish = mp3_finish,
        .close = mp3_close,
};
