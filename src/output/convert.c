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
	float *spread; /* in the receiver's channels */
	union {
		int16_t *s16;
		uint8_t *s24;
		void *any;
	} integers;
};

static bool allocate(struct converter *c, bool to_integers, uint64_t seed)
{
	size_t samples = CONVERT_FRAMES * c->channels;
	if (to_integers && c->sample != SAMPLE_F32) {
		c->dither = dither_new(seed, (int)c->channels);
		c->integers.any = malloc(samples * (c->sample == SAMPLE_S16 ? sizeof(int16_t) : 3));
		if (!c->dither || !c->integers.any)
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
	free(converter->integers.any);
	free(converter);
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

/* Loops of sixteen are what compilers make vectors of. */
static void count_clipped(struct converter *c, const float *samples, size_t n_samples)
{
	for (; n_samples >= 16; n_samples -= 16, samples += 16) {
		int32_t n = 0;
		for (int i = 0; i < 16; i++)
			n += fabsf(samples[i]) > 1.0f;
		c->clipped += n;
	}
	for (size_t i = 0; i < n_samples; i++)
		c->clipped += fabsf(samples[i]) > 1.0f;
}

static void from_s16(const int16_t *restrict from, size_t n_samples, float *restrict to)
{
	const float step = 1.0f / 32768.0f;
	for (; n_samples >= 16; n_samples -= 16, from += 16, to += 16)
		for (int i = 0; i < 16; i++)
			to[i] = (float)from[i] * step;
	for (size_t i = 0; i < n_samples; i++)
		to[i] = (float)from[i] * step;
}

static int32_t s24_value(const uint8_t *b)
{
	return (int32_t)((uint32_t)b[2] << 24 | (uint32_t)b[1] << 16 | (uint32_t)b[0] << 8) / 256;
}

/* Floats again, so that every receiver takes one type: both grids fit float32 exactly. */
static const float *on_grid(struct converter *c, const float *samples, size_t n_samples)
{
	if (!c->dither)
		return samples;
	count_clipped(c, samples, n_samples);
	if (c->sample == SAMPLE_S16) {
		dither_to_s16(c->dither, samples, c->integers.s16, n_samples);
		from_s16(c->integers.s16, n_samples, c->spread);
	} else {
		dither_to_s24(c->dither, samples, c->integers.s24, n_samples);
		for (size_t i = 0; i < n_samples; i++)
			c->spread[i] =
			        (float)s24_value(c->integers.s24 + 3 * i) * (1.0f / 8388608.0f);
	}
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
