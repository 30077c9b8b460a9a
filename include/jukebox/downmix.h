/* downmix.h - any number of channels as the two that the programme has.
 *
 * One function for measuring and for mixing, so that what was measured is what is heard.  Channels come
 * in WAVE order.  ITU-R BS.775-3, annex 4: centre and surround at -3 dB, LFE left out, and no
 * overall attenuation: the gain that the plan gives comes from the loudness of this very sum.
 */
#ifndef JUKEBOX_DOWNMIX_H
#define JUKEBOX_DOWNMIX_H

#include <stddef.h>

/* `in`: n_frames of `channels` (1 to 32) interleaved; `out`: n_frames stereo; they must not overlap.
 * 1: the same on both sides, unchanged.  2: copied.  3: L R C.  4: L R Ls Rs.  5: L R C Ls Rs.
 * 6: L R C LFE Ls Rs.  7: L R C LFE Cs Ls Rs.  8: L R C LFE Lb Rb Ls Rs.  More have no customary order:
 * they alternate left and right, each side divided by the root of how many it gets, which keeps the power of unrelated
 * channels. */
void downmix_to_stereo(const float *in, int channels, size_t n_frames, float *out);

#endif
