/* ogg_chain.c - chained Ogg streams that no library reads as one: FLAC, and links of several codecs.  Each link is a
 * piece of the file, decoded by its own format; chains of Vorbis or of Opus alone are left to those. */
#include <stdlib.h>
#include <string.h>

#include "formats.h"
#include "ogg_pages.h"
#include "view.h"
#include "xiph.h"

enum { MOST_BAD_LINKS = 1000 }; /* each costs a library's opening */

struct chain_state {
	struct view view;
	int n_bad_links;
	int64_t next; /* where the next link begins */
	struct source *piece; /* the link being read */
	const struct decoder_format *format; /* of it; NULL: none is open */
	struct decoder_handle inner;
	struct stream_facts facts;
	struct tags tags; /* of links behind the first */
};

static const struct decoder_format *format_of(const uint8_t *head, size_t n_bytes)
{
	static const struct decoder_format *const formats[] = {
	        &decoder_vorbis, &decoder_opus, &decoder_flac, NULL};
	const struct decoder_format *best = NULL;
	int highest = 10; /* less is a guess */

	for (const struct decoder_format *const *format = formats; *format; format++) {
		int score = (*format)->probe(head, n_bytes);

		if (score > highest) {
			highest = score;
			best = *format;
		}
	}
	return best;
}

/* Behind the formats that read most files. */
static int chain_probe(const uint8_t *head, size_t n_bytes)
{
	return n_bytes >= 4 && memcmp(head, "OggS", 4) == 0 && format_of(head, n_bytes) ? 60 : 0;
}

static void close_link(struct chain_state *s)
{
	if (s->format)
		s->format->close(&s->inner);
	s->format = NULL;
	free(s->inner.state);
	s->inner.state = NULL;
	source_close(s->piece);
	s->piece = NULL;
}

/* The file of the link from `from` to s->next.  STATUS_UNSUPPORTED: none of ours. */
static enum status open_piece(struct decoder_handle *d, int64_t from)
{
	struct chain_state *s = d->state;
	uint8_t head[DECODER_HEAD_BYTES];
	ssize_t n_head;

	TRY(source_open_piece(
	        d->source, s->view.start + from, s->next - from, &s->piece, d->error));
	n_head = source_read(s->piece, head, sizeof(head));
	s->format = n_head > 0 ? format_of(head, (size_t)n_head) : NULL;
	if (s->format && source_seek(s->piece, 0) >= 0)
		return STATUS_OK;
	error_set(d->error, STATUS_UNSUPPORTED, "a link of another kind");
	return STATUS_UNSUPPORTED;
}

static enum status open_link(struct decoder_handle *d, struct tags *tags)
{
	struct chain_state *s = d->state;
	int64_t from = s->next;

	s->next = ogg_link_end(&s->view, from);
	if (s->view.error_number != 0)
		return view_end(&s->view, d->error);
	TRY(open_piece(d, from));
	s->facts = (struct stream_facts){.frames = -1};
	s->inner = (struct decoder_handle){
	        .source = s->piece,
	        .state = calloc(1, s->format->state_bytes),
	        .facts = &s->facts,
	        .tags = tags,
	        .damage = d->damage,
	        .error = d->error,
	};
	if (!s->inner.state)
		return error_set(d->error, STATUS_NO_MEMORY, "out of memory");
	return s->format->open(&s->inner);
}

static enum status chain_open(struct decoder_handle *d)
{
	struct chain_state *s = d->state;

	view_init(&s->view, d->source, source_position(d->source));
	if (!ogg_is_chained(&s->view))
		return view_refuse(&s->view, d->error, "damaged Ogg stream");
	TRY(open_link(d, d->tags));
	*d->facts = s->facts;
	d->facts->frames = -1; /* of all links */
	return STATUS_OK;
}

/* The next link that can be played.  STATUS_END: there is none. */
static enum status next_link(struct decoder_handle *d)
{
	struct chain_state *s = d->state;

	while (s->next < view_size(&s->view) && s->n_bad_links < MOST_BAD_LINKS) {
		enum status status;

		close_link(s);
		tags_done(&s->tags);
		s->tags = (struct tags){0};
		status = open_link(d, &s->tags);
		if (status == STATUS_OK || status == STATUS_NO_MEMORY || status == STATUS_IO)
			return status;
		s->n_bad_links++;
		damage_add(d->damage, 0, "a link that cannot be played");
	}
	return STATUS_END;
}

static enum status chain_read(
        struct decoder_handle *d, float *to, size_t max_frames, size_t *n_frames)
{
	struct chain_state *s = d->state;
	enum status status = STATUS_END;

	s->inner.damage = d->damage;
	s->inner.error = d->error;
	if (s->format)
		status = s->format->read(&s->inner, to, max_frames, n_frames);
	if (status == STATUS_NO_MEMORY || status == STATUS_IO)
		return status;
	if (status != STATUS_OK) {
		*n_frames = 0;
		TRY(next_link(d));
	}
	d->facts->sample_rate_hz = s->facts.sample_rate_hz;
	d->facts->channels = s->facts.channels;
	return STATUS_OK;
}

static void chain_close(struct decoder_handle *d)
{
	struct chain_state *s = d->state;

	if (!s)
		return;
	close_link(s);
	tags_done(&s->tags);
}

static const char *const suffixes[] = {"ogg", "oga", NULL};

const struct decoder_format decoder_ogg_chain = {
        .name = "ogg-chain",
        .description = "chained Ogg streams of FLAC, or of several codecs",
        .suffixes = suffixes,
        .probe = chain_probe,
        .state_bytes = sizeof(struct chain_state),
        .open = chain_open,
        .read = chain_read,
        .close = chain_close,
};
