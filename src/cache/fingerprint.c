/* fingerprint.c - reads just enough of a music file to know it again after it was moved or renamed.
 *
 * 64 KiB at the start holds the tags in front and the first sound, the end holds the tags behind, the
 * middle is music.  Two files of one size that differ elsewhere alone are taken for one. */
#include "fingerprint.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "hash.h"
#include "jukebox/part.h"
#include "jukebox/source.h"

enum { WINDOW_BYTES = 65536, WINDOWS = 3, WHOLE_BYTES = WINDOWS * WINDOW_BYTES };

bool stamp_equal(struct stamp a, struct stamp b)
{
	return a.size_bytes == b.size_bytes && a.mtime_ns == b.mtime_ns;
}

static struct stamp stamp_from(int64_t size_bytes, struct timespec mtime)
{
	uint64_t ns = (uint64_t)mtime.tv_sec * 1000000000u + (uint64_t)mtime.tv_nsec;

	return (struct stamp){size_bytes, (int64_t)ns};
}

enum status stamp_of(const char *path, struct stamp *stamp)
{
	struct stat st;
	char *file = part_file(path);
	int result = file ? stat(file, &st) : -1;

	free(file);
	if (result != 0 || !S_ISREG(st.st_mode))
		return STATUS_NOT_FOUND;
	*stamp = stamp_from(st.st_size, st.st_mtim);
	return STATUS_OK;
}

static enum status read_window(
        struct source *source, int64_t from, size_t n_bytes, uint8_t *window, struct error *error)
{
	size_t n_read = 0;

	if (source_seek(source, from) < 0)
		return error_set_errno(error, errno, "cannot read");
	while (n_read < n_bytes) {
		ssize_t n = source_read(source, window + n_read, n_bytes - n_read);
		if (n < 0)
			return error_set_errno(error, errno, "cannot read");
		if (n == 0)
			return error_set(
			        error, STATUS_BAD_DATA, "became shorter while it was read");
		n_read += (size_t)n;
	}
	return STATUS_OK;
}

static enum status hash_source(struct source *source, uint64_t *hash, struct error *error)
{
	int64_t size = source_size(source);
	bool whole = size <= WHOLE_BYTES;
	int64_t from[WINDOWS] = {0, (size - WINDOW_BYTES) / 2, size - WINDOW_BYTES};
	size_t n_bytes = whole ? (size_t)size : WINDOW_BYTES;
	uint8_t *window = malloc(n_bytes + 1); /* an empty file needs no NULL */
	enum status status = STATUS_OK;

	if (!window)
		return error_set(error, STATUS_NO_MEMORY, "out of memory");
	*hash = (uint64_t)size;
	for (int i = 0; i < (whole ? 1 : WINDOWS) && status == STATUS_OK; i++) {
		status = read_window(source, from[i], n_bytes, window, error);
		if (status == STATUS_OK)
			*hash = hash_bytes(window, n_bytes, *hash);
	}
	free(window);
	return status;
}

enum status fingerprint_of(
        const char *path, struct stamp *stamp, uint64_t *fingerprint, struct error *error)
{
	struct source *source;

	TRY(source_open(path, &source, error));
	*stamp = stamp_from(source_size(source), source_mtime(source));
	enum status status = hash_source(source, fingerprint, error);
	const struct part *part = source_part(source);
	if (part) { /* a track of its own, wherever the file moves */
		const char *name = path + part->n_file;
		*fingerprint = hash_bytes(name, strlen(name), *fingerprint);
	}
	source_close(source);
	return status;
}
