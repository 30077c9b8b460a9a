/* pcm.h - floats as little-endian PCM bytes. */
#ifndef JUKEBOX_ENCODE_PCM_H
#define JUKEBOX_ENCODE_PCM_H

#include <stddef.h>
#include <stdint.h>

#include "jukebox/encoder.h"

enum { PCM_SCRATCH_BYTES = 65536 };

size_t pcm_sample_bytes(enum sample_format format);

/* Rounded to the nearest, full scale 2^15 or 2^23, what is above it clipped.  NaN becomes some value. */
void pcm_from_float(enum sample_format format, const float *from, size_t n_samples, uint8_t *to);

/* To e->writer as e->format.sample.  *n_written counts the bytes that the writer took, also on failure. */
enum status pcm_write(struct encoder_handle *e, uint8_t scratch[PCM_SCRATCH_BYTES],
        const float *samples, size_t n_samples, uint64_t *n_written) MUST_USE;

#endif
