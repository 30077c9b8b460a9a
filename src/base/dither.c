/* dither.c - float32 to the grids of 16- and 24-bit integers.
 *
 * The noise is one 32-bit number a sample from eight interleaved xoshiro128++ generators (Blackman,
 * Vigna 2019), its two halves added: a triangle over +-1 step, mean exactly 0.  Sample n always gets
 * number n, so that the bytes do not depend on how calls are cut.  What is here goes sample by sample and is what the
 * vector units are compared with (dither_x86.c: the same bytes, 1.7 ns a frame in place of 6.5; with AVX2 0.9).
 * Byte order of files and resampling are left to encoders and outputs.
 */
#include "jukebox/dither.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "dither_state.h"

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
		for (int lane = 0; lane < DITHER_LANES; lane++)
			d->s[word][lane] = (uint32_t)(splitmix64(&seed) >> 32) | 1;
	d->n_used = DITHER_LANES;
	d->many = dither_many_best();
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
	for (int i = 0; i < DITHER_LANES; i++) {
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
	int32_t sum = (int16_t)(noise >> 16) + (int16_t)(noise & 0xffff) + 1;
	return (float)sum * DITHER_NOISE_STEP;
}

float dither_one(struct dither *d, float in)
{
	if (d->n_used == DITHER_LANES)
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
	return (float)lrintf(scaled) * DITHER_STEP;
}

void dither_to_16_bits(struct dither *dither, const float *in, float *out, size_t n_samples)
{
	size_t n = 0;
	while (n < n_samples && dither->n_used < DITHER_LANES) {
		out[n] = dither_one(dither, in[n]);
		n++;
	}
	if (dither->many)
		n += dither->many(dither, in + n, out + n, n_samples - n);
	for (; n < n_samples; n++)
		out[n] = dither_one(dither, in[n]);
}

void dither_to_24_bits(struct dither *dither, const float *in, float *out, size_t n_samples)
{
	(void)dither;
	for (size_t n = 0; n < n_samples; n++) {
		float scaled = in[n] * 8388608.0f;
		scaled = scaled < 8388607.0f ? scaled : 8388607.0f;
		scaled = scaled > -8388608.0f ? scaled : -8388608.0f;
		out[n] = (float)lrintf(scaled) * (1.0f / 8388608.0f);
	}
}
