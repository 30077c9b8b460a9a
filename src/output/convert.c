/* convert.c - rate, channels and dither of one output.  Rates are the resampler's work, noise the dither's. */
#include "convert.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "jukebox/dither.h"
#include "jukebox/resampler.h"

struct converter {
	struct resampler *resampler; /* NULL: the rates are the same */
	struct dither *dither; /* NULL: the receiver takes floats */
	size_t channels;
	enum sample_format sample;
	int64_t clipped;
	float *stereo; /* from the resampler */
	float *spread; /* in the receiver's channels, on its grid */
};

static bool allocate(struct converter *c, bool to_integers, uint64_t seed)
{
	size_t samples = CONVERT_FRAMES * c->channels;
	if (to_integers && c->sample != SAMPLE_F32) {
		c->dither = dither_new(seed, (int)c->channels);
		if (!c->dither)
			return false;
	}
	c->stereo = malloc(CONVERT_FRAMES * 2 * sizeof(float));
	c->spread = malloc(samples * sizeof(float));
	return c->stereo && c->spread;
}

struct converter *converter_new(
        int bus_rate_hz, const struct stream_format *to, bool to_integers, uint64_t seed)
{
	struct converter *c = calloc(1, sizeof *c);
	if (!c)
		return NULL;
	c->channels = (size_t)to->channels;
	c->sample = to->sample;
	bool ok = allocate(c, to_integers, seed);
	if (ok && bus_rate_hz != to->sample_rate_hz) {
		c->resampler = resampler_new(bus_rate_hz, to->sample_rate_hz, 2, RESAMPLER_HIGH);
		ok = c->resampler != NULL;
	}
	if (!ok) {
		converter_free(c);
		return NULL;
	}
	return c;
}

void converter_free(struct converter *converter)
{
	if (!converter)
		return;
	resampler_free(converter->resampler);
	dither_free(converter->dither);
	free(converter->stereo);
	free(converter->spread);
	free(converter);
}

bool converter_is_costly(const struct converter *converter)
{
	return converter->resampler || converter->dither;
}

int64_t converter_clipped(const struct converter *converter)
{
	return converter->clipped;
}

/* One channel hears both sides; of more than two the front ones play. */
static const float *spread(struct converter *c, const float *stereo, size_t n_frames)
{
	if (c->channels == 2)
		return stereo;
	if (c->channels == 1) {
		for (size_t i = 0; i < n_frames; i++)
			c->spread[i] = (stereo[2 * i] + stereo[2 * i + 1]) * 0.5f;
		return c->spread;
	}
	memset(c->spread, 0, n_frames * c->channels * sizeof(float));
	for (size_t i = 0; i < n_frames; i++)
		memcpy(c->spread + i * c->channels, stereo + 2 * i, 2 * sizeof(float));
	return c->spread;
}

/* Sizes that compilers make vectors of.  To look for the largest first costs a third of counting, and nearly always it
 * is all there is to do. */
static float largest_of_sixteen(const float *samples)
{
	float most[4] = {0};
	for (int i = 0; i < 16; i += 4)
		for (int k = 0; k < 4; k++) {
			float size = fabsf(samples[i + k]);
			most[k] = size > most[k] ? size : most[k];
		}
	float even = most[0] > most[2] ? most[0] : most[2];
	float odd = most[1] > most[3] ? most[1] : most[3];
	return even > odd ? even : odd;
}

static int64_t count_over(const float *samples, size_t n_samples)
{
	int64_t n = 0;
	for (size_t i = 0; i < n_samples; i++)
		n += fabsf(samples[i]) > 1.0f;
	return n;
}

static void count_clipped(struct converter *c, const float *samples, size_t n_samples)
{
	for (; n_samples >= 16; n_samples -= 16, samples += 16)
		if (largest_of_sixteen(samples) > 1.0f)
			c->clipped += count_over(samples, 16);
	c->clipped += count_over(samples, n_samples);
}

/* Floats again, so that every receiver takes one type: both grids fit float32 exactly. */
static const float *on_grid(struct converter *c, const float *samples, size_t n_samples)
{
	if (!c->dither)
		return samples;
	count_clipped(c, samples, n_samples);
	if (c->sample == SAMPLE_S16)
		dither_to_16_bits(c->dither, samples, c->spread, n_samples);
	else
		dither_to_24_bits(c->dither, samples, c->spread, n_samples);
	return c->spread;
}

static enum status at_target_rate(
        struct converter *c, const float *stereo, size_t n_frames, converter_sink *sink, void *user)
{
	while (n_frames > 0) {
		size_t n = n_frames < CONVERT_FRAMES ? n_frames : CONVERT_FRAMES;
		const float *frames = spread(c, stereo, n);
		TRY(sink(user, on_grid(c, frames, n * c->channels), n));
		stereo += 2 * n;
		n_frames -= n;
	}
	return STATUS_OK;
}

static enum status flush(struct converter *c, converter_sink *sink, void *user)
{
	size_t taken, n_out = 0;
	do {
		TRY(resampler_run(
		        c->resampler, NULL, 0, &taken, c->stereo, CONVERT_FRAMES, &n_out));
		TRY(at_target_rate(c, c->stereo, n_out, sink, user));
	} while (n_out > 0);
	return STATUS_OK;
}

enum status converter_run(struct converter *converter, const float *stereo, size_t n_frames,
        converter_sink *sink, void *user)
{
	struct converter *c = converter;
	if (!c->resampler)
		return stereo ? at_target_rate(c, stereo, n_frames, sink, user) : STATUS_OK;
	if (!stereo)
		return flush(c, sink, user);
	while (n_frames > 0) {
		size_t taken = 0, n_out = 0;
		TRY(resampler_run(
		        c->resampler, stereo, n_frames, &taken, c->stereo, CONVERT_FRAMES, &n_out));
		TRY(at_target_rate(c, c->stereo, n_out, sink, user));
		stereo += 2 * taken;
		n_frames -= taken;
	}
	return STATUS_OK;
}
