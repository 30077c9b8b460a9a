/* test_encode_wav.c - heads byte by byte, RF64 at its border, what a killed or failed run leaves. */
#include <setjmp.h>
#include <sndfile.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* Its private head, with lengths that nobody writes in a test. */
#include "encode/wav.c"
#include "support/memory_writer.h"

enum { SECOND = 44100 };

static struct encoder *begin(
        struct memory_writer *memory, bool can_patch, struct stream_format format)
{
	struct writer writer = memory_writer(memory, can_patch);
	struct encoder *encoder;
	struct stream_format got = format;
	assert_int_equal(encoder_open(&wav_encoder, &got, "", &writer, &encoder, NULL), STATUS_OK);
	assert_memory_equal(&got, &format, sizeof got);
	return encoder;
}

static void write_seconds(struct encoder *encoder, int channels, int seconds)
{
	float *frames = calloc((size_t)SECOND * (size_t)channels, sizeof(float));
	assert_non_null(frames);
	for (int s = 0; s < seconds; s++) {
		test_signal(frames, SECOND, channels, (int64_t)s * SECOND);
		assert_int_equal(encoder_write(encoder, frames, SECOND, NULL), STATUS_OK);
	}
	free(frames);
}

static void head_of_a_pipe_is_plain(void **state)
{
	(void)state;
	static const uint8_t expected[44] =
	        "RIFF\xff\xff\xff\xffWAVEfmt \x10\0\0\0\1\0\2\0"
	        "\x44\xac\0\0\x10\xb1\2\0\4\0\x10\0data\xff\xff\xff\xff";
	struct memory_writer m;
	struct encoder *e = begin(&m, false, (struct stream_format){SECOND, 2, SAMPLE_S16});
	write_seconds(e, 2, 1);
	assert_int_equal(encoder_finish(e, NULL), STATUS_OK);
	encoder_close(e);
	assert_int_equal(m.count, 44 + 4 * SECOND);
	assert_memory_equal(m.bytes, expected, 44);
	memory_writer_done(&m);
}

static void head_of_a_file_has_lengths(void **state)
{
	(void)state;
	static const uint8_t expected[80] =
	        "RIFF\x58\xb1\2\0WAVEJUNK\x1c\0\0\0"
	        "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"
	        "fmt \x10\0\0\0\1\0\2\0\x44\xac\0\0\x10\xb1\2\0\4\0\x10\0data\x10\xb1\2\0";
	struct memory_writer m;
	struct encoder *e = begin(&m, true, (struct stream_format){SECOND, 2, SAMPLE_S16});
	write_seconds(e, 2, 1);
	assert_int_equal(encoder_finish(e, NULL), STATUS_OK);
	encoder_close(e);
	assert_int_equal(m.count, 80 + 4 * SECOND);
	assert_memory_equal(m.bytes, expected, 80);
	memory_writer_done(&m);
}

static void long_words_are_extensible(void **state)
{
	(void)state;
	static const uint8_t expected[48] =
	        "fmt \x28\0\0\0\xfe\xff\2\0\x44\xac\0\0\x98\x09\4\0\6\0\x18\0\x16\0\x18\0\3\0\0\0"
	        "\1\0\0\0\0\0\x10\0\x80\0\0\xaa\0\x38\x9b\x71";
	struct memory_writer m;
	struct encoder *e = begin(&m, false, (struct stream_format){SECOND, 2, SAMPLE_S24});
	assert_int_equal(encoder_finish(e, NULL), STATUS_OK);
	encoder_close(e);
	assert_memory_equal(m.bytes + 12, expected, 48);
	memory_writer_done(&m);
}

static sf_count_t memory_length(void *user)
{
	const struct memory_writer *m = user;
	return (sf_count_t)m->count;
}

static sf_count_t memory_seek(sf_count_t offset, int whence, void *user)
{
	struct memory_writer *m = user;
	sf_count_t base = whence == SEEK_SET   ? 0
	                  : whence == SEEK_CUR ? m->n_calls
	                                       : memory_length(m);
	m->n_calls = (int)(base + offset); /* the position: nobody counts calls any more */
	return m->n_calls;
}

static sf_count_t memory_read(void *to, sf_count_t n, void *user)
{
	struct memory_writer *m = user;
	sf_count_t left = memory_length(m) - m->n_calls;
	n = n < left ? n : left;
	memcpy(to, m->bytes + m->n_calls, (size_t)n);
	m->n_calls += (int)n;
	return n;
}

static sf_count_t memory_tell(void *user)
{
	return ((struct memory_writer *)user)->n_calls;
}

static void assert_reads_as_signal(struct memory_writer *m, int channels, sf_count_t n_frames)
{
	SF_VIRTUAL_IO io = {memory_length, memory_seek, memory_read, NULL, memory_tell};
	SF_INFO info = {0};
	m->n_calls = 0;
	SNDFILE *file = sf_open_virtual(&io, SFM_READ, &info, m);
	assert_non_null(file);
	assert_int_equal(info.channels, channels);
	assert_int_equal(info.samplerate, SECOND);
	float *got = calloc((size_t)(n_frames + 1) * (size_t)channels, sizeof(float));
	float *expected = calloc((size_t)n_frames * (size_t)channels, sizeof(float));
	test_signal(expected, (size_t)n_frames, channels, 0);
	assert_int_equal(sf_readf_float(file, got, n_frames + 1), n_frames);
	assert_memory_equal(got, expected, (size_t)n_frames * (size_t)channels * sizeof(float));
	sf_close(file);
	free(got);
	free(expected);
}

static void libsndfile_reads_every_kind(void **state)
{
	(void)state;
	static const enum sample_format samples[] = {SAMPLE_S16, SAMPLE_S24, SAMPLE_F32};
	static const int channels[] = {1, 2, 6};
	for (size_t s = 0; s < 3; s++) {
		for (size_t c = 0; c < 3; c++) {
			for (int can_patch = 0; can_patch < 2; can_patch++) {
				struct memory_writer m;
				struct encoder *e = begin(&m, can_patch,
				        (struct stream_format){SECOND, channels[c], samples[s]});
				write_seconds(e, channels[c], 1);
				assert_int_equal(encoder_finish(e, NULL), STATUS_OK);
				encoder_close(e);
				assert_reads_as_signal(&m, channels[c], SECOND);
				memory_writer_done(&m);
			}
		}
	}
}

static uint64_t read_le(const uint8_t *from, int n_bytes)
{
	uint64_t value = 0;
	for (int i = 0; i < n_bytes; i++)
		value |= (uint64_t)from[i] << 8 * i;
	return value;
}

static void over_4_gib_is_rf64(void **state)
{
	(void)state;
	const struct stream_format stereo = {SECOND, 2, SAMPLE_S16};
	struct head h;
	/* The last length that RIFF holds, in whole frames, and the next. */
	uint64_t last = (UINT32_MAX - 1 - 72) / 4 * 4;
	build_head(&h, &stereo, last, true);
	assert_memory_equal(h.bytes, "RIFF", 4);
	assert_memory_equal(h.bytes + 12, "JUNK", 4);
	assert_int_equal(read_le(h.bytes + 4, 4), last + 72);
	assert_int_equal(read_le(h.bytes + 76, 4), last);
	build_head(&h, &stereo, last + 4, true);
	assert_int_equal(h.count, 80);
	assert_memory_equal(h.bytes,
	        "RF64\xff\xff\xff\xffWAVE"
	        "ds64\x1c\0\0\0",
	        20);
	assert_int_equal(read_le(h.bytes + 20, 8), last + 4 + 72);
	assert_int_equal(read_le(h.bytes + 28, 8), last + 4);
	assert_int_equal(read_le(h.bytes + 36, 8), (last + 4) / 4);
	assert_int_equal(read_le(h.bytes + 44, 4), 0);
	assert_memory_equal(h.bytes + 48, "fmt ", 4);
	assert_memory_equal(h.bytes + 72, "data\xff\xff\xff\xff", 8);
}

static void a_killed_run_reads_well(void **state)
{
	(void)state;
	struct memory_writer m;
	struct encoder *e = begin(&m, true, (struct stream_format){SECOND, 2, SAMPLE_S16});
	write_seconds(e, 2, 6);
	uint64_t claimed = read_le(m.bytes + 76, 4);
	assert_true(claimed >= 4u * 4 * SECOND && claimed <= m.count - 80);
	assert_int_equal(read_le(m.bytes + 4, 4), claimed + 72);
	encoder_close(e); /* not finished: the lengths are set all the same */
	assert_int_equal(read_le(m.bytes + 76, 4), 6 * 4 * SECOND);
	memory_writer_done(&m);
}

static void odd_audio_is_padded(void **state)
{
	(void)state;
	struct memory_writer m;
	struct encoder *e = begin(&m, true, (struct stream_format){SECOND, 1, SAMPLE_S24});
	float frame = 0.5f;
	assert_int_equal(encoder_write(e, &frame, 1, NULL), STATUS_OK);
	assert_int_equal(encoder_finish(e, NULL), STATUS_OK);
	encoder_close(e);
	assert_int_equal(m.count % 2, 0);
	assert_int_equal(read_le(m.bytes + 4, 4), m.count - 8);
	assert_int_equal(read_le(m.bytes + m.count - 8, 4), 3);
	memory_writer_done(&m);
}

static void failures_come_back(void **state)
{
	(void)state;
	for (int fail_at = 1; fail_at < 6; fail_at++) {
		struct memory_writer m;
		struct writer writer = memory_writer(&m, true);
		struct stream_format format = {SECOND, 2, SAMPLE_S16};
		struct encoder *e;
		struct error error = {0};
		float frames[2 * 2000] = {0};
		m.fail_at = fail_at;
		enum status status = encoder_open(&wav_encoder, &format, "", &writer, &e, &error);
		assert_int_equal(status, fail_at == 1 ? STATUS_IO : STATUS_OK);
		if (status == STATUS_OK) {
			while (status == STATUS_OK && m.n_calls < 4)
				status = encoder_write(e, frames, 2000, &error);
			if (status == STATUS_OK)
				status = encoder_finish(e, &error);
			encoder_close(e);
		}
		assert_int_equal(status, STATUS_IO);
		assert_string_equal(error.text, "no space in memory");
		memory_writer_done(&m);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(head_of_a_pipe_is_plain),
	        cmocka_unit_test(head_of_a_file_has_lengths),
	        cmocka_unit_test(long_words_are_extensible),
	        cmocka_unit_test(libsndfile_reads_every_kind),
	        cmocka_unit_test(over_4_gib_is_rf64),
	        cmocka_unit_test(a_killed_run_reads_well),
	        cmocka_unit_test(odd_audio_is_padded),
	        cmocka_unit_test(failures_come_back),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
