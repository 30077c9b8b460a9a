/* plan.c - the verb `plan`: the timeline of a list, without a sound. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "settings.h"

static const struct option_spec options[] = {
        {.name = "json",
                .kind = OPTION_FLAG,
                OPTION_AT(json),
                .help = "print the plan as JSON, for mix --plan"},
        {.name = "cue",
                .kind = OPTION_FLAG,
                OPTION_AT(cue),
                .help = "print a cue sheet for mix.wav"},
        {.name = "svg",
                .kind = OPTION_FLAG,
                OPTION_AT(svg),
                .help = "print a picture (SVG): each joint with both level curves"},
        {.name = "explain",
                .kind = OPTION_FLAG,
                OPTION_AT(explain),
                .help = "print the terms of the cost at each joint (stderr)"},
        POLICY_OPTIONS,
        LIST_OPTIONS,
        {0},
};

static void print_line(void *user, const char *line)
{
	log_print(user, LOG_ERROR, "%s", line);
}

/* The records of the last two clips that a picture asked for: they were measured, so the cache has them. */
struct lender {
	struct cache *cache;
	struct record records[2];
	size_t n;
};

static const struct record *lend_record(void *user, const struct plan_clip *clip)
{
	struct lender *lender = user;
	struct error ignored;
	struct record *record = &lender->records[lender->n++ % 2];
	record_done(record);
	return cache_find(lender->cache, clip->path, record, &ignored) == STATUS_OK ? record : NULL;
}

static char *plan_picture(const struct plan *plan, struct cache *cache)
{
	struct lender lender = {.cache = cache};
	char *text = plan_to_svg(plan, lend_record, &lender);
	record_done(&lender.records[0]);
	record_done(&lender.records[1]);
	return text;
}

static bool say_failure(enum status status, const struct error *error, struct log *log)
{
	if (status == STATUS_OK)
		return true;
	log_print(log, LOG_ERROR, "%s%s", error->text[0] ? "" : "standard output: ",
	        error->text[0]               ? error->text
	        : status == STATUS_NO_MEMORY ? "out of memory"
	                                     : strerror(errno));
	return false;
}

/* A picture needs the whole plan: how large it is stands at its top. */
static enum status print_picture(struct programme *programme, const struct settings *s,
        struct session *session, struct error *error)
{
	struct plan plan = {.rate_hz = (int)s->rate, .channels = 2, .target_lufs = s->target};
	enum status status = plan_collect(programme, &plan, error);
	if (status == STATUS_OK) {
		char *text = plan_picture(&plan, session->cache);
		status = !text                                            ? STATUS_NO_MEMORY
		         : fputs(text, stdout) < 0 || fflush(stdout) != 0 ? STATUS_IO
		                                                          : STATUS_OK;
		free(text);
	}
	plan_done(&plan);
	return status;
}

/* Clip by clip: a plan of any length needs no memory. */
static enum status print_plan(
        struct programme *programme, const struct settings *s, struct error *error)
{
	struct plan_printer printer = {.form = s->json  ? PLAN_JSON
	                                       : s->cue ? PLAN_CUE
	                                                : PLAN_TABLE,
	        .out = stdout,
	        .rate_hz = (int)s->rate,
	        .channels = 2,
	        .target_lufs = s->target,
	        .audio_file = "mix.wav"};
	struct plan_clip clip;
	enum status status;
	TRY(plan_print_begin(&printer));
	while ((status = programme_next(programme, &clip, error)) == STATUS_OK) {
		status = plan_print_clip(&printer, &clip);
		plan_clip_done(&clip);
		TRY(status);
	}
	return status == STATUS_END ? plan_print_end(&printer) : status;
}

static int plan_lists(struct session *session, const struct settings *s)
{
	struct error error = {0};
	struct programme *programme = session_programme(session, s);
	int exit_status = EXIT_FAILED;
	if (!programme)
		return EXIT_FAILED;
	if (s->explain)
		programme_explain(programme, print_line, session->log);
	bool picture = s->svg && !s->json && !s->cue;
	enum status status = picture ? print_picture(programme, s, session, &error)
	                             : print_plan(programme, s, &error);
	if (say_failure(status, &error, session->log))
		exit_status = session_exit(
		        session, s, programme_planned(programme), programme_skipped(programme));
	programme_free(programme);
	return exit_status;
}

static int run_plan(int argc, char **argv, const struct verb *verb)
{
	struct settings settings;
	struct session session;
	int n, exit_status;
	settings_defaults(&settings);
	if (!verb_options(verb, &settings, argc, argv, &n, &exit_status))
		return exit_status;
	if (n == 0)
		return verb_usage(verb, "no list to plan");
	if (settings.loop && settings.rounds == 0)
		return verb_usage(verb, "a plan without an end cannot be shown: give --loop=N");
	if (session_open(&session, &settings, argv, n, false, &exit_status))
		exit_status = plan_lists(&session, &settings);
	session_close(&session);
	return exit_status;
}

const struct verb verb_plan = {
        .name = "plan",
        .synopsis = "[OPTION]... LIST...",
        .purpose = "Show where and how the songs meet, as a table, JSON, cue sheet or picture.",
        .options = options,
        .values_bytes = sizeof(struct settings),
        .run = run_plan,
};
