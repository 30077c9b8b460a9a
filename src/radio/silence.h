/* silence.h - tells when what goes to the outputs has been silent for too long.  Private to radio/. */
#ifndef RADIO_SILENCE_H
#define RADIO_SILENCE_H

#include <stddef.h>
#include <stdint.h>

#include "jukebox/status.h"

enum silence_news { SILENCE_NO_NEWS, SILENCE_ALARM, SILENCE_OVER };

struct silence;

/* `level_lufs`: blocks of 100 ms below it are silent.  NULL when out of memory. */
struct silence *silence_new(double seconds, double level_lufs, int rate_hz);
void silence_free(struct silence *silence);

/* Stereo frames.  An alarm is told once, until there is sound again. */
enum silence_news silence_add(struct silence *silence, const float *frames, size_t n_frames);

#endif
