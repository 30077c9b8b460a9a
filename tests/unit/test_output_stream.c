/* test_output_stream.c - what late, slow and curious listeners get of a stream. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <ogg/ogg.h>

#include "output/stream.h"

static uint8_t got[1 << 20];

static size_t read_all(struct stream *s, struct stream_reader *r, size_t step)
{
	size_t total = 0, n;
	do {
		assert_int_equal(stream_read(s, r, got + total, step, &n), STATUS_OK);
		total += n;
	} while (n > 0);
	return total;
}

static void write_text(struct stream *s, const char *text)
{
	assert_int_equal(stream_write(s, text, strlen(text)), STATUS_OK);
}

static void listeners_share_the_bytes(void **state)
{
	struct stream *s = stream_new(100, 8);
	struct stream_reader early, late;
	(void)state;
	assert_int_equal(stream_join(s, &early, 0), STATUS_OK);
	assert_int_equal(read_all(s, &early, 10), 0);
	write_text(s, "frame one,");
	write_text(s, "two,");
	write_text(s, "thr,");
	assert_int_equal(stream_join(s, &late, 0), STATUS_OK);
	assert_int_equal(read_all(s, &early, 7), 18);
	assert_memory_equal(got, "frame one,two,thr,", 18);
	assert_int_equal(read_all(s, &late, 100), 8);
	assert_memory_equal(got, "two,thr,", 8);
	stream_end(s);
	size_t n;
	assert_int_equal(stream_read(s, &late, got, 10, &n), STATUS_END);
	stream_leave(&early);
	stream_leave(&late);
	stream_free(s);
	stream_free(NULL);
}

static void who_is_too_slow_is_told(void **state)
{
	struct stream *s = stream_new(10, 5);
	struct stream_reader r;
	size_t n;
	(void)state;
	assert_int_equal(stream_join(s, &r, 0), STATUS_OK);
	write_text(s, "0123456789");
	assert_int_equal(stream_read(s, &r, got, 1, &n), STATUS_OK);
	write_text(s, "a");
	assert_int_equal(stream_read(s, &r, got, 1, &n), STATUS_OK);
	assert_memory_equal(got, "1", 1);
	write_text(s, "bc");
	assert_int_equal(stream_read(s, &r, got, 1, &n), STATUS_CANCELLED);
	stream_leave(&r);
	stream_free(s);
}

static void a_head_comes_first(void **state)
{
	struct stream *s = stream_new(100, 50);
	struct stream_reader r;
	(void)state;
	write_text(s, "HEAD");
	assert_int_equal(stream_end_head(s), STATUS_OK);
	assert_int_equal(stream_join(s, &r, 4), STATUS_OK);
	write_text(s, "body");
	assert_int_equal(read_all(s, &r, 3), 8);
	assert_memory_equal(got, "HEADbody", 8);
	stream_leave(&r);
	assert_int_equal(stream_join(s, &r, 0), STATUS_OK);
	assert_int_equal(read_all(s, &r, 100), 8);
	assert_memory_equal(got, "HEADbody", 8);
	stream_leave(&r);
	stream_free(s);
}

/* Every 4 bytes; the title when it is new, else one zero. */
static void titles_stand_between_the_frames(void **state)
{
	struct stream *s = stream_new(1000, 100);
	struct stream_reader r;
	(void)state;
	stream_title(s, "A';B");
	assert_int_equal(stream_join(s, &r, 4), STATUS_OK);
	write_text(s, "abcdefg");
	stream_title(s, "C");
	write_text(s, "hijklm");
	assert_int_equal(read_all(s, &r, 5), 4 + 33 + 4 + 17 + 4 + 1 + 1);
	assert_memory_equal(got, "abcd\2StreamTitle='A',B';\0\0\0\0\0\0\0\0\0\0\0\0\0", 4 + 33);
	assert_memory_equal(got + 37, "efgh\1StreamTitle='C';", 4 + 17);
	assert_memory_equal(got + 58, "ijkl\0m", 6);
	stream_leave(&r);
	stream_free(s);
}

static void a_long_title_fits(void **state)
{
	char title[5000];
	struct stream *s = stream_new(10000, 100);
	struct stream_reader r;
	(void)state;
	memset(title, 'x', sizeof title - 1);
	title[sizeof title - 1] = '\0';
	stream_title(s, title);
	assert_int_equal(stream_join(s, &r, 1), STATUS_OK);
	write_text(s, "ab");
	size_t n = read_all(s, &r, 4000);
	assert_int_equal(got[1], (13 + 1023 + 2 + 15) / 16);
	assert_int_equal(n, 1 + 1 + 16 * got[1] + 1 + 1);
	stream_leave(&r);
	stream_free(s);
}

/* ---- Ogg ---------------------------------------------------------------------------------- */

struct ogg {
	struct stream *stream;
	ogg_stream_state state;
	ogg_int64_t packets;
};

static void put_packet(struct ogg *o, const char *text, bool first, ogg_int64_t granule)
{
	ogg_packet packet = {.packet = (unsigned char *)text,
	        .bytes = (long)strlen(text),
	        .b_o_s = first,
	        .granulepos = granule,
	        .packetno = o->packets++};
	ogg_page page;
	assert_int_equal(ogg_stream_packetin(&o->state, &packet), 0);
	while (ogg_stream_flush(&o->state, &page)) {
		assert_int_equal(
		        stream_write(o->stream, page.header, (size_t)page.header_len), STATUS_OK);
		assert_int_equal(
		        stream_write(o->stream, page.body, (size_t)page.body_len), STATUS_OK);
	}
}

static void begin_ogg(struct ogg *o, int serial)
{
	ogg_stream_init(&o->state, serial);
	o->packets = 0;
	put_packet(o, "OpusHead....", true, 0);
	put_packet(o, "OpusTags....", false, 0);
}

/* The bodies of the pages, one after the other. */
static void bodies(const uint8_t *bytes, size_t n_bytes, char *to)
{
	ogg_sync_state sync;
	ogg_page page;
	ogg_sync_init(&sync);
	memcpy(ogg_sync_buffer(&sync, (long)n_bytes), bytes, n_bytes);
	ogg_sync_wrote(&sync, (long)n_bytes);
	*to = '\0';
	while (ogg_sync_pageout(&sync, &page) == 1) {
		size_t length = strlen(to);
		memcpy(to + length, page.body, (size_t)page.body_len);
		to[length + (size_t)page.body_len] = '\0';
	}
	ogg_sync_clear(&sync);
}

static void late_listeners_of_ogg_get_the_head_of_their_link(void **state)
{
	struct ogg o = {.stream = stream_new(4000, 100)};
	struct stream_reader r;
	char text[1000];
	(void)state;
	begin_ogg(&o, 1);
	put_packet(&o, "one", false, 100);
	/* 28 bytes a page and its body: three pages are within the burst. */
	put_packet(&o, "two", false, 200);
	put_packet(&o, "three", false, 300);
	put_packet(&o, "four", false, 400);
	assert_int_equal(stream_join(o.stream, &r, 16), STATUS_OK);
	bodies(got, read_all(o.stream, &r, 11), text);
	assert_string_equal(text, "OpusHead....OpusTags....twothreefour");
	stream_leave(&r);
	ogg_stream_clear(&o.state);
	/* The burst begins in the old link: its head, the rest of it, and the new link as it stands. */
	begin_ogg(&o, 2);
	stream_leave(&r);
	assert_int_equal(stream_join(o.stream, &r, 0), STATUS_OK);
	put_packet(&o, "five", false, 100);
	bodies(got, read_all(o.stream, &r, 1000), text);
	assert_string_equal(text, "OpusHead....OpusTags....five");
	stream_leave(&r);
	ogg_stream_clear(&o.state);
	stream_free(o.stream);
}

static void what_is_no_ogg_behind_ogg_is_refused(void **state)
{
	struct ogg o = {.stream = stream_new(4000, 100)};
	(void)state;
	begin_ogg(&o, 1);
	uint8_t *rubbish = calloc(1, 2 << 20);
	assert_int_equal(stream_write(o.stream, rubbish, 2 << 20), STATUS_BAD_DATA);
	free(rubbish);
	ogg_stream_clear(&o.state);
	stream_free(o.stream);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(listeners_share_the_bytes),
	        cmocka_unit_test(who_is_too_slow_is_told),
	        cmocka_unit_test(a_head_comes_first),
	        cmocka_unit_test(titles_stand_between_the_frames),
	        cmocka_unit_test(a_long_title_fits),
	        cmocka_unit_test(late_listeners_of_ogg_get_the_head_of_their_link),
	        cmocka_unit_test(what_is_no_ogg_behind_ogg_is_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
