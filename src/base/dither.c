/* dither.c - float32 to 16- and 24-bit integers.
 *
 * The noise is one 32-bit number a sample from four interleaved xoshiro128++ generators (Blackman,
 * Vigna 2019), its two halves added: a triangle over +-1 step, mean exactly 0.  Sample n always gets
 * number n, so that the bytes do not depend on how calls are cut.  With SSE2 four samples go at once; the
 * scalar twin gives the same bytes.  Byte order of files and resampling are left to encoders and outputs.
 */
#include "jukebox/dither.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

enum { LANES = 4 };

struct dither {
	uint32_t s[4][LANES]; /* word, lane */
	uint32_t noise[LANES]; /* the numbers of the group at hand */
	unsigned n_used; /* of them; LANES: none left */
	size_t clean; /* samples in a row that lay on the grid */
	size_t clean_enough; /* from here on noise is off; `clean` stops there */
};

static uint64_t splitmix64(uint64_t *state)
{
	uint64_t z = *state += UINT64_C(0x9e3779b97f4a7c15);
	z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
	return z ^ (z >> 31);
}

struct dither *dither_new(uint64_t seed, int channels)
{
	struct dither *d = calloc(1, sizeof(*d));
	if (!d)
		return NULL;
	for (int word = 0; word < 4; word++)
		for (int lane = 0; lane < LANES; lane++)
			d->s[word][lane] = (uint32_t)(splitmix64(&seed) >> 32) | 1;
	d->n_used = LANES;
	d->clean_enough = (size_t)DITHER_CLEAN_FRAMES * (size_t)(channels > 0 ? channels : 1);
	d->clean = d->clean_enough;
	return d;
}

void dither_free(struct dither *dither)
{
	free(dither);
}

static uint32_t rotate_left(uint32_t x, int k)
{
	return (x << k) | (x >> (32 - k));
}

static void next_noise(struct dither *d)
{
	for (int i = 0; i < LANES; i++) {
		uint32_t *s0 = &d->s[0][i], *s1 = &d->s[1][i], *s2 = &d->s[2][i], *s3 = &d->s[3][i];
		d->noise[i] = rotate_left(*s0 + *s3, 7) + *s0;
		uint32_t t = *s1 << 9;
		*s2 ^= *s0;
		*s3 ^= *s1;
		*s1 ^= *s2;
		*s0 ^= *s3;
		*s2 ^= t;
		*s3 = rotate_left(*s3, 11);
	}
	d->n_used = 0;
}

/* -65535/65536 ... 65535/65536 */
static float triangle(uint32_t noise)
{
	int32_t sum = (int32_t)(noise >> 16) + (int32_t)(noise & 0xffff) - 65535;
	return (float)sum * (1.0f / 65536.0f);
}

static int16_t one_sample(struct dither *d, float in)
{
	if (d->n_used == LANES)
		next_noise(d);
	float noise = triangle(d->noise[d->n_used++]);
	float scaled = in * 32768.0f;
	if (rintf(scaled) != scaled)
		d->clean = 0;
	else if (d->clean < d->clean_enough)
		d->clean++;
	if (d->clean < d->clean_enough)
		scaled += noise;
	scaled = scaled < 32767.0f ? scaled : 32767.0f;
	scaled = scaled > -32768.0f ? scaled : -32768.0f;
	return (int16_t)lrintf(scaled);
}

#if defined(__SSE2__)

static __m128i rotate_left_4(__m128i x, int k)
{
	return _mm_or_si128(_mm_slli_epi32(x, k), _mm_srli_epi32(x, 32 - k));
}

/* next_noise() in registers, as triangle() of it. */
static __m128 next_triangles(__m128i s[4])
{
	__m128i noise = _mm_add_epi32(rotate_left_4(_mm_add_epi32(s[0], s[3]), 7), s[0]);
	__m128i t = _mm_slli_epi32(s[1], 9);
	s[2] = _mm_xor_si128(s[2], s[0]);
	s[3] = _mm_xor_si128(s[3], s[1]);
	s[1] = _mm_xor_si128(s[1], s[2]);
	s[0] = _mm_xor_si128(s[0], s[3]);
	s[2] = _mm_xor_si128(s[2], t);
	s[3] = rotate_left_4(s[3], 11);
	__m128i sum = _mm_add_epi32(
	        _mm_srli_epi32(noise, 16), _mm_and_si128(noise, _mm_set1_epi32(0xffff)));
	sum = _mm_sub_epi32(sum, _mm_set1_epi32(65535));
	return _mm_mul_ps(_mm_cvtepi32_ps(sum), _mm_set1_ps(1.0f / 65536.0f));
}

/* Of four samples that all need noise or all need none, the common case: how many in a row at their
 * end are clean goes to *clean.  False: the border lies among them. */
static bool is_uniform(unsigned on_grid, size_t clean_enough, size_t *clean, bool *with_noise)
{
	if (on_grid == 15) {
		if (*clean + 1 < clean_enough && *clean + LANES >= clean_enough)
			return false;
		*with_noise = *clean + 1 < clean_enough;
		*clean = *with_noise ? *clean + LANES : clean_enough;
		return true;
	}
	if (*clean + LANES >= clean_enough)
		return false;
	*with_noise = true;
	*clean = on_grid & 8 ? (on_grid & 4 ? (on_grid & 2 ? 3 : 2) : 1) : 0;
	return true;
}

/* Whole groups of four from a group's border on; how many samples were done. */
static size_t groups(struct dither *d, const float *in, int16_t *out, size_t n_samples)
{
	__m128i s[4];
	size_t n = 0;
	memcpy(s, d->s, sizeof(s));
	for (; n + LANES <= n_samples; n += LANES) {
		__m128 scaled = _mm_mul_ps(_mm_loadu_ps(in + n), _mm_set1_ps(32768.0f));
		__m128 rounded = _mm_cvtepi32_ps(_mm_cvtps_epi32(scaled));
		unsigned on_grid = (unsigned)_mm_movemask_ps(_mm_cmpeq_ps(scaled, rounded));
		bool with_noise;
		if (!is_uniform(on_grid, d->clean_enough, &d->clean, &with_noise)) {
			memcpy(d->s, s, sizeof(s));
			for (size_t i = 0; i < LANES; i++)
				out[n + i] = one_sample(d, in[n + i]);
			memcpy(s, d->s, sizeof(s));
			continue;
		}
		__m128 noise = next_triangles(s);
		if (with_noise)
			scaled = _mm_add_ps(scaled, noise);
		scaled = _mm_min_ps(scaled, _mm_set1_ps(32767.0f));
		__m128i integer = _mm_cvtps_epi32(_mm_max_ps(scaled, _mm_set1_ps(-32768.0f)));
		_mm_storel_epi64((__m128i *)(void *)(out + n), _mm_packs_epi32(integer, integer));
	}
	memcpy(d->s, s, sizeof(s));
	return n;
}

#else

static size_t groups(struct dither *d, const float *in, int16_t *out, size_t n_samples)
{
	(void)d, (void)in, (void)out, (void)n_samples;
	return 0;
}

#endif

void dither_to_s16(struct dither *dither, const float *in, int16_t *out, size_t n_samples)
{
	size_t n = 0;
	while (n < n_samples && dither->n_used < LANES) {
		out[n] = one_sample(dither, in[n]);
		n++;
	}
	n += groups(dither, in + n, out + n, n_samples - n);
	for (; n < n_samples; n++)
		out[n] = one_sample(dither, in[n]);
}

void dither_to_s24(struct dither *dither, const float *in, uint8_t *out, size_t n_samples)
{
	(void)dither;
	for (size_t n = 0; n < n_samples; n++, out += 3) {
		float scaled = in[n] * 8388608.0f;
		scaled = scaled < 8388607.0f ? scaled : 8388607.0f;
		scaled = scaled > -8388608.0f ? scaled : -8388608.0f;
		uint32_t value = (uint32_t)(int32_t)lrintf(scaled);
		out[0] = (uint8_t)value;
		out[1] = (uint8_t)(value >> 8);
		out[2] = (uint8_t)(value >> 16);
	}
}
