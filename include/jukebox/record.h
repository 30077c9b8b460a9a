/* record.h - what was measured of one track: sufficient statistics, not verdicts.
 *
 * Everything that decides (cue and mix points, gain, joints) is a function of records, so a
 * changed target or threshold never needs a second look at the music.
 *
 * All of it is about the music *as the programme carries it*: stereo.  One channel counts as
 * heard on both sides; more than two are mixed down by ITU-R BS.775 first.  Loudness is
 * ITU-R BS.1770-4.
 * Plain data; the owner calls record_done.
 */
#ifndef JUKEBOX_RECORD_H
#define JUKEBOX_RECORD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "jukebox/limits.h"
#include "jukebox/status.h"
#include "jukebox/tags.h"

enum {
	/* Any change of what a field means, or of how it is measured, takes a new number. */
	RECORD_VERSION = 1,
	RECORD_BLOCKS_PER_SECOND = 10, /* the curves: one value per 100 ms */
	RECORD_FINE_PER_SECOND = 100, /* the edges: one value per 10 ms */
	RECORD_FINE_SECONDS = 30, /* how much of head and tail has fine values, at most */
	RECORD_EDGE_FRAMES = 4096, /* samples kept of each end, for album joints */
};

/* Level of nothing at all (digital silence). */
#define RECORD_SILENCE_CLU INT16_MIN

/* One value per 100 ms of the track, the last block may be short; `count` of each. */
struct record_curves {
	size_t count;
	/* K-weighted mean square of both channels, as loudness: 100 * LUFS (rounded).  A momentary
	 * loudness is the energy mean of four neighbours. */
	int16_t *level_clu;
	/* Highest true peak in the block (exact, not a bound), in half dB below +20 dBTP: dBTP = 20 - value / 2.  Rounded
	 * towards louder.  255: silence. */
	uint8_t *peak;
	/* Strength of new sound (positive spectral change against the block's own energy), 0 ... 255:
	 * 0 held tones or steady noise, high for drums and note starts. */
	uint8_t *onset;
	/* Spectral flatness (Wiener entropy), 0 tonal ... 255 white noise; applause is high. */
	uint8_t *flatness;
	/* Centre of gravity of the spectrum, in 50 Hz steps (255: 12,750 Hz or more). */
	uint8_t *centroid;
	/* Energy below 200 Hz against the whole, unweighted: dB = -value / 4; 255: none. */
	uint8_t *bass;
	/* Side against mid energy: dB = value / 2 - 96 (192: equal); 0: one and the same signal. */
	uint8_t *side;
};

/* Finer levels of one end: `count` values of 10 ms, the first at `from_block` * 100 ms, same scale as
 * level_clu.  The head begins one block before the first that is not digital silence (peak under -100 dBFS);
 * the tail ends at most a second behind the last one. */
struct record_edge {
	int64_t from_block;
	size_t count;
	int16_t *level_clu;
};

/* The very first or last frames of the track, for proving that two tracks are one recording.  Kept only
 * where the sound is cut, not begun or ended (the 30 ms at the edge are within 30 LU of the track's loudness); else
 * n_frames is 0.
 * `frames` is interleaved at the track's own rate and channels (1 or 2; more are mixed down to 2). */
struct record_samples {
	size_t n_frames;
	int channels;
	float *frames;
};

struct record {
	/* stream */
	char codec[16];
	int sample_rate_hz;
	int channels; /* of the file */
	int64_t frames; /* exact: counted while decoding */
	struct tags tags;
	int64_t damage_events, lost_frames;

	/* whole track; -HUGE_VAL where there is no sound */
	double loudness_lufs; /* integrated, gated; ungated when shorter than 400 ms */
	double loudness_range_lu; /* EBU Tech 3342; 0 when there is too little */
	double true_peak_dbtp;
	double sample_peak_dbfs;
	double offset[2]; /* constant offset (mean) of left and right, linear */
	double bpm; /* 0 when not found */
	double bpm_confidence; /* 0 ... 1; seen: 0.15 to 0.6 on recordings with drums, 0.45 to 0.8 on machines */
	double first_beat_s; /* of a beat on the grid of bpm, seconds from the start */

	struct record_curves curves;
	struct record_edge head, tail;
	struct record_samples first, last;
};

void record_done(struct record *record);

/* Seconds of the whole track. */
double record_duration(const struct record *record);

/* Level of block or fine value in LUFS; -HUGE_VAL for silence. */
double record_level_lufs(int16_t level_clu);

/* ---- bytes, for the cache: little-endian, checked; see cache/ ---------------------------- */

/* A new buffer (caller frees).  The same record gives the same bytes on every machine. */
enum status record_to_bytes(const struct record *record, uint8_t **bytes, size_t *n_bytes) MUST_USE;

/* Fills *record (overwritten, not freed before).  The bytes may be anything: STATUS_BAD_DATA leaves an
 * empty record.  Sizes are checked against n_bytes before allocation. */
enum status record_from_bytes(struct record *record, const uint8_t *bytes, size_t n_bytes) MUST_USE;

/* The same of bytes whose checksum need not be looked at, since the caller has one of its own. */
enum status record_from_checked_bytes(
        struct record *record, const uint8_t *bytes, size_t n_bytes) MUST_USE;

/* The tags alone (caller frees), from the first bytes of such a buffer: 8 KiB hold those of nearly any track.  STATUS_BAD_DATA: too
 * few bytes, or not what they claim to be; *tags is empty then.  Checksums are not looked at: good enough to put songs in an order. */
enum status record_tags_from_head(struct tags *tags, const uint8_t *bytes, size_t n_bytes) MUST_USE;

#endif
