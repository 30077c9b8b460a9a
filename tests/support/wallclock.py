"""A wall clock under a test's hands: preloaded, it adds the seconds in a file to the time of day that a program sees."""
import os
import subprocess

SOURCE = r"""
#include <fcntl.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

int clock_gettime(clockid_t id, struct timespec *t)
{
	int result = (int)syscall(SYS_clock_gettime, id, t);
	const char *path = getenv("WALL_CLOCK");
	if (result != 0 || id != CLOCK_REALTIME || !path)
		return result;
	char text[32] = "";
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd >= 0 && read(fd, text, sizeof text - 1) > 0)
		t->tv_sec += atoll(text);
	if (fd >= 0)
		close(fd);
	return result;
}
"""


class WallClock:
    """`env` makes a program see this clock; set(seconds since 1970) moves it."""

    def __init__(self, at):
        with open("wallclock.c", "w") as f:
            f.write(SOURCE)
        subprocess.run(["cc", "-shared", "-fPIC", "-O1", "-o", "wallclock.so", "wallclock.c"], check=True)
        self.path = os.path.abspath("wallclock.offset")
        self.env = {"LD_PRELOAD": os.path.abspath("wallclock.so"), "WALL_CLOCK": self.path, "TZ": "UTC",
                    "ASAN_OPTIONS": os.environ.get("ASAN_OPTIONS", "") + ":verify_asan_link_order=0"}
        self.set(at)

    def set(self, at):
        import time
        with open(self.path + ".new", "w") as f:
            f.write(str(int(at - time.time())))
        os.rename(self.path + ".new", self.path)
