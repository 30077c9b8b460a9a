/* limiter.c - look-ahead limiter for true peaks.
 *
 * Frame n needs a gain that brings the highest of its own and of three interpolated values behind it (4x, as ITU-R
 * BS.1770-4 annex 2 asks) to the ceiling.  The lowest need of a window ahead is held, let go
 * exponentially, and smoothed by two equal running means (a triangle), short enough that all they see at
 * a peak is held at that peak's need: the gain has arrived when the peak comes, without a corner on its way.
 *
 * Gains are integers (GAIN_ONE is 1), so that running sums are exact and rest is exact rest.
 * Interpolation is only done around groups of frames where it could reach the ceiling.  Two bounds tell, which skip nothing
 * that counts: the largest sample times the sum of the taps' magnitudes; and, nearer in music, the
 * largest sample and so much of the largest second difference as the filter, summed by parts twice, can add to a
 * straight line between two samples.
 */
#include "limiter.h"

#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum {
	GROUP = 16, /* frames looked at together; not below HALF */
	STRETCH = 16 * GROUP, /* frames that may be passed over together */
	HALF = 10, /* taps to either side of the interpolator */
	TAPS = 2 * HALF,
	PHASES = 3, /* between two frames */
	BEHIND = 2 * GROUP, /* how far detection may lag behind the input */
	GAIN_ONE = 1 << 30,
};

/* Attack 5 ms: shorter ones begin to be heard as clicks, longer ones as pumping before the beat.  Release 80 ms: below
 * two periods of a 25 Hz bass the gain would follow its waveform. */
#define ATTACK_S 0.005
#define RELEASE_S 0.080
#define KAISER_BETA 5.0
/* Peaks up to this close to the ceiling are left; others are brought to the second.  Filters of meters
 * differ: on clipped wide-band noise libebur128 reads up to 0.25 dB more than this one, on music less. */
#define TOLERANCE_DB 0.01
#define MARGIN_DB 0.2

struct held {
	int64_t at;
	int32_t gain;
};

struct limiter {
	float taps[PHASES][TAPS];
	float threshold, target; /* linear */
	float most_gain; /* first bound: of the interpolator */
	float line_gain, bend_gain; /* second: sample, and second difference */
	double release; /* part of the way back to 1, a frame */

	/* frames, stereo: [0, delay) were handed out last or wait, then what the call brings */
	float *buffer;
	size_t delay;
	int64_t n_in, n_looked; /* frames taken; frames whose need is known */
	float group_peak[3]; /* of the group looked at, the one before, the one behind */

	/* the lowest need of the last `hold` frames: a queue of rising gains */
	struct held *held;
	size_t hold, held_first, n_held;
	int32_t released;

	/* running means of `box` each */
	int32_t *first;
	int64_t *second, first_sum, second_sum;
	size_t box, box_at;
	int64_t last_low; /* last frame at which the gain before smoothing was not 1 */

	int32_t lowest;
	int64_t n_reduced;
	int rate_hz;
};

static double bessel_i0(double x)
{
	double sum = 1, term = 1;
	for (int k = 1; k < 40; k++) {
		term *= (x / 2 / k) * (x / 2 / k);
		sum += term;
	}
	return sum;
}

/* By how much an interpolated value can leave the straight line between its neighbours: part of the largest
 * sample (the taps do not add up to exactly 1), part of the largest second difference. */
static void bound_from_line(struct limiter *l, const float taps[TAPS], double place)
{
	double sum = 0, sum_of_sums = 0, bends = 0;
	for (int k = 0; k < TAPS; k++) {
		double line = k == HALF - 1 ? 1 - place : k == HALF ? place : 0;
		bends += k > 0 && k < TAPS - 1 ? fabs(sum_of_sums) : 0;
		sum += (double)taps[k] - line;
		sum_of_sums += k < TAPS - 1 ? sum : 0;
	}
	l->line_gain = fmaxf(l->line_gain, (float)(1 + fabs(sum) + 2 * fabs(sum_of_sums)));
	l->bend_gain = fmaxf(l->bend_gain, (float)bends);
}

/* Kaiser-windowed sinc at a quarter, a half and three quarters. */
static void design(struct limiter *l)
{
	for (int p = 0; p < PHASES; p++) {
		double sum = 0, place = (p + 1) / 4.0;
		for (int k = 0; k < TAPS; k++) {
			double t = k - (HALF - 1) - place, part = t / HALF;
			double window = bessel_i0(KAISER_BETA * sqrt(fmax(0, 1 - part * part))) /
			                bessel_i0(KAISER_BETA);
			l->taps[p][k] = (float)(window * sin(M_PI * t) / (M_PI * t));
			sum += fabs((double)l->taps[p][k]);
		}
		l->most_gain = fmaxf(l->most_gain, (float)sum);
		bound_from_line(l, l->taps[p], place);
	}
}

static double from_db(double db)
{
	return pow(10, db / 20);
}

/* Window lengths.  With K = 2 box - 1 frames of smoothing, a peak between frames m and m + 1 is met in time when
 * the gain of frame m is the mean of what was held K - 1 frames ahead of it and less, and needs are held
 * for K + 1 frames. */
static bool allocate(struct limiter *l)
{
	l->box = (size_t)ceil(l->rate_hz * ATTACK_S / 2);
	l->box =
	        l->box < HALF ? HALF : l->box; /* gains are set in place, behind the interpolator */
	l->hold = 2 * l->box;
	l->delay = 2 * l->box - 2 + BEHIND;
	l->buffer = calloc(2 * (l->delay + LIMITER_MOST_FRAMES), sizeof(*l->buffer));
	l->held = calloc(l->hold + 1, sizeof(*l->held));
	l->first = calloc(l->box, sizeof(*l->first));
	l->second = calloc(l->box, sizeof(*l->second));
	return l->buffer && l->held && l->first && l->second;
}

static void rest(struct limiter *l)
{
	for (size_t i = 0; i < l->box; i++) {
		l->first[i] = GAIN_ONE;
		l->second[i] = (int64_t)GAIN_ONE * (int64_t)l->box;
	}
	l->first_sum = (int64_t)GAIN_ONE * (int64_t)l->box;
	l->second_sum = l->first_sum * (int64_t)l->box;
	l->released = GAIN_ONE;
	l->last_low = INT64_MIN / 2;
}

struct limiter *limiter_new(int rate_hz, double ceiling_dbtp)
{
	struct limiter *l = calloc(1, sizeof(*l));
	if (!l)
		return NULL;
	l->rate_hz = rate_hz;
	l->lowest = GAIN_ONE;
	l->n_looked = -GROUP; /* silence; so that the first group finds its neighbours' peaks */
	if (!allocate(l)) {
		limiter_free(l);
		return NULL;
	}
	l->threshold = (float)from_db(ceiling_dbtp - TOLERANCE_DB);
	l->target = (float)from_db(ceiling_dbtp - MARGIN_DB);
	design(l);
	l->release = 1 - exp(-1 / (RELEASE_S * rate_hz));
	rest(l);
	return l;
}

void limiter_free(struct limiter *limiter)
{
	if (!limiter)
		return;
	free(limiter->buffer);
	free(limiter->held);
	free(limiter->first);
	free(limiter->second);
	free(limiter);
}

size_t limiter_delay(const struct limiter *limiter)
{
	return limiter->delay;
}

/* ---- what each frame needs --------------------------------------------------------------- */

static float largest(const float *samples, size_t n)
{
	enum { AT_ONCE = 8 };
	float most[AT_ONCE] = {0};
	for (size_t i = 0; i + AT_ONCE <= n; i += AT_ONCE)
		for (size_t k = 0; k < AT_ONCE; k++) {
			float size = fabsf(samples[i + k]);
			most[k] = size > most[k] ? size : most[k];
		}
	for (size_t k = 1; k < AT_ONCE; k++)
		most[0] = most[k] > most[0] ? most[k] : most[0];
	return most[0];
}

/* Second differences of all frames that the interpolation of a group reaches, and some more. */
static float largest_bend(const float *at)
{
	enum { FROM = -2 * (HALF - 2), COUNT = 72 };
	float bends[COUNT];
	const float *x = at + FROM;
	for (int i = 0; i < COUNT; i++)
		bends[i] = x[i - 2] - 2 * x[i] + x[i + 2];
	return largest(bends, COUNT);
}

/* With 0.1 % to spare for rounding. */
static bool could_exceed(const struct limiter *l, const float *at, float most)
{
	float limit = l->threshold * 0.999f;
	if (most * l->most_gain < limit)
		return false;
	return most * l->line_gain + largest_bend(at) * l->bend_gain >= limit;
}

/* Two frames in one vector register, by the compilers' own means. */
typedef float two_frames __attribute__((vector_size(16)));

static two_frames load(const float *from)
{
	two_frames v;
	memcpy(&v, from, sizeof(v));
	return v;
}

/* `from`: the first frame under the first tap; sums for a group of frames. */
static void convolve(const float taps[TAPS], const float *from, float sum[2 * GROUP])
{
	for (size_t i = 0; i < 2 * GROUP; i += 16) {
		two_frames s[4] = {{0}, {0}, {0}, {0}};
		for (size_t k = 0; k < TAPS; k++) {
			const float *at = from + i + 2 * k;
			s[0] += taps[k] * load(at);
			s[1] += taps[k] * load(at + 4);
			s[2] += taps[k] * load(at + 8);
			s[3] += taps[k] * load(at + 12);
		}
		memcpy(sum + i, s, sizeof(s));
	}
}

/* Highest of each frame's samples and of the values interpolated behind it. */
static void true_peaks(const struct limiter *l, const float *at, float peaks[GROUP])
{
	float size[2 * GROUP];
	for (size_t i = 0; i < 2 * GROUP; i++)
		size[i] = fabsf(at[i]);
	for (int p = 0; p < PHASES; p++) {
		float sum[2 * GROUP];
		convolve(l->taps[p], at - 2 * (HALF - 1), sum);
		for (size_t i = 0; i < 2 * GROUP; i++)
			size[i] = fabsf(sum[i]) > size[i] ? fabsf(sum[i]) : size[i];
	}
	for (size_t i = 0; i < GROUP; i++)
		peaks[i] = size[2 * i] > size[2 * i + 1] ? size[2 * i] : size[2 * i + 1];
}

static int32_t need(const struct limiter *l, float peak)
{
	if (!(peak > l->threshold))
		return GAIN_ONE;
	return (int32_t)((double)l->target / (double)peak * GAIN_ONE);
}

/* ---- from needs to gains ------------------------------------------------------------------ */

/* Ascending minima queue (Lemire 2006): each frame enters and leaves once. */
static int32_t lowest_held(struct limiter *l, int64_t at, int32_t gain)
{
	size_t room = l->hold + 1;
	if (l->n_held && l->held[l->held_first].at <= at - (int64_t)l->hold) {
		l->held_first = (l->held_first + 1) % room;
		l->n_held--;
	}
	if (gain < GAIN_ONE) {
		while (l->n_held && l->held[(l->held_first + l->n_held - 1) % room].gain >= gain)
			l->n_held--;
		l->held[(l->held_first + l->n_held++) % room] = (struct held){at, gain};
	}
	return l->n_held ? l->held[l->held_first].gain : GAIN_ONE;
}

/* At least 64 a frame, so that it does arrive: the last thousandth of a dB in 50 ms. */
static int32_t let_go(const struct limiter *l, int32_t held)
{
	int32_t back = l->released + (int32_t)((GAIN_ONE - l->released) * l->release);
	back = back < GAIN_ONE - 64 ? back + 64 : GAIN_ONE;
	return back < held ? back : held;
}

static float smooth(struct limiter *l, int32_t gain)
{
	l->first_sum += gain - l->first[l->box_at];
	l->first[l->box_at] = gain;
	l->second_sum += l->first_sum - l->second[l->box_at];
	l->second[l->box_at] = l->first_sum;
	l->box_at = l->box_at + 1 < l->box ? l->box_at + 1 : 0;
	double one = (double)l->box * (double)l->box * GAIN_ONE;
	return (float)((double)l->second_sum / one);
}

static bool resting(const struct limiter *l)
{
	return l->n_held == 0 && l->n_looked - l->last_low >= 2 * (int64_t)l->box;
}

static void note(struct limiter *l, float gain)
{
	int32_t fixed = (int32_t)((double)gain * GAIN_ONE);
	l->lowest = fixed < l->lowest ? fixed : l->lowest;
	l->n_reduced += gain < 0.98855f; /* -0.1 dB */
}

/* One frame of need known: the gain of the frame 2 box - 2 before it follows. */
static void gain_one_frame(struct limiter *l, float *delayed, float peak)
{
	int32_t held = lowest_held(l, l->n_looked, need(l, peak));
	l->released = let_go(l, held);
	if (l->released < GAIN_ONE)
		l->last_low = l->n_looked;
	float gain = smooth(l, l->released);
	if (gain < 1) {
		note(l, gain);
		delayed[0] *= gain;
		delayed[1] *= gain;
	}
	l->n_looked++;
}

/* `at`: the group in the buffer, its neighbours beside it; `delayed`: the frame whose gain comes first. */
static void look_at_group(struct limiter *l, const float *at, float *delayed)
{
	float peaks[GROUP] = {0};
	l->group_peak[0] = l->group_peak[1];
	l->group_peak[1] = l->group_peak[2];
	l->group_peak[2] = largest(at + 2 * GROUP, 2 * GROUP);
	float most = fmaxf(l->group_peak[0], fmaxf(l->group_peak[1], l->group_peak[2]));
	bool is_loud = could_exceed(l, at, most);
	if (is_loud) {
		true_peaks(l, at, peaks);
		is_loud = largest(peaks, GROUP) > l->threshold;
	}
	if (!is_loud && resting(l)) {
		l->n_looked += GROUP;
		return;
	}
	for (size_t i = 0; i < GROUP; i++)
		gain_one_frame(l, delayed + 2 * i, peaks[i]);
}

/* Whether nothing in a stretch (`at` begins it, frames to look at follow it) can ask for less than all: then it is
 * looked at.  Most music is like that most of the time: 0.3 ns a frame in place of 0.9. */
static bool pass_over(struct limiter *l, const float *at)
{
	if (!resting(l))
		return false;
	float behind = largest(at + 2 * STRETCH, 2 * GROUP);
	float most = fmaxf(l->group_peak[1], fmaxf(largest(at, 2 * STRETCH), behind));
	if (most * l->most_gain >= l->threshold * 0.999f)
		return false;
	l->group_peak[1] = largest(at + 2 * (STRETCH - GROUP), 2 * GROUP);
	l->group_peak[2] = behind;
	l->n_looked += STRETCH;
	return true;
}

/* Up to a stretch, `first`: the frame at the buffer's start. */
static void look_at_groups(struct limiter *l, int64_t first)
{
	for (int i = 0; i < STRETCH / GROUP && l->n_looked + BEHIND <= l->n_in; i++) {
		float *at = l->buffer + 2 * (l->n_looked - first);
		look_at_group(l, at, at - 2 * (2 * l->box - 2));
	}
}

float *limiter_room(struct limiter *limiter)
{
	return limiter->buffer + 2 * limiter->delay;
}

void limiter_run(struct limiter *limiter, size_t n_frames, float *out)
{
	struct limiter *l = limiter;
	int64_t first = l->n_in - (int64_t)l->delay; /* the frame at the buffer's start */
	l->n_in += (int64_t)n_frames;
	while (l->n_looked + BEHIND <= l->n_in) {
		bool has_stretch = l->n_looked + STRETCH + GROUP <= l->n_in;
		if (!has_stretch || !pass_over(l, l->buffer + 2 * (l->n_looked - first)))
			look_at_groups(l, first);
	}
	memcpy(out, l->buffer, 2 * n_frames * sizeof(*out));
	memmove(l->buffer, l->buffer + 2 * n_frames, 2 * l->delay * sizeof(*l->buffer));
}

void limiter_report(const struct limiter *limiter, struct mix_limiter_report *report)
{
	double lowest = (double)limiter->lowest / GAIN_ONE;
	report->most_db = lowest > 0 ? -20 * log10(lowest) : 0;
	report->reduced_s = (double)limiter->n_reduced / limiter->rate_hz;
}
