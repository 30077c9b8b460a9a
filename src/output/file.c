/* file.c - encoded audio to a named file, a FIFO, a device, or standard output.
 *
 * Never loses a byte: short and interrupted writes go on, a slow reader holds the mix back.  A regular file can be
 * rewritten behind our back end (patch); anything else is a stream.  What is waited for besides a disk is
 * polled together with stop_fd, so that a stalled reader does not hold the program.
 * No fsync: a mix can be made again; but what the system says at close is told.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "hub.h"
#include "targets.h"

enum { FIFO_RETRY_MS = 50 };

struct file {
	const char *name; /* for errors; borrowed */
	const char *path; /* NULL: standard output, which is not ours */
	int fd, patch_fd;
	int stop_fd;
	bool is_open, has_patch_fd;
	bool is_regular;
	bool is_ours; /* our open file description: no other process shares its O_NONBLOCK */
	bool was_made; /* by us */
	bool has_begun; /* something was written, older contents are gone */
	int64_t base; /* where our first byte stands */
	int64_t position; /* bytes written */
	struct encoder *encoder;
};

/* ---- the writer --------------------------------------------------------------------------- */

static enum status wait_writable(struct file *f, struct error *error)
{
	struct pollfd fds[2] = {
	        {.fd = f->fd, .events = POLLOUT}, {.fd = f->stop_fd, .events = POLLIN}};
	while (poll(fds, 2, -1) < 0)
		if (errno != EINTR)
			return error_set_errno(error, errno, "%s: cannot wait", f->name);
	if (fds[1].revents)
		return error_set(error, STATUS_CANCELLED, "%s: stopped", f->name);
	return STATUS_OK;
}

/* How much may be written without waiting longer than the poll.  A pipe that polls as writable has room for
 * PIPE_BUF bytes (pipe(7)); a larger write to it would block, and O_NONBLOCK is only ours to set where the
 * open file description is. */
static size_t write_size(const struct file *f, size_t n_bytes)
{
	return f->is_regular || f->is_ours || n_bytes < PIPE_BUF ? n_bytes : PIPE_BUF;
}

/* Old contents go with the first byte: a wrong option has cost nobody a file. */
static enum status begin(struct file *f, struct error *error)
{
	if (f->has_begun)
		return STATUS_OK;
	if (f->path && f->is_regular && ftruncate(f->fd, 0) < 0)
		return error_set_errno(error, errno, "%s: cannot empty it", f->name);
	f->has_begun = true;
	return STATUS_OK;
}

/* A part of a write before a failure is taken back, so that the file ends where its head says. */
static enum status write_failed(struct file *f, int64_t before, int reason, struct error *error)
{
	if (f->path && f->is_regular && ftruncate(f->fd, before) == 0)
		f->position = before;
	return error_set_errno(error, reason, "%s: cannot write", f->name);
}

static enum status file_write_bytes(
        void *user, const void *bytes, size_t n_bytes, struct error *error)
{
	struct file *f = user;
	int64_t before = f->position;
	TRY(begin(f, error));
	while (n_bytes > 0) {
		if (!f->is_regular)
			TRY(wait_writable(f, error));
		ssize_t n = write(f->fd, bytes, write_size(f, n_bytes));
		if (n < 0 && (errno == EINTR || errno == EAGAIN))
			continue;
		if (n < 0)
			return write_failed(f, before, errno, error);
		bytes = (const char *)bytes + n;
		n_bytes -= (size_t)n;
		f->position += n;
	}
	return STATUS_OK;
}

static enum status file_patch_bytes(
        void *user, int64_t position, const void *bytes, size_t n_bytes, struct error *error)
{
	struct file *f = user;
	while (n_bytes > 0) {
		ssize_t n = pwrite(f->patch_fd, bytes, n_bytes, f->base + position);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return error_set_errno(
			        error, errno, "%s: cannot rewrite the head", f->name);
		bytes = (const char *)bytes + n;
		n_bytes -= (size_t)n;
		position += n;
	}
	return STATUS_OK;
}

/* ---- opening ------------------------------------------------------------------------------ */

/* A FIFO without a reader refuses; its reader may come any moment. */
static enum status open_waiting(struct file *f, struct log *log, struct error *error)
{
	bool told = false;
	for (;;) {
		f->fd = open(f->path, O_WRONLY | O_CREAT | O_NONBLOCK | O_NOCTTY | O_CLOEXEC, 0666);
		if (f->fd >= 0)
			return STATUS_OK;
		struct stat st;
		if (errno != ENXIO || stat(f->path, &st) < 0 || !S_ISFIFO(st.st_mode))
			return error_set_errno(error, errno, "%s: cannot open", f->name);
		if (!told)
			log_file(log, LOG_INFO, f->name, "waiting for a reader");
		told = true;
		if (nanosleep(&(struct timespec){.tv_nsec = FIFO_RETRY_MS * 1000000L}, NULL) < 0)
			return error_set(error, STATUS_CANCELLED, "%s: stopped", f->name);
	}
}

static enum status open_path(struct file *f, struct log *log, struct error *error)
{
	f->is_ours = true;
	f->fd = open(f->path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
	f->was_made = f->fd >= 0;
	if (f->fd < 0)
		TRY(open_waiting(f, log, error));
	f->is_open = true;
	return STATUS_OK;
}

/* Positions of a regular standard output that something was written to before, or that is written at its end
 * whatever its position (">>"): pwrite would append too, so heads are rewritten through another door. */
static void find_base(struct file *f, const struct stat *st)
{
	off_t at = lseek(f->fd, 0, SEEK_CUR);
	int flags = fcntl(f->fd, F_GETFL);
	f->base = at < 0 ? 0 : at;
	f->patch_fd = f->fd;
	if (flags >= 0 && (flags & O_APPEND)) {
		f->base = st->st_size;
		f->patch_fd = open("/proc/self/fd/1", O_WRONLY | O_CLOEXEC);
		f->has_patch_fd = f->patch_fd >= 0;
	}
}

/* A file that is read, or that another output or program of ours is writing, would be lost or torn.  The lock goes with
 * the descriptor; where there are no locks (some network file systems), there is nothing to see. */
static enum status refuse_in_use(struct file *f, const struct stat *st,
        const struct output_options *options, struct error *error)
{
	if (!f->was_made && options->is_input &&
	        options->is_input(options->is_input_user, st->st_dev, st->st_ino))
		return error_set(error, STATUS_USAGE, "%s: is read by this programme", f->name);
	if (f->path && flock(f->fd, LOCK_EX | LOCK_NB) < 0 && errno == EWOULDBLOCK)
		return error_set(error, STATUS_USAGE, "%s: is being written already", f->name);
	return STATUS_OK;
}

static enum status look_at(
        struct file *f, const struct output_options *options, struct error *error)
{
	struct stat st;
	if (fstat(f->fd, &st) < 0)
		return error_set_errno(error, errno, "%s", f->name);
	if (isatty(f->fd))
		return error_set(error, STATUS_USAGE,
		        "%s is a terminal, and audio is not for reading: name a file, a pipe or a "
		        "device (-o)",
		        f->name);
	if (S_ISDIR(st.st_mode) || S_ISBLK(st.st_mode))
		return error_set(error, STATUS_USAGE, "%s: is a %s", f->name,
		        S_ISDIR(st.st_mode) ? "folder" : "disk");
	f->is_regular = S_ISREG(st.st_mode);
	f->patch_fd = f->fd;
	if (f->is_regular)
		TRY(refuse_in_use(f, &st, options, error));
	if (f->is_regular && !f->path)
		find_base(f, &st);
	return STATUS_OK;
}

static enum status open_encoder(struct output_handle *o, struct file *f)
{
	const struct output_hub *hub = o->options->hub;
	struct writer writer = {
	        .write = file_write_bytes, .user = f, .companion = hub ? hub->first_file : NULL};
	if (f->is_regular && f->patch_fd >= 0)
		writer.patch = file_patch_bytes;
	return encoder_open(
	        o->encoder, o->format, o->encoder_options, &writer, &f->encoder, o->error);
}

static enum status file_open(struct output_handle *o)
{
	struct file *f = o->state;
	bool to_stdout = strcmp(o->spec, "-") == 0;
	f->path = to_stdout ? NULL : o->spec;
	f->name = to_stdout ? "standard output" : o->spec;
	f->stop_fd = o->stop_fd;
	f->fd = f->patch_fd = STDOUT_FILENO;
	if (!to_stdout)
		TRY(open_path(f, o->log, o->error));
	TRY(look_at(f, o->options, o->error));
	TRY(open_encoder(o, f));
	return begin(f, o->error);
}

/* ---- the rest ----------------------------------------------------------------------------- */

static enum status file_write(struct output_handle *o, const float *frames, size_t n_frames)
{
	struct file *f = o->state;
	return encoder_write(f->encoder, frames, n_frames, o->error);
}

static enum status file_announce(struct output_handle *o, const struct tags *tags)
{
	struct file *f = o->state;
	return encoder_announce(f->encoder, tags, o->error);
}

/* Standard output stays open for others; a copy of it tells what closing would. */
static enum status close_checked(struct file *f, struct error *error)
{
	int fd = f->path ? f->fd : fcntl(f->fd, F_DUPFD_CLOEXEC, 0);
	if (f->path)
		f->is_open = false;
	if (fd < 0 || (close(fd) < 0 && errno != EINTR))
		return error_set_errno(error, errno, "%s: cannot close", f->name);
	return STATUS_OK;
}

static enum status file_finish(struct output_handle *o)
{
	struct file *f = o->state;
	TRY(encoder_finish(f->encoder, o->error));
	encoder_close(f->encoder);
	f->encoder = NULL;
	return close_checked(f, o->error);
}

static void file_close(struct output_handle *o)
{
	struct file *f = o->state;
	encoder_close(f->encoder);
	if (f->has_patch_fd)
		close(f->patch_fd);
	if (f->is_open)
		close(f->fd);
	if (f->was_made && !f->has_begun)
		unlink(f->path);
}

const struct output_target file_target = {
        .name = "file",
        .description = "a file by its ending, a pipe, or - for standard output",
        .spec_help = "FILE.EXT, -",
        .takes_bytes = true,
        .calls = {.state_bytes = sizeof(struct file),
                .open = file_open,
                .write = file_write,
                .announce = file_announce,
                .finish = file_finish,
                .close = file_close},
};
