/* bytes.c - one way to read a list from a file, from memory, and from a pipe.
 *
 * Pipes cannot go back, so the head that tells what kind of list it is is kept and handed out
 * again.  What the bytes mean is left to the parsers.
 */
#include "bytes.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

static ssize_t read_descriptor(int fd, char *to, size_t n_bytes)
{
	size_t done = 0;

	while (done < n_bytes) {
		ssize_t n = read(fd, to + done, n_bytes - done);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -1;
		if (n == 0)
			break;
		done += (size_t)n;
	}
	return (ssize_t)done;
}

static ssize_t read_on(struct bytes *bytes, void *to, size_t n_bytes)
{
	if (bytes->source)
		return source_read(bytes->source, to, n_bytes);
	return read_descriptor(bytes->fd, to, n_bytes);
}

static int read_head(struct bytes *bytes)
{
	ssize_t n = read_on(bytes, bytes->head, sizeof bytes->head);

	bytes->n_head = n > 0 ? (size_t)n : 0;
	bytes->head_taken = 0;
	return n < 0 ? -1 : 0;
}

int bytes_init_source(struct bytes *bytes, struct source *source)
{
	bytes->source = source;
	bytes->fd = -1;
	return read_head(bytes);
}

int bytes_init_fd(struct bytes *bytes, int fd)
{
	bytes->source = NULL;
	bytes->fd = fd;
	return read_head(bytes);
}

ssize_t bytes_read(struct bytes *bytes, void *to, size_t n_bytes)
{
	size_t n = bytes->n_head - bytes->head_taken;
	ssize_t more;

	if (n > n_bytes)
		n = n_bytes;
	memcpy(to, bytes->head + bytes->head_taken, n);
	bytes->head_taken += n;
	if (n == n_bytes || bytes->n_head < sizeof bytes->head)
		return (ssize_t)n;
	more = read_on(bytes, (char *)to + n, n_bytes - n);
	return more < 0 ? -1 : (ssize_t)n + more;
}
