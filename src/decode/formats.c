/* formats.c - which formats this build reads.  A new one is a file, and a line here and in
 * formats.h. */
#include "formats.h"

#include <stddef.h>

static const struct decoder_format *const formats[] = {
        &decoder_mpeg,
        &decoder_flac,
        &decoder_vorbis,
        &decoder_opus,
        &decoder_ogg_chain,
        &decoder_sndfile,
        NULL,
};

const struct decoder_format *const *decoder_formats(void)
{
	return formats;
}
