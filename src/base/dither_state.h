/* dither_state.h - what the dither and its vector units share. */
#ifndef BASE_DITHER_STATE_H
#define BASE_DITHER_STATE_H

#include "jukebox/dither.h"

enum { DITHER_LANES = 8 };
#define DITHER_STEP (1.0f / 32768.0f)
#define DITHER_NOISE_STEP (1.0f / 65536.0f)

/* Samples from a border of eight numbers on, as many as go in whole vectors: how many were done. */
typedef size_t dither_many_fn(struct dither *d, const float *in, float *out, size_t n_samples);

struct dither {
	uint32_t s[4][DITHER_LANES]; /* word, lane */
	uint32_t noise[DITHER_LANES]; /* the numbers of the group at hand */
	unsigned n_used; /* of them; DITHER_LANES: none left */
	size_t clean; /* samples in a row that lay on the grid */
	size_t clean_enough; /* from here on noise is off; `clean` stops there */
	dither_many_fn *many; /* NULL: one by one */
};

/* The next sample, on the grid. */
float dither_one(struct dither *d, float in);

/* The fastest that this processor can; NULL: none. */
dither_many_fn *dither_many_best(void);

#ifdef __SSE2__
dither_many_fn dither_many_sse2, dither_many_avx2; /* the second is for processors with AVX2 */
#endif

#endif
