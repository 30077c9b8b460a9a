/* resampler_samplerate.c - fixed rate ratios by libsamplerate, where libsoxr is not built in.
 *
 * Its sinc filters are centred: there is no delay to take off.  It cannot go beyond 1:256, which no
 * music asks for. */
#include "resampler_library.h"

#ifndef HAVE_SOXR

#include <limits.h>
#include <samplerate.h>
#include <stdlib.h>

#include "jukebox/decoder.h"

struct library {
	SRC_STATE *src;
	double ratio;
};

static int converter(enum resampler_quality quality)
{
	switch (quality) {
	case RESAMPLER_FAST:
		return SRC_SINC_FASTEST;
	case RESAMPLER_MEDIUM:
	case RESAMPLER_HIGH:
		return SRC_SINC_MEDIUM_QUALITY;
	case RESAMPLER_BEST:
		return SRC_SINC_BEST_QUALITY;
	}
	return SRC_SINC_MEDIUM_QUALITY;
}

void *resampler_library_open(int from_hz, int to_hz, int channels, enum resampler_quality quality)
{
	double ratio = (double)to_hz / from_hz;
	struct library *l = src_is_valid_ratio(ratio) ? calloc(1, sizeof(*l)) : NULL;
	if (!l)
		return NULL;
	int error = 0;
	l->src = src_new(converter(quality), channels, &error);
	l->ratio = ratio;
	if (!l->src) {
		free(l);
		return NULL;
	}
	return l;
}

void resampler_library_close(void *state)
{
	struct library *l = state;
	src_delete(l->src);
	free(l);
}

static long bounded(size_t n)
{
	return n < INT_MAX ? (long)n : INT_MAX;
}

enum status resampler_library_run(void *state, const float *in, size_t n_in, size_t *taken,
        float *out, size_t max_out, size_t *n_out)
{
	static const float nothing[DECODER_MOST_CHANNELS];
	struct library *l = state;
	SRC_DATA data = {
	        .data_in = in ? in : nothing,
	        .input_frames = in ? bounded(n_in) : 0,
	        .data_out = out,
	        .output_frames = bounded(max_out),
	        .end_of_input = !in,
	        .src_ratio = l->ratio,
	};
	if (src_process(l->src, &data) != 0)
		return STATUS_NO_MEMORY;
	*taken = (size_t)data.input_frames_used;
	*n_out = (size_t)data.output_frames_gen;
	return STATUS_OK;
}

const char *resampler_library(void)
{
	return "libsamplerate";
}

#endif
