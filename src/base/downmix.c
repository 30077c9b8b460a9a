/* downmix.c - the two-channel rendition of files with any number of channels (ITU-R BS.775-3).
 * Which channel is which in a file is the decoders' affair: they deliver WAVE order. */
#include "jukebox/downmix.h"

#include <math.h>
#include <string.h>

enum { LAYOUTS = 9, MOST_CHANNELS = 32 };

#define M3DB 0.70710678f /* -3 dB */
#define M6DB 0.5f /* centre surround: -3 dB to each surround, and those at -3 dB */

/* What channel `c` of a file with `n` adds to the left and to the right: layouts[n][c]. */
static const float layouts[LAYOUTS][LAYOUTS - 1][2] = {
        [3] = {{1, 0}, {0, 1}, {M3DB, M3DB}},
        [4] = {{1, 0}, {0, 1}, {M3DB, 0}, {0, M3DB}},
        [5] = {{1, 0}, {0, 1}, {M3DB, M3DB}, {M3DB, 0}, {0, M3DB}},
        [6] = {{1, 0}, {0, 1}, {M3DB, M3DB}, {0, 0}, {M3DB, 0}, {0, M3DB}},
        [7] = {{1, 0}, {0, 1}, {M3DB, M3DB}, {0, 0}, {M6DB, M6DB}, {M3DB, 0}, {0, M3DB}},
        [8] = {{1, 0}, {0, 1}, {M3DB, M3DB}, {0, 0}, {M3DB, 0}, {0, M3DB}, {M3DB, 0}, {0, M3DB}},
};

static void mono_to_stereo(const float *in, size_t n_frames, float *out)
{
	for (size_t i = 0; i < n_frames; i++)
		out[2 * i] = out[2 * i + 1] = in[i];
}

static void by_matrix(
        const float *in, int channels, const float matrix[][2], size_t n_frames, float *out)
{
	for (size_t i = 0; i < n_frames; i++, in += channels) {
		float left = 0, right = 0;
		for (int c = 0; c < channels; c++) {
			left += matrix[c][0] * in[c];
			right += matrix[c][1] * in[c];
		}
		out[2 * i] = left;
		out[2 * i + 1] = right;
	}
}

static void by_turns(const float *in, int channels, size_t n_frames, float *out)
{
	float matrix[MOST_CHANNELS][2] = {{0}};

	for (int c = 0; c < channels; c++) {
		int on_this_side = (channels + 1 - c % 2) / 2;
		matrix[c][c % 2] = 1.0f / sqrtf((float)on_this_side);
	}
	by_matrix(in, channels, matrix, n_frames, out);
}

void downmix_to_stereo(const float *in, int channels, size_t n_frames, float *out)
{
	if (channels == 1)
		mono_to_stereo(in, n_frames, out);
	else if (channels == 2)
		memcpy(out, in, n_frames * 2 * sizeof(*out));
	else if (channels < LAYOUTS)
		by_matrix(in, channels, layouts[channels], n_frames, out);
	else
		by_turns(in, channels, n_frames, out);
}
