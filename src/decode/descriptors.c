/* descriptors.c - messages that carry open files: SCM_RIGHTS, see unix(7) and cmsg(3). */
#include "descriptors.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { MOST = 4 };

union control {
	char bytes[CMSG_SPACE(MOST * sizeof(int))];
	struct cmsghdr align;
};

ssize_t descriptors_send(int socket, void *message, size_t n_bytes, const int *fds, int n)
{
	union control control = {{0}};
	struct iovec part = {message, n_bytes};
	struct msghdr header = {.msg_iov = &part,
	        .msg_iovlen = 1,
	        .msg_control = control.bytes,
	        .msg_controllen = CMSG_SPACE((size_t)n * sizeof(int))};
	struct cmsghdr *rights = CMSG_FIRSTHDR(&header);
	ssize_t sent;

	rights->cmsg_level = SOL_SOCKET;
	rights->cmsg_type = SCM_RIGHTS;
	rights->cmsg_len = CMSG_LEN((size_t)n * sizeof(int));
	memcpy(CMSG_DATA(rights), fds, (size_t)n * sizeof(int));
	do
		sent = sendmsg(socket, &header, MSG_NOSIGNAL | MSG_DONTWAIT);
	while (sent < 0 && errno == EINTR);
	return sent;
}

ssize_t descriptors_receive(int socket, void *message, size_t n_bytes, int *fds, int n)
{
	union control control = {{0}};
	struct iovec part = {message, n_bytes};
	struct msghdr header = {.msg_iov = &part,
	        .msg_iovlen = 1,
	        .msg_control = control.bytes,
	        .msg_controllen = sizeof(control.bytes)};
	int n_taken = 0;
	ssize_t got;

	do
		got = recvmsg(socket, &header, MSG_CMSG_CLOEXEC);
	while (got < 0 && errno == EINTR);
	for (int i = 0; i < n; i++)
		fds[i] = -1;
	for (struct cmsghdr *c = got < 0 ? NULL : CMSG_FIRSTHDR(&header); c;
	        c = CMSG_NXTHDR(&header, c)) {
		size_t n_fds = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);

		if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
			continue;
		for (size_t i = 0; i < n_fds; i++) {
			int fd;

			memcpy(&fd, CMSG_DATA(c) + i * sizeof(int), sizeof(fd));
			if (n_taken < n)
				fds[n_taken++] = fd;
			else
				close(fd);
		}
	}
	return got;
}
