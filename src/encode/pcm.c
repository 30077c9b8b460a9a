/* pcm.c - floats as little-endian PCM bytes.  Dither is done before (base/dither). */
#include "pcm.h"

#include <endian.h>
#include <math.h>
#include <string.h>
#ifdef __SSE2__
#include <emmintrin.h>
#endif

size_t pcm_sample_bytes(enum sample_format format)
{
	switch (format) {
	case SAMPLE_S16:
		return 2;
	case SAMPLE_S24:
		return 3;
	case SAMPLE_F32:
		return 4;
	}
	return 4;
}

/* NaN fails every comparison and ends as 0: never as an undefined conversion. */
static int32_t quantise(float sample, float scale)
{
	float v = sample * scale;
	if (!(v < scale - 1))
		return v >= scale - 1 ? (int32_t)(scale - 1) : 0;
	return v > -scale ? (int32_t)lrintf(v) : (int32_t)-scale;
}

/* Sixteen at once: 16 bit is what most mixes are written in.  Both ways round to the nearest, of two to the even one. */
#ifdef __SSE2__
static __m128i eight_words(const float *from)
{
	const __m128 scale = _mm_set1_ps(32768.0f), most = _mm_set1_ps(32767.0f);
	__m128 a = _mm_min_ps(_mm_mul_ps(_mm_loadu_ps(from), scale), most);
	__m128 b = _mm_min_ps(_mm_mul_ps(_mm_loadu_ps(from + 4), scale), most);
	a = _mm_max_ps(a, _mm_set1_ps(-32768.0f));
	b = _mm_max_ps(b, _mm_set1_ps(-32768.0f));
	return _mm_packs_epi32(_mm_cvtps_epi32(a), _mm_cvtps_epi32(b));
}

static void sixteen_to_s16(const float *from, uint8_t *to)
{
	_mm_storeu_si128((__m128i *)(void *)to, eight_words(from));
	_mm_storeu_si128((__m128i *)(void *)(to + 16), eight_words(from + 8));
}
#else
static void sixteen_to_s16(const float *from, uint8_t *to)
{
	for (int i = 0; i < 16; i++) {
		uint16_t word = htole16((uint16_t)quantise(from[i], 32768.0f));
		memcpy(to + 2 * i, &word, sizeof word);
	}
}
#endif

static void to_s16(const float *from, size_t n, uint8_t *to)
{
	for (; n >= 16; n -= 16, from += 16, to += 32)
		sixteen_to_s16(from, to);
	for (size_t i = 0; i < n; i++) {
		uint16_t word = htole16((uint16_t)quantise(from[i], 32768.0f));
		memcpy(to + 2 * i, &word, sizeof word);
	}
}

static void to_s24(const float *from, size_t n, uint8_t *to)
{
	for (size_t i = 0; i < n; i++) {
		uint32_t v = (uint32_t)quantise(from[i], 8388608.0f);
		to[3 * i] = (uint8_t)v;
		to[3 * i + 1] = (uint8_t)(v >> 8);
		to[3 * i + 2] = (uint8_t)(v >> 16);
	}
}

static void to_f32(const float *from, size_t n, uint8_t *to)
{
	for (size_t i = 0; i < n; i++) {
		uint32_t v;
		memcpy(&v, &from[i], sizeof v);
		v = htole32(v);
		memcpy(to + 4 * i, &v, sizeof v);
	}
}

void pcm_from_float(enum sample_format format, const float *from, size_t n_samples, uint8_t *to)
{
	switch (format) {
	case SAMPLE_S16:
		to_s16(from, n_samples, to);
		break;
	case SAMPLE_S24:
		to_s24(from, n_samples, to);
		break;
	case SAMPLE_F32:
		to_f32(from, n_samples, to);
		break;
	}
}

enum status pcm_write(struct encoder_handle *e, uint8_t scratch[PCM_SCRATCH_BYTES],
        const float *samples, size_t n_samples, uint64_t *n_written)
{
	size_t bytes = pcm_sample_bytes(e->format.sample), most = PCM_SCRATCH_BYTES / bytes;
	*n_written = 0;
	while (n_samples > 0) {
		size_t n = n_samples < most ? n_samples : most;
		pcm_from_float(e->format.sample, samples, n, scratch);
		TRY(e->writer->write(e->writer->user, scratch, n * bytes, e->error));
		*n_written += n * bytes;
		samples += n;
		n_samples -= n;
	}
	return STATUS_OK;
}
