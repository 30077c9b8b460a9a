/* modules.h - the decoders of loaded modules; module.h says what a module is. */
#ifndef DECODE_MODULES_H
#define DECODE_MODULES_H

#include <stddef.h>

#include "jukebox/decoder.h"

enum { MODULES_MOST = 16 };

/* Plain data.  The formats live as long as the program: a module that was loaded stays. */
struct modules {
	const struct decoder_format *const *formats[MODULES_MOST]; /* one list a module */
	size_t count;
	struct error problem; /* of the first module that cannot be used; STATUS_OK: none */
};

/* Loads what the module folder holds; what is loaded already costs next to nothing.  A module that cannot be
 * used is passed over. */
void modules_load(struct modules *modules);

#endif
