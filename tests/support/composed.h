/* composed.h - music in formats for which there is no encoder: composed byte by byte. */
#ifndef SUPPORT_COMPOSED_H
#define SUPPORT_COMPOSED_H

#include <stdbool.h>

enum {
	/* One pattern of 64 rows at 125 beats a minute, 6 ticks a row (a tick is 2.5 / 125 s); its one note sounds from
	 * row 32 to row 48. */
	COMPOSED_ROW_MS = 120,
	COMPOSED_NOTE_ROW = 32,
	COMPOSED_ROWS = 64,
	COMPOSED_DSD_HZ = 2822400, /* 64 x 44,100 bits a second */
	COMPOSED_VGM_FRAMES = 2 * 44100,
};

/* A ProTracker module of 4 channels. */
void composed_mod(const char *path);

/* A sine of 441 Hz left and 882 Hz right, n_frames of 8 bits in each channel: DSF (Sony, "DSF File Format
 * Specification" 1.01) and DSDIFF (Philips, version 1.5). */
void composed_dsf(const char *path, int n_frames);
void composed_dff(const char *path, int n_frames);

/* VGM 1.01: a tone of the SN76489, a second loud and a second soft; then the end, or round for ever. */
void composed_vgm(const char *path, bool for_ever);

#endif
