/* plan_svg.c - pictures of a plan: every joint with the level curves of both songs on the time line of the mix.
 *
 * Plain SVG 1.1: no scripts, no links, no style sheet (presentation attributes pass any page's content policy), and
 * every word from a file or list is escaped.  Colours are a pair that the colour-blind tell apart (Okabe and Ito 2008).
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "jukebox/plan.h"
#include "jukebox/text.h"
#include "levels.h"

enum { WIDTH = 1000, PANEL = 190, CURVE_TOP = 42, CURVE_HEIGHT = 120, HEAD = 96 };

/* The range of levels that is drawn, against the target: what lies under it is not heard beside music. */
static const double HIGHEST_LU = 10, LOWEST_LU = -50;
static const double LONGEST_S = 80; /* of one panel: a strip holds that at the step below */
static const double STEP_S = 0.05, WINDOW_S = 0.2;
static const double AROUND_S = 12;
static const char OLD_COLOUR[] = "#0072b2", NEXT_COLOUR[] = "#d55e00";

/* One panel: where it lies in the picture, and which stretch of the time line it shows. */
struct panel {
	FILE *out;
	double y, from_s, to_s, target_lufs;
	int rate_hz;
};

/* ---- words ------------------------------------------------------------------------------------- */

/* As character data or inside double quotes.  Control characters were told as \xHH before; what XML has no place for even then
 * (U+FFFE, U+FFFF) is a question mark. */
static void put_escaped(FILE *out, const char *text)
{
	char plain[1200];
	uint32_t code;
	text_escape(plain, sizeof plain, text);
	for (const char *p = plain; *p;) {
		size_t n = text_utf8_decode(p, &code);
		if (n == 0 || (code & 0xfffe) == 0xfffe)
			fputc('?', out);
		else if (strchr("&<>\"'", *p))
			fprintf(out, "&#%d;", *p);
		else
			fwrite(p, 1, n, out);
		p += n ? n : 1;
	}
}

static const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');
	return slash && slash[1] ? slash + 1 : path;
}

static void put_name(FILE *out, const struct plan_clip *clip)
{
	char name[256];
	if (clip->title && clip->artist)
		snprintf(name, sizeof name, "%.90s - %.120s", clip->artist, clip->title);
	else
		snprintf(name, sizeof name, "%.200s",
		        clip->title ? clip->title : base_name(clip->path));
	put_escaped(out, name);
}

/* ---- one panel --------------------------------------------------------------------------------- */

static double x_of(const struct panel *p, double second)
{
	double share = (second - p->from_s) / (p->to_s - p->from_s);
	return WIDTH * fmin(fmax(share, 0), 1);
}

static double y_of(const struct panel *p, double lufs)
{
	double share = (p->target_lufs + HIGHEST_LU - lufs) / (HIGHEST_LU - LOWEST_LU);
	return p->y + CURVE_TOP + CURVE_HEIGHT * fmin(fmax(share, 0), 1);
}

static double start_of(const struct panel *p, const struct plan_clip *clip)
{
	return (double)clip->start_frame / p->rate_hz;
}

static double end_of(const struct panel *p, const struct plan_clip *clip)
{
	return (double)(clip->start_frame + clip->n_frames) / p->rate_hz;
}

/* What a fade of the plan takes at a second of the clip, in dB. */
static double fade_db(const struct panel *p, const struct plan_clip *clip, double second)
{
	double in = (double)clip->fade_in_frames / p->rate_hz, left = end_of(p, clip) - second,
	       out = (double)clip->fade_out_frames / p->rate_hz, gain = 1;
	second -= start_of(p, clip);
	if (second < in)
		gain = fmax(second, 0) / in;
	if (left < out)
		gain *= fmax(left, 0) / out;
	if (clip->law == FADE_EQUAL_POWER)
		gain = sin(gain * M_PI / 2);
	return 20 * log10(fmax(gain, 1e-6));
}

/* The curve as an area, from the floor up.  Without a record there is a box. */
static void put_curve(const struct panel *p, const struct plan_clip *clip,
        const struct record *record, const char *colour)
{
	struct strip strip;
	double from = fmax(start_of(p, clip), p->from_s), to = fmin(end_of(p, clip), p->to_s);
	double source_s = (double)clip->from_frame / clip->source_hz - start_of(p, clip);
	if (to <= from)
		return;
	fprintf(p->out, "<path fill=\"%s\" fill-opacity=\"0.35\" stroke=\"%s\" d=\"M%.1f %.1f",
	        colour, colour, x_of(p, from), y_of(p, -HUGE_VAL));
	if (record)
		strip_fill(&strip, record, from + source_s, to + source_s, STEP_S, WINDOW_S);
	for (double s = from; s < to; s += record ? STEP_S : to - from) {
		double lufs =
		        record ? strip_at(&strip, s + source_s) + clip->gain_db : p->target_lufs;
		fprintf(p->out, "L%.1f %.1f", x_of(p, s), y_of(p, lufs + fade_db(p, clip, s)));
	}
	if (!record)
		fprintf(p->out, "L%.1f %.1f", x_of(p, to), y_of(p, p->target_lufs));
	fprintf(p->out, "L%.1f %.1fZ\"/>\n", x_of(p, to), y_of(p, -HUGE_VAL));
}

static void put_line(const struct panel *p, double second, const char *colour)
{
	double x = x_of(p, second);
	if (second < p->from_s || second > p->to_s)
		return;
	fprintf(p->out, "<path stroke=\"%s\" stroke-dasharray=\"4 2\" d=\"M%.1f %.1fV%.1f\"/>\n",
	        colour, x, p->y + CURVE_TOP, p->y + CURVE_TOP + CURVE_HEIGHT);
}

/* Seconds below, every five; the target across. */
static void put_axes(const struct panel *p)
{
	double floor_y = p->y + CURVE_TOP + CURVE_HEIGHT;
	fprintf(p->out, "<path stroke=\"#999\" d=\"M0 %.1fH%d\"/>\n", floor_y, WIDTH);
	fprintf(p->out, "<path stroke=\"#bbb\" stroke-dasharray=\"1 3\" d=\"M0 %.1fH%d\"/>\n",
	        y_of(p, p->target_lufs), WIDTH);
	for (double s = ceil(p->from_s / 5) * 5; s <= p->to_s; s += 5) {
		char time[32];
		text_from_seconds(time, sizeof time, s);
		*strrchr(time, '.') = '\0'; /* whole seconds */
		fprintf(p->out,
		        "<path stroke=\"#999\" d=\"M%.1f %.1fv4\"/><text x=\"%.1f\" y=\"%.1f\" "
		        "text-anchor=\"middle\" fill=\"#666\">%s</text>\n",
		        x_of(p, s), floor_y, x_of(p, s), floor_y + 15, time);
	}
}

static void put_words(const struct panel *p, const struct joint_picture *joint)
{
	char at[32];
	text_from_seconds(at, sizeof at, start_of(p, joint->next));
	fprintf(p->out, "<text x=\"4\" y=\"%.1f\" fill=\"%s\">", p->y + 14, OLD_COLOUR);
	put_name(p->out, joint->old);
	fprintf(p->out, "</text>\n<text x=\"%d\" y=\"%.1f\" fill=\"%s\" text-anchor=\"end\">",
	        WIDTH - 4, p->y + 14, NEXT_COLOUR);
	put_name(p->out, joint->next);
	fprintf(p->out,
	        "</text>\n<text x=\"4\" y=\"%.1f\" fill=\"#333\">%s, %s of %.2f s: ", p->y + 31, at,
	        joint->old->overlap_frames < 0 ? "pause" : "overlap",
	        fabs((double)joint->old->overlap_frames) / p->rate_hz);
	put_escaped(p->out, joint->old->reason);
	fputs("</text>\n", p->out);
}

static void put_joint(FILE *out, double y, const struct joint_picture *joint)
{
	struct panel p = {
	        .out = out, .y = y, .target_lufs = joint->target_lufs, .rate_hz = joint->rate_hz};
	double around = joint->around_s > 0 ? joint->around_s : AROUND_S;
	double enters = start_of(&p, joint->next), ends = end_of(&p, joint->old);
	p.from_s = fmax(fmin(enters, ends) - around, 0);
	p.to_s = fmin(fmax(enters, ends) + around, p.from_s + LONGEST_S);
	put_axes(&p);
	put_curve(&p, joint->old, joint->old_record, OLD_COLOUR);
	put_curve(&p, joint->next, joint->next_record, NEXT_COLOUR);
	put_line(&p, enters, NEXT_COLOUR);
	put_line(&p, ends, OLD_COLOUR);
	put_words(&p, joint);
}

/* ---- whole pictures ---------------------------------------------------------------------------- */

static void put_begin(FILE *out, double height)
{
	fprintf(out,
	        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d %.0f\" width=\"%d\" "
	        "height=\"%.0f\" font-family=\"sans-serif\" font-size=\"12\" fill=\"none\">\n"
	        "<rect width=\"%d\" height=\"%.0f\" fill=\"#fff\"/>\n",
	        WIDTH, height, WIDTH, height, WIDTH, height);
}

/* NULL when something could not be written. */
static char *finished(FILE *out, char **text)
{
	fputs("</svg>\n", out);
	bool failed = ferror(out);
	if (fclose(out) != 0 || failed) {
		free(*text);
		return NULL;
	}
	return *text;
}

char *plan_joint_to_svg(const struct joint_picture *joint)
{
	char *text = NULL;
	size_t n = 0;
	FILE *out = open_memstream(&text, &n);
	if (!out)
		return NULL;
	put_begin(out, PANEL);
	put_joint(out, 0, joint);
	return finished(out, &text);
}

/* All clips as bars in two rows, so that overlaps are seen. */
static void put_overview(FILE *out, const struct plan *plan)
{
	double scale = (double)WIDTH / fmax((double)plan_frames(plan), 1);
	char length[32];
	text_from_seconds(length, sizeof length, (double)plan_frames(plan) / plan->rate_hz);
	fprintf(out,
	        "<text x=\"4\" y=\"20\" font-size=\"16\" fill=\"#000\">%zu clips, %s, target %.1f "
	        "LUFS</text>\n",
	        plan->count, length, plan->target_lufs);
	for (size_t i = 0; i < plan->count; i++) {
		const struct plan_clip *c = &plan->clips[i];
		fprintf(out,
		        "<rect x=\"%.2f\" y=\"%d\" width=\"%.2f\" height=\"22\" fill=\"%s\" "
		        "fill-opacity=\"0.6\"><title>",
		        (double)c->start_frame * scale, i % 2 ? 58 : 34,
		        fmax((double)c->n_frames * scale, 0.5), i % 2 ? NEXT_COLOUR : OLD_COLOUR);
		put_name(out, c);
		fputs("</title></rect>\n", out);
	}
}

char *plan_to_svg(const struct plan *plan, plan_record_fn *record_of, void *user)
{
	char *text = NULL;
	size_t n = 0;
	double y = HEAD;
	FILE *out = open_memstream(&text, &n);
	if (!out)
		return NULL;
	put_begin(out, HEAD + PANEL * (plan->count > 1 ? (double)plan->count - 1 : 0));
	put_overview(out, plan);
	const struct record *last =
	        plan->count > 1 && record_of ? record_of(user, &plan->clips[0]) : NULL;
	for (size_t i = 1; i < plan->count; i++, y += PANEL) {
		const struct record *next = record_of ? record_of(user, &plan->clips[i]) : NULL;
		put_joint(out, y,
		        &(struct joint_picture){.old = &plan->clips[i - 1],
		                .next = &plan->clips[i],
		                .old_record = last,
		                .next_record = next,
		                .rate_hz = plan->rate_hz,
		                .target_lufs = plan->target_lufs});
		last = next;
	}
	return finished(out, &text);
}
