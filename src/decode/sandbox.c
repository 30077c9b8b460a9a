/* sandbox.c - starts and ends the helper.  What it does is in helper.c, what the program does with it in
 * remote.c. */
#include "jukebox/sandbox.h"

#include <errno.h>
#include <stdatomic.h>
#include <sys/pidfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "protocol.h"
#include "remote.h"

/* Belongs to the process like its standard streams do: decoders are opened from everywhere.  Set before any
 * thread is there.  The socket is kept plus one, so that 0 is none. */
static atomic_int helper_socket_plus_one;
static pid_t helper;

int sandbox_socket(void)
{
	return atomic_load(&helper_socket_plus_one) - 1;
}

bool sandbox_is_on(void)
{
	return sandbox_socket() >= 0;
}

enum status sandbox_start(struct error *error)
{
	int ends[2];

	if (sandbox_is_on())
		return STATUS_OK;
	/* Without it a child that hangs could not be stopped safely. */
	int self = pidfd_open(getpid(), 0);
	if (self < 0)
		return error_set_errno(error, errno, "no sandbox: no pidfd_open");
	close(self);
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0)
		return error_set_errno(error, errno, "no sandbox: no socket");
	helper = fork();
	if (helper == 0) {
		close(ends[0]);
		helper_run(ends[1]);
	}
	close(ends[1]);
	if (helper < 0) {
		int error_number = errno;

		close(ends[0]);
		return error_set_errno(error, error_number, "no sandbox: no process");
	}
	atomic_store(&helper_socket_plus_one, ends[0] + 1);
	return STATUS_OK;
}

void sandbox_stop(void)
{
	int socket = atomic_exchange(&helper_socket_plus_one, 0) - 1;

	if (socket < 0)
		return;
	close(socket);
	while (waitpid(helper, NULL, 0) < 0 && errno == EINTR)
		;
}
