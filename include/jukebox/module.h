/* module.h - decoders that are not part of the program: shared objects, loaded on first need.
 *
 * A module is a file *.so in the program's module folder ($(libdir)/jukebox), or in the folder that the
 * environment variable JUKEBOX_MODULES names (an empty value: no modules); output-*.so are others (output.h).  The folder is looked into only when no
 * built-in decoder claims a file, or when the claimers fail; modules are tried in the order of their names, the best
 * claim first.
 *
 * A decoder in a module is the same constant table as a built-in one: decoder.h says what each function
 * promises.  The module ends with
 *
 *     static const struct decoder_format *const formats[] = {&my_format, NULL};
 *     const struct jukebox_module jukebox_module = {JUKEBOX_MODULE_VERSION, "my", formats};
 *
 * and is built with
 *
 *     cc -shared -fPIC -o my.so my.c        (-I where jukebox/module.h is)
 *
 * It may call these functions of the program, and no others: source_read, source_seek, source_position,
 * source_size, source_path (source.h); tags_set, tags_get (tags.h); error_set, error_set_errno (status.h);
 * damage_add (decoder.h).
 *
 * A module is code of this process: it must be trusted.  What it decodes need not be.  It is loaded once, never
 * unloaded, and keeps no state outside of a decoder's own, since many threads use it at once.
 */
#ifndef JUKEBOX_MODULE_H
#define JUKEBOX_MODULE_H

#include "jukebox/decoder.h"

/* Of everything named above.  Any change of a layout or of a promise takes a new number; a module with
 * another number is not used, and an error says so. */
enum { JUKEBOX_MODULE_VERSION = 1 };

struct jukebox_module {
	int version; /* JUKEBOX_MODULE_VERSION: stays the first field for ever */
	const char *name; /* as the file without ".so" */
	const struct decoder_format *const *formats; /* ends with NULL */
};

/* The one symbol that the program looks for. */
extern const struct jukebox_module jukebox_module __attribute__((visibility("default")));

#endif
