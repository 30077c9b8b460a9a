/* vorbis.c - Ogg Vorbis through libvorbisenc: a stream that needs no rewriting.
 *
 * On a pipe a new title begins a new logical stream (a chained file: what players and Icecast read
 * titles from); a file stays one stream, since many readers take the first link for the whole, and each
 * link's edges are coded without their neighbours.  chained=yes|no decides otherwise.  Serial numbers count
 * from 1: the same programme gives the same bytes.
 */
#include <string.h>
#include <vorbis/vorbisenc.h>

#include "chapters.h"
#include "formats.h"
#include "settings.h"

enum { CHUNK_FRAMES = 1024, COMMENT_BYTES = 16 * 1024 };

enum { SET_QUALITY, SET_BITRATE, SET_CHAINED, SET_CHAPTERS, SETTINGS };
static const char *const yes_no[] = {"no", "yes", NULL};

struct vorbis {
	vorbis_info info;
	vorbis_dsp_state dsp;
	vorbis_block block;
	ogg_stream_state stream;
	bool has_info, in_link; /* what there is to clear; in_link: dsp, block and stream */
	bool is_chained;
	long serial;
	struct tags tags; /* of the next link */
	bool has_chapters;
	struct chapters chapters;
	int64_t frames;
};

/* ---- pages -------------------------------------------------------------------------------- */

static enum status write_page(struct encoder_handle *e, const ogg_page *page)
{
	const struct writer *w = e->writer;
	TRY(w->write(w->user, page->header, (size_t)page->header_len, e->error));
	return w->write(w->user, page->body, (size_t)page->body_len, e->error);
}

/* `flush`: also what does not fill a page. */
static enum status write_pages(struct encoder_handle *e, bool flush)
{
	struct vorbis *v = e->state;
	ogg_page page;
	while (flush ? ogg_stream_flush(&v->stream, &page) : ogg_stream_pageout(&v->stream, &page))
		TRY(write_page(e, &page));
	return STATUS_OK;
}

/* What libvorbis has ready, as packets into pages. */
static enum status drain(struct encoder_handle *e)
{
	struct vorbis *v = e->state;
	ogg_packet packet;
	while (vorbis_analysis_blockout(&v->dsp, &v->block) == 1) {
		if (vorbis_analysis(&v->block, NULL) < 0 || vorbis_bitrate_addblock(&v->block) < 0)
			return error_set(e->error, STATUS_BAD_DATA, "vorbis: cannot encode");
		while (vorbis_bitrate_flushpacket(&v->dsp, &packet))
			if (ogg_stream_packetin(&v->stream, &packet) < 0)
				return error_set(
				        e->error, STATUS_NO_MEMORY, "vorbis: out of memory");
		TRY(write_pages(e, false));
	}
	return STATUS_OK;
}

/* ---- links: logical streams --------------------------------------------------------------- */

static void add_comments(const struct tags *tags, vorbis_comment *comment)
{
	for (size_t i = 0; i < tags->count; i++) {
		const char *name = tags->items[i].name;
		if (strcmp(name, "title") == 0 || strcmp(name, "artist") == 0 ||
		        strcmp(name, "album") == 0)
			vorbis_comment_add_tag(comment, name, tags->items[i].value);
	}
}

static void put_comment(void *user, const char *text)
{
	vorbis_comment_add(user, text);
}

/* With room for chapters: what is behind the comments' last bit is not looked at (Vorbis I, 5.2.3). */
static int put_heads(struct vorbis *v, ogg_stream_state *stream, vorbis_comment *comment)
{
	uint8_t room[COMMENT_BYTES] = {0};
	ogg_packet packets[3];
	int failed =
	        vorbis_analysis_headerout(&v->dsp, comment, &packets[0], &packets[1], &packets[2]);
	if (!failed && v->has_chapters && packets[1].bytes <= COMMENT_BYTES) {
		memcpy(room, packets[1].packet, (size_t)packets[1].bytes);
		packets[1].packet = room;
		packets[1].bytes = COMMENT_BYTES;
	}
	for (int i = 0; i < 3 && !failed; i++)
		failed = ogg_stream_packetin(stream, &packets[i]);
	return failed;
}

static enum status write_heads(struct encoder_handle *e)
{
	struct vorbis *v = e->state;
	vorbis_comment comment;
	vorbis_comment_init(&comment);
	add_comments(&v->tags, &comment);
	int failed = put_heads(v, &v->stream, &comment);
	vorbis_comment_clear(&comment);
	if (failed)
		return error_set(e->error, STATUS_NO_MEMORY, "vorbis: cannot write the head");
	return write_pages(e, true); /* audio begins on a page of its own */
}

/* The same pages, as long as before, with the chapters in them. */
static enum status patch_pages(struct encoder_handle *e, ogg_stream_state *stream)
{
	const struct writer *w = e->writer;
	int64_t at = 0;
	ogg_page page;
	while (ogg_stream_flush(stream, &page)) {
		TRY(w->patch(w->user, at, page.header, (size_t)page.header_len, e->error));
		at += page.header_len;
		TRY(w->patch(w->user, at, page.body, (size_t)page.body_len, e->error));
		at += page.body_len;
	}
	return STATUS_OK;
}

/* As many as fit: chapters are an addition, no reason to fail. */
static void add_chapters(struct vorbis *v, int rate_hz, vorbis_comment *comment)
{
	struct chapters fitting = v->chapters;
	for (;; fitting.count--) {
		ogg_packet packet = {0};
		vorbis_comment_clear(comment);
		vorbis_comment_init(comment);
		chapters_to_comments(&fitting, rate_hz, put_comment, comment);
		bool fits = vorbis_commentheader_out(comment, &packet) == 0 &&
		            packet.bytes <= COMMENT_BYTES;
		ogg_packet_clear(&packet);
		if (fits || fitting.count == 0)
			return;
	}
}

static enum status patch_chapters(struct encoder_handle *e)
{
	struct vorbis *v = e->state;
	ogg_stream_state stream;
	vorbis_comment comment;
	if (!v->has_chapters || v->chapters.count == 0)
		return STATUS_OK;
	vorbis_comment_init(&comment);
	add_chapters(v, e->format.sample_rate_hz, &comment);
	ogg_stream_init(&stream, (int)v->serial);
	enum status status = put_heads(v, &stream, &comment) ? error_set(e->error, STATUS_NO_MEMORY,
	                                                               "vorbis: out of memory")
	                                                     : patch_pages(e, &stream);
	ogg_stream_clear(&stream);
	vorbis_comment_clear(&comment);
	return status;
}

static enum status begin_link(struct encoder_handle *e)
{
	struct vorbis *v = e->state;
	if (vorbis_analysis_init(&v->dsp, &v->info))
		return error_set(e->error, STATUS_NO_MEMORY, "vorbis: cannot begin a stream");
	vorbis_block_init(&v->dsp, &v->block);
	ogg_stream_init(&v->stream, (int)++v->serial);
	v->in_link = true;
	return write_heads(e);
}

static void clear_link(struct vorbis *v)
{
	if (!v->in_link)
		return;
	ogg_stream_clear(&v->stream);
	vorbis_block_clear(&v->block);
	vorbis_dsp_clear(&v->dsp);
	v->in_link = false;
}

static enum status end_link(struct encoder_handle *e)
{
	struct vorbis *v = e->state;
	if (!v->in_link)
		return STATUS_OK;
	vorbis_analysis_wrote(&v->dsp, 0);
	TRY(drain(e));
	TRY(write_pages(e, true));
	TRY(patch_chapters(e));
	clear_link(v);
	return STATUS_OK;
}

/* ---- the encoder -------------------------------------------------------------------------- */

static enum status set_up(struct encoder_handle *e, const struct setting *s)
{
	struct vorbis *v = e->state;
	long channels = e->format.channels, rate = e->format.sample_rate_hz;
	vorbis_info_init(&v->info);
	v->has_info = true;
	int failed = s[SET_BITRATE].is_set ? vorbis_encode_init(&v->info, channels, rate, -1,
	                                             (long)(s[SET_BITRATE].value * 1000), -1)
	                                   : vorbis_encode_init_vbr(&v->info, channels, rate,
	                                             (float)(s[SET_QUALITY].value / 10));
	if (failed)
		return error_set(e->error, STATUS_USAGE,
		        "vorbis: has no mode for these options at %ld Hz with %ld channels", rate,
		        channels);
	return STATUS_OK;
}

static enum status vorbis_open(struct encoder_handle *e)
{
	struct vorbis *v = e->state;
	struct setting settings[SETTINGS] = {
	        [SET_QUALITY] = {.name = "quality", .lowest = -1, .highest = 10, .value = 5},
	        [SET_BITRATE] = {.name = "bitrate", .lowest = 16, .highest = 500},
	        [SET_CHAINED] = {.name = "chained",
	                .choices = yes_no,
	                .value = e->writer->patch == NULL},
	        [SET_CHAPTERS] = {.name = "chapters",
	                .choices = yes_no,
	                .value = e->writer->patch != NULL},
	};
	TRY(settings_parse(e->options, "vorbis", settings, SETTINGS, e->error));
	if (settings[SET_QUALITY].is_set && settings[SET_BITRATE].is_set)
		return error_set(
		        e->error, STATUS_USAGE, "vorbis: quality or bitrate, one of the two");
	if (e->format.sample_rate_hz < 8000)
		e->format.sample_rate_hz = 8000;
	if (e->format.sample_rate_hz > 192000)
		e->format.sample_rate_hz = 192000;
	e->format.sample = SAMPLE_F32;
	v->is_chained = settings[SET_CHAINED].value != 0;
	v->has_chapters = settings[SET_CHAPTERS].value != 0 && !v->is_chained && e->writer->patch;
	return set_up(e, settings);
}

static enum status write_chunk(struct encoder_handle *e, const float *frames, size_t n_frames)
{
	struct vorbis *v = e->state;
	float **to = vorbis_analysis_buffer(&v->dsp, (int)n_frames);
	size_t channels = (size_t)e->format.channels;
	for (size_t i = 0; i < n_frames; i++)
		for (size_t c = 0; c < channels; c++)
			to[c][i] = frames[i * channels + c];
	vorbis_analysis_wrote(&v->dsp, (int)n_frames);
	return drain(e);
}

static enum status vorbis_write(struct encoder_handle *e, const float *frames, size_t n_frames)
{
	struct vorbis *v = e->state;
	if (!v->in_link && n_frames > 0)
		TRY(begin_link(e));
	v->frames += (int64_t)n_frames;
	while (n_frames > 0) {
		size_t n = n_frames < CHUNK_FRAMES ? n_frames : CHUNK_FRAMES;
		TRY(write_chunk(e, frames, n));
		frames += n * (size_t)e->format.channels;
		n_frames -= n;
	}
	return STATUS_OK;
}

/* The next link begins with the next frame: titles without sound make none. */
static enum status vorbis_announce(struct encoder_handle *e, const struct tags *tags)
{
	struct vorbis *v = e->state;
	if (v->has_chapters && chapters_add(&v->chapters, v->frames, tags) != STATUS_OK)
		return error_set(e->error, STATUS_NO_MEMORY, "vorbis: out of memory");
	if (!v->is_chained)
		return STATUS_OK;
	TRY(end_link(e));
	tags_done(&v->tags);
	v->tags = (struct tags){0};
	return tags_copy(&v->tags, tags);
}

static enum status vorbis_finish(struct encoder_handle *e)
{
	struct vorbis *v = e->state;
	if (v->serial == 0)
		TRY(begin_link(e)); /* an empty programme is a valid file too */
	return end_link(e);
}

static void vorbis_close(struct encoder_handle *e)
{
	struct vorbis *v = e->state;
	clear_link(v);
	if (v->has_info)
		vorbis_info_clear(&v->info);
	tags_done(&v->tags);
	chapters_done(&v->chapters);
}

const struct encoder_format vorbis_encoder = {
        .name = "vorbis",
        .description = "Ogg Vorbis: quality=-1...10 (5), or bitrate=16...500; chained=yes|no; "
                       "chapters=yes|no",
        .suffixes = (const char *const[]){"ogg", "oga", NULL},
        .state_bytes = sizeof(struct vorbis),
        .open = vorbis_open,
        .write = vorbis_write,
        .announce = vorbis_announce,
        .finish = vorbis_finish,
        .close = vorbis_close,
};
