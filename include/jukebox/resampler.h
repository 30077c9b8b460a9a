/* resampler.h - stereo float32 frames at another rate (libsoxr; libsamplerate where soxr is not built in).
 *
 * Exact in time: frame n of the input lies at n * to / from of the output; the filter's delay is taken off, and after
 * flush exactly llround(n_in * to / from) frames have come out.
 */
#ifndef JUKEBOX_RESAMPLER_H
#define JUKEBOX_RESAMPLER_H

#include <stddef.h>
#include <stdint.h>

#include "jukebox/status.h"

enum resampler_quality { RESAMPLER_FAST, RESAMPLER_MEDIUM, RESAMPLER_HIGH, RESAMPLER_BEST };

struct resampler;

/* NULL when out of memory or a rate is out of 1,000 ... 768,000 Hz. */
struct resampler *resampler_new(
        int from_hz, int to_hz, int channels, enum resampler_quality quality);
void resampler_free(struct resampler *resampler);

/* Takes up to n_in frames (how many: *taken) and gives up to max_out (*n_out).  in == NULL: flush; done when *n_out is 0. */
enum status resampler_run(struct resampler *resampler, const float *in, size_t n_in, size_t *taken,
        float *out, size_t max_out, size_t *n_out) MUST_USE;

const char *resampler_library(void); /* "libsoxr", "libsamplerate": for --version */

#endif
