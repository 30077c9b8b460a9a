/* formats.h - the encoders there are, for the table in formats.c. */
#ifndef JUKEBOX_ENCODE_FORMATS_H
#define JUKEBOX_ENCODE_FORMATS_H

#include "jukebox/encoder.h"

extern const struct encoder_format wav_encoder, raw_encoder;
extern const struct encoder_format flac_encoder, aiff_encoder, au_encoder, caf_encoder, w64_encoder;
extern const struct encoder_format vorbis_encoder;
extern const struct encoder_format cue_encoder, txt_encoder, json_encoder;
#ifdef HAVE_OPUSENC
extern const struct encoder_format opus_encoder;
#endif
#ifdef HAVE_LAME
extern const struct encoder_format mp3_encoder;
#endif
#ifdef HAVE_TWOLAME
extern const struct encoder_format mp2_encoder;
#endif

#endif
