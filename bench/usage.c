/* usage.c - runs a program and tells what it took: "CPU_S WALL_S PEAK_KB STATUS" in a file.  (A child of a larger
 * program, such as an interpreter, would count that one's memory as its own peak.)
 *
 *   usage FILE PROGRAM [ARGUMENT]...
 */
#include <stdio.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static double now_s(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static double seconds(struct timeval t)
{
	return (double)t.tv_sec + (double)t.tv_usec * 1e-6;
}

int main(int argc, char **argv)
{
	struct rusage u;
	int status = 0;
	FILE *file = argc > 2 ? fopen(argv[1], "w") : NULL;
	double begin = now_s();
	pid_t pid = file ? fork() : -1;
	if (pid == 0) {
		execvp(argv[2], argv + 2);
		_exit(127);
	}
	if (pid < 0 || wait4(pid, &status, 0, &u) != pid)
		return 2;
	fprintf(file, "%.6f %.6f %ld %d\n", seconds(u.ru_utime) + seconds(u.ru_stime),
	        now_s() - begin, u.ru_maxrss,
	        WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status));
	return fclose(file) == 0 ? 0 : 2;
}
