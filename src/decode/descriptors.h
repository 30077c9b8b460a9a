/* descriptors.h - messages that carry open files. */
#ifndef DECODE_DESCRIPTORS_H
#define DECODE_DESCRIPTORS_H

#include <stddef.h>
#include <sys/types.h>

/* As sendmsg, and without SIGPIPE; the message stays as it is. */
ssize_t descriptors_send(int socket, void *message, size_t n_bytes, const int *fds, int n);

/* Fills fds[0 .. n-1], -1 for those that did not come; others are closed.  As recvmsg. */
ssize_t descriptors_receive(int socket, void *message, size_t n_bytes, int *fds, int n);

#endif
