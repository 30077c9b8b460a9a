/* planner.c - records in, clips out: lays tracks on the time line, one joint after the other.
 *
 * What is kept is the last track only (and the clips of an album until its end is known, since they share one
 * gain), so that a plan of any length is made while the mix runs.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "album.h"
#include "gain.h"
#include "joint.h"
#include "jukebox/part.h"
#include "overrule.h"

enum { CHAIN_MOST = 200 }; /* tracks of one album that wait for each other */

static const double DECLICK_S = 0.010; /* at hard edges: 5 to 20 ms */
static const double DECLICK_START_S = 0.005; /* a drum's attack is longer */

struct planner {
	struct policy policy;
	planner_explain_fn *explain;
	void *explain_user;

	bool has_last;
	struct overrule overrule; /* of the last track */
	struct joint_side side; /* its end */
	struct album_end album;
	int64_t last_file_frames;
	struct gain_pool
	        pool; /* of the chain that the last track belongs to: what shares one gain */
	/* Of the run of joined clips that the last clip ends: where it starts, and the source frames before the last
	 * clip.  For exact positions. */
	int64_t run_start_frame;
	double run_source_frames;

	struct plan_clip *clips; /* ready ones first, then the chain */
	size_t count, capacity, ready, taken;

	struct joint_side scratch;
};

void policy_defaults(struct policy *p)
{
	*p = (struct policy){.rate_hz = 44100,
	        .target_lufs = -18,
	        .loudness = LOUDNESS_TRACK,
	        .ceiling_dbtp = -1,
	        .max_overlap_s = 6,
	        .crossfade_s = -1,
	        .gap_s = -1,
	        .inner_silence = INNER_SHORTEN,
	        .inner_silence_s = 2};
}

struct planner *planner_new(const struct policy *policy)
{
	struct planner *p = calloc(1, sizeof *p);
	if (p) {
		p->policy = *policy;
		overrule_clear(&p->overrule);
		gain_pool_init(&p->pool);
	}
	return p;
}

void planner_free(struct planner *p)
{
	if (!p)
		return;
	for (size_t i = p->taken; i < p->count; i++)
		plan_clip_done(&p->clips[i]);
	free(p->clips);
	album_end_done(&p->album);
	gain_pool_clear(&p->pool);
	free(p);
}

void planner_explain(struct planner *p, planner_explain_fn *explain, void *user)
{
	p->explain = explain;
	p->explain_user = user;
}

/* ---- clips --------------------------------------------------------------------------------- */

/* Drops what was taken, so that the list stays as short as the chain. */
static void forget_taken(struct planner *p)
{
	if (p->taken > 0)
		memmove(p->clips, p->clips + p->taken, (p->count - p->taken) * sizeof *p->clips);
	p->count -= p->taken;
	p->ready -= p->taken;
	p->taken = 0;
}

static enum status add_clip(struct planner *p, const struct plan_clip *clip)
{
	if (p->count == p->capacity) {
		size_t capacity = p->capacity ? 2 * p->capacity : 8;
		struct plan_clip *clips = realloc(p->clips, capacity * sizeof *clips);
		if (!clips)
			return STATUS_NO_MEMORY;
		p->clips = clips;
		p->capacity = capacity;
	}
	p->clips[p->count++] = *clip;
	return STATUS_OK;
}

static struct plan_clip *last_clip(struct planner *p)
{
	return &p->clips[p->count - 1];
}

bool planner_pop(struct planner *p, struct plan_clip *clip)
{
	if (p->taken >= p->ready)
		return false;
	*clip = p->clips[p->taken++];
	return true;
}

static enum status name_clip(struct plan_clip *clip, const struct plan_item *item)
{
	const char *title = tags_get(&item->record->tags, "title"),
	           *artist = tags_get(&item->record->tags, "artist");
	if (!title) /* the list's word, which often holds "Artist - Title" */
		title = item->title;
	clip->path = strdup(item->path);
	clip->title = title ? strdup(title) : NULL;
	clip->artist = artist ? strdup(artist) : NULL;
	return clip->path && (!title || clip->title) && (!artist || clip->artist)
	               ? STATUS_OK
	               : STATUS_NO_MEMORY;
}

static int64_t to_source_frames(const struct record *record, double seconds)
{
	int64_t frame = llround(seconds * record->sample_rate_hz);
	return frame < 0 ? 0 : frame > record->frames ? record->frames : frame;
}

static int64_t to_output(const struct planner *p, double source_frames, int source_hz)
{
	return llround(source_frames * p->policy.rate_hz / source_hz);
}

static double to_seconds(const struct planner *p, int64_t frames)
{
	return (double)frames / p->policy.rate_hz;
}

/* Appends source seconds [from, to) of the item at a place of the time line. */
static enum status lay_clip(struct planner *p, const struct plan_item *item, int64_t from_frame,
        int64_t to_frame, int64_t start, const char *transition)
{
	const struct record *r = item->record;
	struct plan_clip clip = {.entry = item->entry,
	        .source_hz = r->sample_rate_hz,
	        .from_frame = from_frame,
	        .to_frame = to_frame,
	        .start_frame = start,
	        .title_frame = start,
	        .law = FADE_EQUAL_POWER,
	        .gain_db = NAN, /* the chain's, once that is known */
	        .expected_peak_dbtp = -HUGE_VAL};
	/* An offset below -60 dBFS is no fault of a converter: the mean of a short piece of music is not quite zero. */
	for (int c = 0; c < 2 && !p->policy.no_mix; c++)
		clip.offset[c] = fabs(r->offset[c]) > 1e-3 ? round(r->offset[c] * 1e9) / 1e9 : 0;
	clip.n_frames = to_output(p, (double)(to_frame - from_frame), r->sample_rate_hz);
	snprintf(clip.transition, sizeof clip.transition, "%s", transition);
	enum status status = name_clip(&clip, item);
	if (status == STATUS_OK)
		status = add_clip(p, &clip);
	if (status != STATUS_OK)
		plan_clip_done(&clip);
	return status;
}

/* ---- declicks -------------------------------------------------------------------------------- */

/* How hard a clip begins or ends: its first or last frame against the peak of the 5 ms there.  Nothing was kept of an end
 * that had faded to 30 LU under the loudness: that is soft. */
static double edge_hardness(
        const struct record_samples *samples, int sample_hz, const double offset[2], bool at_end)
{
	size_t channels = (size_t)samples->channels, n = samples->n_frames * channels;
	size_t near = (size_t)(DECLICK_START_S * sample_hz) * channels;
	double edge = n > 0 ? 0 : fmax(fabs(offset[0]), fabs(offset[1]));
	double peak = fmax(edge, 1e-6);
	for (size_t i = 0; i < near && i < n; i++) {
		size_t at = at_end ? n - 1 - i : i;
		double level = fabs(
		        (double)samples->frames[at] - (channels <= 2 ? offset[at % channels] : 0));
		if (i < channels)
			edge = fmax(edge, level);
		peak = fmax(peak, level);
	}
	return edge < 0.003 ? 0 : edge / peak;
}

/* Where a file of constant offset ends, silence is a step: of our making, so nothing beside it excuses it. */
static double end_hardness(const struct plan_clip *clip, const struct record *r)
{
	bool ours = clip->offset[0] != 0 || clip->offset[1] != 0;
	double hardness = edge_hardness(&r->last, r->sample_rate_hz, clip->offset, true);
	return ours && hardness > 0 ? 1 : hardness;
}

/* Full length in the middle of a sound; less for a small step; none for one under a tenth of the sound beside it,
 * which covers it: its maker wanted it so. */
static int64_t declick_length(
        const struct planner *p, const struct plan_clip *clip, double hardness, double seconds)
{
	double share = fmin(fmax(4 * (hardness - 0.1), 0), 1);
	int64_t frames = llround(share * seconds * p->policy.rate_hz);
	return frames > clip->n_frames / 2 ? clip->n_frames / 2 : frames;
}

static void declick(
        const struct planner *p, struct plan_clip *clip, const struct record *r, bool joined)
{
	static const double none[2] = {0, 0}; /* the offset comes off later, see plan.h */
	double start =
	        clip->from_frame > 0 ? 1 : edge_hardness(&r->first, r->sample_rate_hz, none, false);
	double end = clip->to_frame < r->frames ? 1 : end_hardness(clip, r);
	clip->declick_in_frames = joined ? 0 : declick_length(p, clip, start, DECLICK_START_S);
	clip->declick_out_frames = declick_length(p, clip, end, DECLICK_S);
}

/* ---- the chain: one track, or an album ------------------------------------------------------- */

/* The gain of the chain's clips is known: they become ready. */
static void close_chain(struct planner *p)
{
	char unsaid[PLAN_REASON_BYTES]; /* said when the track came, see join_chain */
	double shared = gain_pool_db(&p->pool, &p->policy, unsaid);
	for (size_t i = p->ready; i < p->count; i++) {
		struct plan_clip *clip = &p->clips[i];
		double gain = isnan(clip->gain_db) ? shared : clip->gain_db;
		if (p->policy.loudness == LOUDNESS_OFF)
			gain = 0;
		clip->gain_db =
		        round(gain * 1e6) / 1e6; /* as JSON has it: a saved plan is this plan */
		clip->expected_peak_dbtp =
		        fmax(clip->expected_peak_dbtp, p->pool.true_peak_dbtp + gain);
	}
	p->ready = p->count;
	gain_pool_clear(&p->pool);
}

/* Adds the track to the chain.  That its gain is held is said once a chain, beside the track that brings it. */
static void join_chain(struct planner *p, const struct record *record, const struct outline *o,
        char note[PLAN_REASON_BYTES])
{
	char before[PLAN_REASON_BYTES] = "", now[PLAN_REASON_BYTES] = "";
	if (p->pool.tracks > 0)
		(void)gain_pool_db(&p->pool, &p->policy, before);
	gain_pool_add(&p->pool, record, o);
	(void)gain_pool_db(&p->pool, &p->policy, now);
	if (!note[0] && !before[0] && isnan(last_clip(p)->gain_db))
		snprintf(note, PLAN_REASON_BYTES, "%s", now);
}

/* ---- the joint to the next track --------------------------------------------------------------- */

struct placing {
	double at_s; /* second of the old song */
	double overlap_s;
	int64_t start_frame;
	const char *transition;
};

static void explain_joint(
        struct planner *p, const char *old, const char *new, const struct joint *j)
{
	char line[1024];
	if (!p->explain)
		return;
	snprintf(line, sizeof line,
	        "%.150s -> %.150s: at %.2f s, overlap %.2f s: cost %.3g s of harm = hole %.3g s + "
	        "clash %.3g s + bump %.3g s + buried %.3g s + playing %.3g s + tail %.3g s + "
	        "pause %.3g s + peak %.3g s + beat %.3g s; %s",
	        old, new, j->at_s, j->overlap_s, j->terms.total, j->terms.hole, j->terms.clash,
	        j->terms.bump, j->terms.buried, j->terms.playing, j->terms.tail, j->terms.pause,
	        j->terms.peak, j->terms.beat, j->reason);
	p->explain(p->explain_user, line);
}

/* A jingle and speech are not faded across. */
static bool cross_fades(const struct planner *p, const struct overrule *next)
{
	return p->policy.crossfade_s >= 0 && p->overrule.kind == KIND_SONG &&
	       next->kind == KIND_SONG;
}

static bool ramps_meet(const struct planner *p, const struct overrule *next)
{
	return !isnan(p->overrule.mixramp_end_s) && !isnan(next->mixramp_start_s);
}

static bool joint_is_ruled(const struct planner *p, const struct overrule *next)
{
	return !isnan(p->overrule.overlap_s) || !isnan(p->overrule.pause_s) ||
	       ramps_meet(p, next) || p->policy.gap_s >= 0 || cross_fades(p, next);
}

/* The overlap that somebody chose, negative for a pause: a person's word before a tag's before an option. */
static double ruled_overlap(
        const struct planner *p, const struct overrule *next, const char **by_whom)
{
	const struct overrule *rule = &p->overrule;
	if (!isnan(rule->pause_s)) {
		*by_whom = rule->from[OVERRULED_PAUSE];
		return -rule->pause_s;
	}
	if (!isnan(rule->overlap_s)) {
		*by_whom = rule->from[OVERRULED_OVERLAP];
		return rule->overlap_s;
	}
	if (ramps_meet(p, next)) {
		*by_whom = "mixramp_end, mixramp_start";
		return rule->mixramp_end_s + next->mixramp_start_s;
	}
	*by_whom = p->policy.gap_s >= 0 ? "--gap" : "--crossfade";
	return p->policy.gap_s >= 0 ? -p->policy.gap_s : p->policy.crossfade_s;
}

static void rule_joint(const struct planner *p, const struct joint_side *new,
        const struct overrule *next, struct joint *j)
{
	const struct joint_side *old = &p->side;
	const char *by_whom;
	double overlap = ruled_overlap(p, next, &by_whom);
	overlap = fmin(overlap, fmin(old->length_s, new->length_s) / 2);
	j->at_s = old->cue_out_s - overlap;
	joint_measure(old, new, &p->policy, j);
	snprintf(j->reason, sizeof j->reason, "%s: %s", by_whom,
	        overlap < 0 ? "an exact pause" : "a fixed overlap");
}

static void cross_fade(struct planner *p, const struct overrule *next, int64_t frames)
{
	if (cross_fades(p, next) && frames > 0 && isnan(p->overrule.pause_s))
		last_clip(p)->fade_out_frames = frames;
}

static void decide_joint(struct planner *p, const struct plan_item *item,
        const struct joint_side *new, const struct overrule *next, struct placing *place)
{
	struct joint j = {0};
	struct plan_clip *old = last_clip(p);
	if (joint_is_ruled(p, next))
		rule_joint(p, new, next, &j);
	else
		joint_decide(&p->side, new, &p->policy, p->policy.max_overlap_s, &j);
	explain_joint(p, old->path, item->path, &j);
	place->start_frame =
	        old->start_frame + old->n_frames - llround(j.overlap_s * p->policy.rate_hz);
	/* Never before the old one's own beginning, whatever was asked. */
	if (place->start_frame < old->start_frame)
		place->start_frame = old->start_frame;
	old->overlap_frames = old->start_frame + old->n_frames - place->start_frame;
	snprintf(old->reason, sizeof old->reason, "%s", j.reason);
	if (j.expected_peak_lin >
	        0) /* close_chain adds this clip's gain to the track's own peak only */
		old->expected_peak_dbtp =
		        fmax(old->expected_peak_dbtp, 20 * log10(j.expected_peak_lin));
	cross_fade(p, next, old->overlap_frames);
	place->overlap_s = to_seconds(p, old->overlap_frames);
	place->transition = place->overlap_s > 0.05    ? "overlap"
	                    : place->overlap_s < -0.05 ? "pause"
	                                               : "butt";
}

/* ---- one track on the time line ------------------------------------------------------------------ */

struct span {
	double from_s, to_s;
};

/* The parts of the track that are played: dead air splits it. */
static size_t split_spans(
        const struct planner *p, const struct outline *o, struct span spans[OUTLINE_SILENCES + 1])
{
	double keep = p->policy.inner_silence == INNER_SHORTEN ? p->policy.inner_silence_s : 0;
	size_t n = 0;
	double from = o->cue_in_s;
	for (size_t i = 0; i < o->n_silences && p->policy.inner_silence != INNER_KEEP; i++) {
		/* Somebody's cue points may lie inside of a pause, or leave it out. */
		double a = fmax(o->silences[i].from_s, from),
		       b = fmin(o->silences[i].to_s, o->cue_out_s);
		if (b - a <= fmax(DEAD_AIR_S, keep))
			continue;
		if (a + keep / 2 > from)
			spans[n++] = (struct span){from, a + keep / 2};
		from = b - keep / 2;
	}
	if (n == 0 || o->cue_out_s > from)
		spans[n++] = (struct span){from, o->cue_out_s};
	return n;
}

/* What was taken out behind a span. */
static void say_shortened(
        const struct planner *p, struct plan_clip *clip, double end_s, double next_s)
{
	double keep = p->policy.inner_silence == INNER_SHORTEN ? p->policy.inner_silence_s : 0;
	snprintf(clip->reason, sizeof clip->reason, "%.1f s of dead air shortened to %.1f s",
	        next_s - end_s + keep, keep);
}

static enum status lay_spans(struct planner *p, const struct plan_item *item,
        const struct outline *o, int64_t start, const char *transition, bool joined, double gain_db)
{
	struct span spans[OUTLINE_SILENCES + 1];
	const struct record *r = item->record;
	size_t n = split_spans(p, o, spans);
	for (size_t i = 0; i < n; i++) {
		int64_t from = to_source_frames(r, spans[i].from_s),
		        to = to_source_frames(r, spans[i].to_s);
		if (to <= from)
			to = from + 1 <= r->frames ? from + 1 : from;
		TRY(lay_clip(p, item, from, to, start, i == 0 ? transition : "inner"));
		struct plan_clip *clip = last_clip(p);
		clip->joined = joined && i == 0;
		clip->gain_db = gain_db;
		if (clip->joined) { /* one recording has one offset: two would be a step */
			memcpy(clip->offset, clip[-1].offset, sizeof clip->offset);
		} else {
			p->run_start_frame = start;
			p->run_source_frames = 0;
		}
		declick(p, clip, r, clip->joined);
		if (i + 1 < n)
			say_shortened(p, clip, spans[i].to_s, spans[i + 1].from_s);
		start = clip->start_frame + clip->n_frames;
	}
	return STATUS_OK;
}

/* ---- overrules -------------------------------------------------------------------------------------- */

static void apply_cues(const struct record *record, struct outline *o, const struct overrule *rule)
{
	if (rule->keep_whole) {
		o->cue_in_s = 0;
		o->cue_out_s = o->mix_out_s = o->duration_s;
		o->n_silences = 0;
	}
	if (!isnan(rule->cue_in_s) && rule->cue_in_s < o->duration_s) {
		o->cue_in_s = rule->cue_in_s;
		o->starts_cut = o->starts_cut && o->cue_in_s <= 0;
	}
	if (!isnan(rule->cue_out_s) && rule->cue_out_s > o->cue_in_s) {
		o->cue_out_s = fmin(rule->cue_out_s, o->duration_s);
		o->ends_cut = o->ends_cut && o->cue_out_s >= o->duration_s;
	}
	if (o->cue_out_s <= o->cue_in_s)
		o->cue_out_s = o->duration_s;
	if (!isnan(rule->cue_in_s) || !isnan(rule->cue_out_s))
		outline_part(record, o);
	o->mix_in_s = fmin(fmax(o->mix_in_s, o->cue_in_s), o->cue_out_s);
	o->mix_out_s = fmin(fmax(o->mix_out_s, o->cue_in_s), o->cue_out_s);
	/* A song may talk over the tail of a jingle, but nothing talks over speech. */
	if (rule->has_kind && rule->kind == KIND_SPOKEN)
		o->mix_out_s = o->cue_out_s;
}

/* INNER_END: what comes after dead air is not of this track. */
static void end_at_dead_air(const struct planner *p, const struct record *record, struct outline *o)
{
	for (size_t i = 0; i < o->n_silences && p->policy.inner_silence == INNER_END; i++)
		if (o->silences[i].to_s - o->silences[i].from_s > DEAD_AIR_S) {
			outline_end_at(record, o, o->silences[i].from_s);
			o->n_silences = i;
			return;
		}
}

static void read_overrules(const struct planner *p, const struct plan_item *item,
        struct overrule *rule, char note[PLAN_REASON_BYTES])
{
	overrule_clear(rule);
	if (p->policy.use_tags)
		overrule_from_tags(
		        rule, &item->record->tags, item->record->loudness_lufs, &p->policy);
	overrule_from_directives(rule, item->directives, note);
}

/* ---- pushing ------------------------------------------------------------------------------------------ */

static enum status push_plain(struct planner *p, const struct plan_item *item)
{
	int64_t start = p->run_start_frame;
	const struct record *r = item->record;
	TRY(lay_clip(p, item, 0, r->frames, start, p->has_last ? "butt" : "start"));
	p->has_last = true;
	p->run_start_frame = start + last_clip(p)->n_frames;
	p->pool.tracks = 0;
	p->pool.only_lufs = r->loudness_lufs;
	p->pool.true_peak_dbtp = r->true_peak_dbtp;
	close_chain(p);
	return STATUS_OK;
}

static bool is_joined(const struct planner *p, const struct plan_item *item,
        const struct overrule *rule, char *why)
{
	bool starts_later = !isnan(rule->cue_in_s) && rule->cue_in_s > 0;
	bool jingle = rule->kind == KIND_JINGLE || p->overrule.kind == KIND_JINGLE;
	if (!p->has_last || joint_is_ruled(p, rule) || starts_later || jingle ||
	        p->count - p->ready >= CHAIN_MOST)
		return false;
	if (part_continues(p->clips[p->count - 1].path, item->path)) {
		snprintf(why, PLAN_REASON_BYTES, "the next track of one file");
		return true;
	}
	return p->overrule.gapless ||
	       album_continues(&p->album, item->record, why, PLAN_REASON_BYTES);
}

/* One gain for all of an album, where that is wanted: is the next item of the last one's? */
static bool shares_gain(const struct planner *p, const struct plan_item *item)
{
	const char *album = tags_get(&item->record->tags, "album");
	return p->policy.loudness == LOUDNESS_ALBUM && p->count - p->ready < CHAIN_MOST && album &&
	       p->album.album && strcmp(album, p->album.album) == 0;
}

/* Seconds of overlap that any joint may ask for. */
static double reach_of(const struct planner *p)
{
	return fmax(p->policy.max_overlap_s, p->policy.crossfade_s);
}

/* What both songs are played with, for the peaks of their sum: held back, or an album's.  The old song's is known by now.
 * The new one's is its own, since a recording that goes on behind it has not come yet. */
static void foresee_gains(struct planner *p, const struct plan_item *item, const struct outline *o,
        const struct overrule *rule)
{
	char unsaid[PLAN_REASON_BYTES];
	double old = gain_pool_db(&p->pool, &p->policy, unsaid);
	double new = shares_gain(p, item) ? old : gain_alone_db(item->record, o, &p->policy);
	if (p->policy.loudness != LOUDNESS_OFF) {
		old = isnan(last_clip(p)->gain_db) ? old : last_clip(p)->gain_db;
		new = isnan(rule->gain_db) ? new : rule->gain_db;
	}
	p->side.gain_lin = pow(10, old / 20);
	p->scratch.gain_lin = pow(10, new / 20);
}

/* A recording goes on up to the last frame of its file, unless somebody ended it sooner. */
static void run_to_the_end(struct planner *p, struct plan_clip *clip)
{
	if (isnan(p->overrule.cue_out_s) && clip->to_frame < p->last_file_frames)
		clip->to_frame = p->last_file_frames;
}

static void explain_album(struct planner *p, const char *old, const char *new, const char *reason)
{
	char line[1024];
	snprintf(
	        line, sizeof line, "%.150s -> %.150s: joined without a seam: %s", old, new, reason);
	if (p->explain)
		p->explain(p->explain_user, line);
}

/* A gain that somebody sets at any part of a recording is that of all of it: a step inside would be heard.  The first one
 * that is said counts. */
static void rule_gain_of_run(
        struct planner *p, const struct overrule *rule, char note[PLAN_REASON_BYTES])
{
	double has = last_clip(p)->gain_db;
	if (isnan(rule->gain_db) || rule->gain_db == has)
		return;
	if (!isnan(has)) {
		snprintf(note, PLAN_REASON_BYTES,
		        "gain %+.1f dB is passed over: it goes on from the track before, at %+.1f "
		        "dB",
		        rule->gain_db, has);
		return;
	}
	for (size_t i = p->count; i-- > p->ready;) {
		const char *transition = p->clips[i].transition;
		p->clips[i].gain_db = rule->gain_db;
		if (strcmp(transition, "album") != 0 && strcmp(transition, "inner") != 0)
			break;
	}
}

static enum status join_album(
        struct planner *p, const struct plan_item *item, struct outline *o, const char *why)
{
	struct plan_clip *old = last_clip(p);
	bool same_rate = old->source_hz == item->record->sample_rate_hz;
	/* Both sides run up to the cut; nothing fades there. */
	old->declick_out_frames = old->fade_out_frames = 0;
	snprintf(old->reason, sizeof old->reason, "%s", why[0] ? why : "gapless, as asked");
	explain_album(p, old->path, item->path, old->reason);
	run_to_the_end(p, old);
	p->run_source_frames += (double)(old->to_frame - old->from_frame);
	/* One rounding for the whole run: the parts are one stream of frames. */
	int64_t start = p->run_start_frame + to_output(p, p->run_source_frames, old->source_hz);
	old->n_frames = start - old->start_frame;
	old->overlap_frames = 0;
	o->cue_in_s = 0;
	return lay_spans(p, item, o, start, "album", same_rate, old->gain_db);
}

static enum status keep_last(struct planner *p, const struct plan_item *item,
        const struct outline *o, const struct overrule *rule)
{
	album_end_done(&p->album);
	TRY(album_end_of(&p->album, item->record));
	if (!o->ends_cut) {
		free(p->album.last.frames);
		p->album.last = (struct record_samples){0};
	}
	joint_side_of_end(&p->side, item->record, o, reach_of(p));
	p->last_file_frames = item->record->frames;
	p->overrule = *rule;
	p->has_last = true;
	return STATUS_OK;
}

static void place_title(struct planner *p, size_t clip, int64_t overlap_frames)
{
	p->clips[clip].title_frame =
	        p->clips[clip].start_frame + (overlap_frames > 0 ? overlap_frames / 2 : 0);
}

/* Fades that tags ask for, half of the clip at most; a cross-fade of the policy comes before them. */
static void fade_as_tagged(struct planner *p, size_t first, const struct overrule *rule)
{
	struct plan_clip *begin = &p->clips[first], *end = last_clip(p);
	if (!isnan(rule->fade_in_s) && begin->fade_in_frames == 0)
		begin->fade_in_frames = llround(
		        fmin(rule->fade_in_s * p->policy.rate_hz, (double)begin->n_frames / 2));
	if (!isnan(rule->fade_out_s))
		end->fade_out_frames = llround(
		        fmin(rule->fade_out_s * p->policy.rate_hz, (double)end->n_frames / 2));
}

static void tell_sources(struct planner *p, size_t first, const struct overrule *rule)
{
	for (size_t i = first; i < p->count; i++)
		overrule_sources(rule, p->clips[i].sources, sizeof p->clips[i].sources);
}

static enum status push_mixed(struct planner *p, const struct plan_item *item, struct outline *o,
        const struct overrule *rule, char note[PLAN_REASON_BYTES])
{
	char why[PLAN_REASON_BYTES] = "";
	struct placing place = {.start_frame = 0, .transition = "start"};
	bool joined = is_joined(p, item, rule, why);
	size_t first = p->count;
	if (joined) {
		rule_gain_of_run(p, rule, note);
		TRY(join_album(p, item, o, why));
	} else {
		if (p->has_last) {
			joint_side_of_start(&p->scratch, item->record, o, reach_of(p));
			foresee_gains(p, item, o, rule);
			decide_joint(p, item, &p->scratch, rule, &place);
			if (!shares_gain(p, item))
				close_chain(p);
		}
		int64_t overlap = llround(place.overlap_s * p->policy.rate_hz);
		TRY(lay_spans(
		        p, item, o, place.start_frame, place.transition, false, rule->gain_db));
		if (p->has_last && cross_fades(p, rule) && overlap > 0)
			p->clips[first].fade_in_frames = overlap < p->clips[first].n_frames
			                                         ? overlap
			                                         : p->clips[first].n_frames;
		fade_as_tagged(p, first, rule);
		place_title(p, first, overlap);
	}
	tell_sources(p, first, rule);
	join_chain(p, item->record, o, note);
	return keep_last(p, item, o, rule);
}

enum status planner_push(struct planner *p, const struct plan_item *item,
        char note[PLAN_REASON_BYTES], struct error *error)
{
	struct outline o;
	struct overrule rule;
	enum status status;
	note[0] = '\0';
	forget_taken(p);
	if (p->policy.no_mix) {
		status = push_plain(p, item);
	} else {
		outline_of(item->record, &o);
		if (o.silent)
			return error_set(error, STATUS_BAD_DATA, "no sound in it: left out");
		read_overrules(p, item, &rule, note);
		end_at_dead_air(p, item->record, &o);
		apply_cues(item->record, &o, &rule);
		status = push_mixed(p, item, &o, &rule, note);
		if (o.trim_refused && !note[0])
			snprintf(note, PLAN_REASON_BYTES,
			        "a trim would have taken over a quarter of it, not all of it "
			        "silent: kept whole");
	}
	return status == STATUS_OK ? STATUS_OK : error_set(error, status, "out of memory");
}

enum status planner_finish(struct planner *p)
{
	if (p->has_last && p->ready < p->count) {
		struct plan_clip *last = last_clip(p);
		snprintf(last->reason, sizeof last->reason, "the end");
		close_chain(p);
	}
	return STATUS_OK;
}
