/* core.h - the decoder in this process, for the sandbox's child to run. */
#ifndef DECODE_CORE_H
#define DECODE_CORE_H

#include "jukebox/decoder.h"
#include "modules.h"

/* decoder_open_source without a sandbox.  `modules`: those to ask, none others are looked for; NULL: whatever the
 * module folder holds. */
enum status decoder_open_here(struct source *source, const struct modules *modules,
        struct decoder **decoder, struct error *error) MUST_USE;

enum status decoder_check_facts(const struct stream_facts *facts, struct error *error) MUST_USE;

/* The reader cleans the samples itself: it is in another process, and would not trust this one. */
void decoder_leave_raw(struct decoder *decoder, bool raw);

/* NaN and Inf become 0, nothing stays above DECODER_LARGEST. */
void decoder_copy_clean(float *to, const float *from, size_t n);

#endif
