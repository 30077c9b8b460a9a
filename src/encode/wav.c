/* wav.c - WAVE: 16 and 24 bit PCM and 32 bit float.
 *
 * Where the head can be rewritten (a regular file) its lengths are set every few seconds of audio, so that a
 * file of a killed run reads well, and at the end.  Room for a ds64 chunk is kept in a JUNK chunk: over 4 GiB
 * the file becomes RF64 (EBU Tech 3306).  A pipe gets the plain head with both lengths 0xffffffff,
 * "until it ends": ffmpeg, libsndfile, lame, oggenc, opusenc, flac, aplay and sox read that (sox and flac
 * with a warning); 0x7ffff000 pleases sox, but others stop after those 2 GiB; 0 is refused by sox and flac.
 * PCM of 24 bit or of more than two channels is WAVE_FORMAT_EXTENSIBLE, as its definition asks.
 */
#include <string.h>

#include "formats.h"
#include "pcm.h"
#include "settings.h"

enum {
	TAG_PCM = 1,
	TAG_FLOAT = 3,
	TAG_EXTENSIBLE = 0xfffe,
	HEAD_BYTES_MOST = 160,
	DS64_BYTES = 28,
	PATCH_SECONDS =
	        4, /* how much of a killed run's audio a reader that trusts lengths may lose */
};
#define LENGTH_UNKNOWN UINT32_MAX

struct wav {
	uint64_t data_bytes; /* audio written so far */
	uint64_t patched_at; /* data_bytes in the head of the file */
	bool has_head, has_pad;
	uint8_t scratch[PCM_SCRATCH_BYTES];
};

/* A head under construction. */
struct head {
	uint8_t bytes[HEAD_BYTES_MOST];
	size_t count;
};

static void put(struct head *h, uint64_t value, int n_bytes)
{
	for (int i = 0; i < n_bytes; i++)
		h->bytes[h->count++] = (uint8_t)(value >> 8 * i);
}

static void put_name(struct head *h, const char *name)
{
	memcpy(h->bytes + h->count, name, 4);
	h->count += 4;
}

static void put_chunk(struct head *h, const char *name, uint32_t n_bytes)
{
	put_name(h, name);
	put(h, n_bytes, 4);
}

/* Front left, front right, centre ... in the order of the definition; 0 leaves it open. */
static uint32_t speaker_mask(int channels)
{
	static const uint32_t masks[] = {0, 0x4, 0x3, 0x7, 0x33, 0x37, 0x3f, 0x70f, 0x63f};
	return channels < (int)(sizeof masks / sizeof *masks) ? masks[channels] : 0;
}

static bool is_extensible(const struct stream_format *f)
{
	return f->sample == SAMPLE_S24 || f->channels > 2;
}

/* The part of WAVEFORMATEXTENSIBLE behind the classic fields: the tag is the head of a GUID. */
static void put_extension(struct head *h, const struct stream_format *f, unsigned tag)
{
	static const uint8_t guid_end[14] = {
	        0, 0, 0, 0, 0x10, 0, 0x80, 0, 0, 0xaa, 0, 0x38, 0x9b, 0x71};
	put(h, 22, 2);
	put(h, pcm_sample_bytes(f->sample) * 8, 2);
	put(h, speaker_mask(f->channels), 4);
	put(h, tag, 2);
	memcpy(h->bytes + h->count, guid_end, sizeof guid_end);
	h->count += sizeof guid_end;
}

static void put_fmt(struct head *h, const struct stream_format *f)
{
	size_t bytes = pcm_sample_bytes(f->sample), align = bytes * (size_t)f->channels;
	unsigned tag = f->sample == SAMPLE_F32 ? TAG_FLOAT : TAG_PCM;
	put_chunk(h, "fmt ", is_extensible(f) ? 40 : tag == TAG_FLOAT ? 18 : 16);
	put(h, is_extensible(f) ? (unsigned)TAG_EXTENSIBLE : tag, 2);
	put(h, (unsigned)f->channels, 2);
	put(h, (unsigned)f->sample_rate_hz, 4);
	put(h, (uint64_t)f->sample_rate_hz * align, 4);
	put(h, align, 2);
	put(h, bytes * 8, 2);
	if (is_extensible(f))
		put_extension(h, f, tag);
	else if (tag == TAG_FLOAT)
		put(h, 0, 2);
}

static void put_ds64(struct head *h, uint64_t riff_bytes, uint64_t data_bytes, uint64_t n_frames)
{
	put_chunk(h, "ds64", DS64_BYTES);
	put(h, riff_bytes, 8);
	put(h, data_bytes, 8);
	put(h, n_frames, 8);
	put(h, 0, 4); /* no table of other long chunks */
}

static void put_room_for_ds64(struct head *h)
{
	put_chunk(h, "JUNK", DS64_BYTES);
	memset(h->bytes + h->count, 0, DS64_BYTES);
	h->count += DS64_BYTES;
}

/* Of what stands in the head besides the audio's `fmt`. */
struct lengths {
	uint64_t riff_bytes, data_bytes, n_frames;
	bool are_known, are_long;
	bool may_grow; /* the head has the room to be rewritten as RF64 */
};

static uint64_t in_32_bits(const struct lengths *l, uint64_t value)
{
	return l->are_known && !l->are_long ? value : LENGTH_UNKNOWN;
}

static void put_head(struct head *h, const struct stream_format *f, const struct lengths *l)
{
	h->count = 0;
	put_name(h, l->are_long ? "RF64" : "RIFF");
	put(h, in_32_bits(l, l->riff_bytes), 4);
	put_name(h, "WAVE");
	if (l->are_long)
		put_ds64(h, l->riff_bytes, l->data_bytes, l->n_frames);
	else if (l->may_grow)
		put_room_for_ds64(h);
	put_fmt(h, f);
	if (f->sample == SAMPLE_F32) { /* due for all but PCM */
		put_chunk(h, "fact", 4);
		put(h, in_32_bits(l, l->n_frames), 4);
	}
	put_name(h, "data");
	put(h, in_32_bits(l, l->data_bytes), 4);
}

static void build_head(
        struct head *h, const struct stream_format *f, uint64_t data_bytes, bool patchable)
{
	struct lengths l = {
	        .data_bytes = data_bytes, .are_known = patchable, .may_grow = patchable};
	l.n_frames = data_bytes / (pcm_sample_bytes(f->sample) * (size_t)f->channels);
	put_head(h, f, &l); /* for its size */
	l.riff_bytes = h->count - 8 + data_bytes + (data_bytes & 1);
	l.are_long = patchable && l.riff_bytes >= LENGTH_UNKNOWN;
	put_head(h, f, &l);
}

static enum status patch_head(struct encoder_handle *e)
{
	struct wav *wav = e->state;
	struct head head;
	if (wav->patched_at == wav->data_bytes)
		return STATUS_OK;
	build_head(&head, &e->format, wav->data_bytes, true);
	TRY(e->writer->patch(e->writer->user, 0, head.bytes, head.count, e->error));
	wav->patched_at = wav->data_bytes;
	return STATUS_OK;
}

static enum status wav_open(struct encoder_handle *e)
{
	struct wav *wav = e->state;
	struct head head;
	TRY(settings_parse(e->options, "wav", NULL, 0, e->error));
	build_head(&head, &e->format, 0, e->writer->patch != NULL);
	TRY(e->writer->write(e->writer->user, head.bytes, head.count, e->error));
	wav->has_head = true;
	return STATUS_OK;
}

static uint64_t patch_interval_bytes(const struct stream_format *f)
{
	return (uint64_t)f->sample_rate_hz * PATCH_SECONDS * (uint64_t)f->channels *
	       pcm_sample_bytes(f->sample);
}

static enum status wav_write(struct encoder_handle *e, const float *frames, size_t n_frames)
{
	struct wav *wav = e->state;
	uint64_t n_written;
	enum status status = pcm_write(
	        e, wav->scratch, frames, n_frames * (size_t)e->format.channels, &n_written);
	wav->data_bytes += n_written;
	TRY(status);
	if (e->writer->patch &&
	        wav->data_bytes - wav->patched_at >= patch_interval_bytes(&e->format))
		return patch_head(e);
	return STATUS_OK;
}

static enum status wav_finish(struct encoder_handle *e)
{
	struct wav *wav = e->state;
	if ((wav->data_bytes & 1) && !wav->has_pad) {
		TRY(e->writer->write(e->writer->user, "", 1, e->error));
		wav->has_pad = true;
	}
	return e->writer->patch ? patch_head(e) : STATUS_OK;
}

/* After a failure the head still tells what is there; a second failure adds nothing to the first. */
static void wav_close(struct encoder_handle *e)
{
	struct wav *wav = e->state;
	if (wav->has_head && e->writer->patch && patch_head(e) != STATUS_OK)
		wav->has_head = false;
}

const struct encoder_format wav_encoder = {
        .name = "wav",
        .description = "WAVE: s16, s24 or f32; RF64 over 4 GiB",
        .suffixes = (const char *const[]){"wav", "wave", "rf64", NULL},
        .state_bytes = sizeof(struct wav),
        .open = wav_open,
        .write = wav_write,
        .finish = wav_finish,
        .close = wav_close,
        .wants_dither = true,
};
