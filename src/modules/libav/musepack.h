/* musepack.h - where the music begins and ends in a Musepack file, which libav does not tell. */
#ifndef LIBAV_MUSEPACK_H
#define LIBAV_MUSEPACK_H

#include <stddef.h>
#include <stdint.h>

/* What the decoder's filter bank puts before the music (libmpcdec: MPC_DECODER_SYNTH_DELAY). */
enum { MUSEPACK_DELAY_FRAMES = 481, MUSEPACK_HEAD_BYTES = 64 };

/* Frames of music, by the first bytes of the file (stream versions 7 and 8); 0 when they do not say. */
int64_t musepack_frames(const uint8_t *head, size_t n_bytes);

#endif
