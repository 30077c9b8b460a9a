/* tape.h - tracks for the tests of plan/: records drawn by hand, without any sound.
 *
 * A tape is a level over time in steps of 10 ms, drawn piece by piece; tape_record makes of it what measuring
 * would have made: curves, fine edges, gated loudness, peaks. */
#ifndef TESTS_TAPE_H
#define TESTS_TAPE_H

#include <stddef.h>
#include <stdint.h>

#include "jukebox/record.h"

struct tape;

/* Silence of a length, with the texture of music: stereo, drums, little noise.  Aborts without memory. */
struct tape *tape_new(double seconds, int rate_hz);

/* Levels in LUFS between two seconds: straight in dB (an exponential decay). */
void tape_level(struct tape *tape, double from_s, double to_s, double from_lufs, double to_lufs);
/* A linear fade of the amplitude, from full to nothing or back. */
void tape_fade_out(struct tape *tape, double from_s, double to_s, double lufs);
void tape_fade_in(struct tape *tape, double from_s, double to_s, double lufs);
/* Syllables: 4 a second, one place in the middle, no bass. */
void tape_speech(struct tape *tape, double from_s, double to_s, double lufs);
/* Drums alone: 3 beats a second that ring down, in the middle, without a bass drum. */
void tape_drums(struct tape *tape, double from_s, double to_s, double lufs);

/* Curves of a stretch: 0 ... 255, as in record_curves. */
void tape_onsets(struct tape *tape, double from_s, double to_s, int onset);
void tape_flatness(struct tape *tape, double from_s, double to_s, int flatness);

/* The record; the caller calls record_done.  Frees the tape. */
struct record tape_record(struct tape *tape);

/* A song at -14 LUFS with half a second of silence on both sides: begins and ends at once. */
struct record tape_song(double seconds);

/* The same music at another level. */
void tape_shift(struct record *record, double db);
/* Samples kept of the ends, as where the sound is cut; interleaved; NULL: none of that end. */
void tape_cut_samples(struct record *record, const float *first, const float *last, size_t n_frames,
        int channels);

#endif
