/* opus.c - Ogg Opus through libopusenc, at 48 kHz: a stream that needs no rewriting.
 *
 * Titles as in vorbis.c: on a pipe each begins a new link, with libopusenc's own joining of their edges.
 */
#include <opusenc.h>
#include <string.h>

#include "formats.h"
#include "settings.h"

enum { RATE_HZ = 48000, CHUNK_FRAMES = 4800 };

enum { SET_BITRATE, SET_CHAINED, SETTINGS };
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
};

static int write_page(void *user, const unsigned char *bytes, opus_int32 n_bytes)
{
	struct opus *o = user;
	const struct writer *w = o->handle->writer;
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
	};
	TRY(settings_parse(e->options, "opus", settings, SETTINGS, e->error));
	e->format.sample_rate_hz = RATE_HZ;
	if (e->format.channels > 2)
		e->format.channels = 2;
	e->format.sample = SAMPLE_F32;
	o->bitrate = settings[SET_BITRATE].value;
	o->is_chained = settings[SET_CHAINED].value != 0;
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
	return result(e, ope_encoder_drain(o->encoder));
}

static void opus_close(struct encoder_handle *e)
{
	struct opus *o = e->state;
	o->handle = e;
	if (o->encoder)
		ope_encoder_destroy(o->encoder);
	if (o->comments)
		ope_comments_destroy(o->comments);
}

const struct encoder_format opus_encoder = {
        .name = "opus",
        .description = "Ogg Opus: bitrate=6...510 (128); chained=yes|no",
        .suffixes = (const char *const[]){"opus", NULL},
        .state_bytes = sizeof(struct opus),
        .open = opus_open,
        .write = opus_write,
        .announce = opus_announce,
        .finish = opus_finish,
        .close = opus_close,
};
