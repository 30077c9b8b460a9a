/* clock.h - time that never steps, and the time of day. */
#ifndef JUKEBOX_CLOCK_H
#define JUKEBOX_CLOCK_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

/* Monotonic nanoseconds; only differences mean something. */
int64_t clock_now_ns(void);

/* Nanoseconds that the machine was suspended since it was started: clock_now_ns stands still meanwhile. */
int64_t clock_asleep_ns(void);

/* Seconds since 1970, by the clock on the wall: it steps. */
int64_t clock_wall_s(void);

/* A condition whose waits may have a deadline by clock_now_ns. */
void clock_condition_init(pthread_cond_t *condition);

/* Waits like pthread_cond_wait, with the lock held; INT64_MAX: for ever.  False: the deadline has passed. */
bool clock_wait(pthread_cond_t *condition, pthread_mutex_t *lock, int64_t deadline_ns);

#endif
