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
#include <stdio.h>

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
	/* Constant offset of the source, subtracted before the gain; within the first 20 ms, unless joined. */
	double offset[2];

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
	/* What somebody or a tag decided about this clip, and where: "gain: #JUKEBOX:, cue-in: liq_cue_in"; "": nothing. */
	char sources[PLAN_REASON_BYTES];
};

void plan_clip_done(struct plan_clip *clip);
/* STATUS_NO_MEMORY: *to is empty. */
enum status plan_clip_copy(struct plan_clip *to, const struct plan_clip *from) MUST_USE;

/* ---- what the decisions see of one track: a pure function of its record ------------------- */

enum intro_kind { INTRO_IMMEDIATE, INTRO_FADE, INTRO_QUIET, INTRO_SPOKEN };
enum ending_kind {
	ENDING_COLD,
	ENDING_FADE,
	ENDING_SUSTAINED,
	ENDING_NOISE, /* applause, surf, hiss */
	ENDING_QUIET,
	ENDING_SPOKEN,
};
const char *intro_kind_name(enum intro_kind kind);
const char *ending_kind_name(enum ending_kind kind);

enum { OUTLINE_SILENCES = 32 };

/* Seconds from the track's first frame; levels in LUFS before any gain. */
struct outline {
	bool silent; /* no sound at all: nothing else below means anything */
	bool trim_refused; /* a trim would have taken more than sound and share allow: edges are the file's */
	double duration_s;
	double loudness_lufs; /* of what is played: the track's, or, with `part`, of that part alone */
	double loudness_range_lu;
	bool part; /* cue points that somebody set, or an end at dead air, leave music out */
	double cue_in_s, cue_out_s; /* first and last audible second */
	double mix_in_s; /* the song has arrived: its intro is over */
	double mix_out_s; /* its last decay begins: the earliest second for another song */
	double noise_floor_lufs; /* of the file, where there is nothing else; -HUGE_VAL: digital silence */
	double ending_lufs; /* level that was held before the last decay */
	enum intro_kind intro;
	enum ending_kind ending;
	double ending_confidence; /* 0 ... 1 */
	bool starts_cut, ends_cut; /* sound up to the very first or last frame */
	size_t n_silences; /* pauses inside, two seconds and longer, the first OUTLINE_SILENCES */
	struct {
		double from_s, to_s;
	} silences[OUTLINE_SILENCES];
};

void outline_of(const struct record *record, struct outline *outline);

/* The same track when it is to end at an earlier second: the shape of that ending, the loudness of that part. */
void outline_end_at(const struct record *record, struct outline *outline, double cue_out_s);

/* Somebody has set its cue points: the loudness is that of what lies between them. */
void outline_part(const struct record *record, struct outline *outline);

/* ---- policy: what a person may choose ----------------------------------------------------- */

enum loudness_mode { LOUDNESS_TRACK, LOUDNESS_ALBUM, LOUDNESS_OFF };
enum inner_silence { INNER_KEEP, INNER_SHORTEN, INNER_DROP, INNER_END };

/* Dead air: a pause inside a file that is longer than any music means (a hidden song follows). */
#define DEAD_AIR_S 10.0

struct policy {
	int rate_hz; /* of the time line */
	double target_lufs;
	enum loudness_mode loudness;
	double ceiling_dbtp;
	double max_overlap_s;
	double crossfade_s; /* < 0: every joint is decided; else a fixed cross-fade */
	double gap_s; /* < 0: none; else an exact pause between audible ends */
	bool no_mix; /* every track whole and untouched, end to end */
	enum inner_silence inner_silence;
	double inner_silence_s; /* INNER_SHORTEN: what stays of dead air */
	bool use_tags; /* honour liq_*, MixRamp, ReplayGain and R128 tags */
};

/* -18 LUFS, -1 dBTP, 6 s, joints decided, dead air shortened to 2 s, 44,100 Hz. */
void policy_defaults(struct policy *policy);

/* ---- the planner: records in, in order; clips out, in order ------------------------------- */

/* Borrowed for the call of planner_push. */
struct plan_item {
	size_t entry;
	const char *path;
	const char *title; /* from the list; NULL: the tags' */
	const char *directives; /* "#JUKEBOX:" texts, joined with '\n'; NULL */
	const struct record *record;
};

struct planner;

struct planner *planner_new(const struct policy *policy);
void planner_free(struct planner *planner);

/* The next track.  Clips become ready once the track behind them is known (an album's, once its end is).
 * STATUS_BAD_DATA: the item cannot be part of a programme (no sound); *error says why, the plan goes on
 * without it.  Warnings about an item (held gain, refused trim, unknown directive) come with STATUS_OK
 * and words in `note` (PLAN_REASON_BYTES; "" when there is nothing to say). */
enum status planner_push(struct planner *planner, const struct plan_item *item,
        char note[PLAN_REASON_BYTES], struct error *error) MUST_USE;

/* No more items: the last clips become ready. */
enum status planner_finish(struct planner *planner) MUST_USE;

/* Takes the next ready clip (the caller owns it); false when there is none for now. */
bool planner_pop(struct planner *planner, struct plan_clip *clip);

/* For --explain: the terms of the cost at each joint that was decided, as text; called from planner_push. */
typedef void planner_explain_fn(void *user, const char *line);
void planner_explain(struct planner *planner, planner_explain_fn *explain, void *user);

/* ---- plans as text ------------------------------------------------------------------------ */

struct plan {
	int rate_hz;
	int channels;
	double target_lufs;
	struct plan_clip *clips; /* owned */
	size_t count;
};

void plan_done(struct plan *plan);
/* Takes the clip over, also on failure. */
enum status plan_append(struct plan *plan, struct plan_clip *clip) MUST_USE;
int64_t plan_frames(const struct plan *plan);

/* A new plan of what lies around the joints of this one: `around_s` before and behind each, `pause_s` of silence between
 * them; the joints themselves are untouched.  Joints that are close to each other stay together.  One clip alone gives
 * an empty plan.  On failure *joints is empty. */
enum status plan_joints(
        const struct plan *plan, double around_s, double pause_s, struct plan *joints) MUST_USE;

/* A plan clip by clip as it is made, however long it is. */
struct plan_printer {
	enum plan_form {
		PLAN_JSON,
		PLAN_TABLE,
		PLAN_CUE
	} form; /* of a table: names escaped for a terminal */
	FILE *out; /* borrowed */
	int rate_hz, channels;
	double target_lufs;
	const char *audio_file; /* of a cue sheet */
	/* so far */
	size_t n_clips;
	int n_titles;
	int64_t n_frames;
};

/* STATUS_IO (errno is set), STATUS_NO_MEMORY. */
enum status plan_print_begin(struct plan_printer *printer) MUST_USE;
enum status plan_print_clip(struct plan_printer *printer, const struct plan_clip *clip) MUST_USE;
enum status plan_print_end(struct plan_printer *printer) MUST_USE; /* flushes */

/* All of it as a new string, caller frees; NULL when out of memory. */
char *plan_to_text(const struct plan *plan, enum plan_form form, const char *audio_file);

/* Pictures (SVG without scripts, links or style sheets; names are escaped).  The level curves of both songs at a joint, on
 * the time line of the mix.  Records are borrowed; NULL: the song is drawn as a box. */
struct joint_picture {
	const struct plan_clip *old, *next;
	const struct record *old_record, *next_record;
	int rate_hz; /* the plan's */
	double target_lufs;
	double around_s; /* of music before and behind the joint; 0: 12 */
};
char *plan_joint_to_svg(const struct joint_picture *joint);

/* A clip's record, or NULL.  What it returned for one clip must stay until it was asked for two more. */
typedef const struct record *plan_record_fn(void *user, const struct plan_clip *clip);
/* An overview, and every joint below it.  `record_of` may be NULL. */
char *plan_to_svg(const struct plan *plan, plan_record_fn *record_of, void *user);

/* Reads what PLAN_JSON printed, perhaps edited by hand: everything is checked. */
enum status plan_from_json(
        const char *text, size_t n_bytes, struct plan *plan, struct error *error) MUST_USE;

#endif
