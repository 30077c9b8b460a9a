/* convert.h - from the bus (stereo float32) to the format of one output.
 *
 * The same frames give the same frames, however they are cut into calls.
 */
#ifndef JUKEBOX_OUTPUT_CONVERT_H
#define JUKEBOX_OUTPUT_CONVERT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "jukebox/encoder.h"
#include "jukebox/status.h"

enum { CONVERT_FRAMES = 16384 }; /* most that the sink gets at once */

struct converter;

/* Where converted frames go; anything but STATUS_OK ends the conversion with it. */
typedef enum status converter_sink(void *user, const float *frames, size_t n_frames);

/* `to_integers`: the receiver stores to->sample, so bring the samples on its grid, dithered.  NULL when out of
 * memory or a rate is out of bounds. */
struct converter *converter_new(
        int bus_rate_hz, const struct stream_format *to, bool to_integers, uint64_t seed);
void converter_free(struct converter *converter);

/* There is a rate to change, or noise to be made: worth doing once for many. */
bool converter_is_costly(const struct converter *converter);

/* stereo NULL: the end; gives what filters still hold. */
enum status converter_run(struct converter *converter, const float *stereo, size_t n_frames,
        converter_sink *sink, void *user) MUST_USE;

/* Samples over full scale that integers could not hold. */
int64_t converter_clipped(const struct converter *converter);

#endif
