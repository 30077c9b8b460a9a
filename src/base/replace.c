/* replace.c - a small file that is always whole. */
#include "jukebox/replace.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

bool file_write_all(int fd, const char *bytes, size_t n_bytes)
{
	while (n_bytes > 0) {
		ssize_t k = write(fd, bytes, n_bytes);
		if (k < 0 && errno == EINTR)
			continue;
		if (k <= 0)
			return false;
		bytes += k;
		n_bytes -= (size_t)k;
	}
	return true;
}

static bool write_file(const char *path, const char *bytes, size_t n, bool durable)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0666);
	if (fd < 0)
		return false;
	bool ok = file_write_all(fd, bytes, n) && (!durable || fsync(fd) == 0);
	int why = errno;
	if (close(fd) != 0 && ok) {
		ok = false;
		why = errno;
	}
	errno = why;
	return ok;
}

/* The folder's entry, too; where that cannot be done it is as good as it gets. */
static void sync_folder(const char *path)
{
	const char *slash = strrchr(path, '/');
	char *folder = slash ? strndup(path, (size_t)(slash - path) + 1) : strdup(".");
	int fd = folder ? open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
	if (fd >= 0) {
		(void)fsync(fd);
		close(fd);
	}
	free(folder);
}

enum status file_replace(
        const char *path, const char *bytes, size_t n_bytes, bool durable, struct error *error)
{
	char *fresh;
	if (asprintf(&fresh, "%s.new", path) < 0)
		return error_set(error, STATUS_NO_MEMORY, "out of memory");
	bool ok = write_file(fresh, bytes, n_bytes, durable) && rename(fresh, path) == 0;
	int why = errno;
	if (!ok)
		(void)unlink(fresh);
	free(fresh);
	if (!ok)
		return error_set_errno(error, why, "%s", path);
	if (durable)
		sync_folder(path);
	return STATUS_OK;
}

static ssize_t read_some(int fd, char *to, size_t n)
{
	ssize_t k;
	do
		k = read(fd, to, n);
	while (k < 0 && errno == EINTR);
	return k;
}

static enum status read_open(
        int fd, const char *path, size_t most, char **bytes, size_t *n_bytes, struct error *error)
{
	struct stat found;
	if (fstat(fd, &found) != 0)
		return error_set_errno(error, errno, "%s", path);
	if (!S_ISREG(found.st_mode) || (uint64_t)found.st_size > most)
		return error_set(error, STATUS_BAD_DATA, "%s: no regular file, or too large", path);
	size_t n = 0, size = (size_t)found.st_size;
	char *text = malloc(size + 1);
	ssize_t k = 1;
	if (!text)
		return error_set(error, STATUS_NO_MEMORY, "out of memory");
	while (n < size && (k = read_some(fd, text + n, size - n)) > 0)
		n += (size_t)k;
	if (k < 0) {
		int why = errno;
		free(text);
		return error_set_errno(error, why, "%s", path);
	}
	text[n] = '\0';
	*bytes = text;
	*n_bytes = n;
	return STATUS_OK;
}

enum status file_read_all(
        const char *path, size_t most, char **bytes, size_t *n_bytes, struct error *error)
{
	int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0)
		return error_set_errno(error, errno, "%s", path);
	enum status status = read_open(fd, path, most, bytes, n_bytes, error);
	close(fd);
	return status;
}
