/* resampler_soxr.c - fixed rate ratios by libsoxr, the fastest of the good ones.  Ratios that move are
 * another matter; without libsoxr resampler_samplerate.c stands in. */
#include "resampler_library.h"

#ifdef HAVE_SOXR

#include <soxr.h>

static unsigned long recipe(enum resampler_quality quality)
{
	switch (quality) {
	case RESAMPLER_FAST:
		return SOXR_LQ;
	case RESAMPLER_MEDIUM:
		return SOXR_MQ;
	case RESAMPLER_HIGH:
		return SOXR_HQ;
	case RESAMPLER_BEST:
		return SOXR_VHQ;
	}
	return SOXR_HQ;
}

/* The recipes stop at 0.913 of the band, 10 kHz of a file at 22,050 Hz: what is there is heard.  Above 20.5 kHz nothing
 * is, and 48 to 44.1 kHz takes 15.5 ns a frame in place of 17.5. */
static double passband_end(int lower_hz)
{
	const double least = 0.913, most = 0.97, heard = 20500 / (lower_hz / 2.0);
	return heard < least ? least : heard < most ? heard : most;
}

void *resampler_library_open(int from_hz, int to_hz, int channels, enum resampler_quality quality)
{
	soxr_error_t error = NULL;
	soxr_io_spec_t io = soxr_io_spec(SOXR_FLOAT32_I, SOXR_FLOAT32_I);
	soxr_quality_spec_t how = soxr_quality_spec(recipe(quality), 0);
	if (quality >= RESAMPLER_HIGH)
		how.passband_end = passband_end(from_hz < to_hz ? from_hz : to_hz);
	soxr_runtime_spec_t runtime = soxr_runtime_spec(1);
	soxr_t soxr = soxr_create(from_hz, to_hz, (unsigned)channels, &error, &io, &how, &runtime);
	if (!error)
		return soxr;
	soxr_delete(soxr);
	return NULL;
}

void resampler_library_close(void *state)
{
	soxr_delete(state);
}

enum status resampler_library_run(void *state, const float *in, size_t n_in, size_t *taken,
        float *out, size_t max_out, size_t *n_out)
{
	*taken = 0;
	/* its only error after creation is a failed allocation */
	if (soxr_process(state, in, n_in, in ? taken : NULL, out, max_out, n_out))
		return STATUS_NO_MEMORY;
	return STATUS_OK;
}

const char *resampler_library(void)
{
	return "libsoxr";
}

#endif
