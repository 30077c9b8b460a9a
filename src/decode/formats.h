/* formats.h - the tables of this folder, one a format; formats.c lists them. */
#ifndef DECODE_FORMATS_H
#define DECODE_FORMATS_H

#include "jukebox/decoder.h"

extern const struct decoder_format decoder_mpeg;
extern const struct decoder_format decoder_flac;
extern const struct decoder_format decoder_vorbis;
extern const struct decoder_format decoder_opus;
extern const struct decoder_format decoder_ogg_chain;
extern const struct decoder_format decoder_sndfile;

#endif
