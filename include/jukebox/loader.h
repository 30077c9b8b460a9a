/* loader.h - parts of the program that are files of their own: shared objects, loaded when they are needed.
 *
 * What a program is linked with costs at each start: with all that HTTP, Icecast and libav bring along, even
 * --version took 30 ms.  So these are modules, each a *.so in the module folder.
 * Threads: any may call at any time.
 */
#ifndef JUKEBOX_LOADER_H
#define JUKEBOX_LOADER_H

#include <stddef.h>

#include "jukebox/status.h"

enum { LOADER_FOLDER_BYTES = 4096 };

/* The folder that the environment variable JUKEBOX_MODULES names ("": no modules); else "modules" beside the program,
 * which is where it is built; else the one it was built for. */
void loader_folder(char *to, size_t to_bytes);

/* The object called `symbol` in the file `path`; it stays for ever.  STATUS_IO with the linker's words; STATUS_BAD_DATA:
 * there is no such object in it, and it is no module. */
enum status loader_find(
        const char *path, const char *symbol, const void **object, struct error *error) MUST_USE;

#endif
