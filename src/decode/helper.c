/* helper.c - the sandbox's helper: a process without threads, which forks a child for each file.  It never looks
 * into a file, and loads modules only when a child could not do without. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "descriptors.h"
#include "jail.h"
#include "modules.h"
#include "protocol.h"

enum { LEAVE_SECONDS = 1 };

static void reap(int number)
{
	int kept = errno;

	(void)number;
	while (waitpid(-1, NULL, WNOHANG) > 0)
		;
	errno = kept;
}

/* The program ends it, or its end, which is told by the socket: a signal of its death would come with the end of the
 * thread that started this one.  What is meant for the program (a terminal's Ctrl-C, a service's stop) does not. */
static void detach(void)
{
	static const int ignored[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGUSR1, SIGUSR2, SIGPIPE};
	sigset_t none;

	setsid();
	prctl(PR_SET_NAME, HELPER_NAME, 0, 0, 0);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	for (size_t i = 0; i < sizeof(ignored) / sizeof(*ignored); i++)
		signal(ignored[i], SIG_IGN);
	sigaction(SIGCHLD, &(struct sigaction){.sa_handler = reap, .sa_flags = SA_RESTART}, NULL);
}

/* The program is done.  What children took of the processor counts as ours, and so as the program's, once they are
 * waited for; one that hangs is not. */
_Noreturn static void leave(void)
{
	signal(SIGCHLD, SIG_DFL);
	signal(SIGALRM, SIG_DFL);
	alarm(LEAVE_SECONDS);
	while (waitpid(-1, NULL, 0) > 0 || errno == EINTR)
		;
	_exit(EXIT_SUCCESS);
}

/* Outputs of the program are not held open.  Standard error stays for the sanitizers; a child has it no more. */
static int keep_only(int socket)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	dup2(null, STDIN_FILENO);
	dup2(null, STDOUT_FILENO);
	if (socket != STDERR_FILENO + 1)
		dup2(socket, STDERR_FILENO + 1);
	close_range(STDERR_FILENO + 2, ~0u, 0);
	return STDERR_FILENO + 1;
}

static void serve(int socket, const struct open_request *request, const char *name, const int *fds,
        const struct decoder_watcher *watcher, void *filter)
{
	struct modules modules = {0};
	pid_t self = getpid();

	for (int i = 0; i < N_OPEN; i++)
		if (fds[i] < 0)
			return;
	if (request->with_modules)
		modules_load(&modules);
	if (fork() != 0)
		return; /* also when it fails: then nobody answers */
	prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
	close(socket);
	/* Who it is goes along with the byte, by the kernel: see meet_child() in remote.c. */
	if (getppid() != self || send(fds[OPEN_SOCKET], "", 1, MSG_NOSIGNAL) != 1)
		_exit(1);
	child_run(fds, request, name, &modules, watcher, filter);
}

_Noreturn void helper_run(int socket, const struct decoder_watcher *watcher)
{
	char message[sizeof(struct open_request) + MOST_NAME_BYTES];
	struct open_request request;
	void *filter = jail_filter_new();
	int fds[N_OPEN];
	ssize_t got;

	detach();
	socket = keep_only(socket);
	while ((got = descriptors_receive(socket, message, sizeof(message) - 1, fds, N_OPEN)) > 0) {
		message[got] = '\0';
		memcpy(&request, message, sizeof(request));
		if ((size_t)got >= sizeof(request))
			serve(socket, &request, message + sizeof(request), fds, watcher, filter);
		for (int i = 0; i < N_OPEN; i++)
			if (fds[i] >= 0)
				close(fds[i]);
	}
	leave();
}
