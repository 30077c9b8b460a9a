/* memory.h - decoders over what is in memory already. */
#ifndef DECODE_MEMORY_H
#define DECODE_MEMORY_H

#include "jukebox/decoder.h"

/* `state`: the format's, filled by the caller, from malloc; the decoder owns it from here on, also on failure.  The format needs
 * read, seek (that never gives STATUS_END) and close.  Its samples are those that a decoder gave: clean. */
enum status decoder_open_memory(const struct decoder_format *format, void *state,
        const struct stream_facts *facts, struct decoder **decoder, struct error *error) MUST_USE;

#endif
