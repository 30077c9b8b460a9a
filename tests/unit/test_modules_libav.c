/* test_modules_libav.c - what was encoded is what comes out of the libav module too: first frame, length, content;
 * and a hundred random places read as linear reading gives them.  The encoders are the usual programs; without one
 * its cases are skipped.
 *
 * Debian has no encoder of these: DSD, tracker modules and chip tunes are composed here (support/composed.c);
 * Monkey's Audio, TAK, Shorten, WMA Pro and Lossless and Musepack 7 are not tested, but were compared by hand, files of
 * TagLib's and mutagen's test suites, with ffmpeg, with mpcdec and with each other: one song as Monkey's Audio and as WMA
 * Lossless is the same, bit for bit, and a hundred places of each are in their place.  ATRAC and RealAudio were not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "support/composed.h"
#include "support/decoding.h"
#include "support/scratch.h"

#define FFMPEG(arguments) "ffmpeg", "ffmpeg -v error -nostdin -i %s -strict -2 " arguments " %s"

enum { N_FRAMES = 250001 };

struct encoding {
	const char *program, *command; /* of input and output name */
	const char *codec;
	int rate_hz, channels;
	int slack_frames; /* the container does not know the length better; 0: exact, and aligned */
	double tolerance; /* of a sample; lossy encoders are asked for alignment only: 9 */
	double seek_tolerance; /* decoders that make up noise never make the same twice */
};

static const struct encoding encodings[] = {
        {FFMPEG("-c:a aac -f mp4"), "aac", 44100, 2, 0, 9, 9},
        {FFMPEG("-c:a aac -aac_pns 0 -f ipod"), "aac", 44100, 1, 0, 9, 1e-5},
        {FFMPEG("-c:a aac -aac_pns 0 -movflags +faststart -f mp4"), "aac", 48000, 2, 0, 9, 1e-5},
        {FFMPEG("-c:a aac -aac_pns 0 -f mov"), "aac", 22050, 2, 0, 9, 1e-5},
        {FFMPEG("-c:a aac -aac_pns 0 -f adts"), "aac", 44100, 2, 3000, 9, 1e-5},
        {FFMPEG("-c:a aac -aac_pns 0 -f matroska"), "aac", 44100, 2, 3000, 9, 1e-5},
        {FFMPEG("-c:a aac -aac_pns 0 -f mpegts"), "aac", 44100, 2, 3000, 9, 1e-5},
        {FFMPEG("-c:a alac -f ipod"), "alac", 44100, 2, 0, 0, 0},
        {FFMPEG("-c:a alac -f matroska"), "alac", 44100, 2, 0, 0, 0},
        {FFMPEG("-c:a wavpack -f wv"), "wavpack", 44100, 2, 0, 0, 0},
        {"wavpack", "wavpack -q %s -o %s.wv && mv %s.wv %s", "wavpack", 44100, 2, 0, 0, 0},
        {FFMPEG("-c:a tta -f tta"), "tta", 44100, 2, 0, 0, 0},
        {FFMPEG("-c:a flac -f matroska"), "flac", 44100, 2, 0, 0, 0},
        {FFMPEG("-c:a flac -f mp4"), "flac", 96000, 2, 0, 0, 0},
        {FFMPEG("-c:a truehd -f matroska"), "truehd", 48000, 2, 0, 0, 0},
        {FFMPEG("-c:a pcm_s16le -f avi"), "pcm_s16le", 44100, 2, 0, 0, 0},
        {FFMPEG("-c:a pcm_s16le -f matroska"), "pcm_s16le", 44100, 6, 0, 0, 0},
        {FFMPEG("-c:a libopus -f matroska"), "opus", 48000, 2, 0, 9, 1e-4},
        {FFMPEG("-c:a libopus -f mp4"), "opus", 48000, 2, 0, 9, 1e-4},
        {FFMPEG("-c:a libvorbis -f webm"), "vorbis", 44100, 2, 1000, 9, 1e-5},
        {FFMPEG("-c:a libmp3lame -f matroska"), "mp3", 44100, 2, 3000, 9, 1e-5},
        {FFMPEG("-c:a libmp3lame -f mp4"), "mp3", 44100, 2, 3000, 9, 1e-5},
        {FFMPEG("-c:a libmp3lame -use_editlist 0 -f mp4"), "mp3", 44100, 2, 3000, 9, 1e-5},
        {FFMPEG("-c:a libmp3lame -f avi"), "mp3", 44100, 2, 3000, 9, 1e-5},
        {FFMPEG("-c:a ac3 -f ac3"), "ac3", 44100, 2, 3000, 9, 9},
        {FFMPEG("-c:a ac3 -f mpegts"), "ac3", 44100, 2, 3000, 9, 9},
        {FFMPEG("-c:a ac3 -f matroska"), "ac3", 44100, 2, 3000, 9, 9},
        {FFMPEG("-c:a ac3 -f mp4"), "ac3", 44100, 2, 3000, 9, 9},
        {FFMPEG("-c:a eac3 -f eac3"), "eac3", 48000, 2, 3000, 9, 9},
        {FFMPEG("-c:a dca -f dts"), "dts", 44100, 2, 3000, 9, 1e-5},
        {FFMPEG("-c:a wmav2 -f asf"), "wmav2", 44100, 2, 5000, 9, 1e-4},
        {FFMPEG("-c:a wmav1 -f asf"), "wmav1", 44100, 2, 5000, 9, 1e-4},
        {FFMPEG("-c:a mp2 -f mpeg"), "mp2", 44100, 2, 3000, 9, 1e-5},
        {FFMPEG("-c:a mp2 -f mpegts"), "mp2", 44100, 2, 3000, 9, 1e-5},
        {FFMPEG("-c:a aac -aac_pns 0 -f latm"), "aac_latm", 44100, 2, 3000, 9, 1e-5},
        {FFMPEG("-c:a libspeex -f ogg"), "speex", 16000, 1, 3000, 9, 9},
        {FFMPEG("-c:a nellymoser -f flv"), "nellymoser", 44100, 1, 3000, 9, 9},
        {FFMPEG("-c:a aac -aac_pns 0 -f flv"), "aac", 44100, 2, 3000, 9, 1e-5},
        {"mpcenc", "mpcenc --silent %s %s.mpc && mv %s.mpc %s", "musepack8", 44100, 2, 0, 9, 1e-5},
};
enum { N_ENCODINGS = sizeof(encodings) / sizeof(*encodings) };

static bool encode(struct encoded *f, const struct encoding *e)
{
	return encoded_make(f, e->program, e->command, e->rate_hz, e->channels, N_FRAMES);
}

static void length_is_right(const struct encoding *e, size_t n_frames)
{
	if (e->slack_frames == 0)
		assert_int_equal(n_frames, N_FRAMES);
	else
		assert_in_range(n_frames, N_FRAMES - e->slack_frames, N_FRAMES + e->slack_frames);
}

static void content_is_right(
        const struct encoding *e, const struct music *got, const struct music *original)
{
	if (e->slack_frames != 0)
		return;
	assert_int_equal(music_lag(got, original, 2000, 30000), 0);
	assert_int_equal(music_lag(got, original, N_FRAMES - 9000, 8000), 0);
	assert_true(music_difference(got, 0, original, N_FRAMES) <= e->tolerance);
}

/* Where the file does not tell how much an encoder has put around the music, what is cut is what libav cuts; it leaves
 * the end to us where an edit list tells of it. */
static void content_is_as_ffmpeg_has_it(const char *file, const struct music *got, bool ends_sooner)
{
	struct music theirs = *got;
	char *folder = scratch_new(), raw[500];
	size_t n_bytes, frame_bytes = sizeof(float) * (size_t)got->channels;
	uint8_t *bytes;

	snprintf(raw, sizeof(raw), "%s/raw", folder);
	run("ffmpeg -v error -nostdin -i %s -map 0:a:0 -c:a pcm_f32le -f f32le %s", file, raw);
	bytes = file_bytes(raw, &n_bytes);
	theirs.frames = (float *)(void *)bytes;
	theirs.n_frames = n_bytes / frame_bytes;
	assert_true(ends_sooner || n_bytes == got->n_frames * frame_bytes);
	assert_true(music_difference(got, 0, &theirs, got->n_frames) == 0);
	free(bytes);
	scratch_free(folder);
}

static void one_encoding(const struct encoding *e)
{
	struct encoded f = {0};
	struct decoder *decoder;
	struct music got;

	if (!encode(&f, e))
		return;
	assert_int_equal(decoder_open(f.file, &decoder, NULL), STATUS_OK);
	assert_string_equal(decoder_facts(decoder)->codec, e->codec);
	assert_int_equal(decoder_facts(decoder)->sample_rate_hz, e->rate_hz);
	assert_int_equal(decoder_facts(decoder)->channels, e->channels);
	got = music_read(decoder, 4096);
	length_is_right(e, got.n_frames);
	content_is_right(e, &got, &f.original);
	if (e->slack_frames != 0)
		content_is_as_ffmpeg_has_it(f.file, &got, strstr(e->command, "-f mp4"));
	assert_int_equal(decoder_damage(decoder)->events, 0);
	decoder_close(decoder);
	music_check_places(f.file, &got, e->seek_tolerance);
	music_done(&got);
	encoded_done(&f);
}

static void what_goes_in_comes_out(void **state)
{
	for (int i = 0; i < N_ENCODINGS; i++) {
		print_message("# %s\n", encodings[i].command);
		one_encoding(&encodings[i]);
	}
}

/* Edit lists count milliseconds; the frame is told by the length of what they cut.  (Where LAME ends with a packet more than it
 * needs, as in the table above, ffmpeg's list takes that for music, and nothing tells.) */
static void edit_lists(void **state)
{
	static const char *const commands[] = {
	        "ffmpeg -v error -nostdin -i %s -c:a libmp3lame -f mp4 %s",
	        "ffmpeg -v error -nostdin -i %s -c:a libmp3lame -f mov %s",
	        "ffmpeg -v error -nostdin -i %s -c:a aac -aac_pns 0 -f mp4 %s"};
	static const size_t lengths[] = {250100, 250523, 251000};

	for (size_t i = 0; i < 9; i++) {
		size_t n = lengths[i % 3];
		struct encoded f = {0};
		struct music got;

		if (!encoded_make(&f, "ffmpeg", commands[i / 3], 44100, 2, n))
			continue;
		got = music_read_file(f.file);
		assert_int_equal(got.n_frames, n);
		assert_int_equal(music_lag(&got, &f.original, 2000, 30000), 0);
		assert_int_equal(music_lag(&got, &f.original, n - 9000, 8000), 0);
		music_check_places(f.file, &got, 1e-5);
		music_done(&got);
		encoded_done(&f);
	}
}

/* Three million packets, more than libav gets to apply an edit list to: nothing is lost, and the end is where it was. */
static void long_mp4(void **state)
{
	enum { LAST = 5000 };
	char *folder = scratch_new(), file[500];
	struct decoder *decoder;
	struct music got;
	int64_t n_frames;

	assert_true(have_program("ffmpeg"));
	snprintf(file, sizeof(file), "%s/day.m4a", folder);
	run("cd %s && ffmpeg -v error -nostdin -f lavfi -i anullsrc=r=8000:cl=mono -t 600 -c:a aac "
	    "one.m4a && "
	    "ffmpeg -v error -nostdin -stream_loop 639 -i one.m4a -c copy day.m4a",
	        folder);
	assert_int_equal(decoder_open(file, &decoder, NULL), STATUS_OK);
	n_frames = decoder_facts(decoder)->frames;
	assert_in_range(n_frames, (int64_t)640 * 600 * 8000, (int64_t)640 * 601 * 8000);
	assert_int_equal(decoder_seek(decoder, n_frames - LAST, NULL), STATUS_OK);
	got = music_read(decoder, 4096);
	assert_int_equal(got.n_frames, LAST);
	music_done(&got);
	decoder_close(decoder);
	scratch_free(folder);
}

/* ---- joined, and hurt --------------------------------------------------------------------- */

#define WAVPACK "wavpack", "wavpack -q %s -o - > %s"

/* Two files one behind the other, as `cat` makes them, ffmpeg's with a tag between: both are heard. */
static void joined_files(void **state)
{
	static const struct {
		const char *program, *command;
	} cases[] = {{WAVPACK}, {FFMPEG("-c:a wavpack -f wv")}, {FFMPEG("-c:a tta -f tta")}};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct encoded f = {0};
		struct decoder *decoder;
		struct music got;

		if (!encoded_make(&f, cases[i].program, cases[i].command, 44100, 2, N_FRAMES))
			continue;
		print_message("# two of %s\n", cases[i].command);
		run("cd %s && cat out.music out.music > two && mv two out.music", f.folder);
		assert_int_equal(decoder_open(f.file, &decoder, NULL), STATUS_OK);
		got = music_read(decoder, 4096);
		assert_int_equal(got.n_frames, 2 * N_FRAMES);
		assert_true(music_difference(&got, 0, &f.original, N_FRAMES) == 0);
		assert_true(music_difference(&got, N_FRAMES, &f.original, N_FRAMES) == 0);
		assert_int_equal(decoder_damage(decoder)->events, 0);
		decoder_close(decoder);
		music_check_places(f.file, &got, 0);
		music_done(&got);
		encoded_done(&f);
	}
}

/* A block whose mark is hurt ends libav's reading: it goes on at the next one, in its place. */
static void damaged_wavpack(void **state)
{
	struct encoded f = {0};
	struct decoder *decoder;
	struct music got;
	uint8_t *bytes, *mark;
	size_t n_bytes;

	if (!encoded_make(&f, WAVPACK, 44100, 2, N_FRAMES))
		return;
	bytes = file_bytes(f.file, &n_bytes);
	mark = memmem(bytes + n_bytes / 2, n_bytes / 2, "wvpk", 4);
	assert_non_null(mark);
	*mark = 0;
	file_write(f.file, bytes, n_bytes);
	free(bytes);
	assert_int_equal(decoder_open(f.file, &decoder, NULL), STATUS_OK);
	got = music_read(decoder, 4096);
	assert_int_equal(got.n_frames, N_FRAMES);
	assert_true(music_difference(&got, 0, &f.original, N_FRAMES / 3) == 0);
	for (size_t i = N_FRAMES - 40000; i < N_FRAMES; i++)
		assert_true(got.frames[2 * i] == f.original.frames[2 * i]);
	assert_int_equal(decoder_damage(decoder)->events, 1);
	assert_in_range(decoder_damage(decoder)->lost_frames, 1000, N_FRAMES / 3);
	decoder_close(decoder);
	music_check_places(f.file, &got, 0);
	music_done(&got);
	encoded_done(&f);
}

/* ---- composed --------------------------------------------------------------------------- */

static bool ffmpeg_reads(const char *format)
{
	char command[200];

	snprintf(command, sizeof(command), "ffmpeg -v error -demuxers | grep -q ' %s '", format);
	if (have_program("ffmpeg") && system(command) == 0)
		return true;
	print_message("# no %s in this ffmpeg\n", format);
	return false;
}

static double loudest(const struct music *m, size_t from, size_t to)
{
	struct music silence = {m->rate_hz, m->channels, to - from, NULL};
	double peak;

	silence.frames = calloc(to - from, sizeof(float) * (size_t)m->channels);
	assert_non_null(silence.frames);
	peak = music_difference(m, from, &silence, to - from);
	music_done(&silence);
	return peak;
}

static void tracker_modules(void **state)
{
	char *folder = scratch_new(), file[500];
	struct music got;
	size_t note, end;

	if (!ffmpeg_reads("libopenmpt"))
		skip();
	snprintf(file, sizeof(file), "%s/one.mod", folder);
	composed_mod(file);
	got = music_read_file(file);
	assert_int_equal(got.channels, 2);
	note = (size_t)got.rate_hz * COMPOSED_ROW_MS / 1000 * COMPOSED_NOTE_ROW;
	end = (size_t)got.rate_hz * COMPOSED_ROW_MS / 1000 * COMPOSED_ROWS;
	/* libopenmpt lets what still sounds behind the last row fade for a moment. */
	assert_in_range(got.n_frames, end, end + (size_t)got.rate_hz / 5);
	assert_true(loudest(&got, 0, note) == 0);
	assert_true(loudest(&got, note, note + 20) > 0.01);
	content_is_as_ffmpeg_has_it(file, &got, false);
	music_check_places(file, &got, 0);
	music_done(&got);
	scratch_free(folder);
}

static void one_bit_streams(void **state)
{
	enum { N = 3 * COMPOSED_DSD_HZ / 8 + 1001 };
	static void (*const compose[])(const char *, int) = {composed_dsf, composed_dff};
	static const char *const codecs[] = {"dsd_lsbf_planar", "dsd_msbf"};

	for (int i = 0; i < 2; i++) {
		char *folder = scratch_new(), file[500];
		struct decoder *decoder;
		struct music got;

		snprintf(file, sizeof(file), "%s/one.%s", folder, i ? "dff" : "dsf");
		compose[i](file, N);
		assert_int_equal(decoder_open(file, &decoder, NULL), STATUS_OK);
		assert_string_equal(decoder_facts(decoder)->codec, codecs[i]);
		assert_int_equal(decoder_facts(decoder)->sample_rate_hz, COMPOSED_DSD_HZ / 8);
		got = music_read(decoder, 4096);
		assert_int_equal(decoder_damage(decoder)->events, 0);
		decoder_close(decoder);
		assert_int_equal(got.n_frames, N);
		assert_in_range(1000 * loudest(&got, 10000, 40000), 350, 500);
		if (have_program("ffmpeg"))
			content_is_as_ffmpeg_has_it(file, &got, false);
		music_check_places(file, &got, 1e-6);
		music_done(&got);
		scratch_free(folder);
	}
}

/* A tune that ends does so by itself; one that goes round for ever fades out behind 150 s. */
static void chip_tunes(void **state)
{
	char *folder = scratch_new(), file[500];
	struct music got;

	if (!ffmpeg_reads("libgme"))
		skip();
	snprintf(file, sizeof(file), "%s/one.vgm", folder);
	composed_vgm(file, false);
	got = music_read_file(file);
	assert_in_range(got.n_frames, COMPOSED_VGM_FRAMES, COMPOSED_VGM_FRAMES + 8192);
	assert_true(loudest(&got, 20000, 44000) > 3 * loudest(&got, 45000, 88000));
	assert_true(loudest(&got, 45000, 88000) > 0.01);
	got.n_frames = COMPOSED_VGM_FRAMES; /* behind them begins the fade of what does not end */
	content_is_as_ffmpeg_has_it(file, &got, true);
	music_done(&got);
	got = music_read_file(file);
	music_check_places(file, &got, 0);
	music_done(&got);
	composed_vgm(file, true);
	got = music_read_file(file);
	assert_int_equal(got.n_frames, 158 * 44100);
	assert_true(loudest(&got, 149 * 44100, 150 * 44100) > 0.05);
	assert_true(loudest(&got, 157 * 44100, got.n_frames) < 0.01);
	music_done(&got);
	scratch_free(folder);
}

static void tags_come_along(void **state)
{
	char *folder = scratch_new(), wav[500], file[500];
	struct music music = music_make(44100, 2, 44100);
	struct decoder *decoder;
	const struct tags *tags;

	assert_true(have_program("ffmpeg"));
	snprintf(wav, sizeof(wav), "%s/in.wav", folder);
	snprintf(file, sizeof(file), "%s/out.mka", folder);
	music_write_wav(&music, wav);
	run("ffmpeg -v error -nostdin -i %s -c:a flac -metadata title=T -metadata artist=A "
	    "-metadata album=B "
	    "-metadata replaygain_track_gain='-3.5 dB' -metadata liq_cue_in=1.5 %s",
	        wav, file);
	assert_int_equal(decoder_open(file, &decoder, NULL), STATUS_OK);
	tags = decoder_tags(decoder);
	assert_string_equal(tags_get(tags, "title"), "T");
	assert_string_equal(tags_get(tags, "artist"), "A");
	assert_string_equal(tags_get(tags, "album"), "B");
	assert_string_equal(tags_get(tags, "replaygain_track_gain"), "-3.5 dB");
	assert_string_equal(tags_get(tags, "liq_cue_in"), "1.5");
	decoder_close(decoder);
	music_done(&music);
	scratch_free(folder);
}

/* Lists in the clothes of music would make libav open other files. */
static void scripts_are_refused(void **state)
{
	static const char *const scripts[] = {
	        "#EXTM3U\n#EXT-X-TARGETDURATION:5\n#EXTINF:5,\nother.ts\n#EXT-X-ENDLIST\n",
	        "ffconcat version 1.0\nfile other.wav\n",
	        "v=0\no=- 0 0 IN IP4 127.0.0.1\nm=audio 9 RTP/AVP 0\n",
	        "<?xml version=\"1.0\"?><MPD xmlns=\"urn:mpeg:dash:schema:mpd:2011\"></MPD>",
	};

	for (size_t i = 0; i < sizeof(scripts) / sizeof(*scripts); i++) {
		struct source *source;
		struct decoder *decoder;
		struct error error = {0};

		assert_int_equal(
		        source_open_memory(scripts[i], strlen(scripts[i]), "a.m4a", &source, NULL),
		        STATUS_OK);
		assert_int_not_equal(decoder_open_source(source, &decoder, &error), STATUS_OK);
		assert_null(decoder);
		assert_true(error.text[0] != '\0');
	}
}

/* False, and said so, in a build without libav. */
static bool use_built_module(void)
{
	const char *build = getenv("BUILD") ? getenv("BUILD") : "build";
	char folder[4000], file[4100];

	snprintf(folder, sizeof(folder), "%s/modules", build);
	snprintf(file, sizeof(file), "%s/libav.so", folder);
	return access(file, R_OK) == 0 && setenv("JUKEBOX_MODULES", folder, 1) == 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(what_goes_in_comes_out),
	        cmocka_unit_test(edit_lists),
	        cmocka_unit_test(long_mp4),
	        cmocka_unit_test(joined_files),
	        cmocka_unit_test(damaged_wavpack),
	        cmocka_unit_test(tracker_modules),
	        cmocka_unit_test(one_bit_streams),
	        cmocka_unit_test(chip_tunes),
	        cmocka_unit_test(tags_come_along),
	        cmocka_unit_test(scripts_are_refused),
	};

	if (!use_built_module()) {
		printf("1..0 # SKIP no libav in this build\n");
		return 0;
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}
