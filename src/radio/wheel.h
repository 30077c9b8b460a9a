/* wheel.h - which list of a rotation comes next, and which of its entries.  Private to radio/.
 *
 * Where a rotation stands is told as text, a memo: it goes with each pick, into the state file, and to the next rotation.
 */
#ifndef RADIO_WHEEL_H
#define RADIO_WHEEL_H

#include "jukebox/playlist.h"
#include "jukebox/status.h"
#include "order.h"

struct wheel;

/* `playlist`, with a rotation, is borrowed.  The rounds of the options are those of the music list that takes longest.  NULL: out of
 * memory. */
struct wheel *wheel_new(const struct playlist *playlist, const struct order_options *options);
void wheel_free(struct wheel *wheel);

/* The next entry.  *memo (caller frees): how the rotation stands behind it.  STATUS_END: all rounds were played. */
enum status wheel_next(struct wheel *wheel, size_t *entry, char **memo) MUST_USE;

/* Goes on behind a memo; of any text, as far as it makes sense. */
enum status wheel_resume(struct wheel *wheel, const char *memo) MUST_USE;

/* Another playlist with a rotation: lists of the same name go on behind the memo (NULL: all begin anew), and what they played in this
 * round is not played again. */
enum status wheel_change(
        struct wheel *wheel, const struct playlist *playlist, const char *memo) MUST_USE;

/* Songs that come too soon in the rounds of their lists, so far as these were begun. */
size_t wheel_close(const struct wheel *wheel);

#endif
