/* fallback.h - what plays when the programme cannot be had: a list, mixed beforehand and kept in memory, so that no disk and no
 * decoder is between it and the outputs.
 */
#ifndef JUKEBOX_FALLBACK_H
#define JUKEBOX_FALLBACK_H

#include <stddef.h>

#include "jukebox/mix.h"
#include "jukebox/programme.h"

/* Of memory: 12 minutes at 44.1 kHz. */
enum { FALLBACK_MOST_BYTES = 256 << 20 };

struct fallback;

/* Mixes `programme`, which is of two rounds of n_entries entries, to a loop whose end meets its beginning as its songs meet. Waits for
 * measurements and decoders, until options->stopping.  STATUS_UNSUPPORTED: it is too long; STATUS_NOT_FOUND: nothing in it can be played. */
enum status fallback_new(struct programme *programme, size_t n_entries,
        const struct mix_options *options, struct fallback **fallback,
        struct error *error) MUST_USE;
void fallback_free(struct fallback *fallback);

/* Borrowed; NULL for NULL. */
const struct mix_loop *fallback_loop(const struct fallback *fallback);
/* Its first song, for the title. */
const struct plan_clip *fallback_title(const struct fallback *fallback);

#endif
