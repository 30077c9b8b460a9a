/* loader.c - where modules are, and how they are loaded.  The dynamic linker remembers what is loaded, so nothing is kept
 * here.  What is in them is the affair of decode/ and output/. */
#include "jukebox/loader.h"

#include <dlfcn.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#ifndef JUKEBOX_MODULE_FOLDER
#define JUKEBOX_MODULE_FOLDER "/usr/local/lib/jukebox"
#endif

/* Code is taken only from a folder that belongs to whom the program belongs to (or to root), and into which not everybody
 * may write: the program may have been copied to /tmp. */
static bool is_of_program(const char *folder)
{
	struct stat program, st;

	return stat("/proc/self/exe", &program) == 0 && lstat(folder, &st) == 0 &&
	       S_ISDIR(st.st_mode) && (st.st_uid == program.st_uid || st.st_uid == 0) &&
	       !(st.st_mode & S_IWOTH);
}

static bool find_beside_program(char *to, size_t to_bytes)
{
	ssize_t n = readlink("/proc/self/exe", to, to_bytes);
	char *slash = n > 0 && (size_t)n < to_bytes ? memrchr(to, '/', (size_t)n) : NULL;
	size_t room = slash ? to_bytes - (size_t)(slash - to) : 0;

	return slash && snprintf(slash, room, "/modules") < (int)room && is_of_program(to);
}

void loader_folder(char *to, size_t to_bytes)
{
	const char *chosen = secure_getenv("JUKEBOX_MODULES");

	if (chosen)
		snprintf(to, to_bytes, "%s", chosen);
	else if (!find_beside_program(to, to_bytes))
		snprintf(to, to_bytes, "%s", JUKEBOX_MODULE_FOLDER);
}

enum status loader_find(
        const char *path, const char *symbol, const void **object, struct error *error)
{
	/* NODELETE: what a library of a module has set up for the process cannot always be undone. */
	void *handle = dlopen(path, RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);

	*object = NULL;
	if (!handle)
		return error_set(error, STATUS_IO, "module %s: %s", path, dlerror());
	*object = dlsym(handle, symbol);
	dlclose(handle);
	return *object ? STATUS_OK
	               : error_set(error, STATUS_BAD_DATA, "module %s: has no %s, so it is none",
	                         path, symbol);
}
