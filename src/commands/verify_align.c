/* verify_align.c - finds a stretch of sound in a longer one, by normalised cross-correlation in the frequency domain
 * (overlap-save), so that a search over minutes takes a moment. */
#include <complex.h>
#include <fftw3.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "verify.h"

/* Fits this close to the best are as good: music repeats itself. */
static const double AS_GOOD = 0.005;

struct transform {
	size_t n;
	float *time;
	fftwf_complex *wanted, *frequency;
	fftwf_plan forward, back;
};

static void transform_done(struct transform *t)
{
	if (t->forward)
		fftwf_destroy_plan(t->forward);
	if (t->back)
		fftwf_destroy_plan(t->back);
	fftwf_free(t->time);
	fftwf_free(t->wanted);
	fftwf_free(t->frequency);
}

static enum status transform_init(struct transform *t, const float *wanted, size_t n_wanted)
{
	size_t n = 1024;
	while (n < 4 * n_wanted)
		n *= 2;
	*t = (struct transform){.n = n};
	t->time = fftwf_malloc(n * sizeof *t->time);
	t->wanted = fftwf_malloc((n / 2 + 1) * sizeof *t->wanted);
	t->frequency = fftwf_malloc((n / 2 + 1) * sizeof *t->frequency);
	if (!t->time || !t->wanted || !t->frequency)
		return STATUS_NO_MEMORY;
	t->forward = fftwf_plan_dft_r2c_1d((int)n, t->time, t->frequency, FFTW_ESTIMATE);
	t->back = fftwf_plan_dft_c2r_1d((int)n, t->frequency, t->time, FFTW_ESTIMATE);
	if (!t->forward || !t->back)
		return STATUS_NO_MEMORY;
	memset(t->time, 0, n * sizeof *t->time);
	memcpy(t->time, wanted, n_wanted * sizeof *wanted);
	fftwf_execute_dft_r2c(t->forward, t->time, t->wanted);
	return STATUS_OK;
}

/* time[i]: the product of `wanted` and room[from + i ...], for i up to n - n_wanted. */
static void correlate(struct transform *t, const float *room, size_t n_room, size_t from)
{
	size_t n = n_room - from < t->n ? n_room - from : t->n;
	memcpy(t->time, room + from, n * sizeof *room);
	memset(t->time + n, 0, (t->n - n) * sizeof *t->time);
	fftwf_execute(t->forward);
	for (size_t k = 0; k <= t->n / 2; k++)
		t->frequency[k] *= conjf(t->wanted[k]) / (float)t->n;
	fftwf_execute(t->back);
}

static double energy_of(const float *samples, size_t n)
{
	double energy = 0;
	for (size_t i = 0; i < n; i++)
		energy += (double)samples[i] * (double)samples[i];
	return energy;
}

struct best {
	size_t place, distance;
	double correlation;
};

/* A clearly better fit wins; of equal ones the nearer. */
static void consider(struct best *best, size_t place, size_t favourite, double fit)
{
	size_t distance = place > favourite ? place - favourite : favourite - place;
	double more = fabs(fit) - fabs(best->correlation);
	/* Next to each other are slopes of one hill, not a repetition. */
	double margin = llabs((long long)place - (long long)best->place) < 64 ? 0 : AS_GOOD;
	if (more > margin || (more > -margin && distance < best->distance && margin > 0))
		*best = (struct best){place, distance, fit};
}

enum status align_find(const float *wanted, size_t n_wanted, const float *room, size_t n_room,
        size_t favourite, size_t *place, double *correlation)
{
	struct transform t;
	struct best best = {.distance = SIZE_MAX};
	*place = 0;
	*correlation = 0;
	double mine = energy_of(wanted, n_wanted);
	if (n_wanted == 0 || n_room < n_wanted || mine <= 0)
		return STATUS_OK;
	enum status status = transform_init(&t, wanted, n_wanted);
	size_t step = status == STATUS_OK ? t.n - n_wanted + 1 : 1;
	double least = 1e-9 * (double)n_wanted, theirs = energy_of(room, n_wanted);
	for (size_t from = 0; status == STATUS_OK && from + n_wanted <= n_room; from += step) {
		correlate(&t, room, n_room, from);
		for (size_t i = 0; i < step && from + i + n_wanted <= n_room; i++) {
			size_t at = from + i;
			if (theirs > least)
				consider(&best, at, favourite,
				        (double)t.time[i] / sqrt(mine * theirs));
			double out = (double)room[at];
			double in = at + n_wanted < n_room ? (double)room[at + n_wanted] : 0;
			theirs += in * in - out * out;
		}
	}
	transform_done(&t);
	*place = best.place;
	*correlation = best.correlation;
	return status;
}
