/* dither.h - float32 samples to integers.
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

/* n_samples = frames * channels, interleaved.  `out` holds native 16-bit values. */
void dither_to_s16(struct dither *dither, const float *in, int16_t *out, size_t n_samples);

/* `out`: 3 bytes a sample, little-endian. */
void dither_to_s24(struct dither *dither, const float *in, uint8_t *out, size_t n_samples);

#endif
