/* formats.c - the table of encoders: one line each. */
#include "formats.h"

#include <stddef.h>

static const struct encoder_format *const formats[] = {
        &wav_encoder,
        &raw_encoder,
        NULL,
};

const struct encoder_format *const *encoder_formats(void)
{
	return formats;
}
