/* stream.c - a ring of bytes with marks.  Who listens, and over what, is the server's affair.
 *
 * Ogg (RFC 3533) is known by its pages: a page that begins a logical stream begins a link, the pages of its first
 * packets (three of Vorbis, two of Opus: RFC 7845) are its head, and each later page is a place to begin.  Anything
 * else may begin where a write began.
 */
#include "stream.h"

#include <ogg/ogg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	MARKS = 1024, /* about 25 s of MP3 frames */
	LINKS = 16, /* titles of the last minutes */
	TITLES = 16,
	TITLE_BYTES = 1024,
	HEAD_BYTES_MOST = 256 * 1024,
	OGG_WRITE_MOST = 1 << 20,
};

/* Where a listener may begin. */
struct mark {
	int64_t at;
	uint64_t link; /* number of its link */
};

/* A logical stream of Ogg; of anything else there is one, whose head may be empty. */
struct link {
	int64_t start; /* where its head lies in the ring, if it is there */
	uint8_t *head; /* owned */
	size_t head_bytes;
	int head_packets_left;
};

struct title {
	int64_t at;
	char text[TITLE_BYTES];
};

struct stream {
	uint8_t *bytes;
	size_t capacity, burst;
	int64_t end; /* bytes written; the last `capacity` are there */
	bool has_ended;
	bool is_begun, is_ogg;
	ogg_sync_state sync;
	struct mark marks[MARKS];
	uint64_t n_marks; /* ever made; number n is at n % MARKS */
	struct link links[LINKS];
	uint64_t n_links;
	struct title titles[TITLES];
	uint64_t n_titles;
};

struct stream *stream_new(size_t kept_bytes, size_t burst_bytes)
{
	struct stream *s = calloc(1, sizeof *s);
	if (!s)
		return NULL;
	s->bytes = malloc(kept_bytes);
	s->capacity = kept_bytes;
	s->burst = burst_bytes;
	ogg_sync_init(&s->sync);
	if (!s->bytes) {
		stream_free(s);
		return NULL;
	}
	return s;
}

void stream_free(struct stream *s)
{
	if (!s)
		return;
	for (size_t i = 0; i < LINKS; i++)
		free(s->links[i].head);
	ogg_sync_clear(&s->sync);
	free(s->bytes);
	free(s);
}

int64_t stream_bytes(const struct stream *s)
{
	return s->end;
}

void stream_end(struct stream *s)
{
	s->has_ended = true;
}

/* ---- writing ------------------------------------------------------------------------------ */

static size_t smaller(size_t a, size_t b)
{
	return a < b ? a : b;
}

static void append(struct stream *s, const uint8_t *bytes, size_t n_bytes)
{
	while (n_bytes > 0) {
		size_t at = (size_t)(s->end % (int64_t)s->capacity);
		size_t n = smaller(n_bytes, s->capacity - at);
		memcpy(s->bytes + at, bytes, n);
		bytes += n;
		n_bytes -= n;
		s->end += (int64_t)n;
	}
}

static struct link *current_link(struct stream *s)
{
	return &s->links[(s->n_links - 1) % LINKS];
}

static struct link *begin_link(struct stream *s)
{
	struct link *link = &s->links[s->n_links++ % LINKS];
	free(link->head);
	*link = (struct link){.start = s->end};
	return link;
}

static void add_mark(struct stream *s)
{
	s->marks[s->n_marks++ % MARKS] = (struct mark){.at = s->end, .link = s->n_links - 1};
}

static enum status add_to_head(struct link *link, const uint8_t *bytes, size_t n_bytes)
{
	if (n_bytes > HEAD_BYTES_MOST - link->head_bytes)
		return STATUS_BAD_DATA;
	uint8_t *head = realloc(link->head, link->head_bytes + n_bytes);
	if (!head)
		return STATUS_NO_MEMORY;
	memcpy(head + link->head_bytes, bytes, n_bytes);
	link->head = head;
	link->head_bytes += n_bytes;
	return STATUS_OK;
}

/* Of the packets that must come before the sound. */
static int count_head_packets(const ogg_page *page)
{
	if (page->body_len >= 7 && memcmp(page->body, "\001vorbis", 7) == 0)
		return 3;
	if (page->body_len >= 8 && memcmp(page->body, "OpusHead", 8) == 0)
		return 2;
	return 1;
}

static enum status add_page(struct stream *s, const ogg_page *page)
{
	if (ogg_page_bos(page)) {
		begin_link(s)->head_packets_left = count_head_packets(page);
		add_mark(s);
	}
	if (s->n_links == 0)
		return STATUS_BAD_DATA;
	struct link *link = current_link(s);
	if (link->head_packets_left > 0) {
		TRY(add_to_head(link, page->header, (size_t)page->header_len));
		TRY(add_to_head(link, page->body, (size_t)page->body_len));
		link->head_packets_left -= ogg_page_packets(page);
	} else {
		add_mark(s);
	}
	append(s, page->header, (size_t)page->header_len);
	append(s, page->body, (size_t)page->body_len);
	return STATUS_OK;
}

static enum status write_ogg(struct stream *s, const void *bytes, size_t n_bytes)
{
	ogg_page page;
	if (n_bytes > OGG_WRITE_MOST)
		return STATUS_BAD_DATA;
	char *to = ogg_sync_buffer(&s->sync, (long)n_bytes);
	if (!to)
		return STATUS_NO_MEMORY;
	memcpy(to, bytes, n_bytes);
	ogg_sync_wrote(&s->sync, (long)n_bytes);
	while (ogg_sync_pageout(&s->sync, &page) == 1)
		TRY(add_page(s, &page));
	return STATUS_OK;
}

enum status stream_write(struct stream *s, const void *bytes, size_t n_bytes)
{
	if (n_bytes == 0)
		return STATUS_OK;
	if (!s->is_begun) {
		s->is_begun = true;
		s->is_ogg = n_bytes >= 4 && memcmp(bytes, "OggS", 4) == 0;
		if (!s->is_ogg && s->n_links == 0)
			begin_link(s);
	}
	if (s->is_ogg)
		return write_ogg(s, bytes, n_bytes);
	add_mark(s);
	append(s, bytes, n_bytes);
	return STATUS_OK;
}

enum status stream_end_head(struct stream *s)
{
	if (s->is_ogg || s->end == 0)
		return STATUS_OK;
	if ((size_t)s->end > s->capacity)
		return STATUS_BAD_DATA;
	TRY(add_to_head(current_link(s), s->bytes, (size_t)s->end));
	s->n_marks = 0; /* nobody begins within it */
	return STATUS_OK;
}

void stream_title(struct stream *s, const char *title)
{
	struct title *t = &s->titles[s->n_titles++ % TITLES];
	t->at = s->end;
	snprintf(t->text, sizeof t->text, "%s", title);
}

/* ---- listening ---------------------------------------------------------------------------- */

static int64_t oldest(const struct stream *s)
{
	return s->end > (int64_t)s->capacity ? s->end - (int64_t)s->capacity : 0;
}

/* The oldest mark within the burst whose link is known; NULL when there is none. */
static const struct mark *choose_mark(const struct stream *s)
{
	uint64_t first = s->n_marks > MARKS ? s->n_marks - MARKS : 0;
	uint64_t first_link = s->n_links > LINKS ? s->n_links - LINKS : 0;
	int64_t from = s->end - (int64_t)s->burst;
	if (from < oldest(s))
		from = oldest(s);
	for (uint64_t n = first; n < s->n_marks; n++) {
		const struct mark *mark = &s->marks[n % MARKS];
		if (mark->at >= from && mark->link >= first_link)
			return mark;
	}
	return NULL;
}

static enum status copy_head(struct stream_reader *r, const struct link *link)
{
	r->head = malloc(link->head_bytes ? link->head_bytes : 1);
	if (!r->head)
		return STATUS_NO_MEMORY;
	if (link->head_bytes)
		memcpy(r->head, link->head, link->head_bytes);
	r->head_bytes = link->head_bytes;
	return STATUS_OK;
}

enum status stream_join(struct stream *s, struct stream_reader *r, size_t icy_interval)
{
	const struct mark *mark = choose_mark(s);
	*r = (struct stream_reader){.position = mark ? mark->at : s->end,
	        .icy_interval = icy_interval,
	        .until_icy = icy_interval,
	        .title = UINT64_MAX};
	if (s->n_links == 0)
		return STATUS_OK;
	const struct link *link = &s->links[(mark ? mark->link : s->n_links - 1) % LINKS];
	if (s->is_ogg || link->head_bytes > 0)
		r->icy_interval = 0; /* nobody expects metadata in these */
	bool head_is_ahead = s->is_ogg && r->position <= link->start;
	return head_is_ahead || link->head_bytes == 0 ? STATUS_OK : copy_head(r, link);
}

void stream_leave(struct stream_reader *r)
{
	free(r->head);
	free(r->icy);
	*r = (struct stream_reader){0};
}

/* The number of the title at a place; UINT64_MAX: none yet. */
static uint64_t title_at(const struct stream *s, int64_t position)
{
	uint64_t first = s->n_titles > TITLES ? s->n_titles - TITLES : 0;
	for (uint64_t n = s->n_titles; n > first; n--)
		if (s->titles[(n - 1) % TITLES].at <= position)
			return n - 1;
	return UINT64_MAX;
}

/* StreamTitle='...'; with nothing in it that ends it, padded to 16 bytes behind its length.  One zero byte: as before. */
static enum status make_icy(const struct stream *s, struct stream_reader *r)
{
	uint64_t title = title_at(s, r->position);
	bool is_new = title != r->title && title != UINT64_MAX;
	size_t n = 0;
	r->icy = calloc(1, is_new ? ICY_BLOCK_BYTES : 1);
	if (!r->icy)
		return STATUS_NO_MEMORY;
	char *text = (char *)r->icy + 1;
	if (is_new) {
		n = (size_t)snprintf(
		        text, TITLE_BYTES + 32, "StreamTitle='%s", s->titles[title % TITLES].text);
		for (char *end = text + 13; (end = strstr(end, "';")) != NULL;)
			end[1] = ',';
		text[n++] = '\'';
		text[n++] = ';';
	}
	r->title = is_new ? title : r->title;
	r->icy[0] = (uint8_t)((n + 15) / 16);
	r->icy_bytes = 1 + 16 * (size_t)r->icy[0];
	r->icy_sent = 0;
	r->until_icy = r->icy_interval;
	return STATUS_OK;
}

/* A piece that is owned and freed when it is through. */
static size_t send_piece(uint8_t **piece, size_t n_bytes, size_t *sent, uint8_t *to, size_t most)
{
	size_t n = smaller(n_bytes - *sent, most);
	memcpy(to, *piece + *sent, n);
	*sent += n;
	if (*sent == n_bytes) {
		free(*piece);
		*piece = NULL;
	}
	return n;
}

static size_t send_sound(const struct stream *s, struct stream_reader *r, uint8_t *to, size_t most)
{
	size_t at = (size_t)(r->position % (int64_t)s->capacity);
	size_t n = smaller(most, (size_t)(s->end - r->position));
	n = smaller(n, s->capacity - at);
	if (r->icy_interval)
		n = smaller(n, r->until_icy);
	memcpy(to, s->bytes + at, n);
	r->position += (int64_t)n;
	r->until_icy -= r->icy_interval ? n : 0;
	return n;
}

/* One step; *n is 0 when there is nothing for now. */
static enum status step(
        const struct stream *s, struct stream_reader *r, uint8_t *to, size_t most, size_t *n)
{
	if (r->head) {
		*n = send_piece(&r->head, r->head_bytes, &r->head_sent, to, most);
		return STATUS_OK;
	}
	if (r->icy_interval && r->until_icy == 0 && !r->icy)
		TRY(make_icy(s, r));
	*n = r->icy ? send_piece(&r->icy, r->icy_bytes, &r->icy_sent, to, most)
	            : send_sound(s, r, to, most);
	return STATUS_OK;
}

enum status stream_read(
        struct stream *s, struct stream_reader *r, uint8_t *to, size_t most, size_t *n_bytes)
{
	*n_bytes = 0;
	if (r->position < oldest(s))
		return STATUS_CANCELLED;
	while (*n_bytes < most) {
		size_t n;
		TRY(step(s, r, to + *n_bytes, most - *n_bytes, &n));
		if (n == 0)
			break;
		*n_bytes += n;
	}
	return *n_bytes == 0 && s->has_ended ? STATUS_END : STATUS_OK;
}
