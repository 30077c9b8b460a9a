/* heap.c - preloaded by bench/soak: writes twice a second, over itself, how much of the heap is in use to the file HEAP_FILE.
 *
 * mallinfo2 counts all arenas; what lies in threads' caches of free chunks counts as used.
 */
#include <fcntl.h>
#include <malloc.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

static void *report(void *user)
{
	int fd = *(int *)user;
	for (;;) {
		struct mallinfo2 m = mallinfo2();
		struct timespec half = {.tv_nsec = 500000000};
		char text[64];
		int n = snprintf(text, sizeof text, "%20zu\n", m.uordblks + m.hblkhd);
		if (pwrite(fd, text, (size_t)n, 0) != n)
			return NULL;
		nanosleep(&half, NULL);
	}
}

__attribute__((constructor)) static void begin(void)
{
	static int fd; /* a preloaded object has nowhere else to keep it */
	const char *path = getenv("HEAP_FILE");
	pthread_attr_t attributes;
	pthread_t thread;
	fd = path ? open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600) : -1;
	unsetenv("LD_PRELOAD");
	if (fd < 0 || pthread_attr_init(&attributes) != 0)
		return;
	pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
	pthread_attr_setstacksize(&attributes, 65536);
	/* The program's signals are not this thread's. */
	sigset_t all, before;
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	(void)pthread_create(&thread, &attributes, report, &fd);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	pthread_attr_destroy(&attributes);
}
