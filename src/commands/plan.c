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

static bool print_plan(const struct plan *plan, const struct settings *s, struct session *session)
{
	char *text = s->json  ? plan_to_json(plan)
	             : s->cue ? plan_to_cue(plan, "mix.wav")
	             : s->svg ? plan_picture(plan, session->cache)
	                      : plan_to_table(plan);
	bool ok = text && fputs(text, stdout) >= 0 && (!s->json || putchar('\n') != EOF) &&
	          fflush(stdout) == 0;
	if (!ok)
		log_print(session->log, LOG_ERROR, "standard output: %s",
		        text ? strerror(errno) : "out of memory");
	free(text);
	return ok;
}

static int plan_lists(struct session *session, const struct settings *s)
{
	struct plan plan = {.rate_hz = (int)s->rate, .channels = 2, .target_lufs = s->target};
	struct error error = {0};
	struct programme *programme = session_programme(session, s);
	if (!programme)
		return EXIT_FAILED;
	if (s->explain)
		programme_explain(programme, print_line, session->log);
	int exit_status = EXIT_FAILED;
	if (plan_collect(programme, &plan, &error) != STATUS_OK)
		log_print(session->log, LOG_ERROR, "%s", error.text);
	else if (print_plan(&plan, s, session))
		exit_status = session_exit(
		        session, s, programme_planned(programme), programme_skipped(programme));
	plan_done(&plan);
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
