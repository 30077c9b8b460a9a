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
	MPEG_CHAIN_BYTES = 8192, /* enough for so many headers */
	MPEG_SCAN_BYTES = 4 << 20, /* how much junk may stand in front */
};

/* How many headers in a row agree from bytes[0] on, up to MPEG_CHAIN_FRAMES.  Where the bytes end before that
 * and are the last of the file, a chain of two, and one that ends where the file or a tag at its
 * end begins, count as whole. */
int mpeg_chain(const uint8_t *bytes, size_t n_bytes, bool is_end_of_file);

/* Position in the view of the first frame of a chain, at most MPEG_SCAN_BYTES away from its start; -1 when
 * there is none. */
enum status mpeg_find(struct view *view, int64_t *position, struct error *error) MUST_USE;

/* Does the frame at `position` carry a Xing, Info or VBRI header, which tells the length? */
bool mpeg_announces_length(struct view *view, int64_t position);

#endif
