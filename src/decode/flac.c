/* flac.c - FLAC and FLAC in Ogg by libFLAC.  libsndfile reads no FLAC in Ogg, and stops at the
 * first damaged frame, behind which libFLAC goes on. */
#include <FLAC/stream_decoder.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "formats.h"
#include "ogg_pages.h"
#include "view.h"
#include "xiph.h"

struct flac_state {
	FLAC__StreamDecoder *library;
	struct view view;
	bool has_stream_info, no_memory, lost_sync;
	bool seeking; /* the library searches: what it meets on its way is no news */
	struct tags *tags; /* while opening */
	float *decoded; /* the last frame, interleaved */
	size_t decoded_room; /* floats */
	int rate_hz, channels; /* of it */
	size_t first, n_pending; /* frames of it not yet given out */
	size_t filled_in; /* frames of it that the library made up */
	int64_t frame_at; /* where the last frame stands, in the stream's own count */
	int64_t silence; /* to give out before it, in place of what was lost */
	int64_t position; /* behind what was given out, in the stream's own count */
	const char *reason; /* of the damage in the last step; NULL when none */
};

/* ---- bytes ------------------------------------------------------------------------------ */

static FLAC__StreamDecoderReadStatus read_bytes(
        const FLAC__StreamDecoder *library, FLAC__byte to[], size_t *n_bytes, void *user)
{
	struct flac_state *s = user;
	int64_t got = view_read(&s->view, to, *n_bytes);

	*n_bytes = got > 0 ? (size_t)got : 0;
	if (got < 0)
		return FLAC__STREAM_DECODER_READ_STATUS_ABORT;
	return got > 0 ? FLAC__STREAM_DECODER_READ_STATUS_CONTINUE
	               : FLAC__STREAM_DECODER_READ_STATUS_END_OF_STREAM;
}

static FLAC__StreamDecoderSeekStatus seek_bytes(
        const FLAC__StreamDecoder *library, FLAC__uint64 position, void *user)
{
	struct flac_state *s = user;

	if (position > INT64_MAX || view_seek(&s->view, (int64_t)position, SEEK_SET) < 0)
		return FLAC__STREAM_DECODER_SEEK_STATUS_ERROR;
	return FLAC__STREAM_DECODER_SEEK_STATUS_OK;
}

static FLAC__StreamDecoderTellStatus tell_bytes(
        const FLAC__StreamDecoder *library, FLAC__uint64 *position, void *user)
{
	struct flac_state *s = user;

	*position = (FLAC__uint64)view_position(&s->view);
	return FLAC__STREAM_DECODER_TELL_STATUS_OK;
}

static FLAC__StreamDecoderLengthStatus count_bytes(
        const FLAC__StreamDecoder *library, FLAC__uint64 *length, void *user)
{
	struct flac_state *s = user;

	*length = (FLAC__uint64)view_size(&s->view);
	return FLAC__STREAM_DECODER_LENGTH_STATUS_OK;
}

static FLAC__bool is_at_end(const FLAC__StreamDecoder *library, void *user)
{
	struct flac_state *s = user;

	return view_position(&s->view) >= view_size(&s->view);
}

/* ---- what the library brings ------------------------------------------------------------ */

/* Nearly all music.  Eight at a time, since compilers make vectors (at -O2) of loops whose length they know. */
static void interleave_stereo(float *restrict to, const FLAC__int32 *restrict left,
        const FLAC__int32 *restrict right, size_t n_frames, float scale)
{
	enum { AT_ONCE = 8 };
	size_t i = 0;

	for (; i + AT_ONCE <= n_frames; i += AT_ONCE)
		for (size_t j = i; j < i + AT_ONCE; j++) {
			to[2 * j] = (float)left[j] * scale;
			to[2 * j + 1] = (float)right[j] * scale;
		}
	for (; i < n_frames; i++) {
		to[2 * i] = (float)left[i] * scale;
		to[2 * i + 1] = (float)right[i] * scale;
	}
}

/* Integers of `bits` to floats of full scale 1.0; exact up to 24 bit. */
static void interleave(float *to, const FLAC__int32 *const planes[], size_t n_frames,
        size_t channels, unsigned bits)
{
	const float scale = 1.0f / (float)(1u << (bits - 1));

	if (channels == 2) {
		interleave_stereo(to, planes[0], planes[1], n_frames, scale);
		return;
	}
	for (size_t c = 0; c < channels; c++)
		for (size_t i = 0; i < n_frames; i++)
			to[i * channels + c] = (float)planes[c][i] * scale;
}

static bool make_room(struct flac_state *s, size_t n_floats)
{
	float *more;

	if (n_floats <= s->decoded_room)
		return true;
	more = realloc(s->decoded, n_floats * sizeof(*more));
	if (!more)
		return false;
	s->decoded = more;
	s->decoded_room = n_floats;
	return true;
}

/* How many frames of s->decoded stay in front of `header`'s.  Where a frame was lost the library
 * gives one of silence, and the next, in one call; where it searches, a false one and then the
 * right one. */
static size_t frames_to_keep(const struct flac_state *s, const FLAC__FrameHeader *header)
{
	enum { MOST_KEPT_FRAMES = 1 << 20 };

	if (s->seeking || s->n_pending > MOST_KEPT_FRAMES || s->channels != (int)header->channels ||
	        s->rate_hz != (int)header->sample_rate)
		return 0;
	return s->n_pending;
}

/* -1 when it is not known, or absurd. */
static int64_t sample_number(const FLAC__FrameHeader *header)
{
	if (header->number_type != FLAC__FRAME_NUMBER_TYPE_SAMPLE_NUMBER ||
	        header->number.sample_number > INT64_MAX / 2)
		return -1;
	return (int64_t)header->number.sample_number;
}

static bool can_be_filled(const struct flac_state *s, int64_t lost)
{
	return lost > 0 && lost <= (int64_t)XIPH_LONGEST_HOLE_S * s->rate_hz;
}

/* After damage or a seek: what the stream's own count says. */
static void settle_position(struct flac_state *s)
{
	int64_t lost = s->frame_at - s->position;

	if (s->frame_at < 0)
		return;
	s->silence = !s->seeking && can_be_filled(s, lost) ? lost : 0;
	s->position = s->frame_at - s->silence;
	s->lost_sync = false;
}

static FLAC__StreamDecoderWriteStatus take_frame(const FLAC__StreamDecoder *library,
        const FLAC__Frame *frame, const FLAC__int32 *const planes[], void *user)
{
	struct flac_state *s = user;
	const FLAC__FrameHeader *header = &frame->header;
	size_t kept = frames_to_keep(s, header);

	/* A frame is at most 65,535 x 8 samples (RFC 9639, section 9.1). */
	if (header->channels < 1 || header->channels > 8 || header->bits_per_sample < 4 ||
	        header->bits_per_sample > 32)
		return FLAC__STREAM_DECODER_WRITE_STATUS_ABORT;
	if (!make_room(s, (kept + header->blocksize) * header->channels)) {
		s->no_memory = true;
		return FLAC__STREAM_DECODER_WRITE_STATUS_ABORT;
	}
	interleave(s->decoded + kept * header->channels, planes, header->blocksize,
	        header->channels, header->bits_per_sample);
	s->rate_hz = (int)header->sample_rate;
	s->channels = (int)header->channels;
	s->first = 0;
	s->filled_in = kept;
	s->frame_at = sample_number(header);
	s->n_pending = kept + header->blocksize;
	if (kept == 0 && (s->lost_sync || s->seeking))
		settle_position(s);
	return FLAC__STREAM_DECODER_WRITE_STATUS_CONTINUE;
}

static enum status take_comments(
        struct flac_state *s, const FLAC__StreamMetadata_VorbisComment *comments)
{
	uint32_t n = comments->num_comments < XIPH_MOST_COMMENTS ? comments->num_comments
	                                                         : XIPH_MOST_COMMENTS;

	while (n-- > 0) { /* as xiph_comments */
		const FLAC__StreamMetadata_VorbisComment_Entry *entry = &comments->comments[n];

		if (entry->entry)
			TRY(xiph_comment(s->tags, (const char *)entry->entry, entry->length));
	}
	return STATUS_OK;
}

static void take_metadata(
        const FLAC__StreamDecoder *library, const FLAC__StreamMetadata *metadata, void *user)
{
	struct flac_state *s = user;

	if (metadata->type == FLAC__METADATA_TYPE_STREAMINFO)
		s->has_stream_info = true;
	else if (metadata->type == FLAC__METADATA_TYPE_VORBIS_COMMENT && s->tags)
		s->no_memory |= take_comments(s, &metadata->data.vorbis_comment) != STATUS_OK;
}

static const char *const error_texts[] = {
        [FLAC__STREAM_DECODER_ERROR_STATUS_LOST_SYNC] = "lost sync",
        [FLAC__STREAM_DECODER_ERROR_STATUS_BAD_HEADER] = "bad header",
        [FLAC__STREAM_DECODER_ERROR_STATUS_FRAME_CRC_MISMATCH] = "wrong checksum",
        [FLAC__STREAM_DECODER_ERROR_STATUS_UNPARSEABLE_STREAM] = "reserved field",
        [FLAC__STREAM_DECODER_ERROR_STATUS_BAD_METADATA] = "bad metadata",
};

static void take_error(
        const FLAC__StreamDecoder *library, FLAC__StreamDecoderErrorStatus status, void *user)
{
	struct flac_state *s = user;
	size_t n = sizeof(error_texts) / sizeof(*error_texts);

	s->lost_sync = true;
	if (!s->reason && !s->seeking)
		s->reason = (size_t)status < n ? error_texts[status] : "unknown";
}

/* ---- opening ---------------------------------------------------------------------------- */

static bool is_ogg(const uint8_t *head, size_t n_bytes)
{
	return xiph_ogg_begins_with(head, n_bytes, "\177FLAC", 5);
}

static int flac_probe(const uint8_t *head, size_t n_bytes)
{
	if ((n_bytes >= 4 && memcmp(head, "fLaC", 4) == 0) || is_ogg(head, n_bytes))
		return 95;
	/* The library passes junk in front. */
	return memmem(head, n_bytes, "fLaC\0\0\0\x22", 8) ? 50 : 0;
}

/* One step of the library: a frame, metadata, or nothing.  STATUS_END when there is no more. */
static enum status process(struct decoder_handle *d)
{
	struct flac_state *s = d->state;
	FLAC__StreamDecoderState state;

	if (!FLAC__stream_decoder_process_single(s->library) || s->no_memory) {
		state = FLAC__stream_decoder_get_state(s->library);
		if (s->no_memory || state == FLAC__STREAM_DECODER_MEMORY_ALLOCATION_ERROR)
			return error_set(d->error, STATUS_NO_MEMORY, "out of memory");
		return view_end(&s->view, d->error);
	}
	state = FLAC__stream_decoder_get_state(s->library);
	if (state == FLAC__STREAM_DECODER_END_OF_STREAM || state == FLAC__STREAM_DECODER_ABORTED)
		return s->n_pending > 0 ? STATUS_OK : view_end(&s->view, d->error);
	return STATUS_OK;
}

static enum status start_library(struct decoder_handle *d)
{
	struct flac_state *s = d->state;
	uint8_t head[DECODER_HEAD_BYTES];
	int64_t n_head = view_read(&s->view, head, sizeof(head));
	FLAC__StreamDecoderInitStatus result;
	bool ogg = n_head > 0 && is_ogg(head, (size_t)n_head);

	if (ogg &&
	        ogg_is_chained(&s->view)) /* the library reads the first link only: ogg_chain.c */
		return view_refuse(&s->view, d->error, "damaged chain of FLAC streams");
	if (view_seek(&s->view, 0, SEEK_SET) < 0)
		return error_set(d->error, STATUS_IO, "cannot seek");
	s->library = FLAC__stream_decoder_new();
	if (!s->library || !FLAC__stream_decoder_set_metadata_respond(
	                           s->library, FLAC__METADATA_TYPE_VORBIS_COMMENT))
		return error_set(d->error, STATUS_NO_MEMORY, "out of memory");
	result = ogg ? FLAC__stream_decoder_init_ogg_stream(s->library, read_bytes, seek_bytes,
	                       tell_bytes, count_bytes, is_at_end, take_frame, take_metadata,
	                       take_error, s)
	             : FLAC__stream_decoder_init_stream(s->library, read_bytes, seek_bytes,
	                       tell_bytes, count_bytes, is_at_end, take_frame, take_metadata,
	                       take_error, s);
	if (result != FLAC__STREAM_DECODER_INIT_STATUS_OK)
		return error_set(d->error, STATUS_NO_MEMORY, "libFLAC: %s",
		        FLAC__StreamDecoderInitStatusString[result]);
	return STATUS_OK;
}

/* Up to the first frame: what it says of itself counts more than the header. */
static enum status find_first_frame(struct decoder_handle *d)
{
	struct flac_state *s = d->state;
	enum status status = STATUS_OK;

	s->tags = d->tags;
	while (status == STATUS_OK && s->n_pending == 0)
		status = process(d);
	s->tags = NULL;
	if (status != STATUS_OK && status != STATUS_END)
		return status;
	if (s->n_pending == 0 || !s->has_stream_info)
		return view_refuse(&s->view, d->error, "damaged FLAC stream%s%s",
		        s->reason ? ": " : "", s->reason ? s->reason : "");
	return STATUS_OK;
}

static enum status flac_open(struct decoder_handle *d)
{
	struct flac_state *s = d->state;
	FLAC__uint64 total;

	view_init(&s->view, d->source, source_position(d->source));
	TRY(start_library(d));
	TRY(find_first_frame(d));
	s->position = 0;
	s->silence = 0;
	s->lost_sync = false;
	s->reason = NULL;
	memcpy(d->facts->codec, "flac", sizeof("flac"));
	d->facts->sample_rate_hz = s->rate_hz;
	d->facts->channels = s->channels;
	total = FLAC__stream_decoder_get_total_samples(s->library);
	if (total > 0 && total < INT64_MAX)
		d->facts->frames = (int64_t)total;
	return STATUS_OK;
}

/* ---- reading ---------------------------------------------------------------------------- */

static bool seek_library(struct flac_state *s, int64_t at)
{
	bool found;

	s->n_pending = 0;
	s->silence = 0;
	s->seeking = true;
	found = FLAC__stream_decoder_seek_absolute(s->library, (FLAC__uint64)at);
	s->seeking = false;
	s->lost_sync = false;
	/* The library gives the frame from the wanted sample on. */
	return found && s->n_pending > 0 && s->position == at;
}

/* In place of lost frames the library gives silence, but clears the first good frame behind it
 * too (seen in 1.4.2): that one is read once more. */
static void decode_again(struct flac_state *s)
{
	int64_t at = s->frame_at, lost = at - s->position;
	size_t n_filled = s->n_pending;

	if (!can_be_filled(s, lost) || lost > (int64_t)n_filled)
		return;
	if (seek_library(s, at)) {
		s->silence = lost;
		s->position = at - lost;
		return;
	}
	FLAC__stream_decoder_flush(s->library);
	s->n_pending = 0;
	s->lost_sync = true;
}

static enum status decode_frame(struct decoder_handle *d)
{
	struct flac_state *s = d->state;
	enum status status = STATUS_OK;

	while (status == STATUS_OK && s->n_pending == 0) {
		status = process(d);
		if (status == STATUS_OK && s->n_pending > 0 && s->filled_in > 0)
			decode_again(s);
	}
	if (s->reason) {
		damage_add(d->damage, s->silence, "damaged frame (%s)", s->reason);
		s->reason = NULL;
	}
	return status;
}

static void give(struct decoder_handle *d, float *to, size_t max_frames, size_t *n_frames)
{
	struct flac_state *s = d->state;
	size_t channels = (size_t)s->channels;

	if (s->silence > 0) {
		*n_frames = (uint64_t)s->silence < max_frames ? (size_t)s->silence : max_frames;
		memset(to, 0, *n_frames * channels * sizeof(*to));
		s->silence -= (int64_t)*n_frames;
	} else {
		*n_frames = s->n_pending < max_frames ? s->n_pending : max_frames;
		memcpy(to, s->decoded + s->first * channels, *n_frames * channels * sizeof(*to));
		s->first += *n_frames;
		s->n_pending -= *n_frames;
	}
	s->position += (int64_t)*n_frames;
}

static enum status flac_read(
        struct decoder_handle *d, float *to, size_t max_frames, size_t *n_frames)
{
	struct flac_state *s = d->state;

	if (s->n_pending == 0) {
		TRY(decode_frame(d));
		if (s->rate_hz != d->facts->sample_rate_hz || s->channels != d->facts->channels) {
			d->facts->sample_rate_hz = s->rate_hz;
			d->facts->channels = s->channels;
			return STATUS_OK; /* frames come with the next call */
		}
	}
	give(d, to, max_frames, n_frames);
	return STATUS_OK;
}

static enum status flac_seek(struct decoder_handle *d, int64_t frame)
{
	struct flac_state *s = d->state;
	bool found = seek_library(s, frame);

	s->reason = NULL;
	if (!found)
		return STATUS_UNSUPPORTED;
	d->facts->sample_rate_hz = s->rate_hz;
	d->facts->channels = s->channels;
	return STATUS_OK;
}

static void flac_close(struct decoder_handle *d)
{
	struct flac_state *s = d->state;

	if (!s)
		return;
	if (s->library)
		FLAC__stream_decoder_delete(s->library);
	free(s->decoded);
}

static const char *const suffixes[] = {"flac", "fla", "oga", NULL};

const struct decoder_format decoder_flac = {
        .name = "flac",
        .description = "FLAC, also in Ogg (libFLAC)",
        .suffixes = suffixes,
        .probe = flac_probe,
        .state_bytes = sizeof(struct flac_state),
        .open = flac_open,
        .read = flac_read,
        .seek = flac_seek,
        .close = flac_close,
};
