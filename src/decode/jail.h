/* jail.h - what a decoding child gives up before it looks at a stranger's file. */
#ifndef DECODE_JAIL_H
#define DECODE_JAIL_H

#include <stdbool.h>

/* The list of system calls that stay, made once for all children; NULL: not in this build, or out of memory. */
void *jail_filter_new(void);

/* For good.  False: no filter of system calls, only limits. */
bool jail_enter(void *filter);

#endif
