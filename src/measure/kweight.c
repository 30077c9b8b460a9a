/* kweight.c - K-weighting (ITU-R BS.1770-4, annex 1) and sums of squares.
 *
 * The standard gives coefficients for 48 kHz alone.  The analogue prototypes behind them, and so the constants
 * below, are from the derivation that libebur128 and others use (bilinear transform, prewarped at f0).
 * Windows, gates and everything in dB are meter.c's affair. */
#include "kweight.h"

#include <math.h>
#ifdef __SSE2__
#include <immintrin.h>
#endif

#define SHELF_HZ 1681.974450955533
#define SHELF_DB 3.999843853973347
#define SHELF_Q 0.7071752369554196
#define SHELF_BAND_POWER 0.4996667741545416
#define HIGH_PASS_HZ 38.13547087602444
#define HIGH_PASS_Q 0.5003270373238773
/* Below twice its frequency the shelf is above all there is, and its bilinear image is not stable. */
#define SHELF_LOWEST_RATE (SHELF_HZ / 0.49)
/* -600 dB: what is under it after a part is a filter ringing out in silence, on its way to denormals, which
 * are slow. */
#define NOTHING 1e-30

static void init_shelf(struct kweight *k, int rate_hz)
{
	double w = tan(M_PI * SHELF_HZ / rate_hz), high = pow(10, SHELF_DB / 20);
	double band = pow(high, SHELF_BAND_POWER), a0 = 1 + w / SHELF_Q + w * w;
	double b0 = (high + band * w / SHELF_Q + w * w) / a0;

	k->gain = 1;
	if (rate_hz < SHELF_LOWEST_RATE)
		return;
	k->gain = b0 * b0;
	k->shelf_b1 = 2 * (w * w - high) / a0 / b0;
	k->shelf_b2 = (high - band * w / SHELF_Q + w * w) / a0 / b0;
	k->shelf_a1 = 2 * (w * w - 1) / a0;
	k->shelf_a2 = (1 - w / SHELF_Q + w * w) / a0;
}

static void init_high_pass(struct kweight *k, int rate_hz)
{
	double w = tan(M_PI * HIGH_PASS_HZ / rate_hz), a0 = 1 + w / HIGH_PASS_Q + w * w;

	/* Numerator 1, -2, 1, as in the standard: not normalised to 0 dB. */
	k->high_a1 = 2 * (w * w - 1) / a0;
	k->high_a2 = (1 - w / HIGH_PASS_Q + w * w) / a0;
}

void kweight_init(struct kweight *k, int sample_rate_hz, int channels)
{
	*k = (struct kweight){.channels = channels};
	init_shelf(k, sample_rate_hz);
	init_high_pass(k, sample_rate_hz);
}

static void forget_denormals(struct kweight *k)
{
	for (int i = 0; i < 4; i++)
		for (int c = 0; c < k->channels; c++)
			if (fabs(k->state[i][c]) < NOTHING)
				k->state[i][c] = 0;
}

static double run_channel(struct kweight *k, int c, const float *in, size_t n_frames)
{
	double v1 = k->state[0][c], v2 = k->state[1][c];
	double w1 = k->state[2][c], w2 = k->state[3][c];
	double sum = 0;

	for (size_t i = 0; i < n_frames; i++, in += k->channels) {
		double v = (*in - k->shelf_a2 * v2) - k->shelf_a1 * v1;
		double y = v + (k->shelf_b1 * v1 + k->shelf_b2 * v2);
		double w = (y - k->high_a2 * w2) - k->high_a1 * w1;
		double z = (w + w2) - (w1 + w1);

		sum += z * z;
		v2 = v1, v1 = v;
		w2 = w1, w1 = w;
	}
	k->state[0][c] = v1, k->state[1][c] = v2;
	k->state[2][c] = w1, k->state[3][c] = w2;
	return sum * k->gain;
}

void kweight_run_scalar(struct kweight *k, const float *frames, size_t n_frames, double *sums)
{
	for (int c = 0; c < k->channels; c++)
		sums[c] += run_channel(k, c, frames + c, n_frames);
	forget_denormals(k);
}

#ifdef __SSE2__
/* What a run over left and right keeps in registers: the filters' states, newest first, and the sum. */
struct stereo {
	__m128d v1, v2, w1, w2, sum;
};

static struct stereo load_stereo(const struct kweight *k)
{
	return (struct stereo){_mm_loadu_pd(k->state[0]), _mm_loadu_pd(k->state[1]),
	        _mm_loadu_pd(k->state[2]), _mm_loadu_pd(k->state[3]), _mm_setzero_pd()};
}

static void store_stereo(struct kweight *k, struct stereo s, double *sums)
{
	_mm_storeu_pd(k->state[0], s.v1), _mm_storeu_pd(k->state[1], s.v2);
	_mm_storeu_pd(k->state[2], s.w1), _mm_storeu_pd(k->state[3], s.w2);
	s.sum = _mm_mul_pd(s.sum, _mm_set1_pd(k->gain));
	_mm_storeu_pd(sums, _mm_add_pd(_mm_loadu_pd(sums), s.sum));
}

static __m128d load_frame(const float *in)
{
	return _mm_cvtps_pd(_mm_castsi128_ps(_mm_loadl_epi64((const __m128i *)(const void *)in)));
}

/* Left and right in one vector of doubles; operation by operation the same as run_channel. */
static void run_stereo_sse2(struct kweight *k, const float *in, size_t n_frames, double *sums)
{
	const __m128d a1 = _mm_set1_pd(k->shelf_a1), a2 = _mm_set1_pd(k->shelf_a2);
	const __m128d b1 = _mm_set1_pd(k->shelf_b1), b2 = _mm_set1_pd(k->shelf_b2);
	const __m128d c1 = _mm_set1_pd(k->high_a1), c2 = _mm_set1_pd(k->high_a2);
	struct stereo s = load_stereo(k);

	for (size_t i = 0; i < n_frames; i++, in += 2) {
		__m128d x = load_frame(in);
		__m128d v = _mm_sub_pd(_mm_sub_pd(x, _mm_mul_pd(a2, s.v2)), _mm_mul_pd(a1, s.v1));
		__m128d y = _mm_add_pd(v, _mm_add_pd(_mm_mul_pd(b1, s.v1), _mm_mul_pd(b2, s.v2)));
		__m128d w = _mm_sub_pd(_mm_sub_pd(y, _mm_mul_pd(c2, s.w2)), _mm_mul_pd(c1, s.w1));
		__m128d z = _mm_sub_pd(_mm_add_pd(w, s.w2), _mm_add_pd(s.w1, s.w1));

		s.sum = _mm_add_pd(s.sum, _mm_mul_pd(z, z));
		s.v2 = s.v1, s.v1 = v;
		s.w2 = s.w1, s.w1 = w;
	}
	store_stereo(k, s, sums);
}

/* The same with fused operations, rounded once where the others are twice.  A frame waits for the one before it: for one
 * operation here, for two there. */
__attribute__((target("avx,fma"))) static void run_stereo_fma(
        struct kweight *k, const float *in, size_t n_frames, double *sums)
{
	const __m128d a1 = _mm_set1_pd(k->shelf_a1), a2 = _mm_set1_pd(k->shelf_a2);
	const __m128d b1 = _mm_set1_pd(k->shelf_b1), b2 = _mm_set1_pd(k->shelf_b2);
	const __m128d c1 = _mm_set1_pd(k->high_a1), c2 = _mm_set1_pd(k->high_a2);
	struct stereo s = load_stereo(k);

	for (size_t i = 0; i < n_frames; i++, in += 2) {
		__m128d x = load_frame(in);
		__m128d v = _mm_fnmadd_pd(a1, s.v1, _mm_fnmadd_pd(a2, s.v2, x));
		__m128d y = _mm_fmadd_pd(b1, s.v1, _mm_fmadd_pd(b2, s.v2, v));
		__m128d w = _mm_fnmadd_pd(c1, s.w1, _mm_fnmadd_pd(c2, s.w2, y));
		__m128d z = _mm_sub_pd(_mm_add_pd(w, s.w2), _mm_add_pd(s.w1, s.w1));

		s.sum = _mm_fmadd_pd(z, z, s.sum);
		s.v2 = s.v1, s.v1 = v;
		s.w2 = s.w1, s.w1 = w;
	}
	store_stereo(k, s, sums);
}

static void run_stereo(struct kweight *k, const float *in, size_t n_frames, double *sums)
{
	if (__builtin_cpu_supports("fma"))
		run_stereo_fma(k, in, n_frames, sums);
	else
		run_stereo_sse2(k, in, n_frames, sums);
}
#endif

void kweight_run(struct kweight *k, const float *frames, size_t n_frames, double *sums)
{
#ifdef __SSE2__
	if (k->channels == 2) {
		run_stereo(k, frames, n_frames, sums);
		forget_denormals(k);
		return;
	}
#endif
	kweight_run_scalar(k, frames, n_frames, sums);
}
