/* device_samples.c - floats in the native words that sound cards take.  Dither is done before. */
#include "device_samples.h"

#include <math.h>
#include <stdint.h>
#include <string.h>

size_t device_word_bytes(enum device_word word)
{
	static const size_t bytes[] = {[WORD_S16] = 2,
	        [WORD_S24_IN_3] = 3,
	        [WORD_S24_IN_4] = 4,
	        [WORD_S32] = 4,
	        [WORD_F32] = 4};
	return bytes[word];
}

/* In double: 2^31 - 1 is no float. */
static int32_t quantise(float sample, double scale)
{
	double v = sample * scale;
	if (!(v < scale - 1))
		return v >= scale - 1 ? (int32_t)(scale - 1) : 0;
	return v > -scale ? (int32_t)lrint(v) : (int32_t)-scale;
}

static void to_s16(const float *from, size_t n, int16_t *to)
{
	for (size_t i = 0; i < n; i++)
		to[i] = (int16_t)quantise(from[i], 32768.0);
}

static void to_s24_in_3(const float *from, size_t n, uint8_t *to)
{
	for (size_t i = 0; i < n; i++) {
		uint32_t v = (uint32_t)quantise(from[i], 8388608.0);
		to[3 * i] = (uint8_t)v;
		to[3 * i + 1] = (uint8_t)(v >> 8);
		to[3 * i + 2] = (uint8_t)(v >> 16);
	}
}

static void to_32_bits(const float *from, size_t n, int32_t *to, double scale)
{
	for (size_t i = 0; i < n; i++)
		to[i] = quantise(from[i], scale);
}

void device_words(enum device_word word, const float *from, size_t n_samples, void *to)
{
	switch (word) {
	case WORD_S16:
		to_s16(from, n_samples, to);
		break;
	case WORD_S24_IN_3:
		to_s24_in_3(from, n_samples, to);
		break;
	case WORD_S24_IN_4:
		to_32_bits(from, n_samples, to, 8388608.0);
		break;
	case WORD_S32:
		to_32_bits(from, n_samples, to, 2147483648.0);
		break;
	case WORD_F32:
		memcpy(to, from, n_samples * sizeof(float));
		break;
	}
}
