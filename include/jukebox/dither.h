/* dither.h - float32 samples to the grid of integers.
 *
 * 16 bit: rounded with triangular (TPDF) noise of +-1 step, new for every sample, so that what is
 * below a step stays audible and the error is independent of the music (Lipshitz, Wannamaker,
 * Vanderkooy 1992).  Stretches that lie on the 16-bit grid already (digital silence, 16-bit music at
 * unity gain) come out bit for bit: noise is off at the start and after DITHER_CLEAN_FRAMES frames
 * that need none, and on again with the first sample that does.
 * 24 bit: plainly rounded; a float32 near full scale is no finer than that.
 * Values beyond full scale are clipped.  The same seed and samples give the same bytes, however the
 * samples are cut into calls.  Threads: one dither, one thread at a time.
 */
#ifndef JUKEBOX_DITHER_H
#define JUKEBOX_DITHER_H

#include <stddef.h>
#include <stdint.h>

enum { DITHER_CLEAN_FRAMES = 64 };

struct dither;

/* NULL when out of memory. */
struct dither *dither_new(uint64_t seed, int channels);
void dither_free(struct dither *dither);

/* n_samples = frames * channels, interleaved.  What comes out are floats again, each exactly n / 2^15 or n / 2^23 of an
 * n that 16 or 24 bits hold: whoever stores integers has only to scale.  `out` may be `in`. */
void dither_to_16_bits(struct dither *dither, const float *in, float *out, size_t n_samples);
void dither_to_24_bits(struct dither *dither, const float *in, float *out, size_t n_samples);

#endif
