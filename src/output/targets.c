/* targets.c - the table of targets: one line each.  Those in modules have their facts here, so that specs are understood
 * without loading anything.  Which libraries a module needs is the Makefile's affair. */
#include "targets.h"

#include <stdio.h>
#include <string.h>

#include "jukebox/loader.h"

/* ---- the table ---------------------------------------------------------------------------- */

#ifdef HAVE_ALSA
static const struct output_target alsa_target = {
        .name = "alsa",
        .description = "a sound card by its ALSA name; alsa: is the default one",
        .spec_help = "alsa:DEVICE",
        .live = true,
        .has_clock = true,
        .option_names = (const char *const[]){"latency", NULL},
};
#endif
#ifdef HAVE_HTTPD
static const struct output_target httpd_target = {
        .name = "httpd",
        .description = "a mount of the built-in HTTP server",
        .spec_help = "httpd://ADDRESS:PORT/MOUNT.EXT",
        .live = true,
        .is_url = true,
        .takes_bytes = true,
        .option_names = (const char *const[]){"name", "genre", "description", "url", "max", "burst",
                "queue", NULL},
};
#endif
#ifdef HAVE_SHOUT
static const struct output_target icecast_target = {
        .name = "icecast",
        .description = "a source of an Icecast server",
        .spec_help = "icecast://USER@HOST:PORT/MOUNT.EXT",
        .live = true,
        .is_url = true,
        .takes_bytes = true,
        .option_names = (const char *const[]){"name", "genre", "description", "url", "public",
                "tls", "ca-file", "password-file", NULL},
};
#endif

static const struct output_target *const targets[] = {
        &file_target,
#ifdef HAVE_ALSA
        &alsa_target,
#endif
#ifdef HAVE_OSS
        &oss_target,
#endif
#ifdef HAVE_HTTPD
        &httpd_target,
#endif
#ifdef HAVE_SHOUT
        &icecast_target,
#endif
        &null_target,
        NULL,
};

const struct output_target *const *output_targets(void)
{
	return targets;
}

/* ---- modules ------------------------------------------------------------------------------ */

/* Its interface is this version's own. */
static enum status check_module(
        const struct output_module *module, const char *path, struct error *error)
{
	if (strcmp(module->version, JUKEBOX_VERSION) == 0)
		return STATUS_OK;
	return error_set(error, STATUS_UNSUPPORTED,
	        "module %s: is of version %s, not " JUKEBOX_VERSION, path, module->version);
}

static enum status load(const char *name, const struct output_calls **calls, struct error *error)
{
	char folder[LOADER_FOLDER_BYTES], path[LOADER_FOLDER_BYTES + 64];
	const void *found = NULL;

	loader_folder(folder, sizeof folder);
	if (!*folder)
		return error_set(error, STATUS_UNSUPPORTED, "there is no module folder");
	snprintf(path, sizeof path, "%s/output-%s.so", folder, name);
	TRY(loader_find(path, "jukebox_output", &found, error));
	TRY(check_module(found, path, error));
	*calls = &((const struct output_module *)found)->calls;
	return STATUS_OK;
}

enum status target_load(
        const struct output_target *target, const struct output_calls **calls, struct error *error)
{
	struct error reason = {0};

	*calls = &target->calls;
	if (target->calls.open || load(target->name, calls, &reason) == STATUS_OK)
		return STATUS_OK;
	return error_set(
	        error, STATUS_UNSUPPORTED, "%s: cannot be used: %.400s", target->name, reason.text);
}
