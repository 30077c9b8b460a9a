/* pages.c - the HTTP server's own pages.  Titles come from strangers: they are text here, never markup.
 *
 * The page works without its script: it is made anew at each request, and a browser that runs no script is told to ask
 * again.  Script and style are files of their own (page/), taken into the program as they are.
 */
#include "pages.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "jukebox/json.h"
#include "jukebox/text.h"

/* The assembler takes the bytes of a file; the Makefile knows that this object depends on them. */
#define TAKE_IN(name, path)                                                    \
	__asm__(".section .rodata\n" name ":\n.incbin \"" path "\"\n.byte 0\n" \
	        ".previous\n")

TAKE_IN("page_script", "src/output/page/page.js");
TAKE_IN("page_style", "src/output/page/page.css");
extern const char page_script[] __attribute__((visibility("hidden")));
extern const char page_style[] __attribute__((visibility("hidden")));

/* They end with a NUL. */
const char *pages_script(size_t *n_bytes)
{
	*n_bytes = strlen(page_script);
	return page_script;
}

const char *pages_style(size_t *n_bytes)
{
	*n_bytes = strlen(page_style);
	return page_style;
}

/* ---- JSON --------------------------------------------------------------------------------- */

static void utc(int64_t ms, char *to, size_t to_bytes)
{
	time_t seconds = (time_t)(ms / 1000);
	struct tm t = {0};
	gmtime_r(&seconds, &t);
	strftime(to, to_bytes, "%Y-%m-%dT%H:%M:%SZ", &t);
}

static json_t *track_json(const struct output_track *track)
{
	char started[32] = "";
	if (track->started_at_ms)
		utc(track->started_at_ms, started, sizeof started);
	return json_pack("{s:o, s:o, s:o}", "title", text_to_json(track->title), "artist",
	        text_to_json(track->artist), "started", text_to_json(started[0] ? started : NULL));
}

static json_t *now_json(const struct output_programme *p)
{
	json_t *now = track_json(&p->now);
	if (!now)
		return NULL;
	int failed = json_object_set_new(now, "elapsed", json_real(p->elapsed_s)) |
	             json_object_set_new(now, "duration",
	                     p->duration_s > 0 ? json_real(p->duration_s) : json_null());
	if (!failed)
		return now;
	json_decref(now);
	return NULL;
}

static json_t *mount_json(const struct mount_view *m)
{
	return json_pack("{s:s, s:s, s:o, s:o, s:I, s:I, s:I, s:I, s:I}", "path", m->path,
	        "content_type", m->content_type, "name", text_to_json(m->name[0] ? m->name : NULL),
	        "bitrate", m->bitrate_kbps ? json_integer(m->bitrate_kbps) : json_null(),
	        "listeners", (json_int_t)m->listeners, "listeners_max",
	        (json_int_t)m->listeners_most, "listeners_peak", (json_int_t)m->listeners_peak,
	        "bytes_sent", (json_int_t)m->sent_bytes, "dropped_listeners",
	        (json_int_t)m->too_slow);
}

/* Takes `item` over; NULL items stand for no memory. */
static int append(json_t *array, json_t *item)
{
	return item ? json_array_append_new(array, item) : -1;
}

static size_t count_listeners(const struct server_view *view)
{
	size_t n = 0;
	for (size_t i = 0; i < view->n_mounts; i++)
		n += view->mounts[i].listeners;
	return n;
}

char *pages_status_json(const struct server_view *view)
{
	const struct output_programme *p = &view->programme;
	json_t *history = json_array(), *mounts = json_array();
	int failed = !history || !mounts;
	for (size_t i = 0; i < p->n_history && !failed; i++)
		failed = append(history, track_json(&p->history[i]));
	for (size_t i = 0; i < view->n_mounts && !failed; i++)
		failed = append(mounts, mount_json(&view->mounts[i]));
	json_t *status =
	        failed ? NULL
	               : json_pack("{s:s, s:f, s:I, s:o, s:o, s:o, s:o, s:b}", "server",
	                         "jukebox/" JUKEBOX_VERSION, "uptime", view->uptime_s, "listeners",
	                         (json_int_t)count_listeners(view), "now",
	                         p->has_now ? now_json(p) : json_null(), "next",
	                         p->has_next ? track_json(&p->next) : json_null(), "history",
	                         history, "mounts", mounts, "has_joint", p->has_joint);
	char *text = status ? json_dumps(status, JSON_INDENT(1) | JSON_REAL_PRECISION(10)) : NULL;
	if (failed) {
		json_decref(history);
		json_decref(mounts);
	}
	json_decref(status);
	return text;
}

/* ---- HTML --------------------------------------------------------------------------------- */

/* Text between tags or in quoted attributes; invisible and reordering characters become visible. */
static void put_text(FILE *out, const char *text)
{
	char shown[1200];
	for (const char *c = text_escape(shown, sizeof shown, text); *c; c++) {
		switch (*c) {
		case '<':
			fputs("&lt;", out);
			break;
		case '>':
			fputs("&gt;", out);
			break;
		case '&':
			fputs("&amp;", out);
			break;
		case '"':
			fputs("&quot;", out);
			break;
		case '\'':
			fputs("&#39;", out);
			break;
		default:
			putc(*c, out);
		}
	}
}

static const char *or_nothing(const char *text)
{
	return text ? text : "";
}

static void put_head(FILE *out, const char *name)
{
	fputs("<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
	      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
	      "<meta name=\"color-scheme\" content=\"light dark\">\n<title>",
	        out);
	put_text(out, name);
	fputs("</title>\n<link rel=\"stylesheet\" href=\"page.css\">\n"
	      "<script src=\"page.js\" defer></script>\n"
	      "<noscript><meta http-equiv=\"refresh\" content=\"20\"></noscript>\n</head>\n",
	        out);
}

static const char *kind_of(const struct mount_view *m)
{
	if (strcmp(m->content_type, "audio/mpeg") == 0)
		return "MP3";
	if (strcmp(m->content_type, "audio/ogg; codecs=opus") == 0)
		return "Opus";
	if (strcmp(m->content_type, "audio/ogg; codecs=vorbis") == 0)
		return "Ogg Vorbis";
	return "Stream";
}

static void put_mount(FILE *out, const struct mount_view *m)
{
	fputs("<li><a href=\"", out);
	put_text(out, m->path);
	fputs("\" data-type=\"", out);
	put_text(out, m->content_type);
	fprintf(out, "\">%s</a>", kind_of(m));
	if (m->bitrate_kbps)
		fprintf(out, " <span>%d kbit/s</span>", m->bitrate_kbps);
	fputs(" <code>", out);
	put_text(out, m->path);
	fputs("</code> <a class=\"list\" href=\"", out);
	put_text(out, m->path);
	fputs(".m3u\">playlist</a></li>\n", out);
}

static void put_track(FILE *out, const char *tag, const char *id, const struct output_track *track)
{
	fprintf(out, "<%s id=\"%s\"><b>", tag, id);
	put_text(out, or_nothing(track->title));
	fputs("</b> <span>", out);
	put_text(out, or_nothing(track->artist));
	fprintf(out, "</span></%s>\n", tag);
}

static void put_history(FILE *out, const struct output_programme *p)
{
	fputs("<section class=\"history\"><h2>Before</h2>\n<ol id=\"history\">\n", out);
	for (size_t i = 0; i < p->n_history; i++) {
		char started[32] = "";
		if (p->history[i].started_at_ms)
			utc(p->history[i].started_at_ms, started, sizeof started);
		fprintf(out, "<li><time datetime=\"%s\">%.5s</time> <b>", started,
		        started[0] ? started + 11 : "");
		put_text(out, or_nothing(p->history[i].title));
		fputs("</b> <span>", out);
		put_text(out, or_nothing(p->history[i].artist));
		fputs("</span></li>\n", out);
	}
	fputs("</ol></section>\n", out);
}

static void put_now(FILE *out, const struct output_programme *p)
{
	fputs("<section class=\"now\"><h2>On air</h2>\n", out);
	put_track(out, "p", "now", &p->now);
	fprintf(out,
	        "<progress id=\"progress\" max=\"%.1f\" value=\"%.1f\" aria-label=\"Progress of "
	        "the "
	        "song\"></progress>\n<p class=\"times\"><span id=\"elapsed\"></span> <span "
	        "id=\"duration\"></span></p>\n</section>\n",
	        p->duration_s > 0 ? p->duration_s : 1.0, p->duration_s > 0 ? p->elapsed_s : 0.0);
}

static void put_next(FILE *out, const struct output_programme *p)
{
	fprintf(out, "<section class=\"next\" id=\"next-box\"%s><h2>Next</h2>\n",
	        p->has_next ? "" : " hidden");
	put_track(out, "p", "next", &p->next);
	fprintf(out,
	        "<img id=\"joint\" src=\"joint.svg\" alt=\"How the next song comes in: the level "
	        "of "
	        "both, over time\"%s>\n</section>\n",
	        p->has_joint ? "" : " hidden");
}

static void put_body(FILE *out, const struct server_view *view, const char *name)
{
	const struct mount_view *first = view->n_mounts ? &view->mounts[0] : NULL;
	fputs("<body>\n<header><h1>", out);
	put_text(out, name);
	fputs("</h1>\n<p id=\"description\">", out);
	put_text(out, first ? first->description : "");
	fputs("</p></header>\n<main>\n", out);
	put_now(out, &view->programme);
	fputs("<section class=\"player\">\n<audio id=\"player\" controls preload=\"none\">\n", out);
	for (size_t i = 0; i < view->n_mounts; i++) {
		fputs("<source src=\"", out);
		put_text(out, view->mounts[i].path);
		fputs("\" type=\"", out);
		put_text(out, view->mounts[i].content_type);
		fputs("\">\n", out);
	}
	fputs("</audio>\n<ul id=\"mounts\">\n", out);
	for (size_t i = 0; i < view->n_mounts; i++)
		put_mount(out, &view->mounts[i]);
	fputs("</ul>\n</section>\n", out);
	put_next(out, &view->programme);
	put_history(out, &view->programme);
	fprintf(out, "</main>\n<footer><span id=\"listeners\">%zu</span> listening</footer>\n",
	        count_listeners(view));
	fputs("</body>\n</html>\n", out);
}

/* A memory stream that was closed well, or nothing. */
static char *close_text(FILE *out, char **text)
{
	bool failed = ferror(out);
	if (fclose(out) == 0 && !failed)
		return *text;
	free(*text);
	return NULL;
}

char *pages_html(const struct server_view *view)
{
	char *text = NULL;
	size_t n = 0;
	const char *name =
	        view->n_mounts && view->mounts[0].name[0] ? view->mounts[0].name : "jukebox";
	FILE *out = open_memstream(&text, &n);
	if (!out)
		return NULL;
	put_head(out, name);
	put_body(out, view, name);
	return close_text(out, &text);
}

char *pages_m3u(const struct mount_view *m, const char *base_url)
{
	char *text = NULL, shown[1200];
	size_t n = 0;
	FILE *out = open_memstream(&text, &n);
	if (!out)
		return NULL;
	fprintf(out, "#EXTM3U\n#EXTINF:-1,%s\n%s%s\n",
	        text_escape(shown, sizeof shown, m->name[0] ? m->name : m->path + 1), base_url,
	        m->path);
	return close_text(out, &text);
}
