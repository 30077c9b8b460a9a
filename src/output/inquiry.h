/* inquiry.h - questions to the network that may take as long as they like: each in a thread that nobody waits for.
 *
 * Threads: one caller; the question's own is inside.
 */
#ifndef JUKEBOX_OUTPUT_INQUIRY_H
#define JUKEBOX_OUTPUT_INQUIRY_H

#include <stdbool.h>

#include "url.h"

struct inquiry;

/* Can the host's name be resolved?  Answer: 0, or an error of getaddrinfo. */
struct inquiry *inquiry_of_name(const struct url *url);
/* What does the server say to a listener of the path, without TLS?  Answer: the status of HTTP; 0: nothing that can be
 * understood.  Both: NULL when out of memory, or without a thread. */
struct inquiry *inquiry_of_path(const struct url *url);

/* false: no answer yet. */
bool inquiry_answer(const struct inquiry *inquiry, int *answer);

/* At any time; a question that has no answer yet is left to itself.  NULL is fine. */
void inquiry_leave(struct inquiry *inquiry);

#endif
