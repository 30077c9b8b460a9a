/* mix.c - the verb `mix`: a list, or a saved plan, played to all outputs. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "inputs.h"
#include "jukebox/clock.h"
#include "jukebox/control.h"
#include "jukebox/events.h"
#include "jukebox/output.h"
#include "jukebox/player.h"
#include "jukebox/text.h"
#include "plan_reader.h"
#include "relist.h"
#include "settings.h"
#include "shown.h"
#include "standby.h"
#include "station.h"

static const struct option_spec options[] = {
        OUTPUT_OPTIONS,
        RADIO_OPTIONS,
        POLICY_OPTIONS,
        LIST_OPTIONS,
        {0},
};

/* ---- outputs --------------------------------------------------------------------------------------- */

enum { OUTPUTS_MOST = 32 };
static const int64_t MEASURING_ENDS_NS = 3000000000;
/* A list that takes longer to read is taken at the next try. */
static const int64_t RETRY_NS = 250000000;
static const int64_t LOOK_NS = 50000000;
/* Twelve minutes of songs that have to be measured take half of it. */
static const int64_t FALLBACK_LATE_NS = 10000000000;
/* Of --buffer, for decoding ahead; the rest is for whole songs. */
enum { MOST_AHEAD_BYTES = 1 << 20 };
/* Of a live mix, which has no whole songs: a disk may take 20 seconds before anybody hears of it. */
enum { LIVE_AHEAD_BYTES = 8 << 20 };

struct mix_run {
	const struct settings *settings;
	struct log *log;
	struct library *library; /* NULL when a saved plan is rendered */
	struct kept *songs; /* between measuring and mixing; NULL: none are kept */
	struct output *outputs[OUTPUTS_MOST];
	struct output *kept
	        [OUTPUTS_MOST]; /* the same, failed ones too: for the control thread, and to close */
	struct output_hub *hub;
	size_t n_outputs;
	struct inputs inputs; /* what no output may go over */
	struct control *control;
	struct events *events;
	struct onair *onair;
	struct station station;
	struct standby *standby; /* owned; NULL: no fallback is asked for */
	bool at_end; /* all was played */
	bool threads_hang; /* so what they use stays */
	bool began_without; /* lists, which were not to be had */
	struct shown shown;

	/* for a reload */
	struct session *session;
	struct programme *programme;
	struct relist *relist; /* owned */
	struct playlist *reloaded; /* owned; the one in use */
	const struct state *
	        state; /* where the list goes on that was not to be had at the start; NULL: it was */
	char **lists;
	int n_lists;

	/* of the verb joints: the cut plan, made when the first clip is asked for */
	struct plan_reader joints;
	bool joints_made;

	int64_t plan_frames; /* of a saved plan; 0: not known */
};

static void output_options_of(const struct mix_run *run, struct output_options *o)
{
	const struct settings *s = run->settings;
	*o = (struct output_options){.bus_rate_hz = (int)s->rate,
	        .rate_hz = (int)s->rate,
	        .channels = (int)s->channels,
	        .sample = (enum sample_format)s->format,
	        .sample_is_set = s->format_is_set,
	        .seed = (uint64_t)s->seed,
	        .is_input = inputs_hold,
	        .is_input_user = &run->inputs,
	        .hub = run->hub};
}

static bool try_output(struct mix_run *run, const char *spec, bool quietly, int *exit_status)
{
	struct output_options o;
	struct error error = {0};
	struct output **output = &run->outputs[run->n_outputs];
	output_options_of(run, &o);
	enum status status = output_open(spec, &o, run->log, output, &error);
	if (status == STATUS_OK) {
		run->kept[run->n_outputs++] = *output;
		return true;
	}
	if (!quietly)
		log_print(run->log, LOG_ERROR, "%s%s", error.text,
		        status == STATUS_USAGE ? "; see 'jukebox mix --help'" : "");
	*exit_status = status == STATUS_USAGE ? EXIT_USAGE : EXIT_FAILED;
	return false;
}

/* Nothing was asked for: standard output when it leads somewhere, else the sound card. */
static bool open_default_output(struct mix_run *run, int *exit_status)
{
	if (!isatty(STDOUT_FILENO))
		return try_output(run, "-", false, exit_status);
	if (try_output(run, "alsa:default", true, exit_status) ||
	        try_output(run, "oss:", true, exit_status))
		return true;
	log_print(run->log, LOG_ERROR,
	        "no sound card could be opened: name an output with -o FILE.wav or -o alsa:DEVICE, "
	        "or redirect "
	        "standard output");
	*exit_status = EXIT_FAILED;
	return false;
}

static bool open_outputs(struct mix_run *run, int *exit_status)
{
	const struct option_texts *specs = &run->settings->outputs;
	if (specs->count == 0)
		return open_default_output(run, exit_status);
	for (size_t i = 0; i < specs->count; i++)
		if (output_hub_expect(run->hub, specs->items[i]) != STATUS_OK)
			return false;
	for (size_t i = 0; i < specs->count; i++)
		if (!try_output(run, specs->items[i], false, exit_status))
			return false;
	return true;
}

static bool is_told_to_stop(const struct mix_run *run)
{
	return run->control && control_stopping(run->control);
}

/* Of a list; a saved plan and the joints are fixed. */
static struct lineup *lineup_of(const struct mix_run *run)
{
	return run->programme && !run->settings->joints ? programme_lineup(run->programme) : NULL;
}

/* ---- control ------------------------------------------------------------------------------------------ */

static void unblock(void *user)
{
	struct mix_run *run = user;
	if (run->library)
		library_cancel(run->library);
}

static void abort_outputs(void *user)
{
	struct mix_run *run = user;
	for (size_t i = 0; i < run->n_outputs; i++)
		if (run->kept[i])
			output_cancel(run->kept[i]);
}

static enum status next_of_programme(void *user, struct plan_clip *clip, struct error *error)
{
	struct mix_run *run = user;
	return programme_next(run->programme, clip, error);
}

/* Clips around the joints of `plan`, which is used up. */
static enum status cut_to_joints(
        struct mix_run *run, struct plan *plan, struct plan_reader *joints, struct error *error)
{
	enum { PAUSE_MS = 500 };
	size_t n = plan->count;
	enum status status =
	        plan_joints(plan, run->settings->around, PAUSE_MS / 1000.0, &joints->plan);
	plan_done(plan);
	if (status != STATUS_OK)
		return error_set(error, status, "out of memory");
	log_print(run->log, LOG_INFO, "%zu joints", n > 0 ? n - 1 : 0);
	return STATUS_OK;
}

static enum status next_of_joints(void *user, struct plan_clip *clip, struct error *error)
{
	struct mix_run *run = user;
	if (!run->joints_made) {
		struct plan plan = {.rate_hz = (int)run->settings->rate, .channels = 2};
		enum status status = plan_collect(run->programme, &plan, error);
		if (status != STATUS_OK) {
			plan_done(&plan);
			return status;
		}
		run->joints_made = true;
		TRY(cut_to_joints(run, &plan, &run->joints, error));
	}
	return plan_reader_next(&run->joints, clip, error);
}

static void turn_programme(void *user, size_t on_air, bool now, bool in_vain)
{
	struct mix_run *run = user;
	programme_turn(run->programme, on_air, now, in_vain);
}

static double arrival_s(void *user)
{
	const struct mix_run *run = user;
	return programme_arrival_s(run->programme);
}

/* The lists were not to be had at the start: they begin now. */
static void begin_lists(struct mix_run *run)
{
	const struct state *state = run->state;
	run->state = NULL;
	if (state)
		station_begin_lists(&run->station, run->reloaded, state);
}

/* False: there is nothing in the new list; the old one stays. */
static bool take_new_list(struct mix_run *run, bool quietly)
{
	size_t n_bad;
	struct playlist *fresh;
	if (!relist_take(run->relist, quietly, &fresh, &n_bad))
		return false;
	bool is_broken = fresh && playlist_rotation(fresh) && n_bad > 0;
	if (!fresh || playlist_count(fresh) == 0 || is_broken) {
		playlist_free(fresh);
		return false;
	}
	programme_reload(run->programme, fresh);
	if (control_keep_time(run->control, fresh, programme_lineup(run->programme),
	            run->station.errands) != STATUS_OK)
		log_print(run->log, LOG_WARNING, "out of memory: nothing comes at its time");
	playlist_free(run->reloaded);
	run->reloaded = fresh;
	begin_lists(run);
	return true;
}

static void ask_reload(void *user)
{
	struct mix_run *run = user;
	notify_reloading(run->station.notify);
	relist_ask(run->relist, false);
}

static bool reload_is_there(void *user)
{
	struct mix_run *run = user;
	if (relist_is_late(run->relist)) {
		log_print(run->log, LOG_WARNING,
		        "reload: the disk of the list does not answer; the old one goes on until "
		        "it does");
		notify_reloaded(run->station.notify);
	}
	return relist_is_there(run->relist);
}

static bool reload(void *user)
{
	struct mix_run *run = user;
	bool taken = take_new_list(run, false);
	notify_reloaded(run->station.notify);
	if (taken)
		log_print(
		        run->log, LOG_INFO, "reloaded: %zu entries", playlist_count(run->reloaded));
	else
		log_print(run->log, LOG_WARNING,
		        "reload: nothing in the new list; the old one goes on");
	return taken;
}

/* Nothing of the list can be played: it may be another one by now, or the same with its files back. */
static void retry(void *user)
{
	struct mix_run *run = user;
	relist_ask(run->relist, true); /* it has been said */
	if (relist_wait(run->relist, clock_now_ns() + RETRY_NS))
		(void)take_new_list(run, true);
	programme_retry(run->programme);
}

static void drop(void *user, size_t entry)
{
	struct mix_run *run = user;
	lineup_drop(programme_lineup(run->programme), entry);
}

static void hurry(void *user)
{
	struct mix_run *run = user;
	programme_hurry(run->programme);
}

static void interrupt(void *user)
{
	struct mix_run *run = user;
	programme_interrupt(run->programme);
}

/* ---- playing ------------------------------------------------------------------------------------------- */

static void say_result(const struct mix_run *run, const struct player_report *report)
{
	char length[32];
	text_from_seconds(
	        length, sizeof length, (double)report->frames / (double)run->settings->rate);
	if (report->limiter.most_db > 0.05)
		log_print(run->log, LOG_INFO,
		        "%zu clips, %s; the limiter took at most %.1f dB, for %.1f s in all",
		        report->clips, length, report->limiter.most_db, report->limiter.reduced_s);
	else
		log_print(run->log, LOG_INFO, "%zu clips, %s; the limiter had nothing to do",
		        report->clips, length);
}

/* Of a list that is played so often and then ends, from its beginning. */
static size_t count_tracks(const struct mix_run *run)
{
	const struct settings *s = run->settings;
	if (!run->programme || s->joints || s->watch || s->state_file || (s->loop && !s->rounds))
		return 0;
	return playlist_count(run->session->playlist) * (size_t)(s->rounds > 0 ? s->rounds : 1);
}

static bool is_live(const struct mix_run *run)
{
	bool live = false;
	for (size_t i = 0; i < run->n_outputs; i++)
		live = live || output_is_live(run->outputs[i]);
	return live;
}

static void mix_options_of(const struct mix_run *run, struct mix_options *mix)
{
	const struct settings *s = run->settings;
	int64_t most_ahead = is_live(run) ? LIVE_AHEAD_BYTES : MOST_AHEAD_BYTES;
	*mix = (struct mix_options){.rate_hz = (int)s->rate,
	        .buffer_bytes = (size_t)(s->buffer < most_ahead ? s->buffer : most_ahead),
	        .n_workers = s->jobs > 0 ? (int)s->jobs : 2,
	        .quality = (enum resampler_quality)s->quality,
	        .limiter = s->limiter == 0 && !s->plain,
	        .ceiling_dbtp = s->ceiling,
	        .kept = run->songs};
}

static bool play(
        struct mix_run *run, const struct player_source *source, struct player_report *report)
{
	struct mix_options mix;
	mix_options_of(run, &mix);
	if (!run->settings->joints)
		standby_set_patience(run->settings, is_live(run), &mix);
	struct control_hooks hooks = {.unblock = unblock, .abort = abort_outputs, .user = run};
	struct player_alarm alarm = {.seconds = run->settings->silence_s,
	        .level_lufs = run->settings->silence_lufs,
	        .ends = run->settings->silence_exit};
	struct error error = {0};
	control_set_hooks(run->control, &hooks);
	struct player_links links = {.control = run->control,
	        .events = run->events,
	        .onair = run->onair,
	        .lineup = lineup_of(run),
	        .errands = run->station.errands,
	        .fallback = standby_fallback(run->standby),
	        .log = run->log,
	        .n_tracks = count_tracks(run),
	        .n_frames = run->plan_frames,
	        .alarm = run->settings->silence_alarm ? &alarm : NULL};
	enum status status =
	        player_run(source, &mix, run->outputs, run->n_outputs, &links, report, &error);
	control_set_hooks(run->control, &(struct control_hooks){0});
	log_status(run->log, "%s", "");
	if (status != STATUS_OK && report->failed_outputs < run->n_outputs)
		log_print(run->log, LOG_ERROR, "%s", error.text);
	if (status == STATUS_OK)
		say_result(run, report);
	run->at_end = status == STATUS_OK && !control_stopping(run->control) &&
	              !control_ending(run->control) && !report->silenced;
	return status == STATUS_OK && report->failed_outputs == 0;
}

/* Songs that have to be measured are decoded once, where nobody listens: a player takes its time, and little memory.
 * The verb joints takes of each song only its ends. */
static void keep_songs(struct mix_run *run)
{
	if (is_live(run) || run->settings->joints || run->settings->buffer <= MOST_AHEAD_BYTES)
		return;
	run->songs = kept_new((size_t)run->settings->buffer - MOST_AHEAD_BYTES);
	library_keep(run->library, run->songs);
}

static int mix_lists(struct mix_run *run, struct session *session)
{
	const struct settings *s = run->settings;
	keep_songs(run);
	if (is_live(run))
		programme_set_live(run->programme);
	else
		programme_open_first(run->programme);
	struct player_report report = {0};
	struct player_source source = {.next = next_of_programme,
	        .turn = turn_programme,
	        .ask_reload = ask_reload,
	        .reload_is_there = reload_is_there,
	        .reload = reload,
	        .arrival_s = arrival_s,
	        .retry = standby_never_ends(s, is_live(run)) ? retry : NULL,
	        .drop = drop,
	        .hurry = hurry,
	        .interrupt = interrupt,
	        .user = run};
	if (s->joints)
		source = (struct player_source){.next = next_of_joints, .user = run};
	bool ok = play(run, &source, &report);
	run->threads_hang = report.threads_hang;
	size_t skipped = programme_skipped(run->programme) + report.failed_clips;
	if (ok && report.clips == 0 && !control_stopping(run->control))
		log_print(run->log, LOG_ERROR,
		        s->joints ? "there are no joints" : "nothing could be played");
	plan_done(&run->joints.plan);
	if (!ok)
		return EXIT_FAILED;
	if (report.silenced)
		return EXIT_SILENT;
	return control_stopping(run->control) ? EXIT_DONE
	                                      : session_exit(session, s, report.clips, skipped);
}

/* ---- a saved plan ------------------------------------------------------------------------------------------ */

static bool load_plan(const struct mix_run *run, struct plan *plan)
{
	const char *path = run->settings->plan_file;
	struct error error = {0};
	if (plan_read(path, plan, &error) != STATUS_OK)
		log_file(run->log, LOG_ERROR, path, "%s", error.text);
	else if (plan->rate_hz != run->settings->rate)
		log_file(run->log, LOG_ERROR, path, "made for %d Hz: give --rate=%d", plan->rate_hz,
		        plan->rate_hz);
	else
		return true;
	return false;
}

static bool cut_reader(struct mix_run *run, struct plan_reader *reader)
{
	struct plan plan = reader->plan;
	struct error error = {0};
	reader->plan = (struct plan){0};
	if (cut_to_joints(run, &plan, reader, &error) == STATUS_OK)
		return true;
	log_print(run->log, LOG_ERROR, "%s", error.text);
	return false;
}

static int mix_plan(struct mix_run *run, struct plan_reader *reader)
{
	if (run->settings->joints && !cut_reader(run, reader))
		return EXIT_FAILED;
	run->plan_frames = plan_frames(&reader->plan);
	struct player_source source = {.next = plan_reader_next,
	        .turn = plan_reader_turn,
	        .drop = plan_reader_drop,
	        .user = reader};
	struct player_report report = {0};
	bool ok = play(run, &source, &report);
	run->threads_hang = report.threads_hang;
	if (control_stopping(run->control) && ok)
		return EXIT_DONE;
	if (!ok || report.clips == 0)
		return EXIT_FAILED;
	if (report.silenced)
		return EXIT_SILENT;
	return report.failed_clips > 0 && run->settings->strict ? EXIT_SKIPPED : EXIT_DONE;
}

/* ---- the verb ------------------------------------------------------------------------------------------------ */

static void run_done(struct mix_run *run)
{
	control_free(run->control);
	station_close(&run->station, run->at_end);
	for (size_t i = 0; i < run->n_outputs; i++)
		output_close(run->kept[i]);
	output_hub_free(run->hub);
	events_close(run->events);
	onair_free(run->onair);
}

static bool open_run(struct mix_run *run, int *exit_status)
{
	struct error error = {0};
	*exit_status = EXIT_FAILED;
	if (!run->control) {
		log_print(run->log, LOG_ERROR, "cannot start a thread");
		return false;
	}
	run->onair = onair_new((int)run->settings->rate);
	run->hub = output_hub_new();
	if (!run->onair || !run->hub) {
		log_print(run->log, LOG_ERROR, "out of memory");
		return false;
	}
	run->shown = (struct shown){.onair = run->onair,
	        .cache = run->session ? run->session->cache : NULL,
	        .rate_hz = (int)run->settings->rate,
	        .target_lufs = run->settings->target};
	output_hub_set_programme(run->hub, shown_programme, shown_joint, &run->shown);
	if (run->settings->events && events_open(run->settings->events, (int)run->settings->rate,
	                                     &run->events, &error) != STATUS_OK) {
		log_print(run->log, LOG_ERROR, "%s", error.text);
		return false;
	}
	run->station = (struct station){.settings = run->settings,
	        .log = run->log,
	        .control = run->control,
	        .onair = run->onair,
	        .programme = run->programme,
	        .playlist = run->session ? run->session->playlist : NULL,
	        .lists = run->lists,
	        .n_lists = run->n_lists,
	        .has_lists = run->n_lists > 0 && !run->began_without};
	/* Before outputs: a programme that is on the air already keeps its files. */
	return station_open(&run->station, exit_status) && open_outputs(run, exit_status);
}

/* The end of the process takes threads that hang, and all that they may still want. */
static bool left_behind(const struct mix_run *run)
{
	if (run->threads_hang)
		log_print(run->log, LOG_WARNING, "a disk or a decoder hangs: it is left behind");
	return run->threads_hang;
}

/* False: it cannot be had, or the run was told to stop.  What is late comes later. */
static bool await_fallback(struct mix_run *run)
{
	int64_t late_ns = clock_now_ns() + FALLBACK_LATE_NS;
	enum standby_news news = STANDBY_LATE;
	while (news == STANDBY_LATE && clock_now_ns() < late_ns) {
		if (is_told_to_stop(run))
			return false;
		news = standby_wait(run->standby, clock_now_ns() + LOOK_NS);
	}
	if (news == STANDBY_LATE)
		standby_go_on(run->standby);
	return news != STANDBY_FAILED;
}

static bool load_fallback(struct mix_run *run)
{
	struct mix_options mix;
	if (!run->settings->fallback)
		return true;
	mix_options_of(run, &mix);
	run->standby = standby_start(run->session, run->settings, &mix);
	if (!run->standby)
		log_print(run->log, LOG_ERROR, "--fallback: out of memory, or no thread to be had");
	return run->standby && await_fallback(run);
}

/* A run that is resumed keeps its seed: the order of play follows from it. */
static struct programme *begin_programme(
        struct mix_run *run, struct settings *own, struct state *state)
{
	station_read_state(own, run->log, state);
	if (state->has_place)
		own->seed = state->seed;
	run->settings = own;
	return session_programme(run->session, own);
}

/* Their disk does not answer.  Who has a fallback and no end goes on the air without them; others wait. */
static bool may_begin_without(struct mix_run *run)
{
	const struct settings *s = run->settings;
	bool may = s->fallback && standby_never_ends(s, true);
	log_print(run->log, LOG_WARNING, "the disk of the list does not answer%s",
	        may ? ": the fallback plays until it does" : "; waiting for it");
	return may;
}

/* False: out of memory, or told to stop. */
static bool read_lists(struct mix_run *run, struct session *session, bool *without)
{
	struct playlist_options nothing = {0};
	*without = false;
	relist_ask(run->relist, false);
	while (!*without && !relist_wait(run->relist, clock_now_ns() + LOOK_NS)) {
		if (is_told_to_stop(run))
			return false;
		*without = relist_is_late(run->relist) && may_begin_without(run);
	}
	if (*without)
		session->playlist = playlist_new(session->log, &nothing);
	else if (!relist_take(run->relist, false, &session->playlist, &session->bad_lists))
		return false;
	return session->playlist != NULL;
}

/* The cache of a list that is not to be had is that of a list without a place. */
static bool open_session(struct mix_run *run, struct session *session, int *exit_status)
{
	const struct settings *s = run->settings;
	bool without;
	*session = (struct session){.log = session_log(s)};
	*exit_status = EXIT_FAILED;
	run->log = session->log;
	run->session = session;
	run->relist = session->log ? relist_new(session->log, run->lists, run->n_lists) : NULL;
	if (!run->relist)
		return false;
	if (!read_lists(run, session, &without)) {
		if (is_told_to_stop(run))
			*exit_status = EXIT_DONE;
		return false;
	}
	run->began_without = without;
	if (session->bad_lists == (size_t)run->n_lists && !s->fallback)
		return false;
	if (!session_open_library(session, s, without ? "-" : run->lists[0], true))
		return false;
	run->library = session->records;
	run->inputs = (struct inputs){.lists = run->lists,
	        .n_lists = without ? 0 : run->n_lists,
	        .playlist = session->playlist};
	return true;
}

static int run_from_lists(struct mix_run *run, char **lists, int n)
{
	struct session session;
	struct settings own = *run->settings;
	struct state state = {0};
	int exit_status;
	run->lists = lists;
	run->n_lists = n;
	if (open_session(run, &session, &exit_status)) {
		/* Outputs come last: a list with nothing in it leaves the file of another mix alone. */
		if (playlist_count(session.playlist) == 0 && !own.fallback)
			log_print(run->log, LOG_ERROR, "nothing could be played");
		else if (load_fallback(run))
			run->programme = begin_programme(run, &own, &state);
		if (run->programme && open_run(run, &exit_status)) {
			station_resume(&run->station, &state);
			run->state = run->began_without ? &state : NULL;
			exit_status = mix_lists(run, &session);
		} else if (!run->programme && is_told_to_stop(run)) {
			exit_status = EXIT_DONE;
		}
	}
	run_done(run);
	if (!run->threads_hang)
		run->threads_hang =
		        !relist_try_free(run->relist, clock_now_ns() + MEASURING_ENDS_NS);
	if (!run->threads_hang)
		run->threads_hang =
		        !standby_try_free(run->standby, clock_now_ns() + MEASURING_ENDS_NS);
	if (run->library && !run->threads_hang)
		run->threads_hang =
		        !library_try_free(run->library, clock_now_ns() + MEASURING_ENDS_NS);
	if (left_behind(run))
		return exit_status;
	state_done(&state);
	session.records = NULL;
	programme_free(run->programme);
	playlist_free(run->reloaded);
	session_close(&session);
	kept_free(run->songs);
	return exit_status;
}

static int run_from_plan(struct mix_run *run)
{
	struct plan_reader reader = PLAN_READER_INIT;
	int exit_status = EXIT_FAILED;
	run->log = session_log(run->settings);
	run->inputs = (struct inputs){.plan_file = run->settings->plan_file, .plan = &reader.plan};
	if (run->log && load_plan(run, &reader.plan) && open_run(run, &exit_status))
		exit_status = mix_plan(run, &reader);
	run_done(run);
	if (left_behind(run))
		return exit_status;
	plan_done(&reader.plan);
	session_log_free(run->log);
	return exit_status;
}

int mix_run_verb(int argc, char **argv, const struct verb *verb)
{
	struct settings settings;
	int n, exit_status;
	settings_defaults(&settings);
	if (!verb_options(verb, &settings, argc, argv, &n, &exit_status))
		return exit_status;
	settings.joints = verb == &verb_joints;
	struct mix_run run = {.settings = &settings, .joints = PLAN_READER_INIT};
	if (settings.outputs.count > OUTPUTS_MOST)
		exit_status = verb_usage(verb, "too many outputs");
	else if (settings.silence_exit && !settings.silence_alarm)
		exit_status = verb_usage(verb, "--silence-exit needs --silence-alarm=SECONDS");
	else if (settings.fallback && settings.plan_file)
		exit_status = verb_usage(verb, "--fallback goes with a list, not with --plan");
	else if (settings.joints && settings.loop && settings.rounds == 0)
		exit_status =
		        verb_usage(verb, "a list without an end has no last joint: give --loop=N");
	else if ((n == 0) == (settings.plan_file == NULL))
		exit_status = verb_usage(
		        verb, n == 0 ? "no list to play" : "--plan and a list do not go together");
	else {
		struct error ignored; /* told when there is a log */
		session_sandbox(&settings, &ignored);
		run.control =
		        control_new(); /* before any other thread: it blocks signals for all of them */
		exit_status =
		        settings.plan_file ? run_from_plan(&run) : run_from_lists(&run, argv, n);
	}
	options_done(verb, &settings);
	return exit_status;
}

const struct verb verb_mix = {
        .name = "mix",
        .synopsis = "[OPTION]... LIST...",
        .purpose = "Play lists as one continuous, level programme (the default verb).",
        .options = options,
        .notes = "LIST: an M3U, PLS or XSPF playlist, a folder, a music file, or - (standard "
                 "input).\n"
                 "Signals: INT, TERM fade out and finish; HUP reloads the list; USR1 skips.\n",
        .values_bytes = sizeof(struct settings),
        .run = mix_run_verb,
};
