/* inputs.c - the files that a run reads, so that no output goes over one of them. */
#include "inputs.h"

#include <stdlib.h>
#include <sys/stat.h>

#include "jukebox/part.h"

static bool is_file(const char *path, dev_t device, ino_t inode)
{
	struct stat st;
	char *file = path ? part_file(path) : NULL;
	bool found = file && stat(file, &st) == 0;
	free(file);
	return found && st.st_dev == device && st.st_ino == inode;
}

bool inputs_hold(const void *user, dev_t device, ino_t inode)
{
	const struct inputs *in = user;
	for (int i = 0; i < in->n_lists; i++)
		if (is_file(in->lists[i], device, inode))
			return true;
	for (size_t i = 0; in->playlist && i < playlist_count(in->playlist); i++)
		if (is_file(playlist_get(in->playlist, i).path, device, inode))
			return true;
	for (size_t i = 0; in->plan && i < in->plan->count; i++)
		if (is_file(in->plan->clips[i].path, device, inode))
			return true;
	return is_file(in->plan_file, device, inode);
}
