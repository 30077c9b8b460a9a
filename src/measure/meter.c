/* meter.c - windows, gates and statistics of loudness (ITU-R BS.1770-4, EBU Tech 3341 and 3342).
 *
 * The filters are in kweight.c, the points between samples in truepeak.c.  Everything is built from parts of
 * 10 ms: ten make a block, forty a momentary, three hundred a short-term window.  Parts end at the frame nearest
 * below n * rate / 100, so that at no rate do blocks drift from the clock. */
#include "jukebox/meter.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "kweight.h"
#include "truepeak.h"

enum {
	PARTS_PER_SECOND = 100,
	PARTS_PER_BLOCK = 10,
	MOMENTARY_PARTS = 40,
	SHORT_TERM_PARTS = 300,
	RANGE_STEP_BLOCKS = 10, /* Tech 3342 wants 66 % overlap at least: a window a second */
	BINS_PER_LU = 100,
	LOWEST_LUFS = -70, /* the absolute gate of BS.1770: nothing below it counts */
	HIGHEST_LUFS = 80, /* decoders give +60 dBFS at most */
	BINS = (HIGHEST_LUFS - LOWEST_LUFS) * BINS_PER_LU,
};
#define INTEGRATED_GATE_LU (-10.0)
#define RANGE_GATE_LU (-20.0)
#define RANGE_LOW 0.10
#define RANGE_HIGH 0.95

/* Loudnesses by 0.01 LU.  A bin keeps the sum of its energies, so that means are exact and only what gates and
 * percentiles do with the bin at their edge is rounded. */
struct histogram {
	struct bin {
		double energy;
		uint64_t count;
	} bins[BINS];
};

struct part {
	double energy_sum; /* weighted, over frames and channels */
	int64_t n_frames;
};

struct meter {
	int rate_hz, channels;
	double weights[KWEIGHT_MOST_CHANNELS];
	struct kweight filter;
	struct truepeak interpolator;

	meter_block_fn *on_block;
	meter_fine_fn *on_fine;
	void *user;

	/* the part being filled */
	double sums[KWEIGHT_MOST_CHANNELS];
	int64_t part_frames, part_length, n_parts, n_frames;
	/* the block being filled */
	struct part block;
	float block_peak;

	struct part ring[SHORT_TERM_PARTS]; /* part n is at n % SHORT_TERM_PARTS */
	struct part momentary, short_term; /* running sums of the ring's latest */
	struct part whole;
	double max_momentary, max_short_term; /* energies */
	float true_peak, sample_peak;
	struct histogram *integrated, *range; /* energies of 400 ms and of 3 s windows */
};

double meter_energy_to_lufs(double energy)
{
	return energy > 0 ? -0.691 + 10 * log10(energy) : -HUGE_VAL;
}

double meter_lufs_to_energy(double lufs)
{
	return pow(10, (lufs + 0.691) / 10);
}

/* ---- histograms ---------------------------------------------------------------------------- */

static void histogram_add(struct histogram *h, double energy)
{
	double lufs = meter_energy_to_lufs(energy);
	double position = (lufs - LOWEST_LUFS) * BINS_PER_LU;

	if (!(position >= 0))
		return;
	struct bin *bin = &h->bins[position < BINS ? (int)position : BINS - 1];
	bin->energy += energy;
	bin->count++;
}

/* Mean energy and number of what is at `gate` or louder. */
static double histogram_mean(const struct histogram *h, double gate_energy, uint64_t *count)
{
	double sum = 0;

	*count = 0;
	for (int i = 0; i < BINS; i++) {
		const struct bin *bin = &h->bins[i];

		if (bin->count == 0 || bin->energy < gate_energy * (double)bin->count)
			continue;
		sum += bin->energy;
		*count += bin->count;
	}
	return *count > 0 ? sum / (double)*count : 0;
}

/* The gate: so many LU under the mean of all that passed the absolute one. */
static double histogram_gate(const struct histogram *h, double relative_lu)
{
	uint64_t count;

	return histogram_mean(h, 0, &count) * pow(10, relative_lu / 10);
}

/* Energy of the value at place `rank` (0 ...) of all at the gate or louder, in order. */
static double histogram_at(const struct histogram *h, double gate_energy, uint64_t rank)
{
	uint64_t count = 0;

	for (int i = 0; i < BINS; i++) {
		const struct bin *bin = &h->bins[i];

		if (bin->count == 0 || bin->energy < gate_energy * (double)bin->count)
			continue;
		count += bin->count;
		if (count > rank)
			return bin->energy / (double)bin->count;
	}
	return 0;
}

/* ---- parts, blocks, windows ---------------------------------------------------------------- */

static double mean_energy(const struct part *part)
{
	return part->n_frames > 0 ? part->energy_sum / (double)part->n_frames : 0;
}

static void add_part(struct part *to, const struct part *part)
{
	to->energy_sum += part->energy_sum;
	to->n_frames += part->n_frames;
}

static const struct part *part_before(const struct meter *m, int64_t n)
{
	return &m->ring[(m->n_parts - n) % SHORT_TERM_PARTS];
}

/* Sum of the latest n parts, afresh: running sums keep rounding errors of what was loud long ago. */
static struct part latest(const struct meter *m, int64_t n)
{
	struct part sum = {0};

	for (int64_t i = n < m->n_parts ? n : m->n_parts; i > 0; i--)
		add_part(&sum, part_before(m, i));
	return sum;
}

static double positive_mean(const struct part *part)
{
	double mean = mean_energy(part);

	return mean > 0 ? mean : 0;
}

/* Takes the part that falls out of a window of n, before the new one comes in. */
static void leave_window(const struct meter *m, struct part *window, int64_t n)
{
	if (m->n_parts < n)
		return;
	window->energy_sum -= part_before(m, n)->energy_sum;
	window->n_frames -= part_before(m, n)->n_frames;
}

static void note_maxima(struct meter *m)
{
	if (m->n_parts >= MOMENTARY_PARTS)
		m->max_momentary = fmax(m->max_momentary, positive_mean(&m->momentary));
	if (m->n_parts >= SHORT_TERM_PARTS)
		m->max_short_term = fmax(m->max_short_term, positive_mean(&m->short_term));
}

static enum status finish_block(struct meter *m)
{
	struct meter_block block = {.energy = mean_energy(&m->block),
	        .true_peak_lin = m->block_peak,
	        .n_frames = (size_t)m->block.n_frames};

	m->true_peak = m->block_peak > m->true_peak ? m->block_peak : m->true_peak;
	m->block = (struct part){0};
	m->block_peak = 0;
	return m->on_block ? m->on_block(m->user, &block) : STATUS_OK;
}

/* At the end of each whole block: the windows that gating looks at end here. */
static void count_windows(struct meter *m)
{
	int64_t n_blocks = m->n_parts / PARTS_PER_BLOCK;

	m->momentary = latest(m, MOMENTARY_PARTS);
	m->short_term = latest(m, SHORT_TERM_PARTS);
	if (m->n_parts >= MOMENTARY_PARTS)
		histogram_add(m->integrated, mean_energy(&m->momentary));
	if (m->n_parts >= SHORT_TERM_PARTS &&
	        (n_blocks - SHORT_TERM_PARTS / PARTS_PER_BLOCK) % RANGE_STEP_BLOCKS == 0)
		histogram_add(m->range, mean_energy(&m->short_term));
}

static struct part take_part(struct meter *m)
{
	struct part part = {.n_frames = m->part_frames};

	for (int c = 0; c < m->channels; c++) {
		part.energy_sum += m->weights[c] * m->sums[c];
		m->sums[c] = 0;
	}
	return part;
}

static void start_part(struct meter *m)
{
	int64_t next = (m->n_parts + 1) * m->rate_hz / PARTS_PER_SECOND;

	m->part_length = next - m->n_parts * m->rate_hz / PARTS_PER_SECOND;
	m->part_frames = 0;
}

static enum status finish_part(struct meter *m)
{
	struct part part = take_part(m);

	add_part(&m->block, &part);
	add_part(&m->whole, &part);
	leave_window(m, &m->momentary, MOMENTARY_PARTS);
	leave_window(m, &m->short_term, SHORT_TERM_PARTS);
	m->ring[m->n_parts++ % SHORT_TERM_PARTS] = part;
	add_part(&m->momentary, &part);
	add_part(&m->short_term, &part);
	note_maxima(m);
	start_part(m);
	if (m->on_fine)
		TRY(m->on_fine(m->user, mean_energy(&part)));
	if (m->n_parts % PARTS_PER_BLOCK != 0)
		return STATUS_OK;
	count_windows(m);
	return finish_block(m);
}

/* ---- the interface ------------------------------------------------------------------------- */

struct meter *meter_new(int sample_rate_hz, int channels, const double *weights)
{
	struct meter *m = calloc(1, sizeof(*m));

	if (!m)
		return NULL;
	m->rate_hz = sample_rate_hz;
	m->channels = channels;
	for (int c = 0; c < channels; c++)
		m->weights[c] = weights ? weights[c] : 1.0;
	kweight_init(&m->filter, sample_rate_hz, channels);
	truepeak_init(&m->interpolator, sample_rate_hz, channels);
	start_part(m);
	m->integrated = calloc(1, sizeof(*m->integrated));
	m->range = calloc(1, sizeof(*m->range));
	if (m->integrated && m->range)
		return m;
	meter_free(m);
	return NULL;
}

void meter_free(struct meter *meter)
{
	if (!meter)
		return;
	free(meter->integrated);
	free(meter->range);
	free(meter);
}

void meter_on_blocks(struct meter *meter, meter_block_fn *block, meter_fine_fn *fine, void *user)
{
	meter->on_block = block;
	meter->on_fine = fine;
	meter->user = user;
}

static void add_within_part(struct meter *m, const float *frames, size_t n_frames)
{
	float sample_peak = truepeak_of_samples(frames, n_frames * (size_t)m->channels);

	m->sample_peak = sample_peak > m->sample_peak ? sample_peak : m->sample_peak;
	m->block_peak =
	        truepeak_run(&m->interpolator, frames, n_frames, sample_peak, m->block_peak);
	kweight_run(&m->filter, frames, n_frames, m->sums);
	m->part_frames += (int64_t)n_frames;
	m->n_frames += (int64_t)n_frames;
}

enum status meter_add(struct meter *meter, const float *frames, size_t n_frames)
{
	while (n_frames > 0) {
		size_t n = (size_t)(meter->part_length - meter->part_frames);

		if (n > n_frames)
			n = n_frames;
		add_within_part(meter, frames, n);
		frames += n * (size_t)meter->channels;
		n_frames -= n;
		if (meter->part_frames == meter->part_length)
			TRY(finish_part(meter));
	}
	return STATUS_OK;
}

/* A last part that is short belongs to the last block and to the whole, but to no window. */
enum status meter_finish(struct meter *meter)
{
	struct part part = take_part(meter);

	if (part.n_frames > 0) {
		add_part(&meter->block, &part);
		add_part(&meter->whole, &part);
		meter->part_frames = 0;
		if (meter->on_fine)
			TRY(meter->on_fine(meter->user, mean_energy(&part)));
	}
	return meter->block.n_frames > 0 ? finish_block(meter) : STATUS_OK;
}

double meter_integrated_lufs(const struct meter *meter)
{
	uint64_t count;

	if (meter->n_parts < MOMENTARY_PARTS)
		return meter_energy_to_lufs(mean_energy(&meter->whole));
	return meter_energy_to_lufs(histogram_mean(
	        meter->integrated, histogram_gate(meter->integrated, INTEGRATED_GATE_LU), &count));
}

/* Tech 3342: from the 10th to the 95th percentile, behind both gates. */
double meter_range_lu(const struct meter *meter)
{
	double gate = histogram_gate(meter->range, RANGE_GATE_LU);
	uint64_t count;

	histogram_mean(meter->range, gate, &count);
	if (count == 0)
		return 0;
	double last = (double)(count - 1);
	double low = histogram_at(meter->range, gate, (uint64_t)(last * RANGE_LOW + 0.5));
	double high = histogram_at(meter->range, gate, (uint64_t)(last * RANGE_HIGH + 0.5));
	return meter_energy_to_lufs(high) - meter_energy_to_lufs(low);
}

double meter_true_peak_lin(const struct meter *meter)
{
	return meter->block_peak > meter->true_peak ? meter->block_peak : meter->true_peak;
}

double meter_sample_peak_lin(const struct meter *meter)
{
	return meter->sample_peak;
}

double meter_max_momentary_lufs(const struct meter *meter)
{
	return meter_energy_to_lufs(meter->max_momentary);
}

double meter_max_short_term_lufs(const struct meter *meter)
{
	return meter_energy_to_lufs(meter->max_short_term);
}

double meter_momentary_lufs(const struct meter *meter)
{
	if (meter->n_parts < MOMENTARY_PARTS)
		return -HUGE_VAL;
	return meter_energy_to_lufs(positive_mean(&meter->momentary));
}

double meter_short_term_lufs(const struct meter *meter)
{
	if (meter->n_parts < SHORT_TERM_PARTS)
		return -HUGE_VAL;
	return meter_energy_to_lufs(positive_mean(&meter->short_term));
}
