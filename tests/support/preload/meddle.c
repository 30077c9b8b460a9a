/* meddle.c - a disk that hangs and a clock that jumps, by LD_PRELOAD, for tests from outside.
 *
 * MEDDLE_HANG=FILE: while it exists, it names (a line) what hangs: open, stat and read of each path that contains it, or
 * descriptor of such a path, do not return before the file is gone.  "measure:PART" hangs in threads of that name only.
 * MEDDLE_STEP=S: the wall clock jumps by S seconds, to and fro, at every third look at it.  MEDDLE_SLEEP=FILE: while it exists, the clock
 * that counts a suspended machine's sleep is an hour ahead.  MEDDLE_SPEED=N: the monotonic clock goes N times as fast, and who waits at
 * a condition with a deadline by it waits the N-th part.
 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

/* What hangs; false: nothing. */
static int read_what(char *what, size_t n)
{
	const char *file = getenv("MEDDLE_HANG");
	long fd = file ? syscall(SYS_openat, AT_FDCWD, file, O_RDONLY | O_CLOEXEC) : -1;
	long got = fd >= 0 ? syscall(SYS_read, fd, what, n - 1) : -1;
	if (fd >= 0)
		syscall(SYS_close, fd);
	if (got <= 0)
		return 0;
	what[got] = '\0';
	what[strcspn(what, "\n")] = '\0';
	return what[0] != '\0';
}

/* "PART", or "THREAD:PART". */
static int is_meant(const char *what, const char *path)
{
	char thread[16] = "";
	const char *colon = strchr(what, ':');
	if (!colon)
		return strstr(path, what) != NULL;
	prctl(PR_GET_NAME, thread);
	return strncmp(what, thread, (size_t)(colon - what)) == 0 && strstr(path, colon + 1);
}

static void hang_on(const char *path)
{
	char what[256];
	struct timespec pause = {0, 10000000};
	while (path && read_what(what, sizeof what) && is_meant(what, path))
		syscall(SYS_nanosleep, &pause, NULL);
}

static void hang_on_descriptor(int fd)
{
	char link[64], path[4096];
	if (!getenv("MEDDLE_HANG"))
		return;
	snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
	long n = syscall(SYS_readlinkat, AT_FDCWD, link, path, sizeof path - 1);
	path[n > 0 ? n : 0] = '\0';
	hang_on(path);
}

int open(const char *path, int flags, ...)
{
	va_list more;
	va_start(more, flags);
	mode_t mode = flags & O_CREAT ? va_arg(more, mode_t) : 0;
	va_end(more);
	hang_on(path);
	return (int)syscall(SYS_openat, AT_FDCWD, path, flags, mode);
}

int open64(const char *path, int flags, ...)
{
	va_list more;
	va_start(more, flags);
	mode_t mode = flags & O_CREAT ? va_arg(more, mode_t) : 0;
	va_end(more);
	return open(path, flags, mode);
}

int stat(const char *path, struct stat *found)
{
	hang_on(path);
	return (int)syscall(SYS_newfstatat, AT_FDCWD, path, found, 0);
}

int stat64(const char *path, struct stat64 *found)
{
	hang_on(path);
	return (int)syscall(SYS_newfstatat, AT_FDCWD, path, found, 0);
}

ssize_t read(int fd, void *to, size_t n)
{
	hang_on_descriptor(fd);
	return syscall(SYS_read, fd, to, n);
}

ssize_t pread(int fd, void *to, size_t n, off_t at)
{
	hang_on_descriptor(fd);
	return syscall(SYS_pread64, fd, to, n, at);
}

ssize_t pread64(int fd, void *to, size_t n, off_t at)
{
	return pread(fd, to, n, at);
}

static long long nanoseconds(const struct timespec *t)
{
	return t->tv_sec * 1000000000LL + t->tv_nsec;
}

static struct timespec from_nanoseconds(long long ns)
{
	return (struct timespec){ns / 1000000000, ns % 1000000000};
}

static int speed(void)
{
	const char *text = getenv("MEDDLE_SPEED");
	return text ? atoi(text) : 1;
}

int pthread_cond_timedwait(
        pthread_cond_t *condition, pthread_mutex_t *lock, const struct timespec *until)
{
	typedef int wait_fn(pthread_cond_t *, pthread_mutex_t *, const struct timespec *);
	union {
		void *object;
		wait_fn *function;
	} next = {dlsym(RTLD_NEXT, "pthread_cond_timedwait")};
	struct timespec now, real = *until;
	if (speed() > 1) {
		syscall(SYS_clock_gettime, CLOCK_MONOTONIC, &now);
		long long left = nanoseconds(until) - speed() * nanoseconds(&now);
		real = from_nanoseconds(nanoseconds(&now) + (left > 0 ? left / speed() : 0));
	}
	return next.function(condition, lock, &real);
}

int clock_gettime(clockid_t clock, struct timespec *now)
{
	static atomic_long n_looks;
	const char *step = getenv("MEDDLE_STEP"), *sleeping = getenv("MEDDLE_SLEEP");
	long status = syscall(SYS_clock_gettime, clock, now);
	if (clock == CLOCK_MONOTONIC && speed() > 1)
		*now = from_nanoseconds(speed() * nanoseconds(now));
	if (clock == CLOCK_REALTIME && step && atomic_fetch_add(&n_looks, 1) / 3 % 2)
		now->tv_sec += atol(step);
	if (clock == CLOCK_BOOTTIME && sleeping &&
	        syscall(SYS_faccessat, AT_FDCWD, sleeping, F_OK) == 0)
		now->tv_sec += 3600;
	return (int)status;
}

time_t time(time_t *to)
{
	struct timespec now;
	clock_gettime(CLOCK_REALTIME, &now);
	if (to)
		*to = now.tv_sec;
	return now.tv_sec;
}

int gettimeofday(struct timeval *restrict to, void *restrict zone)
{
	struct timespec now;
	(void)zone;
	clock_gettime(CLOCK_REALTIME, &now);
	*to = (struct timeval){now.tv_sec, now.tv_nsec / 1000};
	return 0;
}
