/* gain.c - gain curves: level, declick, fades; and the passes over the samples.
 *
 * Ramps are sampled in the middle of each frame, so that a fade out and a fade in of the same length are mirror
 * images, and their squares (equal power) or they themselves (linear) add up to 1 at every frame. Where curves
 * begin and how long they are is the plan's affair.
 */
#include "gain.h"

#include <math.h>

static int64_t smaller(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

static int64_t within(int64_t n, int64_t most)
{
	return n < 0 ? 0 : smaller(n, most);
}

void gain_curve_init(struct gain_curve *curve, const struct plan_clip *clip)
{
	int64_t n = clip->n_frames;
	*curve = (struct gain_curve){
	        .level_lin = pow(10, clip->gain_db / 20),
	        .n_frames = n,
	        .declick_in = within(clip->declick_in_frames, n),
	        .declick_out = within(clip->declick_out_frames, n),
	        .fade_in = within(clip->fade_in_frames, n),
	        .fade_out = within(clip->fade_out_frames, n),
	        .law = clip->law,
	};
	int64_t in = curve->fade_in, out = curve->fade_out;
	curve->flat_from = in > curve->declick_in ? in : curve->declick_in;
	curve->flat_to = n - (out > curve->declick_out ? out : curve->declick_out);
	if (curve->flat_to < curve->flat_from)
		curve->flat_to = curve->flat_from = n; /* the ramps meet */
}

size_t gain_flat(const struct gain_curve *curve, int64_t at, size_t n)
{
	if (at < curve->flat_from || at >= curve->flat_to)
		return 0;
	int64_t left = curve->flat_to - at;
	return (uint64_t)left < n ? (size_t)left : n;
}

static double declick(int64_t i, int64_t n)
{
	return i < n ? 0.5 - 0.5 * cos(M_PI * ((double)i + 0.5) / (double)n) : 1;
}

static double fade(enum fade_law law, int64_t i, int64_t n)
{
	if (i >= n)
		return 1;
	double part = ((double)i + 0.5) / (double)n;
	return law == FADE_LINEAR ? part : sin(M_PI / 2 * part);
}

size_t gain_ramp(const struct gain_curve *curve, int64_t at, size_t n, float *factors)
{
	int64_t border = at < curve->flat_from ? curve->flat_from : curve->n_frames;
	size_t count = (size_t)smaller(border - at, (int64_t)n);
	for (size_t i = 0; i < count; i++) {
		int64_t head = at + (int64_t)i, tail = curve->n_frames - 1 - head;
		double factor = curve->level_lin;
		factor *= declick(head, curve->declick_in) * declick(tail, curve->declick_out);
		factor *= fade(curve->law, head, curve->fade_in);
		factor *= fade(curve->law, tail, curve->fade_out);
		factors[i] = (float)factor;
	}
	return count;
}

/* Inner loops of a constant eight are what -O2 turns into vector instructions. */
enum { AT_ONCE = 8 };

static void set(float *restrict out, const float *restrict in, float factor, size_t n)
{
	size_t i = 0;
	for (; i + AT_ONCE <= n; i += AT_ONCE)
		for (size_t k = 0; k < AT_ONCE; k++)
			out[i + k] = in[i + k] * factor + 0.0f;
	for (; i < n; i++)
		out[i] = in[i] * factor + 0.0f;
}

static void add_to(float *restrict out, const float *restrict in, float factor, size_t n)
{
	size_t i = 0;
	for (; i + AT_ONCE <= n; i += AT_ONCE)
		for (size_t k = 0; k < AT_ONCE; k++)
			out[i + k] += in[i + k] * factor;
	for (; i < n; i++)
		out[i] += in[i] * factor;
}

void gain_apply(float *out, const float *in, float factor, size_t n_frames, bool add)
{
	if (add)
		add_to(out, in, factor, 2 * n_frames);
	else
		set(out, in, factor, 2 * n_frames);
}

void gain_apply_ramp(float *out, const float *in, const float *factors, size_t n_frames, bool add)
{
	for (size_t i = 0; i < n_frames; i++) {
		float left = in[2 * i] * factors[i], right = in[2 * i + 1] * factors[i];
		out[2 * i] = (add ? out[2 * i] : 0.0f) + left;
		out[2 * i + 1] = (add ? out[2 * i + 1] : 0.0f) + right;
	}
}
