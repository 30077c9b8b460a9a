/* analyze.c - the verb `analyze`: fills the cache, and prints what was measured. */
#include <errno.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "jukebox/clock.h"
#include "jukebox/json.h"
#include "jukebox/text.h"
#include "settings.h"

static const struct option_spec options[] = {
        {.name = "json",
                .kind = OPTION_FLAG,
                OPTION_AT(json),
                .help = "print JSON Lines, one object a track, in list order"},
        LIST_OPTIONS,
        {0},
};

/* ---- one track as JSON: names and units are a contract ------------------------------------------ */

static json_t *number(double value, double scale)
{
	return isfinite(value) ? json_real(round(value * scale) / scale) : json_null();
}

static int set_stream(json_t *o, const struct record *r)
{
	return json_object_set_new(o, "title", text_to_json(tags_get(&r->tags, "title"))) |
	       json_object_set_new(o, "artist", text_to_json(tags_get(&r->tags, "artist"))) |
	       json_object_set_new(o, "album", text_to_json(tags_get(&r->tags, "album"))) |
	       json_object_set_new(o, "codec", json_string(r->codec)) |
	       json_object_set_new(o, "sample_rate", json_integer(r->sample_rate_hz)) |
	       json_object_set_new(o, "channels", json_integer(r->channels)) |
	       json_object_set_new(o, "frames", json_integer(r->frames)) |
	       json_object_set_new(o, "duration", number(record_duration(r), 1e6));
}

static int set_levels(json_t *o, const struct record *r, const struct outline *l)
{
	return json_object_set_new(o, "loudness_lufs", number(r->loudness_lufs, 1e3)) |
	       json_object_set_new(o, "loudness_range_lu", number(r->loudness_range_lu, 1e2)) |
	       json_object_set_new(o, "true_peak_dbtp", number(r->true_peak_dbtp, 1e3)) |
	       json_object_set_new(o, "sample_peak_dbfs", number(r->sample_peak_dbfs, 1e3)) |
	       json_object_set_new(o, "noise_floor_lufs", number(l->noise_floor_lufs, 1e1));
}

static json_t *silences(const struct outline *l)
{
	json_t *list = json_array();
	for (size_t i = 0; list && i < l->n_silences; i++)
		if (json_array_append_new(list,
		            json_pack("[f, f]", l->silences[i].from_s, l->silences[i].to_s)) != 0) {
			json_decref(list);
			return NULL;
		}
	return list;
}

static int set_points(json_t *o, const struct outline *l)
{
	if (l->silent)
		return 0;
	return json_object_set_new(o, "cue_in", number(l->cue_in_s, 1e3)) |
	       json_object_set_new(o, "cue_out", number(l->cue_out_s, 1e3)) |
	       json_object_set_new(o, "mix_in", number(l->mix_in_s, 1e3)) |
	       json_object_set_new(o, "mix_out", number(l->mix_out_s, 1e3)) |
	       json_object_set_new(o, "inner_silence", silences(l)) |
	       json_object_set_new(o, "intro", json_string(intro_kind_name(l->intro))) |
	       json_object_set_new(o, "ending", json_string(ending_kind_name(l->ending))) |
	       json_object_set_new(o, "ending_confidence", number(l->ending_confidence, 1e2));
}

static int set_tempo(json_t *o, const struct record *r, bool cached)
{
	bool known = r->bpm > 0;
	return json_object_set_new(o, "bpm", known ? number(r->bpm, 1e2) : json_null()) |
	       json_object_set_new(
	               o, "bpm_confidence", known ? number(r->bpm_confidence, 1e2) : json_null()) |
	       json_object_set_new(o, "cached", json_boolean(cached));
}

static bool print_json(json_t *o, int bad)
{
	char *text = bad ? NULL : json_dumps(o, JSON_COMPACT | JSON_REAL_PRECISION(12));
	bool ok = text && puts(text) >= 0 && fflush(stdout) == 0;
	free(text);
	json_decref(o);
	return ok;
}

static bool print_track_json(
        const char *path, const struct record *r, const struct outline *l, bool cached)
{
	json_t *o = json_object();
	int bad = json_object_set_new(o, "path", text_to_json(path));
	bad |= set_stream(o, r) | set_levels(o, r, l) | set_points(o, l) | set_tempo(o, r, cached);
	return print_json(o, bad);
}

static bool print_error_json(const char *path, const char *text)
{
	json_t *o = json_object();
	int bad = json_object_set_new(o, "path", text_to_json(path)) |
	          json_object_set_new(o, "error", text_to_json(text));
	return print_json(o, bad);
}

/* ---- for people ----------------------------------------------------------------------------------- */

static bool print_track_text(const char *path, const struct record *r, const struct outline *l)
{
	char name[1024], length[32];
	text_from_seconds(length, sizeof length, record_duration(r));
	text_escape(name, sizeof name, path);
	if (l->silent)
		return printf("%10s  no sound                                                   "
		              "%s\n",
		               length, name) >= 0;
	return printf("%10s  %6.1f LUFS %5.1f LU %5.1f dBTP  %7.2f %8.2f  %-9s %-9s  %s\n", length,
	               r->loudness_lufs, r->loudness_range_lu, r->true_peak_dbtp, l->cue_in_s,
	               l->mix_out_s, intro_kind_name(l->intro), ending_kind_name(l->ending),
	               name) >= 0 &&
	       fflush(stdout) == 0;
}

static void show_progress(
        struct log *log, size_t done, size_t all, double music_s, int64_t began_ns)
{
	double spent = (double)(clock_now_ns() - began_ns) / 1e9;
	char left[32];
	text_from_seconds(
	        left, sizeof left, done > 0 ? spent / (double)done * (double)(all - done) : 0);
	*strchr(left, '.') = '\0';
	log_status(log, "%zu of %zu tracks, %.0f times real time, %s left", done, all,
	        spent > 0 ? music_s / spent : 0, left);
}

/* ---- the work --------------------------------------------------------------------------------------- */

struct run {
	struct session session;
	const struct settings *settings;
	size_t next, measured, failed;
	double music_s;
	int64_t began_ns;
	bool cannot_print;
};

static bool request_more(struct run *run)
{
	size_t count = playlist_count(run->session.playlist);
	while (run->next < count) {
		enum status status = library_request(
		        run->session.records, playlist_get(run->session.playlist, run->next).path);
		if (status == STATUS_END)
			return true;
		if (status != STATUS_OK)
			return false;
		run->next++;
	}
	return true;
}

static void report(struct run *run, const char *path, const struct record *r, bool cached)
{
	struct outline outline;
	outline_of(r, &outline);
	run->measured++;
	if (!cached)
		run->music_s += record_duration(r);
	if (r->damage_events > 0)
		log_file(run->session.log, LOG_WARNING, path,
		        "damaged: %lld places, about %lld frames lost", (long long)r->damage_events,
		        (long long)r->lost_frames);
	bool ok = run->settings->json ? print_track_json(path, r, &outline, cached)
	                              : run->settings->quiet || print_track_text(path, r, &outline);
	run->cannot_print = !ok;
}

static bool take_one(struct run *run)
{
	struct record record;
	struct error error = {0};
	bool cached = false;
	size_t i = run->next - library_waiting(run->session.records),
	       count = playlist_count(run->session.playlist);
	const char *path = playlist_get(run->session.playlist, i).path;
	enum status status = library_take(run->session.records, &record, &cached, &error);
	if (status == STATUS_CANCELLED || status == STATUS_NO_MEMORY)
		return false;
	if (status == STATUS_OK) {
		report(run, path, &record, cached);
	} else {
		run->failed++;
		log_file(run->session.log, LOG_ERROR, path, "skipped: %s", error.text);
		if (run->settings->json)
			run->cannot_print = !print_error_json(path, error.text);
	}
	record_done(&record);
	show_progress(run->session.log, i + 1, count, run->music_s, run->began_ns);
	return !run->cannot_print;
}

static int analyze_lists(struct run *run)
{
	bool ok = true;
	run->began_ns = clock_now_ns();
	while (ok) {
		ok = request_more(run);
		if (ok && library_waiting(run->session.records) == 0)
			break;
		ok = ok && take_one(run);
	}
	log_status(run->session.log, "%s", "");
	if (run->cannot_print)
		log_print(run->session.log, LOG_ERROR, "standard output: %s", strerror(errno));
	if (!ok)
		return EXIT_FAILED;
	return session_exit(&run->session, run->settings, run->measured, run->failed);
}

static int run_analyze(int argc, char **argv, const struct verb *verb)
{
	struct settings settings;
	struct run run = {.settings = &settings};
	int n, exit_status;
	settings_defaults(&settings);
	if (!verb_options(verb, &settings, argc, argv, &n, &exit_status))
		return exit_status;
	if (n == 0)
		return verb_usage(verb, "no list to analyze");
	if (session_open(&run.session, &settings, argv, n, false, &exit_status))
		exit_status = analyze_lists(&run);
	session_close(&run.session);
	return exit_status;
}

const struct verb verb_analyze = {
        .name = "analyze",
        .synopsis = "[OPTION]... LIST...",
        .purpose = "Measure every track once, on all cores, and keep it in the cache.",
        .options = options,
        .notes = "Columns: length, loudness, loudness range, true peak, cue-in, mix-out,\nintro, "
                 "ending, file.\n",
        .values_bytes = sizeof(struct settings),
        .run = run_analyze,
};
