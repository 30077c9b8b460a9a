/* verify_joint.c - how two songs meet in the finished mix, by its momentary loudness: how deep a dip is beside the
 * quieter neighbour, whose it is, and how far the sum stands out; pure functions.
 */
#include <math.h>

#include "jukebox/meter.h"
#include "verify.h"

enum { BLOCKS_A_SECOND = 10, MOMENTARY_BLOCKS = 4 };
static const double BESIDE_S =
        30; /* of a song alone beside the joint: its loudest moment is the measure of a bump */

/* Seconds of the mix. */
struct span {
	double from_s, to_s;
};

struct pair {
	const struct levels *levels;
	const struct plan_clip *old, *new;
	double old_to_s, new_from_s; /* the old one's end, the new one's start */
	double old_fade_s, new_fade_s; /* where the fade of the one begins, of the other ends */
};

static struct pair pair_of(const struct levels *levels, const struct plan_clip *old,
        const struct plan_clip *new, double shift_s, int rate_hz)
{
	double rate = rate_hz;
	struct pair p = {.levels = levels,
	        .old = old,
	        .new = new,
	        .old_to_s = shift_s + (double)(old->start_frame + old->n_frames) / rate,
	        .new_from_s = shift_s + (double)new->start_frame / rate};
	p.old_fade_s = p.old_to_s - (double)old->fade_out_frames / rate;
	p.new_fade_s = p.new_from_s + (double)new->fade_in_frames / rate;
	return p;
}

/* Momentary loudness (400 ms, EBU Tech 3341) around the beginning of a block. */
static double momentary_lufs(const struct levels *levels, size_t block)
{
	size_t from = block > MOMENTARY_BLOCKS / 2 ? block - MOMENTARY_BLOCKS / 2 : 0, n = 0;
	double sum = 0;
	for (size_t i = from; i < from + MOMENTARY_BLOCKS && i < levels->count; i++, n++)
		sum += (double)levels->energies[i];
	return n > 0 ? meter_energy_to_lufs(sum / (double)n) : -HUGE_VAL;
}

static size_t block_at(const struct levels *levels, double second)
{
	double block = ceil(second * BLOCKS_A_SECOND);
	return block < 0 ? 0 : block > (double)levels->count ? levels->count : (size_t)block;
}

static double loudest_lufs(const struct levels *levels, struct span span)
{
	double loudest = -HUGE_VAL;
	size_t to = block_at(levels, span.to_s);
	for (size_t i = block_at(levels, span.from_s); i < to; i++)
		loudest = fmax(loudest, momentary_lufs(levels, i));
	return loudest;
}

/* Both songs alone, as near to the joint as the window of the momentary loudness allows. */
static double loudest_beside(const struct pair *p, int rate_hz)
{
	static const double CLEAR_S = 0.2;
	double rate = rate_hz;
	double old_s = (double)p->old->n_frames / rate, new_s = (double)p->new->n_frames / rate;
	double begin = fmin(p->old_to_s, p->new_from_s), end = fmax(p->old_to_s, p->new_from_s);
	struct span old = {fmax(begin - BESIDE_S, p->old_to_s - old_s), begin - CLEAR_S};
	struct span new = {end + CLEAR_S, fmin(end + BESIDE_S, p->new_from_s + new_s)};
	return fmax(loudest_lufs(p->levels, old), loudest_lufs(p->levels, new));
}

/* Whoever sounds then is being faded, or nobody sounds: a soft moment there is the mix's own, not the music's. */
static bool is_ours(const struct pair *p, double second)
{
	bool old = second < p->old_to_s, new = second >= p->new_from_s;
	bool old_whole = old && second < p->old_fade_s, new_whole = new &&second >= p->new_fade_s;
	return !old_whole && !new_whole;
}

static void look_for_dips(
        const struct pair *p, struct span span, double quieter_lufs, struct meeting_check *joint)
{
	size_t to = block_at(p->levels, span.to_s), soft = 0, ours = 0, softest = 0, most = 0;
	double lowest = HUGE_VAL;
	for (size_t i = block_at(p->levels, span.from_s); i < to; i++) {
		double lufs = fmax(momentary_lufs(p->levels, i), -90);
		bool is_soft = lufs < quieter_lufs - HOLE_LU;
		lowest = fmin(lowest, lufs);
		soft = is_soft ? soft + 1 : 0;
		ours = is_soft && is_ours(p, (double)i / BLOCKS_A_SECOND) ? ours + 1 : 0;
		softest = soft > softest ? soft : softest;
		most = ours > most ? ours : most;
	}
	joint->dip_lu = lowest < HUGE_VAL ? lowest - quieter_lufs : NAN;
	joint->soft_s = (double)softest / BLOCKS_A_SECOND;
	joint->hole_s = (double)most / BLOCKS_A_SECOND;
}

void meeting_measure(const struct levels *levels, const struct clip_check *old,
        const struct clip_check *new, int rate_hz, struct meeting_check *joint)
{
	static const double AROUND_S = 0.2;
	double shift_s = (double)new->position_frames / rate_hz;
	struct pair p = pair_of(levels, old->clip, new->clip, shift_s, rate_hz);
	struct span around = {fmin(p.old_fade_s, p.new_from_s) - AROUND_S,
	        fmax(p.old_to_s, p.new_fade_s) + AROUND_S};
	double quieter_lufs = fmin(old->loudness_lufs, new->loudness_lufs);
	*joint = (struct meeting_check){.dip_lu = NAN, .bump_lu = NAN};
	if (!isfinite(quieter_lufs)) /* one of them is never heard alone */
		return;
	look_for_dips(&p, around, quieter_lufs, joint);
	joint->bump_lu = loudest_lufs(levels, around) - loudest_beside(&p, rate_hz);
}
