/* formats.h - the encoders there are, for the table in formats.c. */
#ifndef JUKEBOX_ENCODE_FORMATS_H
#define JUKEBOX_ENCODE_FORMATS_H

#include "jukebox/encoder.h"

extern const struct encoder_format wav_encoder, raw_encoder;

#endif
