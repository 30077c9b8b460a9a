/* dither_x86.c - dither with SSE2, and with AVX2 where the processor has it; sample by sample the same as dither.c.
 *
 * Sixteen samples at a time: those that all get noise (nearly all of a mix), and those that all need none (music of 16
 * bit that nobody changed).  Where the border lies among them, they go one by one.
 */
#include "dither_state.h"

#ifdef __SSE2__

#include <immintrin.h>
#include <stdbool.h>
#include <string.h>

enum { AT_ONCE = 16 };

/* How many in a row at the end of sixteen; the last sample is the highest bit. */
static size_t count_at_end(int bits)
{
	unsigned others = (~(unsigned)bits & 0xffff) << 16;
	return others ? (size_t)__builtin_clz(others) : AT_ONCE;
}

static void note_noisy(struct dither *d, int on_grid)
{
	size_t at_end = count_at_end(on_grid);
	d->clean = at_end == AT_ONCE ? d->clean + AT_ONCE : at_end;
}

static bool all_get_noise(const struct dither *d)
{
	return d->clean + AT_ONCE < d->clean_enough;
}

static bool none_gets_noise(const struct dither *d, int on_grid)
{
	return d->clean == d->clean_enough && on_grid == 0xffff;
}

static void one_by_one(struct dither *d, const float *in, float *out)
{
	for (size_t i = 0; i < AT_ONCE; i++)
		out[i] = dither_one(d, in[i]);
}

/* ---- SSE2: four lanes, twice -------------------------------------------------------------- */

#define INLINE static inline __attribute__((always_inline))

INLINE __m128i rotate_left_4(__m128i x, int k)
{
	return _mm_or_si128(_mm_slli_epi32(x, k), _mm_srli_epi32(x, 32 - k));
}

/* xoshiro128++, and the triangle of its number, in 1/65536 of a step. */
INLINE __m128 next_triangles_4(__m128i s[4])
{
	__m128i noise = _mm_add_epi32(rotate_left_4(_mm_add_epi32(s[0], s[3]), 7), s[0]);
	__m128i t = _mm_slli_epi32(s[1], 9);
	s[2] = _mm_xor_si128(s[2], s[0]);
	s[3] = _mm_xor_si128(s[3], s[1]);
	s[1] = _mm_xor_si128(s[1], s[2]);
	s[0] = _mm_xor_si128(s[0], s[3]);
	s[2] = _mm_xor_si128(s[2], t);
	s[3] = rotate_left_4(s[3], 11);
	__m128i sum = _mm_madd_epi16(noise, _mm_set1_epi16(1));
	sum = _mm_sub_epi32(sum, _mm_set1_epi32(-1));
	return _mm_mul_ps(_mm_cvtepi32_ps(sum), _mm_set1_ps(DITHER_NOISE_STEP));
}

INLINE __m128 scaled_4(const float *in)
{
	return _mm_mul_ps(_mm_loadu_ps(in), _mm_set1_ps(32768.0f));
}

INLINE void store_4(__m128 scaled, float *out)
{
	scaled = _mm_min_ps(scaled, _mm_set1_ps(32767.0f));
	__m128i integer = _mm_cvtps_epi32(_mm_max_ps(scaled, _mm_set1_ps(-32768.0f)));
	_mm_storeu_ps(out, _mm_mul_ps(_mm_cvtepi32_ps(integer), _mm_set1_ps(DITHER_STEP)));
}

/* All ones where a sample lies on the grid. */
INLINE __m128i is_on_grid_4(__m128 scaled)
{
	__m128 rounded = _mm_cvtepi32_ps(_mm_cvtps_epi32(scaled));
	return _mm_castps_si128(_mm_cmpeq_ps(scaled, rounded));
}

INLINE int on_grid_sse2(const float *in)
{
	__m128i low = _mm_packs_epi32(is_on_grid_4(scaled_4(in)), is_on_grid_4(scaled_4(in + 4)));
	__m128i high =
	        _mm_packs_epi32(is_on_grid_4(scaled_4(in + 8)), is_on_grid_4(scaled_4(in + 12)));
	return _mm_movemask_epi8(_mm_packs_epi16(low, high));
}

INLINE void sixteen_sse2(__m128i s[2][4], const float *in, float *out, bool with_noise)
{
	for (int i = 0; i < 4; i++) {
		__m128 scaled = scaled_4(in + 4 * i), noise = next_triangles_4(s[i % 2]);
		store_4(with_noise ? _mm_add_ps(scaled, noise) : scaled, out + 4 * i);
	}
}

INLINE void load_sse2(const struct dither *d, __m128i s[2][4])
{
	for (int word = 0; word < 4; word++) {
		memcpy(&s[0][word], d->s[word], sizeof(__m128i));
		memcpy(&s[1][word], d->s[word] + 4, sizeof(__m128i));
	}
}

INLINE void keep_sse2(struct dither *d, __m128i s[2][4])
{
	for (int word = 0; word < 4; word++) {
		memcpy(d->s[word], &s[0][word], sizeof(__m128i));
		memcpy(d->s[word] + 4, &s[1][word], sizeof(__m128i));
	}
}

size_t dither_many_sse2(struct dither *d, const float *in, float *out, size_t n_samples)
{
	__m128i s[2][4];
	size_t n = 0;
	load_sse2(d, s);
	for (; n + AT_ONCE <= n_samples; n += AT_ONCE) {
		int on_grid = on_grid_sse2(in + n);
		if (all_get_noise(d)) {
			sixteen_sse2(s, in + n, out + n, true);
			note_noisy(d, on_grid);
		} else if (none_gets_noise(d, on_grid)) {
			sixteen_sse2(s, in + n, out + n, false);
		} else {
			keep_sse2(d, s);
			one_by_one(d, in + n, out + n);
			load_sse2(d, s);
		}
	}
	keep_sse2(d, s);
	return n;
}

/* ---- AVX2: eight lanes ---------------------------------------------------------------------- */

#define AVX2 __attribute__((target("avx2")))
#define INLINE_AVX2 static inline __attribute__((always_inline, target("avx2")))

INLINE_AVX2 __m256i rotate_left_8(__m256i x, int k)
{
	return _mm256_or_si256(_mm256_slli_epi32(x, k), _mm256_srli_epi32(x, 32 - k));
}

INLINE_AVX2 __m256 next_triangles_8(__m256i s[4])
{
	__m256i noise = _mm256_add_epi32(rotate_left_8(_mm256_add_epi32(s[0], s[3]), 7), s[0]);
	__m256i t = _mm256_slli_epi32(s[1], 9);
	s[2] = _mm256_xor_si256(s[2], s[0]);
	s[3] = _mm256_xor_si256(s[3], s[1]);
	s[1] = _mm256_xor_si256(s[1], s[2]);
	s[0] = _mm256_xor_si256(s[0], s[3]);
	s[2] = _mm256_xor_si256(s[2], t);
	s[3] = rotate_left_8(s[3], 11);
	__m256i sum = _mm256_madd_epi16(noise, _mm256_set1_epi16(1));
	sum = _mm256_sub_epi32(sum, _mm256_set1_epi32(-1));
	return _mm256_mul_ps(_mm256_cvtepi32_ps(sum), _mm256_set1_ps(DITHER_NOISE_STEP));
}

INLINE_AVX2 __m256 scaled_8(const float *in)
{
	return _mm256_mul_ps(_mm256_loadu_ps(in), _mm256_set1_ps(32768.0f));
}

INLINE_AVX2 void store_8(__m256 scaled, float *out)
{
	scaled = _mm256_min_ps(scaled, _mm256_set1_ps(32767.0f));
	__m256i integer = _mm256_cvtps_epi32(_mm256_max_ps(scaled, _mm256_set1_ps(-32768.0f)));
	_mm256_storeu_ps(
	        out, _mm256_mul_ps(_mm256_cvtepi32_ps(integer), _mm256_set1_ps(DITHER_STEP)));
}

INLINE_AVX2 int on_grid_8(const float *in)
{
	__m256 scaled = scaled_8(in);
	__m256 rounded = _mm256_cvtepi32_ps(_mm256_cvtps_epi32(scaled));
	return _mm256_movemask_ps(_mm256_cmp_ps(scaled, rounded, _CMP_EQ_OQ));
}

INLINE_AVX2 void eight_avx2(__m256i s[4], const float *in, float *out, bool with_noise)
{
	__m256 scaled = scaled_8(in), noise = next_triangles_8(s);
	store_8(with_noise ? _mm256_add_ps(scaled, noise) : scaled, out);
}

AVX2 size_t dither_many_avx2(struct dither *d, const float *in, float *out, size_t n_samples)
{
	__m256i s[4];
	size_t n = 0;
	memcpy(s, d->s, sizeof(s));
	for (; n + AT_ONCE <= n_samples; n += AT_ONCE) {
		int on_grid = on_grid_8(in + n) | on_grid_8(in + n + 8) << 8;
		if (all_get_noise(d)) {
			eight_avx2(s, in + n, out + n, true);
			eight_avx2(s, in + n + 8, out + n + 8, true);
			note_noisy(d, on_grid);
		} else if (none_gets_noise(d, on_grid)) {
			eight_avx2(s, in + n, out + n, false);
			eight_avx2(s, in + n + 8, out + n + 8, false);
		} else {
			memcpy(d->s, s, sizeof(s));
			one_by_one(d, in + n, out + n);
			memcpy(s, d->s, sizeof(s));
		}
	}
	memcpy(d->s, s, sizeof(s));
	return n;
}

dither_many_fn *dither_many_best(void)
{
	return __builtin_cpu_supports("avx2") ? dither_many_avx2 : dither_many_sse2;
}

#else

dither_many_fn *dither_many_best(void)
{
	return NULL;
}

#endif
