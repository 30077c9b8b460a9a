/* thread.h - threads that leave signals to those who wait for them: all are blocked in them from the beginning. */
#ifndef JUKEBOX_THREAD_H
#define JUKEBOX_THREAD_H

#include <pthread.h>
#include <stdbool.h>

/* As pthread_create: 0, or the number of the error. */
int thread_start(pthread_t *thread, void *(*run)(void *user), void *user);

/* One that nobody joins. */
bool thread_start_detached(void *(*run)(void *user), void *user);

#endif
