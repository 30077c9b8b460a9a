/* sandbox.c - starts the helper, starts it again when it has died, and ends it.  What it does is in helper.c, what the
 * program does with it in remote.c. */
#include "jukebox/sandbox.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "descriptors.h"
#include "helper.h"
#include "jukebox/log.h"
#include "protocol.h"

enum { WINDOW_S = 60, LEAVE_MS = 2000, HELPER_SOCKET = STDERR_FILENO + 1 };

/* Belongs to the process like its standard streams do: decoders are opened from everywhere. */
static struct {
	pthread_mutex_t lock; /* guards all below */
	struct log *log;
	bool is_on, is_required;
	const struct decoder_watcher *watcher;
	int socket; /* the program's end of the helper's; -1: it is gone */
	pid_t helper;
	unsigned number; /* of the helper, counted from 1 */
	int restarts; /* since window_s; one more than are allowed: none before the window ends */
	time_t window_s;
	bool said_no_filter;
} sandbox = {.lock = PTHREAD_MUTEX_INITIALIZER, .socket = -1};

/* ---- the process ---------------------------------------------------------------------------------- */

/* Before there is any thread a fork is safe, and costs less than a start of the program. */
static pid_t fork_helper(const int ends[2])
{
	pid_t helper = fork();

	if (helper == 0) {
		close(ends[0]);
		helper_run(ends[1], sandbox.watcher);
	}
	return helper;
}

/* Beside threads only exec is. */
static pid_t spawn_helper(int socket)
{
	char *arguments[] = {(char *)HELPER_NAME, NULL};
	posix_spawn_file_actions_t files;
	pid_t helper = -1;
	int result = posix_spawn_file_actions_init(&files);

	if (result == 0) {
		result = posix_spawn_file_actions_adddup2(&files, socket, HELPER_SOCKET);
		if (result == 0)
			result = posix_spawn(
			        &helper, "/proc/self/exe", &files, NULL, arguments, environ);
		posix_spawn_file_actions_destroy(&files);
	}
	errno = result;
	return result == 0 ? helper : -1;
}

static enum status start_helper(struct error *error)
{
	int ends[2], error_number;
	pid_t helper;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0)
		return error_set_errno(error, errno, "no socket");
	helper = !sandbox.is_on ? fork_helper(ends) : spawn_helper(ends[1]);
	error_number = errno;
	close(ends[1]);
	if (helper < 0) {
		close(ends[0]);
		return error_set_errno(error, error_number, "no process");
	}
	sandbox.socket = ends[0];
	sandbox.helper = helper;
	sandbox.number++;
	return STATUS_OK;
}

/* To the helper, and to its children, among them those that nobody has met yet: it leads their group.  It is not waited for
 * yet, so these are still its number and its group's. */
static void signal_helper(int number)
{
	kill(sandbox.helper, number);
	kill(-sandbox.helper, number);
}

/* Nothing that it knows is worth a farewell.  Returns the status of waitpid. */
static int end_helper(void)
{
	int ended = 0;

	signal_helper(SIGKILL);
	close(sandbox.socket);
	sandbox.socket = -1;
	while (waitpid(sandbox.helper, &ended, 0) < 0 && errno == EINTR)
		;
	return ended;
}

/* It waits for its children first, so that their time counts as the program's; for a while. */
static void let_helper_leave(void)
{
	int self = pidfd_open(sandbox.helper, 0);
	struct pollfd ended = {self, POLLIN, 0};

	shutdown(sandbox.socket, SHUT_RDWR);
	if (self >= 0) {
		(void)poll(&ended, 1, LEAVE_MS);
		close(self);
	}
	end_helper();
}

void sandbox_serve(int argc, char **argv, const struct decoder_watcher *watcher)
{
	int type = 0;
	socklen_t size = sizeof(type);

	if (argc == 1 && strcmp(argv[0], HELPER_NAME) == 0 &&
	        getsockopt(HELPER_SOCKET, SOL_SOCKET, SO_TYPE, &type, &size) == 0 &&
	        type == SOCK_SEQPACKET)
		helper_run(HELPER_SOCKET, watcher);
}

/* ---- starting and stopping ------------------------------------------------------------------------ */

enum status sandbox_start(bool required, const struct decoder_watcher *watcher, struct error *error)
{
	struct error reason = {0};
	enum status status = STATUS_OK;

	pthread_mutex_lock(&sandbox.lock);
	if (!sandbox.is_on) {
		/* Without it a child that hangs could not be stopped safely. */
		int self = pidfd_open(getpid(), 0);

		sandbox.is_required = required;
		sandbox.watcher = watcher;
		status = self < 0 ? error_set_errno(&reason, errno, "no pidfd_open")
		                  : start_helper(&reason);
		if (self >= 0)
			close(self);
		sandbox.is_on = status == STATUS_OK || required;
	}
	pthread_mutex_unlock(&sandbox.lock);
	return status == STATUS_OK ? status
	                           : error_set(error, status, "no sandbox: %s", reason.text);
}

bool sandbox_is_on(void)
{
	pthread_mutex_lock(&sandbox.lock);
	bool is_on = sandbox.is_on;
	pthread_mutex_unlock(&sandbox.lock);
	return is_on;
}

void sandbox_report_to(struct log *log)
{
	pthread_mutex_lock(&sandbox.lock);
	sandbox.log = log;
	pthread_mutex_unlock(&sandbox.lock);
}

struct log *sandbox_log(void)
{
	pthread_mutex_lock(&sandbox.lock);
	struct log *log = sandbox.log;
	pthread_mutex_unlock(&sandbox.lock);
	return log;
}

void sandbox_stop(void)
{
	pthread_mutex_lock(&sandbox.lock);
	if (sandbox.socket >= 0)
		let_helper_leave();
	sandbox.is_on = false;
	pthread_mutex_unlock(&sandbox.lock);
}

/* ---- one after another ---------------------------------------------------------------------------- */

static const char *without(void)
{
	return sandbox.is_required ? "for a minute files are refused"
	                           : "for a minute files are decoded in the program itself";
}

/* Not for ever in a row: who kills them means it, or there is no memory.  What is to be told goes to *news. */
static void start_again(struct error *news)
{
	struct timespec now;
	struct error reason = {0};

	clock_gettime(CLOCK_MONOTONIC, &now);
	if (sandbox.restarts == 0 || now.tv_sec - sandbox.window_s >= WINDOW_S) {
		sandbox.window_s = now.tv_sec;
		sandbox.restarts = 0;
	}
	if (sandbox.restarts > SANDBOX_RESTARTS)
		return;
	if (++sandbox.restarts > SANDBOX_RESTARTS)
		error_set(news, STATUS_IO, "the sandbox's helper process died %d times: %s",
		        sandbox.restarts, without());
	else if (start_helper(&reason) == STATUS_OK)
		error_set(news, STATUS_OK,
		        "the sandbox's helper process died; another took its place");
	else
		error_set(news, STATUS_IO,
		        "the sandbox's helper process died, and none can be started (%s): %s",
		        reason.text, without());
	if (news->status != STATUS_OK) {
		sandbox.restarts = SANDBOX_RESTARTS + 1;
		sandbox.window_s = now.tv_sec;
	}
}

/* Does not wait: one that lets hundreds of openings lie is as good as dead. */
static bool send_now(void *message, size_t n_bytes, const int *fds, int n_fds, struct error *news)
{
	if (sandbox.socket < 0)
		start_again(news);
	if (sandbox.socket < 0)
		return false;
	if (descriptors_send(sandbox.socket, message, n_bytes, fds, n_fds) > 0)
		return true;
	end_helper();
	return false;
}

static enum status refusal(bool is_required, struct error *error)
{
	return is_required ? error_set(error, STATUS_IO, "there is no sandbox to decode it in")
	                   : STATUS_CANCELLED;
}

enum status sandbox_send(void *message, size_t n_bytes, const int *fds, int n_fds, unsigned *helper,
        struct error *error)
{
	struct error news = {0};
	bool sent = false, is_required;
	struct log *log;

	pthread_mutex_lock(&sandbox.lock);
	for (int tries = 0; tries < 2 && !sent && sandbox.is_on; tries++)
		sent = send_now(message, n_bytes, fds, n_fds, &news);
	*helper = sandbox.number;
	is_required = sandbox.is_required;
	log = sandbox.log;
	pthread_mutex_unlock(&sandbox.lock);
	if (news.text[0])
		log_print(log, LOG_WARNING, "%s", news.text);
	return sent ? STATUS_OK : refusal(is_required, error);
}

enum status sandbox_refusal(struct error *error)
{
	pthread_mutex_lock(&sandbox.lock);
	bool is_required = sandbox.is_required;
	pthread_mutex_unlock(&sandbox.lock);
	return refusal(is_required, error);
}

void sandbox_wake(unsigned helper)
{
	pthread_mutex_lock(&sandbox.lock);
	if (sandbox.socket >= 0 && sandbox.number == helper)
		signal_helper(SIGCONT);
	pthread_mutex_unlock(&sandbox.lock);
}

/* Its end of the socket is closed before it is dead, and with that what lay there unread. */
static bool has_hung_up(void)
{
	struct pollfd end = {.fd = sandbox.socket};
	return poll(&end, 1, 0) > 0;
}

static bool has_exited(void)
{
	siginfo_t ended = {0};
	return waitid(P_PID, (id_t)sandbox.helper, &ended, WEXITED | WNOHANG | WNOWAIT) != 0 ||
	       ended.si_pid != 0;
}

bool sandbox_has_died(unsigned helper)
{
	pthread_mutex_lock(&sandbox.lock);
	bool died = sandbox.socket < 0 || sandbox.number != helper || has_hung_up() || has_exited();
	pthread_mutex_unlock(&sandbox.lock);
	return died;
}

void sandbox_kill(unsigned helper)
{
	pthread_mutex_lock(&sandbox.lock);
	if (sandbox.socket >= 0 && sandbox.number == helper)
		end_helper();
	pthread_mutex_unlock(&sandbox.lock);
}

enum status sandbox_without_filter(struct error *error)
{
	pthread_mutex_lock(&sandbox.lock);
	bool is_first = !sandbox.said_no_filter, is_required = sandbox.is_required;
	struct log *log = sandbox.log;
	sandbox.said_no_filter = true;
	pthread_mutex_unlock(&sandbox.lock);
	if (is_first)
		log_print(log, LOG_DEBUG,
		        "no seccomp here: decoders are held by limits on resources alone");
	return is_required ? error_set(error, STATUS_IO, "there is no seccomp to decode it under")
	                   : STATUS_OK;
}
