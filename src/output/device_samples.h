/* device_samples.h - floats in the native words that sound cards take. */
#ifndef JUKEBOX_OUTPUT_DEVICE_SAMPLES_H
#define JUKEBOX_OUTPUT_DEVICE_SAMPLES_H

#include <stddef.h>

enum device_word {
	WORD_S16,
	WORD_S24_IN_3, /* little-endian, packed */
	WORD_S24_IN_4, /* in the lower bytes */
	WORD_S32,
	WORD_F32,
};

size_t device_word_bytes(enum device_word word);

/* Rounded to the nearest, clipped; NaN becomes 0. */
void device_words(enum device_word word, const float *from, size_t n_samples, void *to);

#endif
