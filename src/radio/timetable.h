/* timetable.h - what is due at a time of day.  Private to radio/; programmes get theirs by control_set_timetable.
 *
 * By the local wall clock, which steps: an item is due once at its minute of each day, or of each hour.  When clocks go forward over
 * it, it is due right behind the gap; when they go back, it is not due again.  What was missed by more than ten minutes (a
 * suspended machine) is not made up for.
 */
#ifndef RADIO_TIMETABLE_H
#define RADIO_TIMETABLE_H

#include <stdbool.h>
#include <stdint.h>

#include "jukebox/timetable.h"

/* For each path that became due since the last call, in the order of the file; the first call only sets the time.  now_s: seconds
 * since 1970. */
typedef void timetable_due_fn(void *user, const char *path);
void timetable_look(struct timetable *timetable, int64_t now_s, timetable_due_fn *due, void *user);

#endif
