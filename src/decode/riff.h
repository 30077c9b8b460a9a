/* riff.h - the chunks of RIFF (WAV), RF64 and AIFF files, for what libsndfile leaves aside. */
#ifndef DECODE_RIFF_H
#define DECODE_RIFF_H

#include <stdbool.h>
#include <stdint.h>

#include "view.h"

enum { RIFF_MOST_CHUNKS = 1000 };

struct riff {
	struct view *view;
	char kind[4]; /* "RIFF", "RIFX", "RF64" or "FORM" */
	uint32_t claimed_bytes; /* behind that and this */
	bool big_endian;
	int n_chunks;
	int64_t next; /* where the next chunk's header stands */
	uint64_t data_bytes; /* of RF64's ds64; 0: not said */
	/* The chunk at hand: */
	char name[4];
	int64_t body; /* where it begins in the view */
	int64_t n_bytes; /* as claimed */
};

/* False: neither RIFF, RIFX, RF64 nor AIFF. */
bool riff_begin(struct riff *riff, struct view *view);

/* False: no further one, which is also what damage means. */
bool riff_next(struct riff *riff);

#endif
