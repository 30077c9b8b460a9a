/* notify.h - tells a service manager how the programme is: ready, alive, what is on (sd_notify(3)).
 *
 * Alive means that sound goes out: a mix that stands still, though it is not paused, says nothing, and is started anew by whoever
 * waits for it.
 */
#ifndef JUKEBOX_NOTIFY_H
#define JUKEBOX_NOTIFY_H

#include "jukebox/onair.h"
#include "jukebox/status.h"

struct notify;

/* By NOTIFY_SOCKET and WATCHDOG_USEC of the environment, which are taken out of it: commands that are run are not the service.  *notify is
 * NULL when nobody wants to know.  `onair` is borrowed. */
enum status notify_new(struct onair *onair, struct notify **notify, struct error *error) MUST_USE;
/* It stops. NULL is fine, here and below. */
void notify_free(struct notify *notify);

/* Around a reload; any thread. */
void notify_reloading(struct notify *notify);
void notify_reloaded(struct notify *notify);

#endif
