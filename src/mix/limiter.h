/* limiter.h - keeps the true peak of the stereo programme under a ceiling.
 *
 * Where no peak is above the ceiling the samples pass bit for bit.  Frames come out limiter_delay() later than they went
 * in; the mixer takes that off. The bytes do not depend on how calls are cut.
 */
#ifndef MIX_LIMITER_H
#define MIX_LIMITER_H

#include <stddef.h>

#include "jukebox/mix.h"

enum { LIMITER_MOST_FRAMES = 1024 }; /* a call */

struct limiter;

/* NULL when out of memory. */
struct limiter *limiter_new(int rate_hz, double ceiling_dbtp);
void limiter_free(struct limiter *limiter);

size_t limiter_delay(const struct limiter *limiter);

/* Takes n_frames (at most LIMITER_MOST_FRAMES) and gives as many; `in` and `out` may be the same. */
void limiter_run(struct limiter *limiter, const float *in, float *out, size_t n_frames);

void limiter_report(const struct limiter *limiter, struct mix_limiter_report *report);

#endif
