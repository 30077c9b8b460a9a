/* modules.c - finds the decoders of modules.  Nothing is kept here: each look takes the same references again.  What is
 * done with their decoders is decoder.c's affair. */
#include "modules.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "jukebox/loader.h"
#include "jukebox/module.h"

/* Those of outputs are not looked at: output/targets.c. */
static int is_module(const struct dirent *file)
{
	const char *dot = strrchr(file->d_name, '.');

	return file->d_name[0] != '.' && dot && strcmp(dot, ".so") == 0 &&
	       strncmp(file->d_name, "output-", strlen("output-")) != 0;
}

/* STATUS_OK, or what is wrong with it in words. */
static enum status load_module(const char *path, struct modules *modules, struct error *problem)
{
	const void *found;
	const struct jukebox_module *module;

	TRY(loader_find(path, "jukebox_module", &found, problem));
	module = found;
	if (module->version != JUKEBOX_MODULE_VERSION)
		return error_set(problem, STATUS_UNSUPPORTED,
		        "module %s: made for version %d of the module interface, this is version "
		        "%d",
		        path, module->version, JUKEBOX_MODULE_VERSION);
	modules->formats[modules->count++] = module->formats;
	return STATUS_OK;
}

void modules_load(struct modules *modules)
{
	char folder[LOADER_FOLDER_BYTES];
	struct dirent **files = NULL;
	int n;

	loader_folder(folder, sizeof(folder));
	n = *folder ? scandir(folder, &files, is_module, alphasort) : 0;
	*modules = (struct modules){0};
	for (int i = 0; i < n; i++) {
		char path[LOADER_FOLDER_BYTES + 256];
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
