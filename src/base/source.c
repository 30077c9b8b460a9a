/* source.c - bytes from a regular file or from memory. */
#include "jukebox/source.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct source {
	int fd; /* -1: memory */
	const uint8_t *bytes;
	int64_t size, position;
	int64_t begins_at; /* in the file; a piece of it ends after `size` bytes */
	bool is_piece; /* the file is another source's */
	struct timespec mtime;
	char *path;
	bool is_part;
	struct part part;
};

static const char *kind_of(mode_t mode)
{
	return S_ISDIR(mode)    ? "is a folder"
	       : S_ISFIFO(mode) ? "is a FIFO"
	       : S_ISSOCK(mode) ? "is a socket"
	                        : "is a device";
}

static int open_file(const char *path)
{
	int fd;

	/* Not waiting for a writer of a FIFO, nor rewinding a tape; fstat then tells what it is. */
	do
		fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
	while (fd < 0 && errno == EINTR);
	return fd;
}

static int open_whole_of(const char *part_name, const struct part *part)
{
	char *path = strndup(part_name, part->n_file);
	int fd = path ? open_file(path) : -1, error_number = path ? errno : ENOMEM;

	free(path);
	errno = error_number;
	return fd;
}

/* It has to be a file. */
static enum status look_at(struct source *s, struct error *error)
{
	struct stat st;
	if (fstat(s->fd, &st) != 0)
		return error_set_errno(error, errno, "cannot open");
	if (!S_ISREG(st.st_mode))
		return error_set(
		        error, STATUS_UNSUPPORTED, "not a regular file: %s", kind_of(st.st_mode));
	s->size = st.st_size;
	s->mtime = st.st_mtim;
	return STATUS_OK;
}

static enum status open_regular(const char *path, struct source *s, struct error *error)
{
	s->fd = open_file(path);
	if (s->fd < 0 && errno == ENOENT && part_of_name(path, &s->part)) {
		s->is_part = true;
		s->fd = open_whole_of(path, &s->part);
	}
	if (s->fd < 0)
		return error_set_errno(error, errno, "cannot open");
	return look_at(s, error);
}

static struct source *source_new(const char *name)
{
	struct source *s = calloc(1, sizeof *s);
	if (!s)
		return NULL;
	s->fd = -1;
	s->path = strdup(name);
	if (!s->path) {
		free(s);
		return NULL;
	}
	return s;
}

enum status source_open(const char *path, struct source **source, struct error *error)
{
	*source = NULL;
	struct source *s = source_new(path);
	if (!s)
		return error_set(error, STATUS_NO_MEMORY, "out of memory");
	enum status status = open_regular(path, s, error);
	if (status != STATUS_OK) {
		source_close(s);
		return status;
	}
	*source = s;
	return STATUS_OK;
}

enum status source_open_descriptor(
        int fd, const char *name, bool is_part, struct source **source, struct error *error)
{
	struct source *s = source_new(name);
	enum status status;
	*source = NULL;
	if (!s) {
		close(fd);
		return error_set(error, STATUS_NO_MEMORY, "out of memory");
	}
	s->fd = fd;
	s->is_part = is_part && part_of_name(name, &s->part);
	status = look_at(s, error);
	if (status == STATUS_OK)
		*source = s;
	else
		source_close(s);
	return status;
}

enum status source_open_memory(const void *bytes, size_t n_bytes, const char *name,
        struct source **source, struct error *error)
{
	*source = source_new(name);
	if (!*source)
		return error_set(error, STATUS_NO_MEMORY, "out of memory");
	(*source)->bytes = bytes;
	(*source)->size = (int64_t)n_bytes;
	return STATUS_OK;
}

enum status source_open_piece(const struct source *of, int64_t begins_at, int64_t n_bytes,
        struct source **source, struct error *error)
{
	struct source *s = *source = source_new(of->path);

	if (!s)
		return error_set(error, STATUS_NO_MEMORY, "out of memory");
	s->fd = of->fd;
	s->bytes = of->bytes ? of->bytes + begins_at : NULL;
	s->begins_at = of->begins_at + begins_at;
	s->is_piece = true;
	s->size = n_bytes;
	s->mtime = of->mtime;
	return STATUS_OK;
}

void source_close(struct source *source)
{
	if (!source)
		return;
	if (source->fd >= 0 && !source->is_piece)
		close(source->fd);
	free(source->path);
	free(source);
}

static ssize_t read_memory(struct source *s, void *to, size_t n)
{
	int64_t left = s->position < s->size ? s->size - s->position : 0;
	if ((int64_t)n > left)
		n = (size_t)left;
	if (n > 0)
		memcpy(to, s->bytes + s->position, n);
	return (ssize_t)n;
}

static ssize_t read_file(struct source *s, uint8_t *to, size_t n)
{
	size_t got = 0;
	int64_t left = s->position < s->size ? s->size - s->position : 0;
	if (s->is_piece && (uint64_t)left < n)
		n = (size_t)left;
	while (got < n) {
		ssize_t k =
		        pread(s->fd, to + got, n - got, s->begins_at + s->position + (int64_t)got);
		if (k < 0 && errno == EINTR)
			continue;
		if (k < 0)
			return got > 0 ? (ssize_t)got : -1;
		if (k == 0)
			break;
		got += (size_t)k;
	}
	return (ssize_t)got;
}

ssize_t source_read(struct source *source, void *to, size_t n_bytes)
{
	ssize_t n =
	        source->fd < 0 ? read_memory(source, to, n_bytes) : read_file(source, to, n_bytes);
	if (n > 0)
		source->position += n;
	return n;
}

int64_t source_seek(struct source *source, int64_t position)
{
	if (position < 0) {
		errno = EINVAL;
		return -1;
	}
	source->position = position;
	return position;
}

int64_t source_position(const struct source *source)
{
	return source->position;
}

int64_t source_size(const struct source *source)
{
	return source->size;
}

struct timespec source_mtime(const struct source *source)
{
	return source->mtime;
}

const char *source_path(const struct source *source)
{
	return source->path;
}

const struct part *source_part(const struct source *source)
{
	return source->is_part ? &source->part : NULL;
}

int source_descriptor(const struct source *source)
{
	return source->fd;
}
