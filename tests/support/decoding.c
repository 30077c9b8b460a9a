/* decoding.c - music made on the fly, and files of it read to their end. */
#include "support/decoding.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support/scratch.h"

/* Programs without cmocka are linked with this file too. */
static void require(bool good, const char *what)
{
	if (good)
		return;
	fprintf(stderr, "cannot go on: %s\n", what);
	abort();
}

static float *new_frames(size_t n_frames, int channels)
{
	float *frames = malloc((n_frames * (size_t)channels + 1) * sizeof(*frames));

	require(frames != NULL, "frames");
	return frames;
}

struct music music_make(int rate_hz, int channels, size_t n_frames)
{
	struct music m = {rate_hz, channels, n_frames, new_frames(n_frames, channels)};
	uint32_t random = 12345;
	double low = 0;

	for (size_t i = 0; i < n_frames; i++) {
		double t = (double)i / rate_hz;

		random = random * 1664525u + 1013904223u;
		low += 0.2 * ((double)random / 4294967296.0 - 0.5 - low);
		for (int c = 0; c < channels; c++) {
			double tone = sin(2 * M_PI * (311.0 + 97.0 * c) * t) *
			              (0.6 + 0.4 * sin(2 * M_PI * 5 * t));
			m.frames[i * (size_t)channels + (size_t)c] =
			        (float)(rint((0.25 * tone + 0.3 * low) * 32768) / 32768);
		}
	}
	return m;
}

void music_done(struct music *music)
{
	free(music->frames);
	music->frames = NULL;
}

static void put(uint8_t *at, uint32_t value, int n_bytes)
{
	for (int i = 0; i < n_bytes; i++)
		at[i] = (uint8_t)(value >> 8 * i);
}

void music_write_wav(const struct music *music, const char *path)
{
	size_t n = music->n_frames * (size_t)music->channels, n_bytes = 44 + 2 * n;
	uint8_t *bytes = calloc(1, n_bytes);

	require(bytes != NULL, "bytes");
	memcpy(bytes, "RIFF\0\0\0\0WAVEfmt \20\0\0\0\1\0", 22);
	put(bytes + 4, (uint32_t)(n_bytes - 8), 4);
	put(bytes + 22, (uint32_t)music->channels, 2);
	put(bytes + 24, (uint32_t)music->rate_hz, 4);
	put(bytes + 28, (uint32_t)(music->rate_hz * music->channels * 2), 4);
	put(bytes + 32, (uint32_t)music->channels * 2, 2);
	put(bytes + 34, 16, 2);
	memcpy(bytes + 36, "data", 4);
	put(bytes + 40, (uint32_t)(2 * n), 4);
	for (size_t i = 0; i < n; i++)
		put(bytes + 44 + 2 * i, (uint32_t)(int32_t)lrintf(music->frames[i] * 32768), 2);
	file_write(path, bytes, n_bytes);
	free(bytes);
}

struct music music_read(struct decoder *decoder, size_t block)
{
	const struct stream_facts *facts = decoder_facts(decoder);
	struct music m = {facts->sample_rate_hz, facts->channels, 0, NULL};
	size_t channels = (size_t)facts->channels, room = 0, got;
	enum status status;

	do {
		if (room < m.n_frames + block) {
			room = 2 * (m.n_frames + block);
			m.frames = realloc(m.frames, room * channels * sizeof(*m.frames));
			require(m.frames != NULL, "m.frames");
		}
		status = decoder_read(decoder, m.frames + m.n_frames * channels, block, &got, NULL);
		require(status == STATUS_OK ? got >= 1 && got <= block : got == 0,
		        "frames of a block");
		m.n_frames += got;
	} while (status == STATUS_OK);
	require(status == STATUS_END, "reading ends with STATUS_END");
	return m;
}

struct music music_read_file(const char *path)
{
	struct decoder *decoder;
	struct error error = {0};
	struct music music;

	require(decoder_open(path, &decoder, &error) == STATUS_OK, error.text);
	music = music_read(decoder, 4096);
	decoder_close(decoder);
	return music;
}

int music_lag(const struct music *a, const struct music *b, size_t from, size_t n_frames)
{
	enum { FARTHEST = 4 };
	double best = -HUGE_VAL;
	int best_lag = 0;

	require(from >= FARTHEST && from + n_frames + FARTHEST <= a->n_frames &&
	                from + n_frames <= b->n_frames,
	        "enough frames to compare");
	for (int lag = -FARTHEST; lag <= FARTHEST; lag++) {
		double error = 0;

		for (size_t i = from; i < from + n_frames; i++) {
			double d = a->frames[(size_t)((int64_t)i + lag) * (size_t)a->channels] -
			           b->frames[i * (size_t)b->channels];
			error += d * d;
		}
		if (-error > best) {
			best = -error;
			best_lag = lag;
		}
	}
	return best_lag;
}

double music_difference(const struct music *a, size_t at, const struct music *b, size_t n_frames)
{
	size_t channels = (size_t)a->channels;
	double largest = 0;

	require(a->channels == b->channels, "as many channels");
	require(at + n_frames <= a->n_frames && n_frames <= b->n_frames, "enough frames");
	for (size_t i = 0; i < n_frames * channels; i++) {
		double d = fabs((double)a->frames[at * channels + i] - b->frames[i]);
		largest = d > largest ? d : largest;
	}
	return largest;
}

/* Noise is not compared, but where it stands. */
static void check_alignment(const struct music *all, size_t at, const struct music *part)
{
	enum { EDGE = 4, FEWEST = 500 };
	struct music there = *all;

	there.frames += at * (size_t)all->channels;
	there.n_frames -= at;
	if (part->n_frames >= FEWEST)
		require(music_lag(&there, part, EDGE, part->n_frames - 2 * EDGE) == 0,
		        "in its place");
}

static void check_place(
        struct decoder *decoder, const struct music *all, size_t at, double tolerance)
{
	enum { N_READ = 3000, MOST_CHANNELS = 8 };
	float block[N_READ * MOST_CHANNELS];
	struct music part = {all->rate_hz, all->channels, 0, block};
	enum status status;

	require(all->channels <= MOST_CHANNELS, "channels");
	require(decoder_seek(decoder, (int64_t)at, NULL) == STATUS_OK, "seek");
	status = decoder_read(decoder, block, N_READ, &part.n_frames, NULL);
	if (at >= all->n_frames) {
		require(status == STATUS_END, "the end is behind the end");
		return;
	}
	require(status == STATUS_OK && part.n_frames > 0, "read");
	require(music_difference(all, at, &part, part.n_frames) <= tolerance, "the same frames");
	if (tolerance > 1)
		check_alignment(all, at, &part);
}

void music_check_places(const char *file, const struct music *all, double tolerance)
{
	enum { N_PLACES = 100, FURTHER = 10 };
	struct decoder *decoder;
	uint32_t random = 1;

	require(decoder_open(file, &decoder, NULL) == STATUS_OK, "open");
	for (int i = 0; i < N_PLACES; i++) {
		random = random * 1664525u + 1013904223u;
		check_place(decoder, all, random % (all->n_frames + FURTHER), tolerance);
	}
	decoder_close(decoder);
}

bool have_program(const char *program)
{
	char command[200];

	snprintf(command, sizeof(command), "command -v %s >/dev/null 2>&1", program);
	if (system(command) == 0)
		return true;
	printf("# SKIP what needs %s, which is not installed\n", program);
	return false;
}

void run(const char *format, ...)
{
	char command[4000];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(command, sizeof(command), format, arguments);
	va_end(arguments);
	require(system(command) == 0, command);
}

uint8_t *file_bytes(const char *path, size_t *n_bytes)
{
	FILE *file = fopen(path, "rb");
	uint8_t *bytes;
	long size;

	require(file != NULL, "file");
	require(fseek(file, 0, SEEK_END) == 0, path);
	size = ftell(file);
	require(size >= 0, path);
	rewind(file);
	bytes = malloc((size_t)size + 1);
	require(bytes != NULL, "bytes");
	*n_bytes = fread(bytes, 1, (size_t)size, file);
	require(*n_bytes == (size_t)size, path);
	fclose(file);
	return bytes;
}

void file_write(const char *path, const uint8_t *bytes, size_t n_bytes)
{
	FILE *file = fopen(path, "wb");

	require(file != NULL, "file");
	require(fwrite(bytes, 1, n_bytes, file) == n_bytes, path);
	require(fclose(file) == 0, path);
}

bool encoded_make(struct encoded *encoded, const char *program, const char *command, int rate_hz,
        int channels, size_t n_frames)
{
	char line[2400];

	if (!have_program(program))
		return false;
	encoded->folder = scratch_new();
	snprintf(encoded->wav, sizeof(encoded->wav), "%s/in.wav", encoded->folder);
	snprintf(encoded->file, sizeof(encoded->file), "%s/out.music", encoded->folder);
	encoded->original = music_make(rate_hz, channels, n_frames);
	music_write_wav(&encoded->original, encoded->wav);
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
	snprintf(line, sizeof(line), command, encoded->wav, encoded->file, encoded->file,
	        encoded->file);
#pragma GCC diagnostic pop
	run("%s", line);
	return true;
}

void encoded_done(struct encoded *encoded)
{
	music_done(&encoded->original);
	scratch_free(encoded->folder);
}
