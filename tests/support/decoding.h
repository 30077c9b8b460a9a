/* decoding.h - music made on the fly, and files of it read to their end. */
#ifndef SUPPORT_DECODING_H
#define SUPPORT_DECODING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "jukebox/decoder.h"

struct music {
	int rate_hz, channels;
	size_t n_frames;
	float *frames; /* owned; music_done */
};

/* Sines in low noise, on the 16-bit grid, different in each channel, the same at each call. */
struct music music_make(int rate_hz, int channels, size_t n_frames);
void music_done(struct music *music);

/* As WAV of 16-bit samples.  Aborts when it cannot be written. */
void music_write_wav(const struct music *music, const char *path);

/* All that a decoder gives from where it stands, in blocks of `block` frames. */
struct music music_read(struct decoder *decoder, size_t block);

/* Opens, reads, closes.  Aborts when the file cannot be opened. */
struct music music_read_file(const char *path);

/* Where, within +-4 frames, `a` fits `b` best; 0 when they are aligned.  First channel, frames
 * from ... */
int music_lag(const struct music *a, const struct music *b, size_t from, size_t n_frames);

/* Largest difference of n_frames of `a` from frame `at` on and of `b` from its start. */
double music_difference(const struct music *a, size_t at, const struct music *b, size_t n_frames);

/* Is this program there?  When not, says that what needs it is skipped. */
bool have_program(const char *program);

/* A hundred places at random, some behind the end, read as `all` has them; with a tolerance of more than 1, where a
 * decoder makes up noise, the first channel is in its place.  Aborts when they do not. */
void music_check_places(const char *file, const struct music *all, double tolerance);

/* Runs a shell command made like printf; aborts when it fails. */
void run(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Music of N frames, as WAV and as what a program makes of it, in a folder of their own. */
struct encoded {
	char *folder;
	char wav[500], file[500];
	struct music original;
};

/* `command` of the names: WAV, file, and, for programs that will have their own ending, file and file again.  false: the
 * program is not there. */
bool encoded_make(struct encoded *encoded, const char *program, const char *command, int rate_hz,
        int channels, size_t n_frames);
void encoded_done(struct encoded *encoded);

/* A whole file, owned by the caller. */
uint8_t *file_bytes(const char *path, size_t *n_bytes);
void file_write(const char *path, const uint8_t *bytes, size_t n_bytes);

#endif
