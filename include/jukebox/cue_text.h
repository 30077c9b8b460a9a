/* cue_text.h - cue sheets, line by line. */
#ifndef JUKEBOX_CUE_TEXT_H
#define JUKEBOX_CUE_TEXT_H

#include <stdint.h>
#include <stdio.h>

/* The FILE line, without the folders, and with the type that its ending stands for. */
void cue_text_file(FILE *out, const char *audio_file);

/* `artist` may be NULL.  The sheet counts MM:SS:FF, with 75 frames a second. */
void cue_text_track(
        FILE *out, int number, const char *title, const char *artist, int64_t frame, int rate_hz);

#endif
