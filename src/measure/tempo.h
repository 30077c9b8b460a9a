/* tempo.h - beats per minute from the strength of new sound over time. */
#ifndef MEASURE_TEMPO_H
#define MEASURE_TEMPO_H

#include <stddef.h>

#include "jukebox/status.h"

struct tempo {
	double bpm; /* 0: not found */
	double confidence; /* 0 ... 1 */
	double first_beat_s;
};

/* `envelope`: n values, the i-th of second i / rate_hz. */
enum status tempo_find(
        const float *envelope, size_t n, double rate_hz, struct tempo *tempo) MUST_USE;

#endif
