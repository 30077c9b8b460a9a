/* verify_survey.c - what one signal comes to on its own: loudness, true peak, clipping, dead air, offset, length. */
#include <math.h>
#include <stdlib.h>

#include "jukebox/meter.h"
#include "verify.h"

enum status levels_add(struct levels *levels, double energy)
{
	if (levels->count == levels->most) {
		size_t most = levels->most ? 2 * levels->most : 1024;
		float *energies = reallocarray(levels->energies, most, sizeof *energies);
		if (!energies)
			return STATUS_NO_MEMORY;
		levels->energies = energies;
		levels->most = most;
	}
	levels->energies[levels->count++] = (float)energy;
	return STATUS_OK;
}

static enum status on_block(void *user, const struct meter_block *block)
{
	struct survey *s = user;
	dead_air_add(&s->dead_air, block->energy);
	return levels_add(&s->levels, block->energy);
}

enum status survey_open(struct survey *s, int rate_hz)
{
	s->meter = meter_new(rate_hz, SIDES, NULL);
	if (!s->meter)
		return STATUS_NO_MEMORY;
	meter_on_blocks(s->meter, on_block, NULL, s);
	return STATUS_OK;
}

/* Three samples in a row at full scale: no converter and no music does that but by clipping. */
static void look_for_clipping(struct survey *s, const float *frames, size_t n)
{
	enum { RUN = 3 };
	static const float FULL = 32767.0f / 32768;
	for (size_t i = 0; i < SIDES * n; i++) {
		int *run = &s->run[i % SIDES];
		*run = fabsf(frames[i]) >= FULL ? *run + 1 : 0;
		if (*run == RUN && s->clipped_runs++ == 0)
			s->clipped_frame = s->n_frames + (int64_t)(i / SIDES);
	}
}

enum status survey_add(struct survey *s, const float *frames, size_t n)
{
	look_for_clipping(s, frames, n);
	for (size_t i = 0; i < SIDES * n; i++)
		s->sum[i % SIDES] += (double)frames[i];
	s->n_frames += (int64_t)n;
	return meter_add(s->meter, frames, n);
}

enum status survey_finish(struct survey *s)
{
	TRY(meter_finish(s->meter));
	s->loudness_lufs = meter_integrated_lufs(s->meter);
	s->true_peak_dbtp = 20 * log10(meter_true_peak_lin(s->meter));
	return STATUS_OK;
}

void survey_close(struct survey *s)
{
	meter_free(s->meter);
	free(s->levels.energies);
	s->meter = NULL;
	s->levels = (struct levels){0};
}
