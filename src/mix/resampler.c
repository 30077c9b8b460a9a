/* resampler.c - checks what is asked and makes the length exact; the filters are a library's
 * (resampler_soxr.c or resampler_samplerate.c). */
#include "jukebox/resampler.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "jukebox/decoder.h"
#include "resampler_library.h"

struct resampler {
	void *library;
	int from_hz, to_hz, channels;
	int64_t n_in, n_out; /* frames so far */
};

static bool is_rate(int hz)
{
	return hz >= DECODER_LOWEST_HZ && hz <= DECODER_HIGHEST_HZ;
}

struct resampler *resampler_new(
        int from_hz, int to_hz, int channels, enum resampler_quality quality)
{
	if (!is_rate(from_hz) || !is_rate(to_hz) || channels < 1 ||
	        channels > DECODER_MOST_CHANNELS)
		return NULL;
	struct resampler *r = calloc(1, sizeof(*r));
	if (!r)
		return NULL;
	*r = (struct resampler){.from_hz = from_hz, .to_hz = to_hz, .channels = channels};
	r->library = resampler_library_open(from_hz, to_hz, channels, quality);
	if (!r->library) {
		free(r);
		return NULL;
	}
	return r;
}

void resampler_free(struct resampler *resampler)
{
	if (!resampler)
		return;
	resampler_library_close(resampler->library);
	free(resampler);
}

/* The filter's tail, cut or filled up with silence to the exact length. */
static enum status flush(struct resampler *r, float *out, size_t max_out, size_t *n_out)
{
	int64_t left = llround((double)r->n_in * r->to_hz / r->from_hz) - r->n_out;
	if (left <= 0)
		return STATUS_OK;
	size_t want = (uint64_t)left < max_out ? (size_t)left : max_out, taken;
	TRY(resampler_library_run(r->library, NULL, 0, &taken, out, want, n_out));
	if (*n_out == 0) {
		memset(out, 0, want * (size_t)r->channels * sizeof(*out));
		*n_out = want;
	}
	r->n_out += (int64_t)*n_out;
	return STATUS_OK;
}

enum status resampler_run(struct resampler *resampler, const float *in, size_t n_in, size_t *taken,
        float *out, size_t max_out, size_t *n_out)
{
	struct resampler *r = resampler;
	*taken = *n_out = 0;
	if (!in)
		return flush(r, out, max_out, n_out);
	TRY(resampler_library_run(r->library, in, n_in, taken, out, max_out, n_out));
	r->n_in += (int64_t)*taken;
	r->n_out += (int64_t)*n_out;
	return STATUS_OK;
}
