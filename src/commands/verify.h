/* verify.h - a finished mix held against its plan: what the parts of the verb `verify` tell each other.
 *
 * Three measurements, all streaming: the mix alone (verify_survey.c); the mix against what the plan says, rendered from
 * the sources with the limiter as it was (verify_compare.c), block by block (verify_block.c), with a search where they
 * do not fit (verify_align.c).  How the songs meet is read off the mix's own levels (verify_joint.c).  What the
 * figures mean is decided by pure functions (verify_judge.c).
 */
#ifndef COMMANDS_VERIFY_H
#define COMMANDS_VERIFY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "jukebox/decoder.h"
#include "jukebox/log.h"
#include "jukebox/mix.h"
#include "jukebox/plan.h"

/* ---- bounds --------------------------------------------------------------------------------------- */

struct verify_bounds {
	double null_dbfs; /* highest RMS of what is left when the expected is taken off, in a block */
	double null_relative_db; /* or this much under the block's own level, if that is more */
	double failing_share; /* of a song's blocks that may be over it */
	double position_s, length_s;
	int64_t album_frames;
	double gain_db, loudness_lu, target_lu;
	double click_lin;
	double offset_lin;
	double dead_air_s;
	double peak_margin_db;
	double hole_s, bump_lu;
};

/* Lossless mixes: the null is that of 16 bits with dither (-96 dBFS) and some room.  Lossy ones: what MP3 at 128 kbit/s
 * and Vorbis at q4 do to music. */
void verify_bounds_for(bool lossy, struct verify_bounds *bounds);

/* ---- blocks ---------------------------------------------------------------------------------------- */

enum { SIDES = 2 };

/* Of stretches of stereo frames, expected and heard; products without the mean of each block. */
struct sums {
	int64_t n_frames;
	double ee[SIDES], hh[SIDES]; /* energies */
	double eh[SIDES][SIDES]; /* expected side times heard side */
	double difference[SIDES]; /* heard - expected, with its mean */
	double residual; /* energy of that, both sides */
};

/* What stands out of the residual of one block. */
struct spike {
	double height_lin; /* highest second difference of the residual */
	bool lone; /* a few samples only, and little else is left */
};

void sums_of(const float *expected, const float *heard, size_t n_frames, struct sums *sums);
void sums_add(struct sums *to, const struct sums *from);
struct spike spike_of(const float *expected, const float *heard, size_t n_frames);

double sums_correlation(const struct sums *sums); /* -1 ... 1; 0 for silence */
double sums_correlation_swapped(const struct sums *sums); /* with the heard sides exchanged */
double sums_gain_db(const struct sums *sums); /* least squares, heard over expected */
double sums_null_dbfs(const struct sums *sums); /* RMS of the residual */

enum block_kind {
	BLOCK_GOOD, /* within the bound of the null */
	BLOCK_CHANGED, /* the same sound at the same place, but not the same */
	BLOCK_HOLE, /* nothing where something should be */
	BLOCK_STRANGE, /* something else */
};
enum block_kind block_kind_of(const struct sums *sums, const struct verify_bounds *bounds);

/* All blocks of a stretch. */
struct tally {
	struct sums sums; /* of good and changed blocks */
	int64_t frames, changed, hole, strange;
	int64_t hole_frame, strange_frame, click_frame; /* the first */
	size_t clicks;
	double worst_dbfs, worst_gain_db; /* of changed blocks */
	int64_t worst_frame;
};

void tally_add(struct tally *tally, const struct sums *sums, enum block_kind kind,
        const struct spike *spike, int64_t frame, const struct verify_bounds *bounds);

/* ---- where is it? ------------------------------------------------------------------------------------ */

/* The place in `room` where `wanted` fits best, by normalised correlation of either sign: fits of nearly the best
 * count as equal, and of those the one nearest to `favourite` wins.  STATUS_NO_MEMORY; *correlation is 0 when there
 * is nothing but silence. */
enum status align_find(const float *wanted, size_t n_wanted, const float *room, size_t n_room,
        size_t favourite, size_t *place, double *correlation) MUST_USE;

/* ---- results ------------------------------------------------------------------------------------------ */

enum problem_kind {
	PROBLEM_MISSING,
	PROBLEM_STRANGE,
	PROBLEM_DROP_OUT,
	PROBLEM_POSITION,
	PROBLEM_ALBUM,
	PROBLEM_POLARITY,
	PROBLEM_CHANNELS,
	PROBLEM_LEVEL,
	PROBLEM_OFFSET,
	PROBLEM_SOUND,
	PROBLEM_LOUDNESS,
	PROBLEM_CLICK,
	PROBLEM_JOINT,
	PROBLEM_HOLE,
	PROBLEM_BUMP,
	PROBLEM_SOURCE,
	PROBLEM_LENGTH,
	PROBLEM_TRUE_PEAK,
	PROBLEM_CLIPPING,
	PROBLEM_DEAD_AIR,
	PROBLEM_FORMAT,
};
const char *problem_name(enum problem_kind kind);

struct problem {
	enum problem_kind kind;
	int64_t frame; /* of the mix; -1: of all of it */
	char text[120];
};

/* ---- how two songs meet ---------------------------------------------------------------------------------- */

/* The mix's energy in each block of 100 ms (meter.h). */
struct levels {
	float *energies; /* owned */
	size_t count, most;
};
enum status levels_add(struct levels *levels, double energy) MUST_USE;

#define HOLE_LU 10.0 /* under the quieter neighbour: a dip that is heard as a hole */

/* Around the overlap or the pause, by momentary loudness; NAN where a song is never heard alone. */
struct meeting_check {
	double dip_lu; /* the softest moment, beside the quieter neighbour's loudness */
	double soft_s; /* the longest time more than HOLE_LU under it */
	double hole_s; /* of that, where no song sounds but in a fade: not in the music */
	double bump_lu; /* the loudest moment over the loudest of both songs alone in the 30 s beside it */
};

enum { PROBLEMS_MOST = 12 }; /* of a song; of the mix as a whole: MIX_PROBLEMS_MOST */

struct clip_check {
	const struct plan_clip *clip; /* borrowed */
	struct tally solo; /* where it is heard alone */
	struct tally joint; /* the overlap, or the pause, before it */
	int64_t position_frames; /* later than planned, as far as its place was seen */
	double loudness_lufs, expected_lufs; /* of its solo part */
	struct meeting_check meeting; /* with the clip before it */
	struct problem problems[PROBLEMS_MOST];
	size_t n_problems;
};

/* `old`, `new`: measured, with their places. */
void meeting_measure(const struct levels *levels, const struct clip_check *old,
        const struct clip_check *new, int rate_hz, struct meeting_check *joint);

/* Fills check->problems.  `before`: the clip before it, judged already; NULL for the first. */
void judge_clip(struct clip_check *check, const struct clip_check *before, int rate_hz,
        const struct verify_bounds *bounds);

/* Stretches under -50 LUFS, in blocks of 100 ms. */
enum { DEAD_AIR_MOST = 1024 };
struct dead_air {
	int64_t n_blocks;
	size_t count;
	struct {
		int64_t from, to;
	} stretches[DEAD_AIR_MOST];
};
void dead_air_add(struct dead_air *dead_air, double block_energy);

/* The first stretch from *i on that is longer than the expected has it there; false: none. */
bool dead_air_too_long(const struct dead_air *heard, const struct dead_air *expected,
        const struct verify_bounds *bounds, size_t *i);

/* What one signal, all of it, comes to. */
struct survey {
	struct meter *meter; /* owned */
	int64_t n_frames;
	double sum[SIDES];
	double loudness_lufs, true_peak_dbtp;
	size_t clipped_runs;
	int64_t clipped_frame; /* the first */
	int run[SIDES];
	struct dead_air dead_air;
	struct levels levels;
};
enum status survey_open(struct survey *survey, int rate_hz) MUST_USE;
enum status survey_add(struct survey *survey, const float *frames, size_t n_frames) MUST_USE;
enum status survey_finish(struct survey *survey) MUST_USE;
void survey_close(struct survey *survey);

/* ---- a run ---------------------------------------------------------------------------------------------- */

enum { MIX_PROBLEMS_MOST = 64 };

struct verification {
	const char *mix_path, *plan_path;
	struct mix_options mix;
	bool target_is_set;
	double target_lufs;
	struct log *log;

	struct plan plan;
	bool lossy;
	struct verify_bounds bounds;
	struct survey heard, expected;
	struct clip_check *checks; /* owned, one a clip */
	struct problem problems[MIX_PROBLEMS_MOST]; /* of the mix as a whole */
	size_t n_problems;
};

void problem_add(struct problem *problems, size_t most, size_t *n, enum problem_kind kind,
        int64_t frame, const char *format, ...) PRINTF_LIKE(6, 7);

/* Fills v->expected and v->checks up to the judgement.  The mix has the plan's rate and two channels. */
enum status compare_with_plan(struct verification *v, struct error *error) MUST_USE;

size_t verification_problems(const struct verification *v);
/* STATUS_IO when standard output does not take it. */
enum status report_as_table(const struct verification *v);
enum status report_as_json(const struct verification *v);

#endif
