/* limits.h - what a decoder lets through, and so the bounds of all that is known of a track. */
#ifndef JUKEBOX_LIMITS_H
#define JUKEBOX_LIMITS_H

enum {
	DECODER_LOWEST_HZ = 1000,
	DECODER_HIGHEST_HZ = 768000,
	DECODER_MOST_CHANNELS = 32,
};

#endif
