/* clock.h - time that never steps. */
#ifndef JUKEBOX_CLOCK_H
#define JUKEBOX_CLOCK_H

#include <stdint.h>

/* Monotonic nanoseconds; only differences mean something. */
int64_t clock_now_ns(void);

#endif
