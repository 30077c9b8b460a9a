/* folder.c - a folder and all below it, in natural order.
 *
 * Links are followed, and a folder or file that was seen under another name is not taken again, so loops
 * end.  Hidden files are skipped, and so is what plainly is no music (suffix.c).
 */
#include "import.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "jukebox/text.h"
#include "suffix.h"

enum { DEEPEST = 128 };

struct file_id {
	dev_t device;
	ino_t inode; /* 0: a free slot */
};

/* Which files and folders were seen: open addressing, at most half full. */
struct seen {
	struct file_id *slots;
	size_t count, capacity; /* a power of two */
};

struct level {
	struct buffer path; /* of the folder, ending with '/' */
	char **names; /* owned, sorted; NULL once taken */
	size_t count, next;
};

struct walk {
	struct import *import;
	struct seen seen;
	struct level levels[DEEPEST];
	size_t depth;
};

static size_t hash_of(const struct file_id *id)
{
	uint64_t x = (uint64_t)id->inode * 0x9e3779b97f4a7c15u ^ (uint64_t)id->device;
	return (size_t)(x ^ x >> 29);
}

static struct file_id *find_slot(const struct seen *seen, const struct file_id *id)
{
	size_t i = hash_of(id) & (seen->capacity - 1);

	while (seen->slots[i].inode &&
	        (seen->slots[i].inode != id->inode || seen->slots[i].device != id->device))
		i = (i + 1) & (seen->capacity - 1);
	return &seen->slots[i];
}

static enum status seen_grow(struct seen *seen)
{
	struct seen larger = {
	        .count = seen->count, .capacity = seen->capacity ? 2 * seen->capacity : 256};
	size_t i;

	larger.slots = calloc(larger.capacity, sizeof *larger.slots);
	if (!larger.slots)
		return STATUS_NO_MEMORY;
	for (i = 0; i < seen->capacity; i++)
		if (seen->slots[i].inode)
			*find_slot(&larger, &seen->slots[i]) = seen->slots[i];
	free(seen->slots);
	*seen = larger;
	return STATUS_OK;
}

/* STATUS_END: it was there before. */
static enum status seen_add(struct seen *seen, const struct stat *st)
{
	struct file_id id = {.device = st->st_dev, .inode = st->st_ino}, *slot;

	if (id.inode == 0) /* a file system without numbers */
		return STATUS_OK;
	if (2 * (seen->count + 1) > seen->capacity)
		TRY(seen_grow(seen));
	slot = find_slot(seen, &id);
	if (slot->inode)
		return STATUS_END;
	*slot = id;
	seen->count++;
	return STATUS_OK;
}

static void level_done(struct level *level)
{
	size_t i;

	for (i = 0; i < level->count; i++)
		free(level->names[i]);
	free(level->names);
	buffer_done(&level->path);
	*level = (struct level){0};
}

static enum status add_name(struct level *level, size_t *capacity, const char *name)
{
	if (level->count == *capacity) {
		size_t larger = *capacity ? 2 * *capacity : 64;
		char **names = realloc(level->names, larger * sizeof(char *));
		if (!names)
			return STATUS_NO_MEMORY;
		level->names = names;
		*capacity = larger;
	}
	level->names[level->count] = strdup(name);
	if (!level->names[level->count])
		return STATUS_NO_MEMORY;
	level->count++;
	return STATUS_OK;
}

static int compare_names(const void *a, const void *b)
{
	char *const *p = a, *const *q = b;
	return text_natural_compare(*p, *q);
}

/* STATUS_IO with errno when reading fails; the names so far are kept. */
static enum status read_names(DIR *dir, struct level *level)
{
	size_t capacity = 0;
	struct dirent *entry;

	while (errno = 0, (entry = readdir(dir)) != NULL)
		if (entry->d_name[0] != '.')
			TRY(add_name(level, &capacity, entry->d_name));
	return errno ? STATUS_IO : STATUS_OK;
}

static enum status read_folder(const char *path, struct level *level)
{
	DIR *dir = opendir(path);
	enum status status;
	int error_number;

	if (!dir)
		return STATUS_IO;
	status = read_names(dir, level);
	error_number = errno;
	closedir(dir);
	errno = error_number;
	if (level->count > 0)
		qsort(level->names, level->count, sizeof *level->names, compare_names);
	return status;
}

/* Makes the folder the one whose names come next.  STATUS_IO (reported) lets the walk go on. */
static enum status enter(struct walk *walk, const char *path)
{
	struct level *level = &walk->levels[walk->depth];
	size_t n_bytes = strlen(path);
	enum status status;

	if (walk->depth == DEEPEST) {
		import_drop_file(walk->import, path, "folders nested too deeply");
		return STATUS_OK;
	}
	*level = (struct level){0};
	walk->depth++;
	TRY(buffer_add(&level->path, path, n_bytes));
	if (n_bytes > 0 && path[n_bytes - 1] != '/')
		TRY(buffer_add(&level->path, "/", 1));
	status = read_folder(path, level);
	if (status == STATUS_IO) {
		import_drop_file(walk->import, path, strerror(errno));
		return STATUS_OK;
	}
	return status;
}

static enum status take_file(struct walk *walk, const char *path, const struct stat *st)
{
	const struct playlist_options *options = walk->import->resolver.options;
	const char *refusal = resolve_refusal(st);
	struct error error = {0};

	if (refusal) {
		import_drop_file(walk->import, path, refusal);
		return STATUS_OK;
	}
	if (options->accept &&
	        options->accept(options->accept_context, path, &error) != STATUS_OK) {
		import_drop_file(walk->import, path, error.text);
		return STATUS_OK;
	}
	return import_append(walk->import, path, NULL, NULL);
}

static enum status take_path(struct walk *walk, const char *path)
{
	struct stat st;
	enum status status;

	if (stat(path, &st) != 0) {
		import_drop_file(walk->import, path, strerror(errno));
		return STATUS_OK;
	}
	if (!S_ISDIR(st.st_mode) && suffix_is_bystander(path))
		return STATUS_OK;
	status = seen_add(&walk->seen, &st);
	if (status != STATUS_OK)
		return status == STATUS_END ? STATUS_OK : status;
	return S_ISDIR(st.st_mode) ? enter(walk, path) : take_file(walk, path, &st);
}

static enum status take_next(struct walk *walk, struct buffer *path)
{
	struct level *level = &walk->levels[walk->depth - 1];
	char *name;

	if (level->next == level->count) {
		level_done(level);
		walk->depth--;
		return STATUS_OK;
	}
	name = level->names[level->next];
	buffer_clear(path);
	TRY(buffer_add(path, level->path.at, level->path.n_bytes));
	TRY(buffer_add(path, name, strlen(name)));
	free(name);
	level->names[level->next++] = NULL;
	return take_path(walk, path->at);
}

enum status folder_read(struct import *import, const char *path)
{
	struct walk *walk = calloc(1, sizeof *walk);
	struct buffer at = {0};
	enum status status;

	if (!walk)
		return STATUS_NO_MEMORY;
	walk->import = import;
	status = take_path(walk, path);
	while (status == STATUS_OK && walk->depth > 0)
		status = take_next(walk, &at);
	while (walk->depth > 0)
		level_done(&walk->levels[--walk->depth]);
	free(walk->seen.slots);
	free(walk);
	buffer_done(&at);
	return status;
}
