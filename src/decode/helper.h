/* helper.h - the program's line to the sandbox's helper, for remote.c.  Any thread may call. */
#ifndef DECODE_HELPER_H
#define DECODE_HELPER_H

#include <stdbool.h>
#include <stddef.h>

#include "jukebox/status.h"

struct log;

bool sandbox_is_on(void);

/* Sends an opening (protocol.h) and its descriptors.  A helper that is gone is replaced first; *helper tells which
 * one has got it.  STATUS_CANCELLED: there is none to be had, decode in the program; STATUS_IO: there is none to be
 * had, and decoding in the program is not wanted. */
enum status sandbox_send(void *message, size_t n_bytes, const int *fds, int n_fds, unsigned *helper,
        struct error *error) MUST_USE;

/* The same two where something else is missing. */
enum status sandbox_refusal(struct error *error) MUST_USE;

/* `helper` does not answer: continued with its children, should they have been stopped; or killed with them, and another
 * takes its place with the next opening. */
void sandbox_wake(unsigned helper);
void sandbox_kill(unsigned helper);
/* ... and all its children with it. */
bool sandbox_has_died(unsigned helper);

/* A child is held by limits alone: said once.  STATUS_IO when that is not enough. */
enum status sandbox_without_filter(struct error *error) MUST_USE;

/* For what goes wrong with a decoder and is mended; may be NULL. */
struct log *sandbox_log(void);

#endif
