/* watch.h - tells when lists change, for a poll that is somebody else's.  Private to radio/. */
#ifndef RADIO_WATCH_H
#define RADIO_WATCH_H

#include <stdbool.h>
#include <stddef.h>

#include "jukebox/status.h"

struct watch;

/* Lists and folders of music (what lies directly in them); "-" is passed over. */
enum status watch_open(
        char *const *lists, size_t n, struct watch **watch, struct error *error) MUST_USE;
void watch_close(struct watch *watch);

int watch_fd(const struct watch *watch); /* to be polled for reading */
int watch_patience(
        const struct watch *watch); /* milliseconds until watch_changed is due; -1: not at all */
void watch_handle(struct watch *watch); /* what can be read is read */
/* Told once a change, when nothing has changed for half a second: programs write in pieces. */
bool watch_changed(struct watch *watch);

#endif
