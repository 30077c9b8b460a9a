/* sndfile.c - WAV, AIFF, AU, CAF, W64, RF64 and their kin by libsndfile.  What it also knows of
 * FLAC, Ogg and MP3 is left to the libraries it would call for them. */
#include <sndfile.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "formats.h"
#include "id3.h"
#include "riff.h"
#include "view.h"

struct sndfile_state {
	SNDFILE *file;
	struct view view;
	/* What is shown in place of the file's first n_replaced bytes; NULL: the file as it is. */
	uint8_t *header;
	int64_t n_header, n_replaced;
	int64_t position; /* in what is shown */
	SF_INFO info;
};

/* ---- bytes ------------------------------------------------------------------------------ */

static sf_count_t count_bytes(void *user)
{
	struct sndfile_state *s = user;

	return s->n_header + view_size(&s->view) - s->n_replaced;
}

static sf_count_t seek_bytes(sf_count_t offset, int whence, void *user)
{
	struct sndfile_state *s = user;
	int64_t from = whence == SEEK_CUR ? s->position : whence == SEEK_END ? count_bytes(s) : 0;

	if (__builtin_add_overflow(from, offset, &from) || from < 0)
		return -1;
	return s->position = from;
}

static sf_count_t read_bytes(void *to, sf_count_t n_bytes, void *user)
{
	struct sndfile_state *s = user;
	int64_t n_header = s->n_header - s->position, got = 0;

	if (n_bytes <= 0)
		return 0;
	if (n_header > n_bytes)
		n_header = n_bytes;
	if (n_header > 0)
		memcpy(to, s->header + s->position, (size_t)n_header);
	else
		n_header = 0;
	s->position += n_header;
	if (n_header < n_bytes) {
		view_seek(&s->view, s->position - s->n_header + s->n_replaced, SEEK_SET);
		got = view_read(&s->view, (uint8_t *)to + n_header, (size_t)(n_bytes - n_header));
	}
	if (got > 0)
		s->position += got;
	return n_header + (got > 0 ? got : 0);
}

static sf_count_t refuse_to_write(const void *from, sf_count_t n_bytes, void *user)
{
	return 0;
}

static sf_count_t tell_bytes(void *user)
{
	struct sndfile_state *s = user;

	return s->position;
}

/* ---- choosing --------------------------------------------------------------------------- */

struct mark {
	uint8_t at, n_bytes;
	const char *bytes;
};

static bool has_mark(const uint8_t *head, size_t n_bytes, const struct mark *mark)
{
	if (mark->n_bytes == 0)
		return true;
	return mark->at + (size_t)mark->n_bytes <= n_bytes &&
	       memcmp(head + mark->at, mark->bytes, mark->n_bytes) == 0;
}

static int sndfile_probe(const uint8_t *head, size_t n_bytes)
{
	static const struct mark marks[][2] = {
	        {{0, 4, "RIFF"}, {8, 4, "WAVE"}},
	        {{0, 4, "RIFX"}, {8, 4, "WAVE"}},
	        {{0, 4, "RF64"}, {8, 4, "WAVE"}},
	        {{0, 4, "riff"}, {24, 4, "wave"}},
	        {{0, 4, "FORM"}, {8, 4, "AIFF"}},
	        {{0, 4, "FORM"}, {8, 4, "AIFC"}},
	        {{0, 4, "FORM"}, {8, 4, "8SVX"}},
	        {{0, 4, "FORM"}, {8, 4, "16SV"}},
	        {{0, 4, ".snd"}, {0}},
	        {{0, 4, "dns."}, {0}},
	        {{0, 4, "caff"}, {0}},
	        {{0, 7, "NIST_1A"}, {0}},
	        {{0, 19, "Creative Voice File"}, {0}},
	        {{0, 4, "2BIT"}, {0}},
	        {{0, 4, "PVF1"}, {0}},
	        {{0, 4, " paf"}, {0}},
	        {{0, 4, "fap "}, {0}},
	        {{0, 4, "\x64\xa3\x01\x00"}, {0}},
	        {{0, 4, "\x64\xa3\x02\x00"}, {0}},
	        {{0, 4, "\x64\xa3\x03\x00"}, {0}},
	        {{0, 21, "Extended Instrument: "}, {0}},
	};

	for (size_t i = 0; i < sizeof(marks) / sizeof(*marks); i++)
		if (has_mark(head, n_bytes, &marks[i][0]) && has_mark(head, n_bytes, &marks[i][1]))
			return 95;
	return 0;
}

/* ---- streamed WAV ----------------------------------------------------------------------- */

/* A program that wrote to a pipe could not come back to fill in the sizes: nothing, all ones, or SoX's own number stand
 * there. */
static bool is_placeholder(int64_t n_bytes)
{
	return n_bytes == 0 || n_bytes == UINT32_MAX || n_bytes == 0x7ffff000;
}

static void put(uint8_t *at, uint64_t value, int n_bytes)
{
	for (int i = 0; i < n_bytes; i++)
		at[i] = (uint8_t)(value >> 8 * i);
}

/* What stands before the samples, up to `body`, with their true size: of RIFF when that has room for it, else of RF64
 * (EBU Tech 3306). */
static enum status show_true_size(struct decoder_handle *d, int64_t body, int64_t n_bytes)
{
	enum { FORM_BYTES = 12, DS64_BYTES = 36 };
	static const char rf64[] = {'R', 'F', '6', '4', '\xff', '\xff', '\xff', '\xff'};
	static const char ds64[] = {'d', 's', '6', '4'};
	struct sndfile_state *s = d->state;
	bool is_large = n_bytes > UINT32_MAX;
	int64_t n_ds64 = is_large ? DS64_BYTES : 0;
	uint8_t *header = calloc(1, (size_t)(body + n_ds64));

	if (!header)
		return error_set(d->error, STATUS_NO_MEMORY, "out of memory");
	s->header = header;
	s->n_header = body + n_ds64;
	s->n_replaced = body;
	view_seek(&s->view, 0, SEEK_SET);
	if (view_read(&s->view, header, FORM_BYTES) != FORM_BYTES ||
	        view_read(&s->view, header + FORM_BYTES + n_ds64, (size_t)(body - FORM_BYTES)) !=
	                body - FORM_BYTES)
		return view_refuse(&s->view, d->error, "damaged header");
	put(header + s->n_header - 4, is_large ? UINT32_MAX : (uint64_t)n_bytes, 4);
	if (is_large) {
		memcpy(header, rf64, sizeof(rf64));
		memcpy(header + FORM_BYTES, ds64, sizeof(ds64));
		put(header + FORM_BYTES + 4, DS64_BYTES - 8, 4);
		put(header + FORM_BYTES + 8, (uint64_t)(s->n_header + n_bytes - 8), 8);
		put(header + FORM_BYTES + 16, (uint64_t)n_bytes, 8);
	}
	return STATUS_OK;
}

/* libsndfile takes the sizes at their word, but all ones for the largest that they can say. */
static enum status mend_streamed_wav(struct decoder_handle *d)
{
	enum { MOST_HEADER_BYTES = 64 * 1024 }; /* who streams writes little before the samples */
	struct sndfile_state *s = d->state;
	struct riff riff;
	int64_t left;

	if (!riff_begin(&riff, &s->view) || memcmp(riff.kind, "RIFF", 4) != 0)
		return STATUS_OK;
	while (riff_next(&riff))
		if (memcmp(riff.name, "data", 4) == 0)
			break;
	left = view_size(&s->view) - riff.body;
	if (memcmp(riff.name, "data", 4) != 0 || riff.body > MOST_HEADER_BYTES || left <= 0 ||
	        riff.n_bytes >= left || !is_placeholder(riff.n_bytes) ||
	        (riff.n_bytes == 0 && riff.claimed_bytes != 0 && riff.claimed_bytes != UINT32_MAX))
		return STATUS_OK;
	return show_true_size(d, riff.body, left);
}

/* ---- opening ---------------------------------------------------------------------------- */

static const char *codec_name(int format)
{
	static const struct {
		int subtype;
		const char *name;
	} codecs[] = {
	        {SF_FORMAT_PCM_S8, "pcm_s8"},
	        {SF_FORMAT_PCM_16, "pcm_s16"},
	        {SF_FORMAT_PCM_24, "pcm_s24"},
	        {SF_FORMAT_PCM_32, "pcm_s32"},
	        {SF_FORMAT_PCM_U8, "pcm_u8"},
	        {SF_FORMAT_FLOAT, "pcm_f32"},
	        {SF_FORMAT_DOUBLE, "pcm_f64"},
	        {SF_FORMAT_ULAW, "pcm_mulaw"},
	        {SF_FORMAT_ALAW, "pcm_alaw"},
	        {SF_FORMAT_IMA_ADPCM, "adpcm_ima"},
	        {SF_FORMAT_MS_ADPCM, "adpcm_ms"},
	        {SF_FORMAT_GSM610, "gsm"},
	        {SF_FORMAT_ALAC_16, "alac"},
	        {SF_FORMAT_ALAC_20, "alac"},
	        {SF_FORMAT_ALAC_24, "alac"},
	        {SF_FORMAT_ALAC_32, "alac"},
	        {SF_FORMAT_MPEG_LAYER_I, "mp1"},
	        {SF_FORMAT_MPEG_LAYER_II, "mp2"},
	        {SF_FORMAT_MPEG_LAYER_III, "mp3"},
	        {SF_FORMAT_G721_32, "g721"},
	        {SF_FORMAT_G723_24, "g723"},
	        {SF_FORMAT_G723_40, "g723"},
	        {SF_FORMAT_VOX_ADPCM, "adpcm_vox"},
	        {SF_FORMAT_DPCM_8, "dpcm"},
	        {SF_FORMAT_DPCM_16, "dpcm"},
	        {SF_FORMAT_DWVW_12, "dwvw"},
	        {SF_FORMAT_DWVW_16, "dwvw"},
	        {SF_FORMAT_DWVW_24, "dwvw"},
	        {SF_FORMAT_NMS_ADPCM_16, "adpcm_nms"},
	        {SF_FORMAT_NMS_ADPCM_24, "adpcm_nms"},
	        {SF_FORMAT_NMS_ADPCM_32, "adpcm_nms"},
	};

	for (size_t i = 0; i < sizeof(codecs) / sizeof(*codecs); i++)
		if ((format & SF_FORMAT_SUBMASK) == codecs[i].subtype)
			return codecs[i].name;
	return "sndfile";
}

/* An ID3v2 tag in a chunk of its own, "id3 " or "ID3 ". */
static enum status take_id3(struct decoder_handle *d)
{
	struct sndfile_state *s = d->state;
	struct riff riff;
	int64_t behind;

	if (!riff_begin(&riff, &s->view))
		return STATUS_OK;
	while (riff_next(&riff))
		if (strncasecmp(riff.name, "id3 ", 4) == 0)
			return id3_read_v2(
			        d->source, s->view.start + riff.body, d->tags, &behind, d->error);
	return STATUS_OK;
}

/* The track's number in a list of n_bytes: "IPRT" and its text, among others of their kind.  libsndfile knows "ITRK". */
static enum status take_track_of(struct decoder_handle *d, const uint8_t *at, size_t n_bytes)
{
	enum { HEADER_BYTES = 8 };

	while (n_bytes > HEADER_BYTES) {
		size_t n = at[4] | (size_t)at[5] << 8 | (size_t)at[6] << 16 | (size_t)at[7] << 24;
		char text[32] = "";

		if (n > n_bytes - HEADER_BYTES)
			break;
		if (memcmp(at, "IPRT", 4) == 0) {
			memcpy(text, at + HEADER_BYTES, n < sizeof(text) ? n : sizeof(text) - 1);
			return tags_set(d->tags, "track", text);
		}
		n += HEADER_BYTES + n % 2;
		if (n > n_bytes)
			break;
		at += n;
		n_bytes -= n;
	}
	return STATUS_OK;
}

static enum status take_info(struct decoder_handle *d)
{
	enum { MOST_LIST_BYTES = 4096 };
	struct sndfile_state *s = d->state;
	struct riff riff;

	if (!riff_begin(&riff, &s->view) || riff.big_endian || tags_get(d->tags, "track"))
		return STATUS_OK;
	while (riff_next(&riff)) {
		uint8_t list[MOST_LIST_BYTES];
		int64_t got = 0;

		if (memcmp(riff.name, "LIST", 4) != 0)
			continue;
		view_seek(&s->view, riff.body, SEEK_SET);
		got = view_read(&s->view, list,
		        riff.n_bytes < MOST_LIST_BYTES ? (size_t)riff.n_bytes : sizeof(list));
		if (got > 4 && memcmp(list, "INFO", 4) == 0 &&
		        take_track_of(d, list + 4, (size_t)got - 4) != STATUS_OK)
			return error_set(d->error, STATUS_NO_MEMORY, "out of memory");
	}
	return STATUS_OK;
}

/* The ID3 tag knows more, and its encoding: what libsndfile has found only fills gaps. */
static enum status take_tags(struct decoder_handle *d)
{
	static const struct {
		int id;
		const char *name;
	} strings[] = {
	        {SF_STR_TITLE, "title"},
	        {SF_STR_ARTIST, "artist"},
	        {SF_STR_ALBUM, "album"},
	        {SF_STR_DATE, "date"},
	        {SF_STR_TRACKNUMBER, "track"},
	};
	struct sndfile_state *s = d->state;

	for (size_t i = 0; i < sizeof(strings) / sizeof(*strings); i++) {
		const char *value = sf_get_string(s->file, strings[i].id);

		if (value && !tags_get(d->tags, strings[i].name) &&
		        tags_set(d->tags, strings[i].name, value) != STATUS_OK)
			return error_set(d->error, STATUS_NO_MEMORY, "out of memory");
	}
	return STATUS_OK;
}

static const char *reason_of_refusal(void)
{
	const char *text = sf_strerror(NULL);

	return strcasestr(text, "internal error") ? "damaged header" : text;
}

static enum status sndfile_open(struct decoder_handle *d)
{
	SF_VIRTUAL_IO callbacks = {
	        .get_filelen = count_bytes,
	        .seek = seek_bytes,
	        .read = read_bytes,
	        .write = refuse_to_write,
	        .tell = tell_bytes,
	};
	struct sndfile_state *s = d->state;

	view_init(&s->view, d->source, source_position(d->source));
	TRY(mend_streamed_wav(d));
	TRY(take_id3(d));
	TRY(take_info(d));
	s->file = sf_open_virtual(&callbacks, SFM_READ, &s->info, s);
	if (!s->file)
		return view_refuse(&s->view, d->error, "%s", reason_of_refusal());
	snprintf(d->facts->codec, sizeof(d->facts->codec), "%s", codec_name(s->info.format));
	d->facts->sample_rate_hz = s->info.samplerate;
	d->facts->channels = s->info.channels;
	if (s->info.frames > 0 && s->info.frames < SF_COUNT_MAX)
		d->facts->frames = s->info.frames;
	return take_tags(d);
}

/* ---- reading ---------------------------------------------------------------------------- */

static enum status sndfile_read(
        struct decoder_handle *d, float *to, size_t max_frames, size_t *n_frames)
{
	struct sndfile_state *s = d->state;
	sf_count_t got = sf_readf_float(s->file, to, (sf_count_t)max_frames);

	if (got <= 0)
		return view_end(&s->view, d->error);
	*n_frames = (size_t)got;
	return STATUS_OK;
}

static enum status sndfile_seek(struct decoder_handle *d, int64_t frame)
{
	struct sndfile_state *s = d->state;

	if (frame > s->info.frames || sf_seek(s->file, frame, SEEK_SET) != frame)
		return STATUS_UNSUPPORTED;
	return STATUS_OK;
}

static void sndfile_close(struct decoder_handle *d)
{
	struct sndfile_state *s = d->state;

	if (s && s->file)
		sf_close(s->file);
	if (s)
		free(s->header);
}

static const char *const suffixes[] = {
        "wav", "wave", "aif", "aiff", "aifc", "au", "snd", "caf", "w64", "rf64", "voc", NULL};

const struct decoder_format decoder_sndfile = {
        .name = "sndfile",
        .description = "WAV, AIFF, AU, CAF, W64, RF64 and others (libsndfile)",
        .suffixes = suffixes,
        .probe = sndfile_probe,
        .state_bytes = sizeof(struct sndfile_state),
        .open = sndfile_open,
        .read = sndfile_read,
        .seek = sndfile_seek,
        .close = sndfile_close,
};
