/* scratch.h - a folder of its own for a test, and its end. */
#ifndef SUPPORT_SCRATCH_H
#define SUPPORT_SCRATCH_H

/* A new empty folder below TMPDIR.  Aborts when there can be none. */
char *scratch_new(void);

/* Removes the folder and all in it, and frees the name. */
void scratch_free(char *folder);

#endif
