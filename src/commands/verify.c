/* verify.c - the verb `verify`: does a finished mix keep what its plan promised? */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "jukebox/text.h"
#include "settings.h"
#include "verify.h"

static const struct option_spec options[] = {
        {.name = "json", .kind = OPTION_FLAG, OPTION_AT(json), .help = "print all figures as JSON"},
        {.letter = 't',
                .name = "target",
                .kind = OPTION_NUMBER,
                .argument = "LUFS",
                .offset = offsetof(struct settings, target),
                .set_offset = offsetof(struct settings, target_is_set),
                .lowest = -70,
                .highest = 0,
                .help = "every song must be within 1 LU of this (default: of\nwhat plan and "
                        "sources make it, within 0.5 LU)"},
        {.name = "limiter",
                .kind = OPTION_CHOICE,
                .argument = "on|off",
                OPTION_AT(limiter),
                .choices = limiter_names,
                .help = "as it was for the mix (default on)"},
        {.name = "ceiling",
                .kind = OPTION_NUMBER,
                .argument = "DBTP",
                OPTION_AT(ceiling),
                .lowest = -40,
                .highest = 0,
                .help = "of the limiter (default -1)"},
        {.name = "quality",
                .kind = OPTION_CHOICE,
                .argument = "NAME",
                OPTION_AT(quality),
                .choices = quality_names,
                .help = "of resampling, as it was: fast, medium, high, best\n(default high)"},
        {.letter = 'q',
                .name = "quiet",
                .kind = OPTION_FLAG,
                OPTION_AT(quiet),
                .help = "print nothing but errors: the exit status tells"},
        {0},
};

#define ADD(v, ...) problem_add((v)->problems, MIX_PROBLEMS_MOST, &(v)->n_problems, __VA_ARGS__)

static bool is_lossy(const char *codec)
{
	static const char *const lossy[] = {"mp", "vorbis", "opus", "aac"};
	for (size_t i = 0; i < sizeof lossy / sizeof *lossy; i++)
		if (strncmp(codec, lossy[i], strlen(lossy[i])) == 0)
			return true;
	return false;
}

/* ---- the mix alone ------------------------------------------------------------------------------------- */

static enum status survey_mix(struct verification *v, struct decoder *decoder, struct error *error)
{
	float frames[SIDES * 4096];
	for (;;) {
		size_t n;
		enum status status = decoder_read(decoder, frames, 4096, &n, error);
		if (status == STATUS_END)
			return survey_finish(&v->heard);
		TRY(status);
		TRY(survey_add(&v->heard, frames, n));
	}
}

/* STATUS_UNSUPPORTED: it cannot be compared at all. */
static enum status check_format(
        const struct verification *v, const struct stream_facts *facts, struct error *error)
{
	if (facts->sample_rate_hz != v->plan.rate_hz)
		return error_set(error, STATUS_UNSUPPORTED, "%d Hz, the plan is made for %d Hz",
		        facts->sample_rate_hz, v->plan.rate_hz);
	if (facts->channels != SIDES)
		return error_set(error, STATUS_UNSUPPORTED,
		        "%d channels: only stereo can be compared", facts->channels);
	return STATUS_OK;
}

static enum status measure_mix(struct verification *v, struct error *error)
{
	struct decoder *decoder;
	TRY(decoder_open(v->mix_path, &decoder, error));
	const struct stream_facts *facts = decoder_facts(decoder);
	enum status status = check_format(v, facts, error);
	v->lossy = is_lossy(facts->codec);
	verify_bounds_for(v->lossy, &v->bounds);
	if (status == STATUS_OK)
		status = survey_open(&v->heard, v->plan.rate_hz);
	if (status == STATUS_OK)
		status = survey_mix(v, decoder, error);
	decoder_close(decoder);
	return status;
}

/* ---- judgement --------------------------------------------------------------------------------------------- */

static void judge_length(struct verification *v)
{
	int64_t more = v->heard.n_frames - plan_frames(&v->plan);
	if (fabs((double)more) > v->bounds.length_s * v->plan.rate_hz)
		ADD(v, PROBLEM_LENGTH, -1, "%.3f s %s than the plan",
		        fabs((double)more) / v->plan.rate_hz, more > 0 ? "longer" : "shorter");
}

static void judge_peaks(struct verification *v)
{
	const struct survey *heard = &v->heard;
	double most = v->mix.limiter ? v->mix.ceiling_dbtp : v->expected.true_peak_dbtp;
	if (heard->true_peak_dbtp > most + v->bounds.peak_margin_db)
		ADD(v, PROBLEM_TRUE_PEAK, -1, "%.2f dBTP, where %.2f is the most",
		        heard->true_peak_dbtp, most);
	if (heard->clipped_runs > 0 && !v->lossy)
		ADD(v, PROBLEM_CLIPPING, heard->clipped_frame, "clipped at %zu place%s",
		        heard->clipped_runs, heard->clipped_runs == 1 ? "" : "s");
}

static void judge_dead_air(struct verification *v)
{
	const struct dead_air *heard = &v->heard.dead_air;
	for (size_t i = 0; dead_air_too_long(heard, &v->expected.dead_air, &v->bounds, &i); i++)
		ADD(v, PROBLEM_DEAD_AIR, heard->stretches[i].from * v->plan.rate_hz / 10,
		        "%.1f s under -50 LUFS",
		        (double)(heard->stretches[i].to - heard->stretches[i].from) / 10);
}

static void judge_offset(struct verification *v)
{
	for (int side = 0; side < SIDES; side++) {
		double n = (double)(v->heard.n_frames > 0 ? v->heard.n_frames : 1);
		double offset = v->heard.sum[side] / n;
		if (fabs(offset) > v->bounds.offset_lin)
			ADD(v, PROBLEM_OFFSET, -1, "a constant offset of %+.4f on the %s", offset,
			        side == 0 ? "left" : "right");
	}
}

/* The level of a song's solo part: of one that has most of its song alone, and a gain of its own. */
static void judge_targets(struct verification *v)
{
	for (size_t i = 0; v->target_is_set && i < v->plan.count; i++) {
		struct clip_check *c = &v->checks[i];
		double more = c->loudness_lufs - v->target_lufs;
		if (2 * c->solo.frames > c->clip->n_frames && isfinite(more) &&
		        fabs(more) > v->bounds.target_lu)
			problem_add(c->problems, PROBLEMS_MOST, &c->n_problems, PROBLEM_LOUDNESS,
			        c->clip->start_frame, "%.1f LUFS, %.1f LU %s the target",
			        c->loudness_lufs, fabs(more), more > 0 ? "over" : "under");
	}
}

static void judge(struct verification *v)
{
	judge_length(v);
	judge_peaks(v);
	judge_dead_air(v);
	judge_offset(v);
	for (size_t i = 1; i < v->plan.count; i++)
		meeting_measure(&v->heard.levels, &v->checks[i - 1], &v->checks[i], v->plan.rate_hz,
		        &v->checks[i].meeting);
	for (size_t i = 0; i < v->plan.count; i++)
		judge_clip(
		        &v->checks[i], i ? &v->checks[i - 1] : NULL, v->plan.rate_hz, &v->bounds);
	judge_targets(v);
}

size_t verification_problems(const struct verification *v)
{
	size_t n = v->n_problems;
	for (size_t i = 0; i < v->plan.count; i++)
		n += v->checks[i].n_problems;
	return n;
}

/* ---- the verb ---------------------------------------------------------------------------------------------- */

static enum status prepare(struct verification *v, struct error *error)
{
	TRY(plan_read(v->plan_path, &v->plan, error));
	if (v->plan.count == 0)
		return error_set(error, STATUS_BAD_DATA, "no tracks in the plan");
	v->mix.rate_hz = v->plan.rate_hz;
	v->checks = calloc(v->plan.count, sizeof *v->checks);
	if (!v->checks)
		return error_set(error, STATUS_NO_MEMORY, "out of memory");
	for (size_t i = 0; i < v->plan.count; i++) {
		v->checks[i].clip = &v->plan.clips[i];
		v->checks[i].loudness_lufs = v->checks[i].expected_lufs = -HUGE_VAL;
		v->checks[i].meeting.dip_lu = v->checks[i].meeting.bump_lu = NAN;
	}
	return STATUS_OK;
}

static bool measure(struct verification *v)
{
	struct error error = {0};
	const char *about = v->plan_path;
	enum status status = prepare(v, &error);
	if (status == STATUS_OK) {
		about = v->mix_path;
		status = measure_mix(v, &error);
	}
	if (status == STATUS_OK)
		status = compare_with_plan(v, &error);
	if (status == STATUS_OK)
		return true;
	log_file(v->log, LOG_ERROR, about, "%s", error.text[0] ? error.text : "out of memory");
	return false;
}

static bool report(const struct verification *v, const struct settings *s)
{
	enum status status = s->json    ? report_as_json(v)
	                     : s->quiet ? STATUS_OK
	                                : report_as_table(v);
	if (status != STATUS_OK)
		log_print(v->log, LOG_ERROR, "standard output: it could not be written");
	return status == STATUS_OK;
}

static void verification_done(struct verification *v)
{
	survey_close(&v->heard);
	survey_close(&v->expected);
	plan_done(&v->plan);
	free(v->checks);
	session_log_free(v->log);
	free(v);
}

static int verify(const struct settings *s, char **paths)
{
	int exit_status = EXIT_FAILED;
	struct verification *v = calloc(1, sizeof *v);
	if (!v)
		return EXIT_FAILED;
	v->log = session_log(s);
	v->mix_path = paths[0];
	v->plan_path = paths[1];
	v->target_is_set = s->target_is_set;
	v->target_lufs = s->target;
	v->mix = (struct mix_options){.buffer_bytes = 1 << 20,
	        .n_workers = 2,
	        .quality = (enum resampler_quality)s->quality,
	        .limiter = s->limiter == 0,
	        .ceiling_dbtp = s->ceiling};
	if (v->log && measure(v)) {
		judge(v);
		if (report(v, s) && verification_problems(v) == 0)
			exit_status = EXIT_DONE;
	}
	verification_done(v);
	return exit_status;
}

static int run_verify(int argc, char **argv, const struct verb *verb)
{
	struct settings settings;
	int n, exit_status;
	settings_defaults(&settings);
	if (!verb_options(verb, &settings, argc, argv, &n, &exit_status))
		return exit_status;
	if (n != 2)
		return verb_usage(verb, "a mix and its plan are needed");
	return verify(&settings, argv);
}

const struct verb verb_verify = {
        .name = "verify",
        .synopsis = "[OPTION]... MIX PLAN",
        .purpose = "Measure a finished mix against its plan.",
        .options = options,
        .notes = "MIX: a stereo file in any format, at the plan's rate.  PLAN: from plan --json, "
                 "with "
                 "the same\noptions and list as the mix; the songs must still be there.  Exit "
                 "status 1 "
                 "when a bound is broken.\n",
        .values_bytes = sizeof(struct settings),
        .run = run_verify,
};
