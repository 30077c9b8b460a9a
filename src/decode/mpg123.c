/* mpg123.c - MPEG 1, 2 and 2.5 audio, layers 1 to 3, by libmpg123.  Finding the first frame is
 * ours (mpeg_frame.c): the library would play noise that looks like frames; so is reading tags
 * (id3.c). */
#include <mpg123.h>
#include <stdio.h>
#include <string.h>

#include "formats.h"
#include "id3.h"
#include "mpeg_frame.h"
#include "view.h"

enum {
	/* Frames decoded and thrown away after a seek.  The reservoir reaches back 511 bytes
	 * (MPEG 2: 255); the smallest frames, 8 kbit/s at 24 kHz, carry 11: 24 frames fill it
	 * (ISO/IEC 13818-3, 2.4.2.7). */
	PREROLL_FRAMES = 32,
	/* Encoder's, as LAME's tag can tell (12 bits), and decoder's; positions here do not count it. */
	MOST_DELAY = 4095 + 529,
	MOST_SAMPLES = 1152, /* of a frame */
	MOST_CHANNELS = 2,
};

struct mpeg_state {
	mpg123_handle *library;
	struct view view;
	const float *pending; /* decoded, not yet given out */
	size_t n_pending; /* frames */
	float frame[MOST_SAMPLES *
	            MOST_CHANNELS]; /* where the library decodes what the reader has no room for */
	int64_t next_header; /* where the frame behind the current one should begin; -1 not known */
	int64_t checked_frame; /* up to this MPEG frame the kind of frames is known not to change */
	int64_t last_position; /* behind it the library counts other than reading does */
	int samples, layer; /* of a frame */
	bool new_format; /* announced by the library, not yet taken */
	bool in_junk; /* it was announced by what is no music: dropped until the next one */
	enum status over; /* STATUS_OK while frames may come */
};

static ssize_t read_bytes(void *user, void *to, size_t n_bytes)
{
	return (ssize_t)view_read(user, to, n_bytes);
}

static off_t seek_bytes(void *user, off_t offset, int whence)
{
	return (off_t)view_seek(user, offset, whence);
}

/* ---- choosing --------------------------------------------------------------------------- */

/* Files of others in which a chain of frames may well be found: films, archives, pictures. */
static bool is_foreign(const uint8_t *head, size_t n_bytes)
{
	static const struct {
		uint8_t at, n_bytes;
		const char *bytes;
	} marks[] = {
	        {0, 4, "OggS"},
	        {0, 4, "fLaC"},
	        {4, 4, "ftyp"},
	        {4, 4, "moov"},
	        {4, 4, "mdat"},
	        {0, 4, "PK\3\4"},
	        {0, 4, "\x89PNG"},
	        {0, 3, "\xff\xd8\xff"},
	        {0, 4, "GIF8"},
	        {0, 4,
	                "\x7f"
	                "ELF"},
	        {0, 4, "\x1a\x45\xdf\xa3"},
	        {0, 4, "\x30\x26\xb2\x75"},
	        {0, 4, "%PDF"},
	        {0, 4, "Rar!"},
	        {0, 2, "7z"},
	        {0, 3, "\x1f\x8b\x08"},
	        {0, 3, "BZh"},
	        {0, 4, "MThd"},
	        {0, 3, "FLV"},
	        {8, 4, "AVI "},
	        {0, 4, "FORM"},
	        {0, 4, "MZ\x90\x00"},
	        {0, 15, "SQLite format 3"},
	};

	for (size_t i = 0; i < sizeof(marks) / sizeof(*marks); i++)
		if (marks[i].at + (size_t)marks[i].n_bytes <= n_bytes &&
		        memcmp(head + marks[i].at, marks[i].bytes, marks[i].n_bytes) == 0)
			return true;
	return false;
}

static bool is_wave(const uint8_t *head, size_t n_bytes)
{
	return n_bytes >= 12 && (memcmp(head, "RIFF", 4) == 0 || memcmp(head, "RF64", 4) == 0) &&
	       memcmp(head + 8, "WAVE", 4) == 0;
}

/* WAVE files may hold MPEG audio: format tags 0x50 and 0x55 (RFC 2361). */
static bool is_mpeg_wave(const uint8_t *head, size_t n_bytes)
{
	const uint8_t *format = memmem(head, n_bytes, "fmt ", 4);

	return format && n_bytes - (size_t)(format - head) >= 10 &&
	       (format[8] == 0x50 || format[8] == 0x55) && format[9] == 0;
}

static int mpeg_probe(const uint8_t *head, size_t n_bytes)
{
	if (is_foreign(head, n_bytes) || (is_wave(head, n_bytes) && !is_mpeg_wave(head, n_bytes)))
		return 0;
	if (mpeg_chain(head, n_bytes, n_bytes < DECODER_HEAD_BYTES, MPEG_CHAIN_FRAMES))
		return 90;
	return 1; /* it may begin behind junk: open() looks further */
}

/* ---- opening ---------------------------------------------------------------------------- */

static enum status library_error(struct decoder_handle *d, const char *what)
{
	struct mpeg_state *s = d->state;

	if (mpg123_errcode(s->library) == MPG123_OUT_OF_MEM)
		return error_set(d->error, STATUS_NO_MEMORY, "out of memory");
	return view_refuse(&s->view, d->error, "%s: %s", what, mpg123_strerror(s->library));
}

static bool set_parameters(mpg123_handle *library)
{
	const long flags = MPG123_QUIET | MPG123_FORCE_FLOAT | MPG123_GAPLESS | MPG123_SKIP_ID3V2;

	return mpg123_param(library, MPG123_REMOVE_FLAGS, MPG123_AUTO_RESAMPLE, 0) == MPG123_OK &&
	       mpg123_param(library, MPG123_ADD_FLAGS, flags, 0) == MPG123_OK &&
	       mpg123_param(library, MPG123_RVA, MPG123_RVA_OFF, 0) == MPG123_OK &&
	       mpg123_param(library, MPG123_RESYNC_LIMIT, -1, 0) == MPG123_OK &&
	       mpg123_param(library, MPG123_PREFRAMES, PREROLL_FRAMES, 0) == MPG123_OK;
}

/* Rate and channels of the frames to come to *d->facts. */
static enum status take_format(struct decoder_handle *d)
{
	struct mpeg_state *s = d->state;
	long rate;
	int channels, encoding;

	if (mpg123_getformat(s->library, &rate, &channels, &encoding) != MPG123_OK)
		return library_error(d, "cannot be decoded");
	if (encoding != MPG123_ENC_FLOAT_32)
		return error_set(d->error, STATUS_UNSUPPORTED, "libmpg123 gives no floats");
	d->facts->sample_rate_hz = (int)rate;
	d->facts->channels = channels;
	return STATUS_OK;
}

static void take_codec(struct decoder_handle *d)
{
	struct mpeg_state *s = d->state;
	struct mpg123_frameinfo2 info = {0};

	memcpy(d->facts->codec, "mp3", 4);
	if (mpg123_info2(s->library, &info) != MPG123_OK)
		return;
	s->layer = info.layer;
	if (info.layer >= 1 && info.layer <= 3)
		d->facts->codec[2] = (char)('0' + info.layer);
}

static enum status open_library(struct decoder_handle *d)
{
	struct mpeg_state *s = d->state;
	int reason = MPG123_OK;

	s->library = mpg123_new(NULL, &reason);
	if (!s->library)
		return error_set(
		        d->error, STATUS_NO_MEMORY, "libmpg123: %s", mpg123_plain_strerror(reason));
	if (!set_parameters(s->library) ||
	        mpg123_replace_reader_handle(s->library, read_bytes, seek_bytes, NULL) !=
	                MPG123_OK ||
	        mpg123_open_handle(s->library, &s->view) != MPG123_OK)
		return library_error(d, "cannot be opened");
	return take_format(d);
}

/* From there on the library cuts padding, which it counts in seeking. */
static void take_length(struct decoder_handle *d)
{
	struct mpeg_state *s = d->state;
	int64_t length = mpg123_length(s->library);

	d->facts->frames = length > 0 ? length : -1;
	if (s->last_position > length)
		s->last_position = length;
}

static enum status mpeg_open(struct decoder_handle *d)
{
	struct mpeg_state *s = d->state;
	int64_t start = source_position(d->source), first, behind;
	struct mpeg_start description;

	view_init(&s->view, d->source, start);
	TRY(mpeg_find(&s->view, &first, d->error));
	if (first < 0)
		return view_refuse(&s->view, d->error, "no MPEG audio in it");
	description = mpeg_describe(&s->view, first);
	view_init(&s->view, d->source, start + first + description.note_bytes);
	s->next_header = -1;
	TRY(open_library(d));
	take_codec(d);
	s->samples = mpg123_spf(s->library);
	s->last_position = description.is_free_format ? 0 : INT64_MAX;
	if (description.announces_length)
		take_length(d);
	/* Again, since what open() gives counts for more than what the core has read: ID3v1 cuts at 30 bytes. */
	TRY(id3_read_v2(d->source, 0, d->tags, &behind, d->error));
	return id3_read_end(d->source, d->tags, d->error);
}

/* ---- reading ---------------------------------------------------------------------------- */

/* Tags between joined files and zeros are nothing lost. */
static bool is_harmless(struct view *view, int64_t from, int64_t to)
{
	uint8_t bytes[64] = {0};
	int64_t n = to - from < (int64_t)sizeof(bytes) ? to - from : (int64_t)sizeof(bytes);
	int64_t back = view_position(view);
	bool is_zero = true;

	view_seek(view, from, SEEK_SET);
	n = view_read(view, bytes, (size_t)n);
	view_seek(view, back, SEEK_SET);
	for (int64_t i = 0; i < n; i++)
		is_zero &= bytes[i] == 0;
	return is_zero || memcmp(bytes, "TAG", 3) == 0 || memcmp(bytes, "ID3", 3) == 0 ||
	       memcmp(bytes, "APETAGEX", 8) == 0;
}

/* Compares where this frame lies with where the last one ended.  What lies between is no music
 * any more; and a frame behind it only is when others follow: noise is full of single ones. */
static bool follows_well(struct decoder_handle *d)
{
	struct mpeg_state *s = d->state;
	struct mpg123_frameinfo2 info = {0};
	int64_t at = mpg123_framepos(s->library), expected = s->next_header;
	int samples;

	if (mpg123_info2(s->library, &info) != MPG123_OK || info.framesize <= 0)
		return true;
	s->next_header = at + info.framesize;
	if (expected >= 0 && at <= expected)
		return true;
	if (expected >= 0 && !is_harmless(&s->view, expected, at)) {
		samples = mpg123_spf(s->library);
		damage_add(d->damage, samples > 0 ? (at - expected) * samples / info.framesize : 0,
		        "%lld bytes of junk", (long long)(at - expected));
	}
	return mpeg_chain_at(&s->view, at, MPEG_CHAIN_FRAMES);
}

static bool is_of_first_kind(struct decoder_handle *d)
{
	struct mpeg_state *s = d->state;
	struct mpg123_frameinfo2 info;

	return mpg123_info2(s->library, &info) == MPG123_OK &&
	       info.rate == d->facts->sample_rate_hz && info.layer == s->layer &&
	       mpg123_spf(s->library) == s->samples;
}

/* Positions from this frame on are not the library's. */
static void stop_seeking_here(struct mpeg_state *s)
{
	int64_t before = (s->checked_frame - 2) * s->samples;

	if (s->last_position > before)
		s->last_position = before;
}

/* What looks like a frame of another format, and has no others behind it.  Silence in its place
 * where the library counts it like any other frame; else it is passed, and positions behind it
 * are no longer the library's. */
static void pass_junk(struct decoder_handle *d)
{
	static const float silence[MOST_SAMPLES * MOST_CHANNELS];
	struct mpeg_state *s = d->state;

	if (is_of_first_kind(d) && s->samples <= MOST_SAMPLES) {
		s->pending = silence;
		s->n_pending = (size_t)s->samples;
	} else {
		stop_seeking_here(s);
	}
}

static void take_frame(struct decoder_handle *d, unsigned char *audio, size_t n_bytes)
{
	struct mpeg_state *s = d->state;

	if (!is_of_first_kind(d))
		stop_seeking_here(s);
	if (!follows_well(d)) /* silence keeps the library's count of frames right */
		memset(audio, 0, n_bytes);
	if (s->in_junk) {
		pass_junk(d);
		return;
	}
	s->pending = (const float *)(const void *)audio;
	s->n_pending = n_bytes / sizeof(float) / (size_t)d->facts->channels;
}

/* One frame to s->pending, which is `to` if there is room for a whole one; or `new_format`; or `over`. */
static void decode_frame(struct decoder_handle *d, float *to, size_t n_floats)
{
	struct mpeg_state *s = d->state;
	off_t number = 0;
	unsigned char *audio = NULL;
	size_t n_bytes = 0;
	bool has_room = n_floats >= MOST_SAMPLES * MOST_CHANNELS;
	(void)mpg123_replace_buffer(s->library, has_room ? to : s->frame, sizeof(s->frame));
	int result = mpg123_decode_frame(s->library, &number, &audio, &n_bytes);

	if (result == MPG123_NEW_FORMAT) {
		s->new_format = true;
		s->in_junk =
		        !mpeg_chain_at(&s->view, mpg123_framepos(s->library), MPEG_CHAIN_FRAMES);
	} else if (result == MPG123_DONE) {
		s->over = view_end(&s->view, d->error);
	} else if (result != MPG123_OK) {
		s->over = library_error(d, "decoding stopped");
		if (s->over == STATUS_BAD_DATA)
			damage_add(d->damage, 0, "%s", d->error->text);
	} else {
		if (s->checked_frame < number)
			s->checked_frame = number;
		take_frame(d, audio, n_bytes);
	}
}

/* A copy costs 4 % of decoding. */
static void give_pending(struct decoder_handle *d, float *to, size_t room, size_t *n_frames)
{
	struct mpeg_state *s = d->state;
	size_t channels = (size_t)d->facts->channels;
	size_t n = room < s->n_pending ? room : s->n_pending;

	if (s->pending != to)
		memcpy(to, s->pending, n * channels * sizeof(*to));
	s->pending += n * channels;
	s->n_pending -= n;
	*n_frames += n;
}

static enum status mpeg_read(
        struct decoder_handle *d, float *to, size_t max_frames, size_t *n_frames)
{
	struct mpeg_state *s = d->state;
	size_t channels = (size_t)d->facts->channels;

	if (s->new_format) {
		s->new_format = false;
		if (!s->in_junk)
			return take_format(d);
	}
	while (*n_frames < max_frames && s->over == STATUS_OK && !s->new_format) {
		float *at = to + *n_frames * channels;
		size_t room = max_frames - *n_frames;

		if (s->n_pending == 0)
			decode_frame(d, at, room * channels);
		if (s->n_pending > 0)
			give_pending(d, at, room, n_frames);
	}
	return *n_frames > 0 || s->over == STATUS_OK ? STATUS_OK : s->over;
}

/* ---- seeking ---------------------------------------------------------------------------- */

/* Reads headers up to MPEG frame `number`, which fills the library's index too.  The library
 * itself would count the samples of parts at other rates, and of junk, as if they were of the
 * first part; in a part of another layer it gives not quite what linear reading gives. */
static enum status check_up_to(struct decoder_handle *d, int64_t number)
{
	struct mpeg_state *s = d->state;
	int result = MPG123_OK;

	if (s->checked_frame >= number)
		return STATUS_OK;
	/* Where the last one was read, not where decoding for it would begin. */
	if (mpg123_param(s->library, MPG123_PREFRAMES, 0, 0) != MPG123_OK ||
	        mpg123_seek_frame(s->library, (off_t)s->checked_frame, SEEK_SET) < 0 ||
	        mpg123_param(s->library, MPG123_PREFRAMES, PREROLL_FRAMES, 0) != MPG123_OK)
		return STATUS_UNSUPPORTED;
	while (s->checked_frame < number && result == MPG123_OK) {
		result = mpg123_framebyframe_next(s->library);
		if (result == MPG123_NEW_FORMAT)
			result = MPG123_OK;
		if (result == MPG123_OK && !is_of_first_kind(d))
			return STATUS_UNSUPPORTED;
		s->checked_frame++;
	}
	return STATUS_OK;
}

static enum status mpeg_seek(struct decoder_handle *d, int64_t frame)
{
	struct mpeg_state *s = d->state;

	s->n_pending = 0;
	s->next_header = -1;
	s->over = STATUS_OK;
	s->in_junk = false;
	/* The library decodes before the place what the layer needs that it stands in. */
	if (frame > s->last_position || s->samples <= 0 || !is_of_first_kind(d))
		return STATUS_UNSUPPORTED;
	TRY(check_up_to(d, (frame + MOST_DELAY) / s->samples + 2));
	if (mpg123_seek(s->library, (off_t)frame, SEEK_SET) != frame)
		return STATUS_UNSUPPORTED;
	s->new_format = false;
	return take_format(d);
}

static void mpeg_close(struct decoder_handle *d)
{
	struct mpeg_state *s = d->state;

	if (s)
		mpg123_delete(s->library);
}

static const char *const suffixes[] = {"mp3", "mp2", "mp1", "mpa", "mpga", NULL};

const struct decoder_format decoder_mpeg = {
        .name = "mp3",
        .description = "MPEG audio, layers 1 to 3 (libmpg123)",
        .suffixes = suffixes,
        .probe = mpeg_probe,
        .state_bytes = sizeof(struct mpeg_state),
        .open = mpeg_open,
        .read = mpeg_read,
        .seek = mpeg_seek,
        .close = mpeg_close,
};
