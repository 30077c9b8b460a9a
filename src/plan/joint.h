/* joint.h - where two songs meet.  Private to plan/. */
#ifndef PLAN_JOINT_H
#define PLAN_JOINT_H

#include "jukebox/plan.h"
#include "levels.h"

enum {
	SIDE_SECONDS = 20, /* of each song that may overlap at most, in a joint that is decided */
	SIDE_VALUES = 1300, /* that, and what is around, every 20 ms */
};

/* The end of one song, or the beginning of another, relative to its own loudness: 0 LU is the foreground.
 * Small enough to be kept while the other song is looked at. */
struct joint_side {
	double cue_in_s, cue_out_s, mix_in_s, mix_out_s;
	double ending_lu; /* level held before the last decay */
	enum intro_kind intro;
	enum ending_kind ending;
	double length_s; /* audible */
	double beat_s,
	        first_beat_s; /* a beat's length, and where one lies; 0 where no steady one was found */
	double gain_lin; /* what the song is played with: for its peaks */
	struct strip momentary; /* LU: of the last or first seconds, every 20 ms */
	float peak_lin[SIDE_VALUES]; /* true peak before gain, at the places of `momentary` */
	float hole_before[SIDE_VALUES +
	                  1]; /* values of `momentary` in which no music plays, up to each */
};

/* `reach_s`: the longest overlap that will be asked for; more than SIDE_SECONDS is not seen.  The gain is 1 at first. */
void joint_side_of_end(struct joint_side *side, const struct record *record,
        const struct outline *outline, double reach_s);
void joint_side_of_start(struct joint_side *side, const struct record *record,
        const struct outline *outline, double reach_s);

/* What one place costs, term by term: seconds of each fault, weighted.  See joint.c. */
struct joint_terms {
	double hole, clash, bump, buried, playing, tail, pause, peak, beat, total;
};

struct joint {
	double at_s; /* second of the old song at which the new one's cue_in is heard */
	double overlap_s; /* old cue_out - at_s; negative: a pause */
	double expected_peak_lin;
	struct joint_terms terms;
	char reason[PLAN_REASON_BYTES];
};

/* The offset of least cost, with at most max_overlap_s.  */
void joint_decide(const struct joint_side *old, const struct joint_side *new,
        const struct policy *policy, double max_overlap_s, struct joint *joint);

/* Only the measurement: what a place that somebody else chose comes to. */
void joint_measure(const struct joint_side *old, const struct joint_side *new,
        const struct policy *policy, struct joint *joint);

#endif
