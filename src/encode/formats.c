/* formats.c - the table of encoders: one line each. */
#include "formats.h"

#include <stddef.h>

static const struct encoder_format *const formats[] = {
        &wav_encoder,
        &raw_encoder,
        &flac_encoder,
        &aiff_encoder,
        &au_encoder,
        &caf_encoder,
        &w64_encoder,
        &vorbis_encoder,
#ifdef HAVE_OPUSENC
        &opus_encoder,
#endif
#ifdef HAVE_LAME
        &mp3_encoder,
#endif
#ifdef HAVE_TWOLAME
        &mp2_encoder,
#endif
        &cue_encoder,
        &txt_encoder,
        &json_encoder,
        NULL,
};

const struct encoder_format *const *encoder_formats(void)
{
	return formats;
}
