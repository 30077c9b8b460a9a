/* clock.h - time that never steps, and the time of day. */
#ifndef JUKEBOX_CLOCK_H
#define JUKEBOX_CLOCK_H

#include <stdint.h>

/* Monotonic nanoseconds; only differences mean something. */
int64_t clock_now_ns(void);

/* Nanoseconds that the machine was suspended since it was started: clock_now_ns stands still meanwhile. */
int64_t clock_asleep_ns(void);

/* Seconds since 1970, by the clock on the wall: it steps. */
int64_t clock_wall_s(void);

#endif
