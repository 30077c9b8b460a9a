/* analyser.h - frames in, record out: the core of measuring, without files. */
#ifndef MEASURE_ANALYSER_H
#define MEASURE_ANALYSER_H

#include <stddef.h>

#include "jukebox/record.h"
#include "jukebox/status.h"

struct analyser;

/* Rate and channels of the file.  NULL when out of memory. */
struct analyser *analyser_new(int sample_rate_hz, int channels);
void analyser_free(struct analyser *analyser);

/* Interleaved. */
enum status analyser_add(struct analyser *analyser, const float *frames, size_t n_frames) MUST_USE;

/* Fills what is measured (not codec, tags and damage) of an empty *record, which owns it, also after a failure. */
enum status analyser_finish(struct analyser *analyser, struct record *record) MUST_USE;

#endif
