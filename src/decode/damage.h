/* damage.h - bookkeeping of what a decoder had to pass over. */
#ifndef DECODE_DAMAGE_H
#define DECODE_DAMAGE_H

#include <stdint.h>

#include "jukebox/decoder.h"

/* Counts one event; the first one's words are kept. */
void damage_add(struct decoder_damage *damage, int64_t lost_frames, const char *format, ...)
        PRINTF_LIKE(3, 4);

#endif
