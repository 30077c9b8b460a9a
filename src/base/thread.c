/* thread.c - starting threads.  A new one inherits the signals that are blocked, so they are while it starts: were it to
 * block them itself, one could come before. */
#include "jukebox/thread.h"

#include <signal.h>

int thread_start(pthread_t *thread, void *(*run)(void *user), void *user)
{
	sigset_t all, before;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	int error_number = pthread_create(thread, NULL, run, user);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return error_number;
}

bool thread_start_detached(void *(*run)(void *user), void *user)
{
	pthread_t thread;

	if (thread_start(&thread, run, user) != 0)
		return false;
	pthread_detach(thread);
	return true;
}
