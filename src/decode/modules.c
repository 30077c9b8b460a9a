/* modules.c - finds and loads modules.  The dynamic linker remembers what is loaded, so nothing is kept here:
 * each look takes the same references again.  What is done with their decoders is decoder.c's affair. */
#include "modules.h"

#include <dirent.h>
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "jukebox/module.h"

#ifndef JUKEBOX_MODULE_FOLDER
#define JUKEBOX_MODULE_FOLDER "/usr/local/lib/jukebox"
#endif

static const char *module_folder(void)
{
	const char *chosen = secure_getenv("JUKEBOX_MODULES");

	return chosen ? chosen : JUKEBOX_MODULE_FOLDER;
}

static int is_module(const struct dirent *file)
{
	const char *dot = strrchr(file->d_name, '.');

	return file->d_name[0] != '.' && dot && strcmp(dot, ".so") == 0;
}

/* STATUS_OK, or what is wrong with it in words. */
static enum status load_module(const char *path, struct modules *modules, struct error *problem)
{
	/* NODELETE: what a library of a module has set up for the process cannot always be undone. */
	void *handle = dlopen(path, RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
	const struct jukebox_module *module;

	if (!handle)
		return error_set(problem, STATUS_IO, "module %s: %s", path, dlerror());
	module = dlsym(handle, "jukebox_module");
	if (module && module->version == JUKEBOX_MODULE_VERSION)
		modules->formats[modules->count++] = module->formats;
	dlclose(handle);
	if (!module)
		return error_set(problem, STATUS_BAD_DATA,
		        "module %s: has no jukebox_module, so it is none", path);
	if (module->version != JUKEBOX_MODULE_VERSION)
		return error_set(problem, STATUS_UNSUPPORTED,
		        "module %s: made for version %d of the module interface, this is version "
		        "%d",
		        path, module->version, JUKEBOX_MODULE_VERSION);
	return STATUS_OK;
}

void modules_load(struct modules *modules)
{
	const char *folder = module_folder();
	struct dirent **files = NULL;
	int n = *folder ? scandir(folder, &files, is_module, alphasort) : 0;

	*modules = (struct modules){0};
	for (int i = 0; i < n; i++) {
		char path[4096];
		struct error reason = {0};

		snprintf(path, sizeof(path), "%s/%s", folder, files[i]->d_name);
		if (modules->count < MODULES_MOST &&
		        load_module(path, modules, &reason) != STATUS_OK &&
		        modules->problem.status == STATUS_OK)
			modules->problem = reason;
		free(files[i]);
	}
	free(files);
}
