/* test_decode_damage.c - files that change on their way, and files that were hurt: what is whole
 * is played, in its place, and what was lost is counted. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "support/decoding.h"
#include "support/scratch.h"

struct joined {
	char *folder;
	uint8_t *bytes;
	size_t n_bytes;
};

/* Encodes n_frames by the command (of the names of input and output) and appends the file to j->bytes. */
static void add_encoded(
        struct joined *j, const char *command, int rate_hz, int channels, size_t n_frames)
{
	struct music music = music_make(rate_hz, channels, n_frames);
	char wav[300], out[300], line[800];
	uint8_t *bytes;
	size_t n;

	snprintf(wav, sizeof(wav), "%s/in.wav", j->folder);
	snprintf(out, sizeof(out), "%s/out", j->folder);
	music_write_wav(&music, wav);
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
	snprintf(line, sizeof(line), command, wav, out);
#pragma GCC diagnostic pop
	run("%s", line);
	bytes = file_bytes(out, &n);
	j->bytes = realloc(j->bytes, j->n_bytes + n);
	assert_non_null(j->bytes);
	memcpy(j->bytes + j->n_bytes, bytes, n);
	j->n_bytes += n;
	free(bytes);
	music_done(&music);
}

static struct decoder *open_joined(const struct joined *j)
{
	struct source *source;
	struct decoder *decoder;
	struct error error = {0};

	assert_int_equal(source_open_memory(j->bytes, j->n_bytes, "x", &source, NULL), STATUS_OK);
	if (decoder_open_source(source, &decoder, &error) != STATUS_OK)
		fail_msg("%s", error.text);
	return decoder;
}

static void joined_done(struct joined *j)
{
	free(j->bytes);
	scratch_free(j->folder);
}

/* Root of the mean square of the first channel. */
static double rms(const struct music *m, size_t from, size_t n_frames)
{
	double sum = 0;

	for (size_t i = from; i < from + n_frames; i++) {
		double x = m->frames[i * (size_t)m->channels];
		sum += x * x;
	}
	return sqrt(sum / (double)n_frames);
}

static void seeks_agree(const struct joined *j, const struct music *all)
{
	const size_t places[] = {
	        0, all->n_frames / 4, all->n_frames - 5000, all->n_frames / 2 + 3000, 100};
	struct decoder *decoder = open_joined(j);

	for (size_t i = 0; i < sizeof(places) / sizeof(*places); i++) {
		struct music rest;

		assert_int_equal(decoder_seek(decoder, (int64_t)places[i], NULL), STATUS_OK);
		rest = music_read(decoder, 4096);
		assert_int_equal(rest.n_frames, all->n_frames - places[i]);
		assert_true(music_difference(all, places[i], &rest, rest.n_frames) <= 1e-6);
		music_done(&rest);
	}
	decoder_close(decoder);
}

struct piece {
	const char *command;
	int rate_hz, channels;
};

struct change {
	struct piece first, second;
	size_t slack; /* delay and padding where no header tells of them */
};

#define LAME "lame --quiet -t -b 128 %s %s" /* without a frame that tells of delay and length */
#define LAME_TAG "lame --quiet -b 128 %s %s"
#define LAME_ID3(how) "lame --quiet --add-id3v2 --tt joined " how " %s %s"
#define LAYER_2 "twolame --quiet %s %s"
#define OGGENC "oggenc -Q -q 5 %s -o %s"
#define OPUSENC "opusenc --quiet %s %s"
#define FLAC "flac --silent -f %s -o %s"
#define OGG_FLAC(serial) "flac --silent -f --ogg --serial-number=" #serial " %s -o %s"
#define WAVPACK "wavpack -q %s -o - > %s"
#define FFMPEG(how) "ffmpeg -v error -nostdin -i %s -y " how " %s"

/* Is the program there, and the module if it is one of the others' formats? */
static bool can_make(const struct piece *piece)
{
	char program[40], module[4100];
	const char *modules = getenv("JUKEBOX_MODULES");

	snprintf(program, sizeof(program), "%.*s", (int)strcspn(piece->command, " "),
	        piece->command);
	snprintf(module, sizeof(module), "%s/libav.so", modules ? modules : "");
	return have_program(program) &&
	       ((strcmp(program, "ffmpeg") != 0 && strcmp(program, "wavpack") != 0) ||
	               access(module, R_OK) == 0);
}

/* The second part sounds as long and as loud as it would alone. */
static void parts_in_other_formats(void **state)
{
	static const struct change changes[] = {
	        {{OGGENC, 44100, 2}, {OGGENC, 48000, 1}, 0},
	        {{OGGENC, 32000, 1}, {OGGENC, 44100, 2}, 0},
	        {{OPUSENC, 48000, 2}, {OPUSENC, 48000, 1}, 0},
	        {{OPUSENC, 48000, 1}, {OPUSENC, 48000, 2}, 0},
	        {{LAME, 44100, 2}, {LAME, 32000, 2}, 5000},
	        {{LAME, 44100, 2}, {LAME, 44100, 1}, 5000},
	        {{LAME_TAG, 44100, 1}, {LAME_TAG, 48000, 2}, 5000},
	        {{LAME_TAG, 44100, 2}, {LAME_TAG, 22050, 2}, 5000},
	        /* ID3v1 and ID3v2 between the two, and a second frame that tells of delay and length */
	        {{LAME_ID3("-b 128"), 44100, 2}, {LAME_ID3("-b 128"), 44100, 2}, 5000},
	        {{LAME_ID3("-V 4"), 48000, 2}, {LAME_ID3("-V 4"), 48000, 2}, 5000},
	        {{LAME_ID3("--abr 64"), 22050, 1}, {LAME_ID3("--abr 64"), 22050, 1}, 5000},
	        {{LAME_ID3("-b 128"), 44100, 2}, {LAME_ID3("-b 128"), 32000, 1}, 5000},
	        /* another layer */
	        {{LAYER_2, 44100, 2}, {LAME, 44100, 2}, 5000},
	        {{LAME, 44100, 2}, {LAYER_2, 44100, 2}, 5000},
	        {{LAYER_2, 44100, 2}, {LAME_ID3("-V 4"), 44100, 2}, 5000},
	        {{LAME_ID3("-V 4"), 44100, 2}, {LAYER_2, 44100, 2}, 5000},
	        {{LAYER_2, 44100, 2}, {LAME, 48000, 2}, 5000},
	        {{LAME_TAG, 44100, 2}, {LAYER_2, 48000, 1}, 5000},
	        {{LAYER_2, 48000, 1}, {LAME_TAG, 22050, 2}, 8000},
	        {{FLAC, 44100, 2}, {FLAC, 48000, 1}, 0},
	        {{OGG_FLAC(1), 44100, 2}, {OGG_FLAC(2), 48000, 1}, 0},
	        {{OGG_FLAC(1), 32000, 1}, {OGG_FLAC(2), 32000, 2}, 0},
	        {{OGG_FLAC(1), 44100, 2}, {OGGENC, 48000, 2}, 0},
	        {{OGG_FLAC(1), 48000, 2}, {OPUSENC, 48000, 2}, 0},
	        {{OGGENC, 44100, 2}, {OPUSENC, 48000, 2}, 0},
	        {{OPUSENC, 48000, 2}, {OGG_FLAC(2), 32000, 2}, 1},
	        {{FFMPEG("-f adts"), 44100, 2}, {FFMPEG("-f adts"), 48000, 2}, 5000},
	        {{FFMPEG("-f adts"), 44100, 1}, {FFMPEG("-f adts"), 44100, 2}, 5000},
	        {{FFMPEG("-f latm -c:a aac"), 44100, 2}, {FFMPEG("-f latm -c:a aac"), 32000, 2},
	                5000},
	        {{FFMPEG("-f ac3"), 44100, 2}, {FFMPEG("-f ac3"), 48000, 2}, 5000},
	        {{FFMPEG("-f mpegts"), 44100, 2}, {FFMPEG("-f mpegts"), 48000, 2}, 5000},
	        {{WAVPACK, 44100, 2}, {WAVPACK, 48000, 1}, 0},
	        {{WAVPACK, 44100, 2}, {FFMPEG("-metadata title=second -f wv"), 44100, 2}, 0},
	        {{FFMPEG("-metadata title=first -f wv"), 44100, 1}, {WAVPACK, 22050, 2}, 0},
	        {{FFMPEG("-f tta"), 44100, 2}, {FFMPEG("-f tta"), 48000, 1}, 0},
	        {{FFMPEG("-metadata title=first -f tta"), 44100, 2}, {FFMPEG("-f tta"), 44100, 2},
	                0},
	};

	for (size_t i = 0; i < sizeof(changes) / sizeof(*changes); i++) {
		const struct change *c = &changes[i];
		size_t n_first = (size_t)c->first.rate_hz, n_second = (size_t)c->second.rate_hz,
		       two_pulses;
		struct joined j = {0};
		struct decoder *decoder;
		struct music all;

		if (!can_make(&c->first) || !can_make(&c->second))
			continue;
		print_message("# %s, %s\n", c->first.command, c->second.command);
		j.folder = scratch_new();
		add_encoded(&j, c->first.command, c->first.rate_hz, c->first.channels, n_first);
		add_encoded(&j, c->second.command, c->second.rate_hz, c->second.channels, n_second);
		decoder = open_joined(&j);
		all = music_read(decoder, 4096);
		assert_int_equal(decoder_facts(decoder)->sample_rate_hz, c->first.rate_hz);
		assert_int_equal(decoder_facts(decoder)->channels, c->first.channels);
		decoder_close(decoder);
		/* Each part lasts one second, so both have as many frames in the first one's
		 * rate. */
		assert_in_range(all.n_frames, 2 * n_first, 2 * n_first + c->slack);
		two_pulses = n_first * 2 / 5; /* of the music, wherever it begins */
		assert_true(
		        fabs(20 * log10(rms(&all, n_first + n_first / 4, two_pulses) /
		                          rms(&all, n_first / 4, two_pulses))) <
		        (c->first.channels == 1
		                        ? 3.5
		                        : 0.7)); /* the mean of two tones is less; LAME takes 0.4 dB off */
		seeks_agree(&j, &all);
		music_done(&all);
		joined_done(&j);
	}
}

static void many_short_links(void **state)
{
	struct joined j = {0};
	struct decoder *decoder;
	struct music all;

	if (!have_program("oggenc"))
		return;
	j.folder = scratch_new();
	for (int i = 0; i < 10; i++) {
		char encoder[80];
		snprintf(encoder, sizeof(encoder), "oggenc -Q -s %d %%s -o %%s", 100 + i);
		add_encoded(&j, encoder, 44100, 1 + i % 2, 4410);
	}
	decoder = open_joined(&j);
	all = music_read(decoder, 4096);
	assert_int_equal(all.n_frames, 10 * 4410);
	decoder_close(decoder);
	music_done(&all);
	joined_done(&j);
}

/* A frame of FLAC is lost: silence in its place, all others as they were. */
static void damaged_flac(void **state)
{
	struct joined j = {0};
	struct decoder *decoder;
	struct music whole, all;
	size_t different = 0, silent = 0;

	if (!have_program("flac"))
		return;
	j.folder = scratch_new();
	add_encoded(&j, FLAC, 44100, 2, 100000);
	decoder = open_joined(&j);
	whole = music_read(decoder, 4096);
	decoder_close(decoder);
	for (int i = 0; i < 8; i++)
		j.bytes[j.n_bytes / 2 + (size_t)i * 7] ^= 0xff;
	decoder = open_joined(&j);
	all = music_read(decoder, 4096);
	assert_int_equal(all.n_frames, 100000);
	for (size_t i = 0; i < 200000; i++) {
		different += all.frames[i] != whole.frames[i];
		silent += all.frames[i] == 0;
	}
	assert_in_range(different, 4000, 2 * 3 * 4608);
	assert_true(silent >= different / 2);
	assert_true(decoder_damage(decoder)->events >= 1);
	assert_in_range(decoder_damage(decoder)->lost_frames, 1, 3 * 4608);
	decoder_close(decoder);
	seeks_agree(&j, &all);
	music_done(&all);
	music_done(&whole);
	joined_done(&j);
}

/* Junk between two frames of MPEG is not heard, and no frame of the music is lost for it. */
static void junk_in_mpeg(void **state)
{
	struct joined j = {0};
	struct decoder *decoder;
	struct music whole, all;
	uint32_t random = 7;
	size_t half, n_junk = 20000;

	if (!have_program("lame"))
		return;
	j.folder = scratch_new();
	add_encoded(&j, LAME, 48000, 2, 96000);
	decoder = open_joined(&j);
	whole = music_read(decoder, 4096);
	decoder_close(decoder);
	half = j.n_bytes / 2 / 384 * 384; /* 128 kbit/s at 48 kHz: frames of 384 bytes */
	j.bytes = realloc(j.bytes, j.n_bytes + n_junk);
	assert_non_null(j.bytes);
	memmove(j.bytes + half + n_junk, j.bytes + half, j.n_bytes - half);
	j.n_bytes += n_junk;
	for (size_t i = 0; i < n_junk; i++) {
		random = random * 1664525u + 1013904223u;
		j.bytes[half + i] = (uint8_t)(random >> 24);
	}
	decoder = open_joined(&j);
	all = music_read(decoder, 4096);
	assert_true(decoder_damage(decoder)->events >= 1);
	assert_in_range(all.n_frames, whole.n_frames - 3 * 1152, whole.n_frames + 20 * 1152);
	assert_true(music_difference(&whole, 0, &all, half / 384 * 1152 - 2 * 1152) == 0);
	for (size_t i = 0; i < all.n_frames * 2; i++)
		assert_true(fabsf(all.frames[i]) < 0.8f); /* as loud as the music, at most */
	decoder_close(decoder);
	seeks_agree(&j, &all);
	music_done(&all);
	music_done(&whole);
	joined_done(&j);
}

/* The frame in front that Fraunhofer's encoders put their VBRI header into is no music. */
static void note_of_fraunhofer(void **state)
{
	enum { FRAME_BYTES = 384 }; /* 128 kbit/s at 48 kHz */
	struct joined j = {0};
	struct decoder *decoder;
	struct music whole, all;

	if (!have_program("lame"))
		return;
	j.folder = scratch_new();
	add_encoded(&j, LAME, 48000, 2, 96000);
	decoder = open_joined(&j);
	whole = music_read(decoder, 4096);
	decoder_close(decoder);
	j.bytes = realloc(j.bytes, j.n_bytes + FRAME_BYTES);
	assert_non_null(j.bytes);
	memmove(j.bytes + FRAME_BYTES, j.bytes, j.n_bytes);
	j.n_bytes += FRAME_BYTES;
	memset(j.bytes + 4, 0, FRAME_BYTES - 4);
	memcpy(j.bytes + 36, "VBRI", 4);
	decoder = open_joined(&j);
	all = music_read(decoder, 4096);
	assert_int_equal(all.n_frames, whole.n_frames);
	assert_true(music_difference(&all, 0, &whole, all.n_frames) == 0);
	assert_int_equal(decoder_damage(decoder)->events, 0);
	decoder_close(decoder);
	seeks_agree(&j, &all);
	music_done(&all);
	music_done(&whole);
	joined_done(&j);
}

/* A page of Ogg is lost: the rest keeps its place. */
static void lost_page_of_ogg(void **state)
{
	static const char *const encoders[] = {
	        "oggenc -Q -q 6 %s -o %s", "opusenc --quiet --bitrate 200 %s %s"};

	for (size_t e = 0; e < 2; e++) {
		struct joined j = {0};
		struct decoder *decoder;
		struct music whole, all;
		uint8_t *page;

		if (!have_program(e == 0 ? "oggenc" : "opusenc"))
			continue;
		j.folder = scratch_new();
		add_encoded(&j, encoders[e], 48000, 2, 48000 * 6);
		decoder = open_joined(&j);
		whole = music_read(decoder, 4096);
		decoder_close(decoder);
		page = memmem(j.bytes + j.n_bytes / 2, j.n_bytes / 2, "OggS", 4);
		assert_non_null(page);
		page[100] ^= 0x55; /* its checksum is wrong now */
		decoder = open_joined(&j);
		all = music_read(decoder, 4096);
		assert_int_equal(all.n_frames, whole.n_frames);
		assert_true(decoder_damage(decoder)->events >= 1);
		assert_true(decoder_damage(decoder)->lost_frames > 0);
		assert_true(decoder_damage(decoder)->text[0] != 0);
		assert_int_equal(music_lag(&all, &whole, 48000 * 5, 40000), 0);
		decoder_close(decoder);
		music_done(&all);
		music_done(&whole);
		joined_done(&j);
	}
}

static void cut_files(void **state)
{
	static const struct {
		const char *program, *encoder;
	} cases[] = {{"lame", LAME_TAG}, {"flac", FLAC}, {"oggenc", OGGENC}, {"opusenc", OPUSENC}};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct joined j = {0};
		struct decoder *decoder;
		struct music all;

		if (!have_program(cases[i].program))
			continue;
		j.folder = scratch_new();
		add_encoded(&j, cases[i].encoder, 48000, 2, 48000 * 4);
		j.n_bytes = j.n_bytes * 6 / 10;
		decoder = open_joined(&j);
		all = music_read(decoder, 4096);
		assert_in_range(all.n_frames, 48000, 48000 * 3);
		if (decoder_facts(decoder)->frames > (int64_t)all.n_frames + 4800) {
			int64_t short_by = decoder_facts(decoder)->frames - (int64_t)all.n_frames;
			assert_true(decoder_damage(decoder)->lost_frames >= short_by);
		}
		decoder_close(decoder);
		music_done(&all);
		joined_done(&j);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(parts_in_other_formats),
	        cmocka_unit_test(many_short_links),
	        cmocka_unit_test(damaged_flac),
	        cmocka_unit_test(junk_in_mpeg),
	        cmocka_unit_test(note_of_fraunhofer),
	        cmocka_unit_test(lost_page_of_ogg),
	        cmocka_unit_test(cut_files),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
