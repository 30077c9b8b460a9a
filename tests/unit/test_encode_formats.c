/* test_encode_formats.c - every encoder of the table: found by name and ending, read back, failing well. */
#include <math.h>
#include <setjmp.h>
#include <sndfile.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "jukebox/encoder.h"
#include "support/memory_writer.h"
#include "support/scratch.h"

enum { RATE = 44100, FRAMES = 3 * RATE + 17, BLOCK = 5000 };

static float *signal_of(size_t n_frames)
{
	float *frames = calloc(n_frames * 2, sizeof(float));
	assert_non_null(frames);
	test_signal(frames, n_frames, 2, 0);
	return frames;
}

static struct encoder *begin(const struct encoder_format *kind, struct memory_writer *m,
        bool can_patch, const char *options)
{
	struct writer writer = memory_writer(m, can_patch);
	struct stream_format format = {RATE, 2, SAMPLE_S16};
	struct encoder *encoder;
	assert_int_equal(encoder_open(kind, &format, options, &writer, &encoder, NULL), STATUS_OK);
	return encoder;
}

static void encode(const struct encoder_format *kind, struct memory_writer *m, bool can_patch,
        const char *options)
{
	struct encoder *e = begin(kind, m, can_patch, options);
	float *frames = signal_of(FRAMES);
	for (size_t at = 0; at < FRAMES; at += BLOCK) {
		size_t n = FRAMES - at < BLOCK ? FRAMES - at : BLOCK;
		assert_int_equal(encoder_write(e, frames + 2 * at, n, NULL), STATUS_OK);
	}
	assert_int_equal(encoder_finish(e, NULL), STATUS_OK);
	encoder_close(e);
	free(frames);
}

static void table_is_sound(void **state)
{
	(void)state;
	for (const struct encoder_format *const *f = encoder_formats(); *f; f++) {
		assert_ptr_equal(encoder_by_name((*f)->name), *f);
		assert_true((*f)->state_bytes > 0 && (*f)->description[0]);
		for (const char *const *s = (*f)->suffixes; *s; s++) {
			char name[64];
			snprintf(name, sizeof name, "a.b/c.d.%s", *s);
			assert_ptr_equal(encoder_by_suffix(name), *f);
		}
	}
	assert_ptr_equal(encoder_by_suffix("X.WAV"), encoder_by_name("wav"));
	assert_null(encoder_by_suffix("wav"));
	assert_null(encoder_by_suffix("folder.wav/name"));
	assert_null(encoder_by_suffix("a."));
	assert_null(encoder_by_suffix(""));
	assert_null(encoder_by_name("nix"));
}

/* Written to a file, since libsndfile reads MP3 from those best; `*rate` as found. */
static float *read_back(
        const struct memory_writer *m, const char *suffix, sf_count_t *n_frames, int *rate)
{
	char *folder = scratch_new(), name[256];
	snprintf(name, sizeof name, "%s/x.%s", folder, suffix);
	FILE *f = fopen(name, "wb");
	assert_non_null(f);
	assert_int_equal(fwrite(m->bytes, 1, m->count, f), m->count);
	assert_int_equal(fclose(f), 0);
	SF_INFO info = {0};
	SNDFILE *file = sf_open(name, SFM_READ, &info);
	if (!file)
		fail_msg("%s: %s", suffix, sf_strerror(NULL));
	assert_int_equal(info.channels, 2);
	float *frames = calloc((size_t)FRAMES * 4, sizeof(float));
	*n_frames = sf_readf_float(file, frames, FRAMES * 2);
	*rate = info.samplerate;
	sf_close(file);
	scratch_free(folder);
	return frames;
}

static void lossless_ones_lose_nothing(void **state)
{
	(void)state;
	static const char *const names[] = {"wav", "flac", "aiff", "au", "caf", "w64"};
	float *expected = signal_of(FRAMES);
	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		struct memory_writer m;
		sf_count_t n;
		int rate;
		encode(encoder_by_name(names[i]), &m, true, "");
		float *got = read_back(&m, names[i], &n, &rate);
		assert_int_equal(n, FRAMES);
		assert_int_equal(rate, RATE);
		assert_memory_equal(got, expected, FRAMES * 2 * sizeof(float));
		free(got);
		memory_writer_done(&m);
	}
	free(expected);
}

static double error_db(const float *got, const float *expected, size_t n_samples)
{
	double error = 0, power = 0;
	for (size_t i = 0; i < n_samples; i++) {
		error += pow(got[i] - expected[i], 2);
		power += pow(expected[i], 2);
	}
	return 10 * log10(error / power);
}

/* Two steady sines survive well; a shift of one frame would be an error of -15 dB. */
static void lossy_ones_keep_the_signal_in_place(void **state)
{
	(void)state;
	static const struct {
		const char *name, *suffix;
		bool same_rate;
	} cases[] = {{"vorbis", "ogg", true}, {"opus", "opus", false}, {"mp3", "mp3", true}};
	float *expected = signal_of(FRAMES);
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		const struct encoder_format *kind = encoder_by_name(cases[i].name);
		if (!kind) {
			print_message("# %s is not built in\n", cases[i].name);
			continue;
		}
		struct memory_writer m;
		sf_count_t n;
		int rate;
		encode(kind, &m, true, "");
		float *got = read_back(&m, cases[i].suffix, &n, &rate);
		assert_int_equal(n, FRAMES);
		if (cases[i].same_rate) {
			assert_int_equal(rate, RATE);
			/* The edges are codecs' weak places. */
			double db =
			        error_db(got + 2 * 3000, expected + 2 * 3000, 2 * (FRAMES - 6000));
			if (db > -30)
				fail_msg("%s: error %.1f dB", cases[i].name, db);
		}
		free(got);
		memory_writer_done(&m);
	}
	free(expected);
}

static void same_frames_same_bytes(void **state)
{
	(void)state;
	for (const struct encoder_format *const *f = encoder_formats(); *f; f++) {
		struct memory_writer a, b;
		encode(*f, &a, true, "");
		encode(*f, &b, true, "");
		assert_int_equal(a.count, b.count);
		assert_memory_equal(a.bytes, b.bytes, a.count);
		memory_writer_done(&a);
		memory_writer_done(&b);
	}
}

static void write_frames(struct encoder *e, size_t n)
{
	float *frames = signal_of(n);
	assert_int_equal(encoder_write(e, frames, n, NULL), STATUS_OK);
	free(frames);
}

/* Pages that begin a logical stream (RFC 3533: header type bit 1). */
static int count_links(const struct memory_writer *m)
{
	int n = 0;
	for (size_t i = 0; i + 6 <= m->count; i++)
		n += memcmp(m->bytes + i, "OggS", 4) == 0 && (m->bytes[i + 5] & 2);
	return n;
}

static bool contains(const struct memory_writer *m, const char *text)
{
	return memmem(m->bytes, m->count, text, strlen(text)) != NULL;
}

static void announce(struct encoder *e, const char *title)
{
	struct tags tags = {0};
	assert_int_equal(tags_set(&tags, "title", title), STATUS_OK);
	assert_int_equal(encoder_announce(e, &tags, NULL), STATUS_OK);
	tags_done(&tags);
}

static int links(const char *name, bool can_patch, const char *options, bool *has_titles)
{
	struct memory_writer m;
	struct encoder *e = begin(encoder_by_name(name), &m, can_patch, options);
	announce(e, "No sound");
	announce(e, "First");
	write_frames(e, RATE);
	announce(e, "Second");
	write_frames(e, RATE);
	announce(e, "Too late");
	assert_int_equal(encoder_finish(e, NULL), STATUS_OK);
	encoder_close(e);
	*has_titles = contains(&m, "=First") && contains(&m, "=Second") &&
	              !contains(&m, "No sound") && !contains(&m, "Too late");
	int n = count_links(&m);
	memory_writer_done(&m);
	return n;
}

static void titles_chain_streams_on_pipes(void **state)
{
	(void)state;
	static const char *const names[] = {"vorbis", "opus"};
	bool has_titles;
	for (size_t i = 0; i < 2; i++) {
		if (!encoder_by_name(names[i]))
			continue;
		assert_int_equal(links(names[i], false, "", &has_titles), 2);
		assert_true(has_titles);
		assert_int_equal(links(names[i], true, "", &has_titles), 1);
		assert_int_equal(links(names[i], true, "chained=yes", &has_titles), 2);
		assert_int_equal(links(names[i], false, "chained=no", &has_titles), 1);
	}
}

static void empty_programmes_end_well(void **state)
{
	(void)state;
	for (const struct encoder_format *const *f = encoder_formats(); *f; f++) {
		struct memory_writer m;
		struct encoder *e = begin(*f, &m, true, "");
		assert_int_equal(encoder_finish(e, NULL), STATUS_OK);
		encoder_close(e);
		memory_writer_done(&m);
	}
}

/* The n-th call of the writer fails: the status and its words come back once, and nothing leaks or crashes. */
static void every_failure_comes_back(void **state)
{
	(void)state;
	float *frames = signal_of(FRAMES);
	for (const struct encoder_format *const *f = encoder_formats(); *f; f++) {
		enum status status = STATUS_IO;
		for (int fail_at = 1; status != STATUS_OK && fail_at < 40; fail_at++) {
			struct memory_writer m;
			struct writer writer = memory_writer(&m, true);
			struct stream_format format = {RATE, 2, SAMPLE_S16};
			struct encoder *e;
			struct error error = {0};
			m.fail_at = fail_at;
			status = encoder_open(*f, &format, "", &writer, &e, &error);
			if (status == STATUS_OK) {
				status = encoder_write(e, frames, FRAMES, &error);
				if (status == STATUS_OK)
					status = encoder_finish(e, &error);
				encoder_close(e);
			}
			if (status != STATUS_OK) {
				assert_int_equal(status, STATUS_IO);
				assert_string_equal(error.text, "no space in memory");
			}
			memory_writer_done(&m);
		}
	}
	free(frames);
}

static void pipes_are_refused_where_they_must(void **state)
{
	(void)state;
	static const char *const names[] = {"aiff", "au", "caf", "w64"};
	for (size_t i = 0; i < 4; i++) {
		struct memory_writer m;
		struct writer writer = memory_writer(&m, false);
		struct stream_format format = {RATE, 2, SAMPLE_S16};
		struct encoder *e;
		assert_int_equal(
		        encoder_open(encoder_by_name(names[i]), &format, "", &writer, &e, NULL),
		        STATUS_UNSUPPORTED);
		assert_int_equal(m.count, 0);
		memory_writer_done(&m);
	}
}

static bool has_program(const char *name)
{
	char command[128];
	snprintf(command, sizeof command, "command -v %s >/dev/null 2>&1", name);
	return system(command) == 0;
}

/* Other people's decoders, from a pipe's bytes and a file's. */
static void peers_read_it(void **state)
{
	(void)state;
	static const struct {
		const char *encoder, *program, *command;
	} cases[] = {
	        {"flac", "flac", "flac -s -t - < %s 2>/dev/null"},
	        {"vorbis", "oggdec", "oggdec -Q -R -o /dev/null - < %s"},
	        {"opus", "opusdec", "opusdec --quiet - /dev/null < %s 2>/dev/null"},
	        {"mp3", "mpg123", "mpg123 -q -t - < %s 2>/dev/null"},
	        {"mp2", "mpg123", "mpg123 -q -t - < %s 2>/dev/null"},
	        {"mp2", "ffmpeg", "ffmpeg -nostdin -v error -i %s -f null -"},
	        {"wav", "sox", "sox -t wav - -n < %s 2>/dev/null"},
	        {"wav", "ffmpeg", "ffmpeg -nostdin -v error -i %s -f null -"},
	};
	for (size_t i = 0; i < 2 * sizeof cases / sizeof *cases; i++) {
		const struct encoder_format *kind = encoder_by_name(cases[i / 2].encoder);
		if (!kind || !has_program(cases[i / 2].program)) {
			print_message(
			        "# no %s or %s\n", cases[i / 2].encoder, cases[i / 2].program);
			continue;
		}
		struct memory_writer m;
		char *folder = scratch_new(), name[256], command[512];
		encode(kind, &m, i % 2, "");
		snprintf(name, sizeof name, "%s/x", folder);
		FILE *f = fopen(name, "wb");
		assert_non_null(f);
		assert_int_equal(fwrite(m.bytes, 1, m.count, f), m.count);
		fclose(f);
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
		snprintf(command, sizeof command, cases[i / 2].command, name);
#pragma GCC diagnostic pop
		if (system(command) != 0)
			fail_msg("failed: %s", command);
		scratch_free(folder);
		memory_writer_done(&m);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(table_is_sound),
	        cmocka_unit_test(lossless_ones_lose_nothing),
	        cmocka_unit_test(lossy_ones_keep_the_signal_in_place),
	        cmocka_unit_test(same_frames_same_bytes),
	        cmocka_unit_test(titles_chain_streams_on_pipes),
	        cmocka_unit_test(empty_programmes_end_well),
	        cmocka_unit_test(every_failure_comes_back),
	        cmocka_unit_test(pipes_are_refused_where_they_must),
	        cmocka_unit_test(peers_read_it),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
