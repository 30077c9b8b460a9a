/* convert.h - frames of one format as another: for files that change on their way.
 *
 * Joined MP3s and chained Ogg streams are rare and small; libsamplerate, which smooths nothing over
 * and needs no other part of the program, is fast enough.
 */
#ifndef DECODE_CONVERT_H
#define DECODE_CONVERT_H

#include <stdbool.h>
#include <stddef.h>

#include "jukebox/status.h"

struct format_converter;

/* NULL when out of memory.  Rates and channels were checked by the caller. */
struct format_converter *format_converter_new(
        int from_hz, int from_channels, int to_hz, int to_channels);
void format_converter_free(struct format_converter *converter); /* NULL: nothing */

/* Where the next up to *room frames of input belong; valid until the next call. */
float *format_converter_input(struct format_converter *converter, size_t *room);

/* `n_frames` were put there; 0: no more will come. */
void format_converter_fill(struct format_converter *converter, size_t n_frames);

/* Up to max_frames of output; 0 when more input is needed, or, after the last, when all has come
 * out. */
enum status format_converter_take(struct format_converter *converter, float *to, size_t max_frames,
        size_t *n_frames) MUST_USE;

#endif
