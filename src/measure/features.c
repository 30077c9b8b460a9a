/* features.c - cheap spectral curves: the middle signal averaged down to about 11 kHz, and a short spectrum every
 * 12 ms.  What the numbers say about intros and endings is for plan/ to decide, what they say about the beat for tempo.c.
 *
 * Averaging is a poor low-pass: some of what lies between 5.5 and 11 kHz is folded down.  None of the curves depends on
 * that, and a proper filter would cost as much as everything else here.
 * Flatness: Wiener entropy (e.g. Peeters, CUIDADO 2004, 6.4).  Onsets: half-wave rectified change of amplitude in
 * bands (Dixon, "Onset detection revisited", DAFx 2006), against the loudest of two windows before (as in
 * Boeck's SuperFlux, DAFx 2013, but in time), since two neighbours share half their samples. */
#include "features.h"

#include <math.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include <fftw3.h>
#ifdef __SSE2__
#include <emmintrin.h>
#endif

enum {
	TARGET_HZ = 11025,
	WINDOW = 256,
	HOP = WINDOW / 2,
	LINES = WINDOW / 2, /* of the spectrum that are used: not the one at half the rate */
	MOST_FACTOR = 128, /* frames averaged into a sample; 768 kHz needs 70 */
	BANDS = 18,
	BLOCKS_PER_SECOND = 10,
	BASS_HZ = 200,
	CENTROID_STEP_HZ = 50,
};
/* A window under -100 dBFS has no character. */
#define QUIET_POWER 1e-10
#define LEAST_POWER 1e-18f /* of one line: far under that, above 0 */
/* exp(-Euler's constant): the flatness of white noise seen through single windows. */
#define NOISE_FLATNESS 0.561
/* Steady noise reaches ONSET_NONE in single windows, drums ONSET_FULL; tuned on white and pink noise, held chords,
 * and the drum tracks of the synthetic corpus. */
#define ONSET_NONE 0.12
#define ONSET_FULL 0.60

/* First bin of each band and the end of the last: a bin each, then about four bands an octave. */
static const int band_edges[BANDS + 1] = {
        1, 2, 3, 4, 5, 6, 8, 10, 13, 16, 20, 25, 32, 40, 50, 63, 80, 100, 128};

struct block_sums {
	size_t n; /* averaged samples */
	double mid, mid_squares, side, side_squares;
	size_t n_windows;
	double flatness, power, bass_power, moment_hz;
	double onset;
};

struct features {
	int rate_hz, channels;
	size_t factor; /* frames averaged into one sample */
	features_block_fn *on_block;
	void *user;

	float rest[2 * MOST_FACTOR]; /* frames that do not yet fill a sample */
	size_t n_rest;
	/* the last WINDOW samples of the middle signal: HOP old ones, and those of this hop */
	_Alignas(16) float mid[WINDOW];
	float side[HOP];
	double hop_mid[2]; /* sums of the two halves of mid */
	size_t hop_filled;
	int64_t n_hops, n_samples;
	double total_mid, total_side;

	_Alignas(16) float hann[WINDOW];
	float *windowed, *re, *im; /* fftwf_malloc */
	double line_hz;
	fftwf_plan plan; /* shared */
	float amplitudes[2][BANDS]; /* of the two windows before, the latest first */

	struct block_sums block;
	struct block_features last;
	size_t n_blocks; /* handed on */

	float *envelope;
	size_t envelope_count, envelope_room;
};

/* One plan for the process, made when it is first needed: executing it is safe in any number of threads, making it is
 * not, costs more than a jingle's spectra, and is where FFTW knows no way out without memory but abort(3).  So it is
 * asked beforehand whether there is some. */
static pthread_mutex_t plan_lock = PTHREAD_MUTEX_INITIALIZER;
static fftwf_plan shared_plan;

static fftwf_plan plan_of_all(float *in, float *re, float *im)
{
	static const size_t PLANNER_BYTES = 1 << 20;
	const fftwf_iodim size = {.n = WINDOW, .is = 1, .os = 1};

	pthread_mutex_lock(&plan_lock);
	void *room = shared_plan ? NULL : malloc(PLANNER_BYTES);
	if (room) {
		free(room);
		shared_plan =
		        fftwf_plan_guru_split_dft_r2c(1, &size, 0, NULL, in, re, im, FFTW_ESTIMATE);
	}
	fftwf_plan plan = shared_plan;
	pthread_mutex_unlock(&plan_lock);
	return plan;
}

struct features *features_new(
        int sample_rate_hz, int channels, features_block_fn *on_block, void *user)
{
	struct features *f = calloc(1, sizeof(*f));

	if (!f)
		return NULL;
	f->rate_hz = sample_rate_hz;
	f->channels = channels;
	f->factor = (size_t)((sample_rate_hz + TARGET_HZ / 2) / TARGET_HZ);
	f->factor = f->factor > 0 ? f->factor : 1;
	f->on_block = on_block;
	f->user = user;
	for (int i = 0; i < WINDOW; i++)
		f->hann[i] = (float)(0.5 - 0.5 * cos(2 * M_PI * i / WINDOW));
	f->line_hz = (double)sample_rate_hz / (double)f->factor / WINDOW;
	f->windowed = fftwf_malloc(WINDOW * sizeof(*f->windowed));
	f->re = fftwf_malloc((LINES + 1) * sizeof(*f->re));
	f->im = fftwf_malloc((LINES + 1) * sizeof(*f->im));
	if (f->windowed && f->re && f->im)
		f->plan = plan_of_all(f->windowed, f->re, f->im);
	if (f->plan)
		return f;
	features_free(f);
	return NULL;
}

void features_free(struct features *features)
{
	if (!features)
		return;
	fftwf_free(features->windowed);
	fftwf_free(features->re);
	fftwf_free(features->im);
	free(features->envelope);
	free(features);
}

/* ---- numbers to bytes ---------------------------------------------------------------------- */

static uint8_t to_byte(double value, double least, double most)
{
	if (!(value > least))
		return (uint8_t)least;
	return (uint8_t)lrint(value < most ? value : most);
}

static uint8_t side_byte(double mid, double side)
{
	if (!(side > 0))
		return 0;
	if (!(mid > 0))
		return 255;
	return to_byte((10 * log10(side / mid) + 96) * 2, 0, 255);
}

static uint8_t bass_byte(double bass, double all)
{
	if (!(bass > 0) || !(all > 0))
		return 255;
	return to_byte(-4 * 10 * log10(bass / all), 0, 255);
}

static double variance(double sum, double squares, size_t n)
{
	double v = n > 0 ? squares - sum * sum / (double)n : 0;

	/* What rounding leaves of a constant. */
	return v > 1e-10 * squares ? v : 0;
}

static enum status finish_block(struct features *f)
{
	struct block_sums *b = &f->block;

	/* At the lowest rates a block may go without a window: it is like the one before. */
	if (b->n_windows > 0 || f->n_blocks == 0) {
		double n = b->n_windows > 0 ? (double)b->n_windows : 1;

		f->last = (struct block_features){
		        .onset = to_byte(
		                255 * (b->onset - ONSET_NONE) / (ONSET_FULL - ONSET_NONE), 0, 255),
		        .flatness = to_byte(255 * b->flatness / n / NOISE_FLATNESS, 0, 255),
		        .centroid = to_byte(
		                b->power > 0 ? b->moment_hz / b->power / CENTROID_STEP_HZ : 0, 0,
		                255),
		        .bass = bass_byte(b->bass_power, b->power),
		        .side = side_byte(variance(b->mid, b->mid_squares, b->n),
		                variance(b->side, b->side_squares, b->n)),
		};
	}
	f->n_blocks++;
	*b = (struct block_sums){0};
	return f->on_block(f->user, &f->last);
}

/* ---- one window ---------------------------------------------------------------------------- */

/* Four numbers at once in the compiler's own terms, so that one code serves all machines. */
typedef float four __attribute__((vector_size(16), may_alias));
typedef int32_t four_ints __attribute__((vector_size(16)));

static const four *fours(const float *values)
{
	return __builtin_assume_aligned(values, sizeof(four));
}

static float sum_of(four values)
{
	return (values[0] + values[2]) + (values[1] + values[3]);
}

/* Without the constant, which is there as itself and, through the window, in the first bin. */
static void power_spectrum(struct features *f, float power[LINES])
{
	float mean = (float)((f->hop_mid[0] + f->hop_mid[1]) / WINDOW);
	four *windowed = __builtin_assume_aligned(f->windowed, sizeof(four));
	four *powers = __builtin_assume_aligned(power, sizeof(four));

	for (int i = 0; i < WINDOW / 4; i++)
		windowed[i] = (fours(f->mid)[i] - mean) * fours(f->hann)[i];
	fftwf_execute_split_dft_r2c(f->plan, f->windowed, f->re, f->im);
	for (int i = 0; i < LINES / 4; i++) {
		four re = fours(f->re)[i], im = fours(f->im)[i];

		powers[i] = re * re + im * im;
	}
	power[0] = 0;
}

/* Within 0.01: the exponent, and a parabola through the mantissa. */
static four rough_log2(four values)
{
	four_ints bits = (four_ints)values;
	four exponent = __builtin_convertvector((bits >> 23) - 127, four);
	four mantissa = (four)((bits & 0x7fffff) | 0x3f800000);

	return exponent + (mantissa * (-1 / 3.0f) + 2.0f) * mantissa - 5 / 3.0f;
}

/* `all` is the sum of power. */
static double flatness(const float power[LINES], double all)
{
	four sum = {0};

	/* Line 0 was taken out: as flat as its neighbour. */
	for (int i = 0; i < LINES / 4; i++)
		sum += rough_log2(fours(power)[i] + LEAST_POWER);
	double missing = log2((double)(power[1] + LEAST_POWER)) - log2((double)LEAST_POWER);
	return exp2(((double)sum_of(sum) + missing) / LINES) * LINES / (all + (double)power[1]);
}

static float larger(float a, float b)
{
	return a > b ? a : b;
}

/* The part of all amplitudes that was not there before: 0 ... 1. */
static double flux(struct features *f, const float power[LINES])
{
	float now[BANDS], rise = 0, all = 1e-6f;

	for (int b = 0; b < BANDS; b++) {
		float sum = 0, before = larger(f->amplitudes[0][b], f->amplitudes[1][b]);

		for (int k = band_edges[b]; k < band_edges[b + 1]; k++)
			sum += power[k];
		now[b] = sqrtf(sum);
		rise += larger(now[b], before) - before;
		all += now[b];
	}
	memcpy(f->amplitudes[1], f->amplitudes[0], sizeof(now));
	memcpy(f->amplitudes[0], now, sizeof(now));
	return (double)(rise / all);
}

static enum status keep_envelope(struct features *f, double value)
{
	if (f->envelope_count == FEATURES_ENVELOPE_MOST)
		return STATUS_OK;
	if (f->envelope_count == f->envelope_room) {
		size_t room = f->envelope_room + f->envelope_room / 2 + 4096;
		float *envelope = realloc(f->envelope, room * sizeof(*envelope));

		if (!envelope)
			return STATUS_NO_MEMORY;
		f->envelope = envelope;
		f->envelope_room = room;
	}
	f->envelope[f->envelope_count++] = (float)value;
	return STATUS_OK;
}

static enum status take_window(struct features *f)
{
	_Alignas(sizeof(four)) float power[LINES];
	four sum = {0}, moments = {0}, line = {0, 1, 2, 3};
	double all, new_sound;

	power_spectrum(f, power);
	for (int i = 0; i < LINES / 4; i++, line += 4.0f) {
		sum += fours(power)[i];
		moments += fours(power)[i] * line;
	}
	all = (double)sum_of(sum);
	new_sound = flux(f, power);
	/* Parseval, with the Hann window's 3/8. */
	if (all < QUIET_POWER * WINDOW * WINDOW * 3 / 16)
		new_sound = 0;
	else
		f->block.flatness += flatness(power, all);
	f->block.n_windows++;
	f->block.power += all;
	for (int k = 1; k < LINES && k * f->line_hz < BASS_HZ; k++)
		f->block.bass_power += (double)power[k];
	f->block.moment_hz += (double)sum_of(moments) * f->line_hz;
	f->block.onset = new_sound > f->block.onset ? new_sound : f->block.onset;
	return keep_envelope(f, new_sound);
}

/* ---- hops ---------------------------------------------------------------------------------- */

/* Sums of one hop, in four places so that vectors and scalars add in the same order. */
struct hop_sums {
	float mid[4], mid_squares[4], side[4], side_squares[4];
};

static double sum_of_four(const float values[4])
{
	return (double)((values[0] + values[2]) + (values[1] + values[3]));
}

#ifdef __SSE2__
static void sum_hop(const float *mid, const float *side, struct hop_sums *sums)
{
	__m128 m = _mm_setzero_ps(), mm = m, s = m, ss = m;

	for (int i = 0; i < HOP; i += 4) {
		__m128 a = _mm_loadu_ps(mid + i), b = _mm_loadu_ps(side + i);

		m = _mm_add_ps(m, a), mm = _mm_add_ps(mm, _mm_mul_ps(a, a));
		s = _mm_add_ps(s, b), ss = _mm_add_ps(ss, _mm_mul_ps(b, b));
	}
	_mm_storeu_ps(sums->mid, m), _mm_storeu_ps(sums->mid_squares, mm);
	_mm_storeu_ps(sums->side, s), _mm_storeu_ps(sums->side_squares, ss);
}
#else
static void sum_hop(const float *mid, const float *side, struct hop_sums *sums)
{
	*sums = (struct hop_sums){.mid = {0}};
	for (int i = 0; i < HOP; i++) {
		sums->mid[i % 4] += mid[i], sums->mid_squares[i % 4] += mid[i] * mid[i];
		sums->side[i % 4] += side[i], sums->side_squares[i % 4] += side[i] * side[i];
	}
}
#endif

static void add_hop_sums(struct features *f)
{
	struct block_sums *b = &f->block;
	struct hop_sums sums;

	sum_hop(f->mid + HOP, f->side, &sums);
	f->hop_mid[0] = f->hop_mid[1];
	f->hop_mid[1] = sum_of_four(sums.mid);
	f->total_mid += f->hop_mid[1];
	f->total_side += sum_of_four(sums.side);
	b->n += HOP;
	b->mid += f->hop_mid[1];
	b->mid_squares += sum_of_four(sums.mid_squares);
	b->side += sum_of_four(sums.side);
	b->side_squares += sum_of_four(sums.side_squares);
}

/* The block that the middle of the window belongs to, which is where the new half begins. */
static size_t block_of_hop(const struct features *f)
{
	return (size_t)(f->n_hops * HOP * (int64_t)f->factor * BLOCKS_PER_SECOND / f->rate_hz);
}

static enum status take_hop(struct features *f)
{
	while (f->n_blocks < block_of_hop(f))
		TRY(finish_block(f));
	add_hop_sums(f);
	TRY(take_window(f));
	memcpy(f->mid, f->mid + HOP, HOP * sizeof(*f->mid));
	f->hop_filled = 0;
	f->n_hops++;
	return STATUS_OK;
}

/* ---- samples of the averaged signal -------------------------------------------------------- */

static void average_mono(const float *frames, size_t factor, size_t n, float *mid, float *side)
{
	const float scale = 1.0f / (float)factor;

	for (size_t i = 0; i < n; i++, frames += factor) {
		float sum = 0;

		for (size_t j = 0; j < factor; j++)
			sum += frames[j];
		mid[i] = sum * scale;
		side[i] = 0;
	}
}

static void average_stereo_scalar(
        const float *frames, size_t factor, size_t n, float *mid, float *side)
{
	const float scale = 0.5f / (float)factor;

	for (size_t i = 0; i < n; i++, frames += 2 * factor) {
		float left = 0, right = 0;

		for (size_t j = 0; j < factor; j++) {
			left += frames[2 * j];
			right += frames[2 * j + 1];
		}
		mid[i] = (left + right) * scale;
		side[i] = (left - right) * scale;
	}
}

#ifdef __SSE2__
/* Left, right of even and of odd frames. */
static inline __m128 sum_frames(const float *frames, size_t factor)
{
	__m128 sum = _mm_loadu_ps(frames);

	for (size_t j = 2; j < factor; j += 2)
		sum = _mm_add_ps(sum, _mm_loadu_ps(frames + 2 * j));
	return sum;
}

/* Two samples: left, right, left, right. */
static inline __m128 two_samples(const float *frames, size_t factor)
{
	__m128 a = sum_frames(frames, factor), b = sum_frames(frames + 2 * factor, factor);

	return _mm_add_ps(_mm_movelh_ps(a, b), _mm_movehl_ps(b, a));
}

static inline void average_even(
        const float *frames, size_t factor, size_t n, float *mid, float *side)
{
	const __m128 scale = _mm_set1_ps(0.5f / (float)factor);
	size_t i = 0;

	for (; i + 4 <= n; i += 4, frames += 8 * factor) {
		__m128 a = two_samples(frames, factor);
		__m128 b = two_samples(frames + 4 * factor, factor);
		__m128 left = _mm_shuffle_ps(a, b, _MM_SHUFFLE(2, 0, 2, 0));
		__m128 right = _mm_shuffle_ps(a, b, _MM_SHUFFLE(3, 1, 3, 1));

		_mm_storeu_ps(mid + i, _mm_mul_ps(_mm_add_ps(left, right), scale));
		_mm_storeu_ps(side + i, _mm_mul_ps(_mm_sub_ps(left, right), scale));
	}
	average_stereo_scalar(frames, factor, n - i, mid + i, side + i);
}

static void average_stereo(const float *frames, size_t factor, size_t n, float *mid, float *side)
{
	if (factor == 4) /* 44.1 and 48 kHz: a constant for the compiler to unroll */
		average_even(frames, 4, n, mid, side);
	else if (factor % 2 == 0)
		average_even(frames, factor, n, mid, side);
	else
		average_stereo_scalar(frames, factor, n, mid, side);
}
#else
static void average_stereo(const float *frames, size_t factor, size_t n, float *mid, float *side)
{
	average_stereo_scalar(frames, factor, n, mid, side);
}
#endif

static enum status add_samples(struct features *f, const float *frames, size_t n)
{
	float *mid = f->mid + HOP + f->hop_filled, *side = f->side + f->hop_filled;

	if (f->channels == 1)
		average_mono(frames, f->factor, n, mid, side);
	else
		average_stereo(frames, f->factor, n, mid, side);
	f->hop_filled += n;
	f->n_samples += (int64_t)n;
	return f->hop_filled == HOP ? take_hop(f) : STATUS_OK;
}

/* Frames that do not fill a sample wait for the next call. */
static enum status add_to_rest(struct features *f, const float **frames, size_t *n_frames)
{
	size_t width = (size_t)f->channels, n = f->factor - f->n_rest;

	if (n > *n_frames)
		n = *n_frames;
	memcpy(f->rest + f->n_rest * width, *frames, n * width * sizeof(*f->rest));
	f->n_rest += n;
	*frames += n * width;
	*n_frames -= n;
	if (f->n_rest < f->factor)
		return STATUS_OK;
	f->n_rest = 0;
	return add_samples(f, f->rest, 1);
}

enum status features_add(struct features *f, const float *frames, size_t n_frames)
{
	if (f->n_rest > 0)
		TRY(add_to_rest(f, &frames, &n_frames));
	while (n_frames >= f->factor) {
		/* NOLINTNEXTLINE(clang-analyzer-core.DivideZero): factor is 1 at least */
		size_t n = n_frames / f->factor;

		if (n > HOP - f->hop_filled)
			n = HOP - f->hop_filled;
		TRY(add_samples(f, frames, n));
		frames += n * f->factor * (size_t)f->channels;
		n_frames -= n * f->factor;
	}
	return n_frames > 0 ? add_to_rest(f, &frames, &n_frames) : STATUS_OK;
}

enum status features_finish(struct features *f, size_t n_blocks)
{
	if (f->hop_filled > 0) {
		size_t n = HOP - f->hop_filled;

		memset(f->mid + HOP + f->hop_filled, 0, n * sizeof(*f->mid));
		memset(f->side + f->hop_filled, 0, n * sizeof(*f->side));
		TRY(take_hop(f));
	}
	while (f->n_blocks < n_blocks)
		TRY(finish_block(f));
	return STATUS_OK;
}

void features_offset(const struct features *f, double offset[2])
{
	double n = f->n_samples > 0 ? (double)f->n_samples : 1;

	offset[0] = (f->total_mid + f->total_side) / n;
	offset[1] = (f->total_mid - f->total_side) / n;
}

const float *features_envelope(const struct features *f, size_t *count, double *rate_hz)
{
	*count = f->envelope_count;
	*rate_hz = (double)f->rate_hz / (double)f->factor / HOP;
	return f->envelope;
}
