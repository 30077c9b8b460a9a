/* opus.c - Ogg Opus by libopusfile, chained streams included.  libsndfile's Opus plays the first of
 * chained streams only. */
#include <opusfile.h>
#include <stdbool.h>
#include <string.h>

#include "formats.h"
#include "view.h"
#include "xiph.h"

enum {
	RATE_HZ = 48000, /* whatever was encoded (RFC 7845, section 4.2) */
	PACKET_FRAMES = 5760, /* the longest: 120 ms */
	MOST_CHANNELS = 8, /* of libopusfile */
	/* Decoded before the place that is sought.  libopusfile's own 80 ms (RFC 7845, section
	 * 4.6) leave 2 % of difference to linear decoding on tones in noise; a second leaves
	 * 1e-6. */
	PREROLL_FRAMES = RATE_HZ,
	/* What was made for speech (SILK, below some 50 kbit/s) never gets there: 0.002 after one second and after ten.  So
	 * up to here, where cue points are, decoding begins at the start, which is exact and takes a tenth of a second. */
	FROM_START_FRAMES = 10 * RATE_HZ,
};

struct opus_state {
	OggOpusFile *file;
	struct view view;
	float decoded[PACKET_FRAMES * MOST_CHANNELS];
	int channels; /* of what was decoded */
	size_t first, n_pending; /* frames of it */
	int64_t silence; /* to give out before it, in place of what a hole lost */
	int64_t position; /* behind what was given out */
	bool has_hole; /* before what comes next */
};

/* ---- bytes ------------------------------------------------------------------------------ */

static int read_bytes(void *user, unsigned char *to, int n_bytes)
{
	return n_bytes > 0 ? (int)view_read(user, to, (size_t)n_bytes) : 0;
}

static int seek_bytes(void *user, opus_int64 offset, int whence)
{
	return view_seek(user, offset, whence) < 0 ? -1 : 0;
}

static opus_int64 tell_bytes(void *user)
{
	return view_position(user);
}

/* ---- opening ---------------------------------------------------------------------------- */

static int opus_probe(const uint8_t *head, size_t n_bytes)
{
	return xiph_ogg_begins_with(head, n_bytes, "OpusHead", 8) ? 94 : 0;
}

static const char *reason_of(int result)
{
	switch (result) {
	case OP_ENOTFORMAT:
		return "no Opus in it";
	case OP_EBADHEADER:
	case OP_EVERSION:
		return "damaged Opus headers";
	case OP_EIMPL:
		return "a kind of Opus stream that cannot be played";
	default:
		return "damaged Opus stream";
	}
}

static enum status opus_open(struct decoder_handle *d)
{
	static const OpusFileCallbacks callbacks = {
	        .read = read_bytes,
	        .seek = seek_bytes,
	        .tell = tell_bytes,
	};
	struct opus_state *s = d->state;
	const OpusTags *tags;
	int result = 0;

	view_init(&s->view, d->source, source_position(d->source));
	s->file = op_open_callbacks(&s->view, &callbacks, NULL, 0, &result);
	if (!s->file && result == OP_EFAULT)
		return error_set(d->error, STATUS_NO_MEMORY, "out of memory");
	if (!s->file)
		return view_refuse(&s->view, d->error, "%s", reason_of(result));
	memcpy(d->facts->codec, "opus", sizeof("opus"));
	d->facts->sample_rate_hz = RATE_HZ;
	d->facts->channels = op_channel_count(s->file, 0);
	d->facts->frames = op_pcm_total(s->file, -1);
	if (d->facts->frames < 0)
		d->facts->frames = -1;
	tags = op_tags(s->file, 0);
	return !tags ? STATUS_OK
	             : xiph_comments(d, tags->user_comments, tags->comment_lengths, tags->comments);
}

/* ---- reading ---------------------------------------------------------------------------- */

/* Damage made the library's time line jump.  A moderate jump ahead becomes silence. */
static void mend_time_line(struct decoder_handle *d, int64_t begins_at)
{
	struct opus_state *s = d->state;
	int64_t lost = begins_at - s->position;

	if (lost > 0 && lost <= (int64_t)XIPH_LONGEST_HOLE_S * RATE_HZ)
		s->silence = lost;
	if (s->has_hole || s->silence > 0)
		damage_add(d->damage, s->silence, "a hole in the stream");
	s->has_hole = false;
}

static enum status decode_packet(struct decoder_handle *d)
{
	enum { MOST_ERRORS = 1000 };
	struct opus_state *s = d->state;

	for (int errors = 0; errors < MOST_ERRORS; errors++) {
		int link = 0;
		int got = op_read_float(
		        s->file, s->decoded, (int)(sizeof(s->decoded) / sizeof(float)), &link);

		if (got == 0 || s->view.error_number != 0)
			return view_end(&s->view, d->error);
		if (got < 0) {
			s->has_hole = true;
			continue;
		}
		s->first = 0;
		s->n_pending = (size_t)got;
		s->channels = op_channel_count(s->file, link);
		mend_time_line(d, op_pcm_tell(s->file) - got);
		return STATUS_OK;
	}
	damage_add(d->damage, 0, "damaged to the end");
	return STATUS_END;
}

static void pass(struct opus_state *s, int64_t n_frames)
{
	s->position += n_frames;
	if (s->silence > 0) {
		s->silence -= n_frames;
	} else {
		s->first += (size_t)n_frames;
		s->n_pending -= (size_t)n_frames;
	}
}

static void give(struct opus_state *s, float *to, size_t max_frames, size_t *n_frames)
{
	size_t channels = (size_t)s->channels;

	if (s->silence > 0) {
		*n_frames = (uint64_t)s->silence < max_frames ? (size_t)s->silence : max_frames;
		memset(to, 0, *n_frames * channels * sizeof(*to));
	} else {
		*n_frames = s->n_pending < max_frames ? s->n_pending : max_frames;
		xiph_reorder(to, s->decoded + s->first * channels, *n_frames, s->channels);
	}
	pass(s, (int64_t)*n_frames);
}

static enum status opus_read(
        struct decoder_handle *d, float *to, size_t max_frames, size_t *n_frames)
{
	struct opus_state *s = d->state;

	if (s->n_pending == 0) {
		TRY(decode_packet(d));
		if (d->facts->channels != s->channels) { /* frames come with the next call */
			d->facts->channels = s->channels;
			return STATUS_OK;
		}
	}
	give(s, to, max_frames, n_frames);
	return STATUS_OK;
}

static enum status opus_seek(struct decoder_handle *d, int64_t frame)
{
	struct opus_state *s = d->state;
	int64_t from = frame > FROM_START_FRAMES ? frame - PREROLL_FRAMES : 0;

	s->n_pending = 0;
	s->silence = 0;
	if (op_pcm_seek(s->file, from) != 0)
		return STATUS_UNSUPPORTED;
	s->position = from;
	while (s->position < frame) {
		int64_t left = frame - s->position, n;

		if (s->n_pending == 0) {
			enum status status = decode_packet(d);
			if (status != STATUS_OK)
				return status == STATUS_END ? STATUS_UNSUPPORTED : status;
		}
		n = s->silence > 0 ? s->silence : (int64_t)s->n_pending;
		pass(s, n < left ? n : left);
	}
	d->facts->channels = s->n_pending > 0 ? s->channels : op_channel_count(s->file, -1);
	return STATUS_OK;
}

static void opus_close(struct decoder_handle *d)
{
	struct opus_state *s = d->state;

	if (s)
		op_free(s->file);
}

static const char *const suffixes[] = {"opus", "ogg", "oga", NULL};

const struct decoder_format decoder_opus = {
        .name = "opus",
        .description = "Ogg Opus (libopusfile)",
        .suffixes = suffixes,
        .probe = opus_probe,
        .state_bytes = sizeof(struct opus_state),
        .open = opus_open,
        .read = opus_read,
        .seek = opus_seek,
        .close = opus_close,
};
