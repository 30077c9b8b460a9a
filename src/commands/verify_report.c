/* verify_report.c - the result of `verify` for people and for programs. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "jukebox/json.h"
#include "jukebox/text.h"
#include "verify.h"

static const char *title_of(const struct plan_clip *clip)
{
	const char *slash = strrchr(clip->path, '/');
	return clip->title ? clip->title : slash ? slash + 1 : clip->path;
}

static double position_ms(const struct verification *v, const struct clip_check *c)
{
	return (double)c->position_frames * 1000 / v->plan.rate_hz;
}

/* The level of what is left of a song alone when the expected is taken off. */
static double null_of(const struct clip_check *c)
{
	return sums_null_dbfs(&c->solo.sums);
}

/* ---- for people ----------------------------------------------------------------------------------------- */

static void print_problem(const struct verification *v, const struct problem *p, int indent)
{
	char at[32], text[256];
	printf("%*s! %s: %s", indent, "", problem_name(p->kind),
	        text_escape(text, sizeof text, p->text));
	if (p->frame >= 0)
		printf(", at %s",
		        text_from_seconds(at, sizeof at, (double)p->frame / v->plan.rate_hz));
	putchar('\n');
}

static void print_number(int width, int decimals, double value)
{
	if (isfinite(value))
		printf(" %*.*f", width, decimals, value);
	else
		printf(" %*s", width, "-");
}

static void print_clip(const struct verification *v, size_t i)
{
	const struct clip_check *c = &v->checks[i];
	char at[32], title[128];
	bool heard = c->solo.sums.n_frames > 0;
	printf("%4zu %12s", i + 1,
	        text_from_seconds(at, sizeof at, (double)c->clip->start_frame / v->plan.rate_hz));
	print_number(9, 2, position_ms(v, c));
	print_number(7, 2, heard ? sums_gain_db(&c->solo.sums) : NAN);
	print_number(7, 1, heard ? null_of(c) : NAN);
	print_number(6, 1, c->loudness_lufs);
	print_number(6, 1, c->meeting.dip_lu);
	print_number(6, 1, c->meeting.hole_s);
	print_number(6, 1, c->meeting.bump_lu);
	printf("  %s  %s\n", c->n_problems ? "BAD" : "ok ",
	        text_escape(title, sizeof title, title_of(c->clip)));
	for (size_t k = 0; k < c->n_problems; k++)
		print_problem(v, &c->problems[k], 18);
}

enum status report_as_table(const struct verification *v)
{
	char length[32];
	printf("%4s %12s %9s %7s %7s %6s %6s %6s %6s\n", "#", "start", "late ms", "gain dB",
	        "null dB", "LUFS", "dip LU", "hole s", "bump");
	for (size_t i = 0; i < v->plan.count; i++)
		print_clip(v, i);
	printf("\n%s, %s: %.1f LUFS, %.2f dBTP\n",
	        text_from_seconds(
	                length, sizeof length, (double)v->heard.n_frames / v->plan.rate_hz),
	        v->lossy ? "lossy" : "lossless", v->heard.loudness_lufs, v->heard.true_peak_dbtp);
	for (size_t i = 0; i < v->n_problems; i++)
		print_problem(v, &v->problems[i], 0);
	size_t n = verification_problems(v);
	if (n == 0)
		printf("The mix is what the plan says.\n");
	else
		printf("%zu problem%s.\n", n, n == 1 ? "" : "s");
	return fflush(stdout) == 0 && !ferror(stdout) ? STATUS_OK : STATUS_IO;
}

/* ---- for programs ----------------------------------------------------------------------------------------- */

static json_t *real_or_null(double value)
{
	return isfinite(value) ? json_real(round(value * 1e6) / 1e6) : json_null();
}

static json_t *problems_to_json(
        const struct verification *v, const struct problem *problems, size_t n)
{
	json_t *list = json_array();
	for (size_t i = 0; list && i < n; i++) {
		const struct problem *p = &problems[i];
		json_t *o = json_object();
		int bad = json_object_set_new(o, "kind", json_string(problem_name(p->kind)));
		bad |= json_object_set_new(o, "at",
		        p->frame >= 0 ? real_or_null((double)p->frame / v->plan.rate_hz)
		                      : json_null());
		bad |= json_object_set_new(o, "text", text_to_json(p->text));
		if (json_array_append_new(list, o) || bad) {
			json_decref(list);
			return NULL;
		}
	}
	return list;
}

static json_t *clip_to_json(const struct verification *v, const struct clip_check *c)
{
	json_t *o = json_object();
	double rate = v->plan.rate_hz;
	bool heard = c->solo.sums.n_frames > 0;
	int bad = json_object_set_new(o, "path", text_to_json(c->clip->path));
	bad |= json_object_set_new(o, "title", text_to_json(title_of(c->clip)));
	bad |= json_object_set_new(o, "start", real_or_null((double)c->clip->start_frame / rate));
	bad |= json_object_set_new(o, "late", real_or_null((double)c->position_frames / rate));
	bad |= json_object_set_new(o, "late_frames", json_integer(c->position_frames));
	bad |= json_object_set_new(
	        o, "gain_error_db", real_or_null(heard ? sums_gain_db(&c->solo.sums) : NAN));
	bad |= json_object_set_new(o, "null_dbfs", real_or_null(heard ? null_of(c) : NAN));
	bad |= json_object_set_new(o, "loudness_lufs", real_or_null(c->loudness_lufs));
	bad |= json_object_set_new(o, "expected_lufs", real_or_null(c->expected_lufs));
	bad |= json_object_set_new(o, "alone", real_or_null((double)c->solo.frames / rate));
	bad |= json_object_set_new(o, "dip_lu", real_or_null(c->meeting.dip_lu));
	bad |= json_object_set_new(o, "soft_seconds", real_or_null(c->meeting.soft_s));
	bad |= json_object_set_new(o, "hole_seconds", real_or_null(c->meeting.hole_s));
	bad |= json_object_set_new(o, "bump_lu", real_or_null(c->meeting.bump_lu));
	bad |= json_object_set_new(o, "problems", problems_to_json(v, c->problems, c->n_problems));
	if (bad) {
		json_decref(o);
		return NULL;
	}
	return o;
}

static json_t *to_json(const struct verification *v)
{
	json_t *o = json_object(), *tracks = json_array();
	double rate = v->plan.rate_hz;
	int bad = 0;
	for (size_t i = 0; i < v->plan.count; i++)
		bad |= json_array_append_new(tracks, clip_to_json(v, &v->checks[i]));
	bad |= json_object_set_new(o, "mix", text_to_json(v->mix_path));
	bad |= json_object_set_new(o, "plan", text_to_json(v->plan_path));
	bad |= json_object_set_new(o, "ok", json_boolean(verification_problems(v) == 0));
	bad |= json_object_set_new(o, "lossy", json_boolean(v->lossy));
	bad |= json_object_set_new(o, "duration", real_or_null((double)v->heard.n_frames / rate));
	bad |= json_object_set_new(
	        o, "expected_duration", real_or_null((double)plan_frames(&v->plan) / rate));
	bad |= json_object_set_new(o, "loudness_lufs", real_or_null(v->heard.loudness_lufs));
	bad |= json_object_set_new(o, "true_peak_dbtp", real_or_null(v->heard.true_peak_dbtp));
	bad |= json_object_set_new(
	        o, "clipped_runs", json_integer((json_int_t)v->heard.clipped_runs));
	bad |= json_object_set_new(o, "problems", problems_to_json(v, v->problems, v->n_problems));
	bad |= json_object_set(o, "tracks", tracks);
	json_decref(tracks);
	if (bad) {
		json_decref(o);
		return NULL;
	}
	return o;
}

enum status report_as_json(const struct verification *v)
{
	json_t *o = to_json(v);
	int bad = !o || json_dumpf(o, stdout, JSON_INDENT(1) | JSON_REAL_PRECISION(15));
	json_decref(o);
	return !bad && putchar('\n') != EOF && fflush(stdout) == 0 ? STATUS_OK : STATUS_IO;
}
