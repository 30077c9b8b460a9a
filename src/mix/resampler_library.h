/* resampler_library.h - what resampler.c asks of the library it was built with. */
#ifndef MIX_RESAMPLER_LIBRARY_H
#define MIX_RESAMPLER_LIBRARY_H

#include <stddef.h>

#include "jukebox/resampler.h"

/* NULL when out of memory, or when the library cannot do the ratio. */
void *resampler_library_open(int from_hz, int to_hz, int channels, enum resampler_quality quality);
void resampler_library_close(void *state);

/* As resampler_run; its filter's delay is taken off.  in == NULL: the tail, of any length. */
enum status resampler_library_run(void *state, const float *in, size_t n_in, size_t *taken,
        float *out, size_t max_out, size_t *n_out) MUST_USE;

#endif
