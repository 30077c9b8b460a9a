/* events.h - what happens on the programme, one JSON object a line, for other programs.
 *
 * {"event": "start"|"mixpoint"|"end"|"skip"|"reload"|"limit"|"output-lost"|"failed"|"stop"|"pause"|"resume"|"planned"|"fallback"|"programme"|
 *  "silence"|"sound"|"late", "frame": N, "second": S,
 *  "time": "2026-01-31T12:00:00.123Z", "path": ..., "title": ..., "artist": ..., "text": ...}
 */
#ifndef JUKEBOX_EVENTS_H
#define JUKEBOX_EVENTS_H

#include <stdint.h>

#include "jukebox/plan.h"
#include "jukebox/status.h"

struct events;

/* "FILE" (appended to) or "fd:N".  A reader that is gone or slow loses lines, it never holds the programme back. */
enum status events_open(
        const char *spec, int rate_hz, struct events **events, struct error *error) MUST_USE;
void events_close(struct events *events);

/* `clip` and `text` may be NULL; so may `events`. */
void events_write(struct events *events, const char *event, int64_t frame,
        const struct plan_clip *clip, const char *text);

#endif
