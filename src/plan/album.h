/* album.h - are two tracks one recording, cut in two?  Private to plan/. */
#ifndef PLAN_ALBUM_H
#define PLAN_ALBUM_H

#include <stdbool.h>

#include "jukebox/record.h"

/* What has to be kept of the old track until the new one is known.  Owned; album_end_done. */
struct album_end {
	struct record_samples last;
	int sample_rate_hz, channels;
	bool lossless;
	double loudness_lufs;
	char *album, *track;
};

/* STATUS_NO_MEMORY leaves it empty. */
enum status album_end_of(struct album_end *end, const struct record *record) MUST_USE;
void album_end_done(struct album_end *end);

/* Evidence in nats (log likelihood ratio) that the waveform of `first` continues `last`; `lossless`: no codec has changed
 * what lies at the cut.  And the verdict.  `why` (may be NULL) gets some words. */
double album_waveform_evidence(
        const struct record_samples *last, const struct record_samples *first, bool lossless);
double album_spectrum_distance_db(
        const struct record_samples *last, const struct record_samples *first);
bool album_continues(
        const struct album_end *end, const struct record *next, char *why, size_t why_bytes);

#endif
