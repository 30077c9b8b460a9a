/* mpeg_frame.h - where MPEG audio begins, if it does: frame headers, and nothing of what is in them.
 *
 * A sync word alone is no evidence: pictures, archives and noise are full of them.  Music is a chain of
 * headers that agree, each where the one before says it is (ISO/IEC 11172-3, 2.4.1.3 and 2.4.2.3;
 * MPEG 2.5 as in common use).
 */
#ifndef DECODE_MPEG_FRAME_H
#define DECODE_MPEG_FRAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "jukebox/status.h"
#include "view.h"

enum {
	MPEG_CHAIN_FRAMES = 3, /* in a row make a stream; 256 KiB of noise hold one such in 10^6 */
	/* Behind junk, where thousands of places are tried: packed samples repeat themselves. */
	MPEG_LONG_CHAIN_FRAMES = 6,
	MPEG_CHAIN_BYTES = 16 * 1024, /* enough for so many headers */
	MPEG_SCAN_BYTES = 4 << 20, /* how much junk may stand in front */
};

/* Do n_frames headers in a row agree, from bytes[0] on?  Where the bytes are the last of the
 * file, a chain that ends with it or at a tag suffices, and two frames whose last is cut. */
bool mpeg_chain(const uint8_t *bytes, size_t n_bytes, bool is_end_of_file, int n_frames);

/* The same for what lies at `position`; the view's position is kept. */
bool mpeg_chain_at(struct view *view, int64_t position, int n_frames);

/* Position in the view of the first frame of a chain, at most MPEG_SCAN_BYTES away from its
 * start; -1 when there is none. */
enum status mpeg_find(struct view *view, int64_t *position, struct error *error) MUST_USE;

struct mpeg_start {
	bool announces_length; /* by a Xing or Info header, which the library knows, and no music */
	int64_t note_bytes; /* of the frame that holds a VBRI header, which it plays; 0: none */
	bool is_free_format;
};

struct mpeg_start mpeg_describe(struct view *view, int64_t position);

#endif
