/* opus.c - Ogg Opus through libopusenc, at 48 kHz: a stream that needs no rewriting.
 *
 * Titles as in vorbis.c: on a pipe each begins a new link, with libopusenc's own joining of their edges; a file has them
 * as chapters, in comments that are known only at its end.  libopusenc leaves room for them behind the first ones, and
 * their page is written again: RFC 7845, 5.2 lets anything follow the comments.
 */
#include <ogg/ogg.h>
#include <opusenc.h>
#include <stdlib.h>
#include <string.h>

#include "chapters.h"
#include "formats.h"
#include "settings.h"

enum { RATE_HZ = 48000, CHUNK_FRAMES = 4800, ROOM_BYTES = 16 * 1024 };

enum { SET_BITRATE, SET_CHAINED, SET_CHAPTERS, SETTINGS };
static const char *const yes_no[] = {"no", "yes", NULL};

struct opus {
	OggOpusEnc *encoder; /* made with the first frame, when its title is known */
	OggOpusComments *comments; /* of the link that comes next */
	struct encoder_handle *handle; /* during a call of ours */
	double bitrate;
	bool is_chained;
	bool is_chain_due; /* the next frame begins a link */
	enum status status; /* of the writer: its first failure */
	int serial;
	bool has_chapters;
	struct chapters chapters;
	int64_t frames;
	int64_t bytes; /* written */
	int64_t tags_at; /* where the page of comments is in the file */
	uint8_t *tags_page; /* owned; NULL: not written, or not to be written again */
	size_t tags_bytes;
};

/* ---- chapters ----------------------------------------------------------------------------- */

enum { PAGE_HEAD_BYTES = 27, SEGMENTS_AT = 26 }; /* RFC 3533, 6 */
static const char tags_magic[8] = {'O', 'p', 'u', 's', 'T', 'a', 'g', 's'};

static size_t page_head_bytes(const uint8_t *page)
{
	return PAGE_HEAD_BYTES + (size_t)page[SEGMENTS_AT];
}

/* One whole page whose packet is the comments: that one is kept. */
static bool keep_tags_page(struct opus *o, const uint8_t *bytes, size_t n_bytes)
{
	if (n_bytes < PAGE_HEAD_BYTES || memcmp(bytes, "OggS", 4) != 0 ||
	        n_bytes < page_head_bytes(bytes) + sizeof tags_magic ||
	        memcmp(bytes + page_head_bytes(bytes), tags_magic, sizeof tags_magic) != 0 ||
	        bytes[page_head_bytes(bytes) - 1] == 255)
		return true;
	o->tags_page = malloc(n_bytes);
	if (!o->tags_page)
		return false;
	memcpy(o->tags_page, bytes, n_bytes);
	o->tags_bytes = n_bytes;
	o->tags_at = o->bytes;
	return true;
}

/* A packet of comments that grows within its room. */
struct growing {
	uint8_t *bytes;
	size_t used, most;
	uint32_t count;
	bool is_full;
};

static uint32_t number_at(const uint8_t *bytes)
{
	return (uint32_t)bytes[0] | (uint32_t)bytes[1] << 8 | (uint32_t)bytes[2] << 16 |
	       (uint32_t)bytes[3] << 24;
}

static void put_number(uint8_t *to, uint32_t value)
{
	for (int i = 0; i < 4; i++)
		to[i] = (uint8_t)(value >> 8 * i);
}

static void put_comment(void *user, const char *text)
{
	struct growing *g = user;
	size_t n = strlen(text);
	g->is_full |= g->used + 4 + n > g->most;
	if (g->is_full)
		return;
	put_number(g->bytes + g->used, (uint32_t)n);
	memcpy(g->bytes + g->used + 4, text, n);
	g->used += 4 + n;
	g->count++;
}

/* As many as fit; behind those comments that are there. */
static void add_chapters(const struct opus *o, uint8_t *packet, size_t n_bytes)
{
	size_t count_at = sizeof tags_magic + 4 + number_at(packet + sizeof tags_magic);
	struct growing g = {.bytes = packet,
	        .used = count_at + 4,
	        .most = n_bytes,
	        .count = number_at(packet + count_at)};
	for (uint32_t i = 0; i < g.count; i++)
		g.used += 4 + number_at(packet + g.used);
	struct chapters fitting = o->chapters;
	const struct growing before = g;
	do {
		g = before;
		chapters_to_comments(&fitting, RATE_HZ, put_comment, &g);
	} while (g.is_full && fitting.count-- > 0);
	memset(packet + g.used, 0, n_bytes - g.used);
	put_number(packet + count_at, g.count);
}

static enum status patch_chapters(struct encoder_handle *e)
{
	struct opus *o = e->state;
	const struct writer *w = e->writer;
	if (!o->tags_page || o->chapters.count == 0)
		return STATUS_OK;
	size_t n_head = page_head_bytes(o->tags_page);
	ogg_page page = {.header = o->tags_page,
	        .header_len = (long)n_head,
	        .body = o->tags_page + n_head,
	        .body_len = (long)(o->tags_bytes - n_head)};
	add_chapters(o, page.body, (size_t)page.body_len);
	ogg_page_checksum_set(&page);
	return w->patch(w->user, o->tags_at, o->tags_page, o->tags_bytes, e->error);
}

/* ---- the encoder -------------------------------------------------------------------------- */

static int write_page(void *user, const unsigned char *bytes, opus_int32 n_bytes)
{
	struct opus *o = user;
	const struct writer *w = o->handle->writer;
	if (o->has_chapters && !o->tags_page && !keep_tags_page(o, bytes, (size_t)n_bytes))
		o->has_chapters = false;
	o->bytes += n_bytes;
	if (o->status == STATUS_OK)
		o->status = w->write(w->user, bytes, (size_t)n_bytes, o->handle->error);
	return o->status != STATUS_OK;
}

static int close_stream(void *user)
{
	return 0; /* the writer's owner does */
}

static const OpusEncCallbacks callbacks = {.write = write_page, .close = close_stream};

/* The writer's failure, whose words are there already, or libopusenc's. */
static enum status result(struct encoder_handle *e, int code)
{
	const struct opus *o = e->state;
	if (o->status != STATUS_OK)
		return o->status;
	if (code != OPE_OK)
		return error_set(e->error, STATUS_BAD_DATA, "opus: %s", ope_strerror(code));
	return STATUS_OK;
}

static enum status out_of_memory(struct encoder_handle *e)
{
	return error_set(e->error, STATUS_NO_MEMORY, "opus: out of memory");
}

static enum status opus_open(struct encoder_handle *e)
{
	struct opus *o = e->state;
	struct setting settings[SETTINGS] = {
	        [SET_BITRATE] = {.name = "bitrate", .lowest = 6, .highest = 510, .value = 128},
	        [SET_CHAINED] = {.name = "chained",
	                .choices = yes_no,
	                .value = e->writer->patch == NULL},
	        [SET_CHAPTERS] = {.name = "chapters",
	                .choices = yes_no,
	                .value = e->writer->patch != NULL},
	};
	TRY(settings_parse(e->options, "opus", settings, SETTINGS, e->error));
	e->format.sample_rate_hz = RATE_HZ;
	if (e->format.channels > 2)
		e->format.channels = 2;
	e->format.sample = SAMPLE_F32;
	o->bitrate = settings[SET_BITRATE].value;
	o->is_chained = settings[SET_CHAINED].value != 0;
	o->has_chapters = settings[SET_CHAPTERS].value != 0 && !o->is_chained && e->writer->patch;
	o->comments = ope_comments_create();
	return o->comments ? STATUS_OK : out_of_memory(e);
}

static enum status start(struct encoder_handle *e)
{
	struct opus *o = e->state;
	int code = OPE_OK;
	o->encoder = ope_encoder_create_callbacks(
	        &callbacks, o, o->comments, RATE_HZ, e->format.channels, 0, &code);
	if (!o->encoder)
		return result(e, code);
	/* Counted, not random: the same programme gives the same bytes. */
	ope_encoder_ctl(o->encoder, OPE_SET_SERIALNO(++o->serial));
	ope_encoder_ctl(o->encoder, OPUS_SET_BITRATE((opus_int32)(o->bitrate * 1000)));
	if (o->has_chapters)
		ope_encoder_ctl(o->encoder, OPE_SET_COMMENT_PADDING(ROOM_BYTES));
	return STATUS_OK;
}

/* libopusenc asserts on links without frames, so they begin with their first one. */
static enum status begin_link(struct encoder_handle *e)
{
	struct opus *o = e->state;
	if (!o->encoder)
		return start(e);
	if (!o->is_chain_due)
		return STATUS_OK;
	o->is_chain_due = false;
	TRY(result(e, ope_encoder_chain_current(o->encoder, o->comments)));
	ope_encoder_ctl(o->encoder, OPE_SET_SERIALNO(++o->serial));
	return STATUS_OK;
}

static enum status opus_write(struct encoder_handle *e, const float *frames, size_t n_frames)
{
	struct opus *o = e->state;
	o->handle = e;
	if (n_frames > 0)
		TRY(begin_link(e));
	while (n_frames > 0) {
		size_t n = n_frames < CHUNK_FRAMES ? n_frames : CHUNK_FRAMES;
		TRY(result(e, ope_encoder_write_float(o->encoder, frames, (int)n)));
		o->frames += (int64_t)n;
		frames += n * (size_t)e->format.channels;
		n_frames -= n;
	}
	return STATUS_OK;
}

static OggOpusComments *comments_from(const struct tags *tags)
{
	OggOpusComments *comments = ope_comments_create();
	for (size_t i = 0; comments && i < tags->count; i++) {
		const char *name = tags->items[i].name;
		if (strcmp(name, "title") == 0 || strcmp(name, "artist") == 0 ||
		        strcmp(name, "album") == 0)
			ope_comments_add(comments, name, tags->items[i].value);
	}
	return comments;
}

static enum status opus_announce(struct encoder_handle *e, const struct tags *tags)
{
	struct opus *o = e->state;
	o->handle = e;
	if (o->has_chapters && chapters_add(&o->chapters, o->frames, tags) != STATUS_OK)
		return out_of_memory(e);
	if (!o->is_chained)
		return STATUS_OK;
	OggOpusComments *comments = comments_from(tags);
	if (!comments)
		return out_of_memory(e);
	ope_comments_destroy(o->comments);
	o->comments = comments;
	o->is_chain_due = o->encoder != NULL;
	return STATUS_OK;
}

static enum status opus_finish(struct encoder_handle *e)
{
	struct opus *o = e->state;
	o->handle = e;
	if (!o->encoder) { /* an empty programme is a valid file too, of one silent frame */
		static const float silence[2] = {0, 0};
		TRY(opus_write(e, silence, 1));
	}
	TRY(result(e, ope_encoder_drain(o->encoder)));
	return patch_chapters(e);
}

static void opus_close(struct encoder_handle *e)
{
	struct opus *o = e->state;
	o->handle = e;
	if (o->encoder)
		ope_encoder_destroy(o->encoder);
	if (o->comments)
		ope_comments_destroy(o->comments);
	chapters_done(&o->chapters);
	free(o->tags_page);
}

const struct encoder_format opus_encoder = {
        .name = "opus",
        .description = "Ogg Opus: bitrate=6...510 (128); chained=yes|no; chapters=yes|no",
        .suffixes = (const char *const[]){"opus", NULL},
        .state_bytes = sizeof(struct opus),
        .open = opus_open,
        .write = opus_write,
        .announce = opus_announce,
        .finish = opus_finish,
        .close = opus_close,
};
