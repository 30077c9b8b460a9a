/* limiter.h - keeps the true peak of the stereo programme under a ceiling.
 *
 * Where no peak is above the ceiling the samples pass bit for bit.  Frames come out limiter_delay() later than they went
 * in; the mixer takes that off. The bytes do not depend on how calls are cut.
 */
#ifndef MIX_LIMITER_H
#define MIX_LIMITER_H

#include <stddef.h>

#include "jukebox/mix.h"

enum { LIMITER_MOST_FRAMES = 4096 }; /* a call */

struct limiter;

/* NULL when out of memory. */
struct limiter *limiter_new(int rate_hz, double ceiling_dbtp);
void limiter_free(struct limiter *limiter);

size_t limiter_delay(const struct limiter *limiter);

/* Where the next frames are to be written, up to LIMITER_MOST_FRAMES; then limiter_run takes n_frames of
 * them and gives as many. */
float *limiter_room(struct limiter *limiter);
void limiter_run(struct limiter *limiter, size_t n_frames, float *out);

void limiter_report(const struct limiter *limiter, struct mix_limiter_report *report);

#endif
