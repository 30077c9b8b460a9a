/* plan.h - where and how songs meet, as data.
 *
 * Pure: records and a policy in, clips out.  No files, clocks, threads, globals.  A plan is an ordered
 * list of clips on the output's time line; it can be printed, saved, edited, drawn, and rendered again to the
 * same bytes.  Source positions become output frames here, once.
 */
#ifndef JUKEBOX_PLAN_H
#define JUKEBOX_PLAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "jukebox/record.h"
#include "jukebox/status.h"

enum fade_law {
	FADE_EQUAL_POWER, /* cos/sin: unrelated material */
	FADE_LINEAR, /* the same material on both sides */
};

enum { PLAN_REASON_BYTES = 160 };

/* A stretch of one source file, laid on the output's time line.  Strings are owned (plan_clip_done). */
struct plan_clip {
	size_t entry; /* index in the playlist; SIZE_MAX when read from a file */
	char *path, *title, *artist; /* title and artist may be NULL */

	/* where in the source, in frames of its own rate: [from, to) */
	int source_hz;
	int64_t from_frame, to_frame;

	/* where on the time line, in frames of the output's rate.  Every output frame of the clip lies at
	 * start_frame + i for source position from_frame + i * source_hz / rate. */
	int64_t start_frame, n_frames;

	double gain_db;
	double offset[2]; /* constant offset of the source, subtracted before the gain */

	/* Ramps at the clip's own ends, in output frames; 0: none.  A declick is a short raised cosine at a hard
	 * edge; a fade follows `law`.  Where both are set the product counts. */
	int64_t declick_in_frames, declick_out_frames;
	int64_t fade_in_frames, fade_out_frames;
	enum fade_law law;

	/* Continues the clip before it as one recording: decoded, resampled and summed without any seam. */
	bool joined;

	/* Frames shared with the next clip; negative: a pause before it. */
	int64_t overlap_frames;
	/* Output frame at which the programme's title changes to this clip (middle of the overlap before it). */
	int64_t title_frame;
	/* Expected highest true peak of the sum around the joint to the next clip, before the limiter. */
	double expected_peak_dbtp;
	char transition[24]; /* "start", "overlap", "butt", "pause", "album", "inner", "end" */
	char reason[PLAN_REASON_BYTES]; /* why the joint to the next clip is where it is */
};

void plan_clip_done(struct plan_clip *clip);

#endif
