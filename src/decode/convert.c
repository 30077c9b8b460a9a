/* convert.c - a second format in one file, turned into the first; see convert.h. */
#include "convert.h"

#include <samplerate.h>
#include <stdlib.h>
#include <string.h>

#include "jukebox/downmix.h"

enum { BLOCK_FRAMES = 4096 };

struct format_converter {
	int from_channels, to_channels;
	double ratio;
	SRC_STATE *resampler; /* NULL: only channels change */
	float *raw; /* what the format delivers */
	float *stereo; /* of raw, on the way to mono */
	float *mapped; /* raw with the right channels */
	size_t first, n_frames; /* of mapped: what has not been taken */
	bool ended;
};

static float *new_block(int channels)
{
	return malloc((size_t)BLOCK_FRAMES * (size_t)channels * sizeof(float));
}

static bool allocate(struct format_converter *c, int from_hz, int to_hz)
{
	int reason;

	c->raw = new_block(c->from_channels);
	c->stereo = new_block(2);
	c->mapped = new_block(c->to_channels);
	if (!c->raw || !c->stereo || !c->mapped)
		return false;
	if (from_hz == to_hz)
		return true;
	c->resampler = src_new(SRC_SINC_MEDIUM_QUALITY, c->to_channels, &reason);
	return c->resampler != NULL;
}

struct format_converter *format_converter_new(
        int from_hz, int from_channels, int to_hz, int to_channels)
{
	struct format_converter *c = calloc(1, sizeof(*c));

	if (!c)
		return NULL;
	c->from_channels = from_channels;
	c->to_channels = to_channels;
	c->ratio = (double)to_hz / from_hz;
	if (allocate(c, from_hz, to_hz))
		return c;
	format_converter_free(c);
	return NULL;
}

void format_converter_free(struct format_converter *converter)
{
	if (!converter)
		return;
	if (converter->resampler)
		src_delete(converter->resampler);
	free(converter->raw);
	free(converter->stereo);
	free(converter->mapped);
	free(converter);
}

float *format_converter_input(struct format_converter *converter, size_t *room)
{
	*room = converter->ended || converter->n_frames > 0 ? 0 : BLOCK_FRAMES;
	return converter->raw;
}

static void to_mono(const float *stereo, size_t n_frames, float *to)
{
	for (size_t i = 0; i < n_frames; i++)
		to[i] = 0.5f * (stereo[2 * i] + stereo[2 * i + 1]);
}

/* The channels that both have keep their places; one channel goes to both front ones. */
static void to_many(const struct format_converter *c, size_t n_frames)
{
	int shared = c->from_channels < c->to_channels ? c->from_channels : c->to_channels;
	const float *from = c->raw;
	float *to = c->mapped;

	for (size_t i = 0; i < n_frames; i++, from += c->from_channels, to += c->to_channels) {
		memset(to, 0, (size_t)c->to_channels * sizeof(*to));
		memcpy(to, from, (size_t)shared * sizeof(*to));
		if (c->from_channels == 1)
			to[1] = from[0];
	}
}

void format_converter_fill(struct format_converter *converter, size_t n_frames)
{
	struct format_converter *c = converter;

	c->ended = n_frames == 0;
	c->first = 0;
	c->n_frames = n_frames;
	if (c->to_channels == c->from_channels) {
		memcpy(c->mapped, c->raw, n_frames * (size_t)c->to_channels * sizeof(float));
	} else if (c->to_channels == 2) {
		downmix_to_stereo(c->raw, c->from_channels, n_frames, c->mapped);
	} else if (c->to_channels == 1) {
		downmix_to_stereo(c->raw, c->from_channels, n_frames, c->stereo);
		to_mono(c->stereo, n_frames, c->mapped);
	} else {
		to_many(c, n_frames);
	}
}

static void consume(struct format_converter *c, size_t n_frames)
{
	c->first += n_frames;
	c->n_frames -= n_frames;
}

static enum status resample(
        struct format_converter *c, float *to, size_t max_frames, size_t *n_frames)
{
	SRC_DATA data = {
	        .data_in = c->mapped + c->first * (size_t)c->to_channels,
	        .data_out = to,
	        .input_frames = (long)c->n_frames,
	        .output_frames = (long)(max_frames < BLOCK_FRAMES ? max_frames : BLOCK_FRAMES),
	        .end_of_input = c->ended,
	        .src_ratio = c->ratio,
	};

	if (src_process(c->resampler, &data) != 0)
		return STATUS_NO_MEMORY; /* nothing else is left that can fail */
	consume(c, (size_t)data.input_frames_used);
	*n_frames = (size_t)data.output_frames_gen;
	return STATUS_OK;
}

enum status format_converter_take(
        struct format_converter *converter, float *to, size_t max_frames, size_t *n_frames)
{
	struct format_converter *c = converter;

	if (c->resampler)
		return resample(c, to, max_frames, n_frames);
	*n_frames = c->n_frames < max_frames ? c->n_frames : max_frames;
	memcpy(to, c->mapped + c->first * (size_t)c->to_channels,
	        *n_frames * (size_t)c->to_channels * sizeof(float));
	consume(c, *n_frames);
	return STATUS_OK;
}
