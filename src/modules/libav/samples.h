/* samples.h - libav's many sample formats as interleaved float32. */
#ifndef LIBAV_SAMPLES_H
#define LIBAV_SAMPLES_H

#include <stdbool.h>
#include <stddef.h>

#include <libavutil/frame.h>

/* Can samples_to_float take it? */
bool samples_are_known(const AVFrame *frame);

/* n_frames of `frame` from its frame `first` on, with all its channels. */
void samples_to_float(float *to, const AVFrame *frame, size_t first, size_t n_frames);

#endif
