/* parse_list.h - one parser of playlists over bytes in memory; no file is looked at. */
#ifndef SUPPORT_PARSE_LIST_H
#define SUPPORT_PARSE_LIST_H

#include <stddef.h>

#include "playlist/import.h"

/* Names stand as they are, behind "dir/" when they are relative.  The caller frees; NULL: no memory. */
struct playlist *parse_list(
        enum status (*parser)(struct import *), const void *bytes, size_t n_bytes);

/* A fuzz target's whole work: parses, then reads every byte of what came out. */
void parse_list_fuzz(enum status (*parser)(struct import *), const void *bytes, size_t n_bytes);

#endif
