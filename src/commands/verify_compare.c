/* verify_compare.c - the mix against what the plan says, rendered again from the sources, block by block.
 *
 * Where they do not fit, the expected sound is looked for in the mix: near its place, then further and further
 * away; found, the comparison goes on there, so that one fault is not told as a hundred.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "jukebox/meter.h"
#include "jukebox/text.h"
#include "verify.h"

enum {
	BLOCKS_A_SECOND = 50,
	BLOCK_MOST = 4096, /* frames; rates up to 192 kHz have blocks of 20 ms */
	SEARCHES_A_CLIP = 6, /* that find nothing */
	WIDE_SEARCHES = 24, /* in all */
};
static const double WANTED_S = 1.5, WANTED_LEAST_S = 0.25;
static const double REACH_S[] = {0.06, 2.6, 600}; /* of one search after the other */
static const double FITS[] = {0.9, 0.9, 0.8};
static const int N_REACHES = 3, WIDE = 2;

/* The mix, or one more look into it, by frame. */
struct mix_file {
	struct decoder *decoder;
	int64_t at;
};

struct compare {
	struct verification *v;
	int rate_hz;
	struct mixer *mixer;
	size_t next_of_plan; /* for the mixer */
	struct mix_file heard_file, search_file;
	float expected[2 * BLOCK_MOST], heard[2 * BLOCK_MOST];

	int64_t at; /* on the plan's time line */
	int64_t shift; /* from there to the mix */
	size_t first, next; /* clips before `first` are over, those from `next` on have not begun */

	/* the clip that is heard alone */
	size_t solo; /* SIZE_MAX: none */
	struct meter *expected_meter, *heard_meter;
	bool confirmed; /* its place was seen */
	int n_failed;
	int64_t not_before; /* the next search begins */
	int n_wide;

	/* one channel of expected frames that did not fit, up to `at` */
	float *wanted;
	size_t n_wanted, wanted_most;
};

/* ---- the mix ---------------------------------------------------------------------------------------- */

static enum status read_some(
        struct mix_file *file, float *to, size_t n, size_t *got, struct error *error)
{
	enum status status = decoder_read(file->decoder, to, n, got, error);
	file->at += (int64_t)*got;
	return status;
}

/* n frames from `from` on; silence before the start and behind the end. */
static enum status read_mix(
        struct mix_file *file, int64_t from, float *to, size_t n, struct error *error)
{
	size_t done = 0;
	memset(to, 0, SIDES * n * sizeof *to);
	if (from < 0)
		done = (uint64_t)-from < n ? (size_t)-from : n;
	if (done < n && file->at != from + (int64_t)done) {
		TRY(decoder_seek(file->decoder, from + (int64_t)done, error));
		file->at = from + (int64_t)done;
	}
	while (done < n) {
		size_t got = 0;
		enum status status = read_some(file, to + SIDES * done, n - done, &got, error);
		if (status != STATUS_OK)
			return status == STATUS_END ? STATUS_OK : status;
		done += got;
	}
	return STATUS_OK;
}

/* ---- the expected ------------------------------------------------------------------------------------ */

static enum status next_clip(void *user, struct plan_clip *clip, struct error *error)
{
	struct compare *c = user;
	const struct plan *plan = &c->v->plan;
	if (c->next_of_plan == plan->count)
		return STATUS_END;
	const struct plan_clip *from = &plan->clips[c->next_of_plan++];
	*clip = *from;
	clip->title = clip->artist = NULL;
	clip->path = strdup(from->path);
	return clip->path ? STATUS_OK : error_set(error, STATUS_NO_MEMORY, "out of memory");
}

static void on_event(void *user, enum mix_event event, int64_t frame, const struct plan_clip *clip,
        const char *text)
{
	struct compare *c = user;
	char name[80];
	if (event == MIX_CLIP_FAILED)
		problem_add(c->v->problems, MIX_PROBLEMS_MOST, &c->v->n_problems, PROBLEM_SOURCE,
		        frame, "%s: %s", text_escape(name, sizeof name, clip->path), text);
}

/* Exactly n frames, or less at the end. */
static enum status read_expected(struct compare *c, size_t n, size_t *got, struct error *error)
{
	*got = 0;
	while (*got < n) {
		size_t k;
		enum status status =
		        mixer_read(c->mixer, c->expected + SIDES * *got, n - *got, &k, error);
		if (status == STATUS_END)
			return STATUS_OK;
		TRY(status);
		*got += k;
	}
	return STATUS_OK;
}

/* ---- which clips ---------------------------------------------------------------------------------------- */

static int64_t end_of(const struct plan_clip *clip)
{
	return clip->start_frame + clip->n_frames;
}

/* Moves `first` and `next` on, counts the clips at `at`, and finds how long nothing begins or ends. */
static size_t look_around(struct compare *c, size_t *newest, int64_t *n_frames)
{
	const struct plan *plan = &c->v->plan;
	size_t n = 0;
	while (c->next < plan->count && plan->clips[c->next].start_frame <= c->at)
		c->next++;
	while (c->first < c->next && end_of(&plan->clips[c->first]) <= c->at)
		c->first++;
	if (c->next < plan->count && plan->clips[c->next].start_frame - c->at < *n_frames)
		*n_frames = plan->clips[c->next].start_frame - c->at;
	for (size_t i = c->first; i < c->next; i++) {
		int64_t left = end_of(&plan->clips[i]) - c->at;
		if (left <= 0)
			continue;
		n++;
		*newest = i;
		*n_frames = left < *n_frames ? left : *n_frames;
	}
	return n;
}

/* ---- where is it? ------------------------------------------------------------------------------------ */

/* One channel of the mix around [from, from + n): room is the caller's. */
static enum status read_room(
        struct compare *c, int64_t from, float **room, size_t n, struct error *error)
{
	float block[SIDES * 1024];
	*room = malloc(n * sizeof **room);
	if (!*room)
		return error_set(error, STATUS_NO_MEMORY, "out of memory");
	for (size_t i = 0; i < n; i += 1024) {
		size_t k = n - i < 1024 ? n - i : 1024;
		TRY(read_mix(&c->search_file, from + (int64_t)i, block, k, error));
		for (size_t j = 0; j < k; j++)
			(*room)[i + j] = block[SIDES * j] + block[SIDES * j + 1];
	}
	return STATUS_OK;
}

/* Where the wanted frames, whose place was `place`, fit best in [from, to) of the mix. */
static enum status search_part(struct compare *c, int64_t place, int64_t from, int64_t to,
        int64_t *found, double *correlation, struct error *error)
{
	int64_t favourite = place < from ? 0 : place > to ? to - from : place - from;
	float *room;
	size_t at = 0;
	enum status status = read_room(c, from, &room, (size_t)(to - from), error);
	if (status == STATUS_OK)
		status = align_find(c->wanted, c->n_wanted, room, (size_t)(to - from),
		        (size_t)favourite, &at, correlation);
	free(room);
	*found = from + (int64_t)at;
	return status;
}

/* Looks for the wanted frames, which end at `at`, within `reach` frames around their place, a minute at a time. */
static enum status search(
        struct compare *c, int64_t reach, int64_t *shift, double *correlation, struct error *error)
{
	int64_t n = (int64_t)c->n_wanted, place = c->at - n + c->shift;
	int64_t from = place - reach, to = place + reach + n, best = place;
	from = from < 0 ? 0 : from;
	to = to > c->v->heard.n_frames ? c->v->heard.n_frames : to;
	*correlation = 0;
	for (; from + n <= to; from += 60 * (int64_t)c->rate_hz) {
		int64_t end = from + 60 * (int64_t)c->rate_hz + n, found;
		double fit;
		TRY(search_part(c, place, from, end < to ? end : to, &found, &fit, error));
		double more = fabs(fit) - fabs(*correlation);
		if (more > 0.005 || (more > -0.005 && llabs(found - place) < llabs(best - place))) {
			*correlation = fit;
			best = found;
		}
	}
	*shift = c->shift + best - place;
	return STATUS_OK;
}

static bool is_loud_enough(const struct compare *c)
{
	double energy = 0;
	for (size_t i = 0; i < c->n_wanted; i++)
		energy += (double)c->wanted[i] * (double)c->wanted[i];
	return energy > 1e-5 * (double)c->n_wanted; /* -50 dBFS */
}

/* The clip is at another place than the blocks so far were held against: they count no more, but for what was missing. */
static void move_to(struct compare *c, int64_t shift)
{
	struct tally *t = &c->v->checks[c->solo].solo;
	struct tally anew = {.frames = t->hole,
	        .hole = t->hole,
	        .hole_frame = t->hole_frame,
	        .clicks = t->clicks,
	        .click_frame = t->click_frame};
	if (shift != c->shift)
		*t = anew;
	c->shift = shift;
	c->confirmed = true;
}

static enum status find_place(struct compare *c, struct error *error)
{
	if (c->n_failed >= SEARCHES_A_CLIP || !is_loud_enough(c)) {
		c->n_wanted = 0;
		return STATUS_OK;
	}
	for (int i = 0; i < N_REACHES; i++) {
		int64_t found = 0;
		double fit;
		if (i == WIDE && c->n_wide++ >= WIDE_SEARCHES)
			break;
		TRY(search(c, llround(REACH_S[i] * c->rate_hz), &found, &fit, error));
		if (fabs(fit) >= FITS[i]) {
			c->n_wanted = 0;
			move_to(c, found);
			return STATUS_OK;
		}
	}
	c->n_wanted = 0;
	c->n_failed++;
	/* What was cut off may be a few words or half the song: look again soon, then later and later. */
	c->not_before = c->at + (int64_t)(c->n_failed * c->n_failed) * c->rate_hz;
	return STATUS_OK;
}

/* Collects what does not fit; enough of it, or the end of the stretch, starts a search. */
static enum status want(struct compare *c, enum block_kind kind, size_t n, struct error *error)
{
	bool fits = kind == BLOCK_GOOD && !(c->v->lossy && !c->confirmed);
	if (fits || kind == BLOCK_HOLE || c->at < c->not_before ||
	        (kind == BLOCK_CHANGED && c->confirmed)) {
		c->n_wanted = 0;
		return STATUS_OK;
	}
	for (size_t i = 0; i < n && c->n_wanted < c->wanted_most; i++)
		c->wanted[c->n_wanted++] = c->expected[SIDES * i] + c->expected[SIDES * i + 1];
	return c->n_wanted == c->wanted_most ? find_place(c, error) : STATUS_OK;
}

/* ---- solo parts -------------------------------------------------------------------------------------------- */

static enum status end_solo(struct compare *c, struct error *error)
{
	if (c->solo == SIZE_MAX)
		return STATUS_OK;
	struct clip_check *check = &c->v->checks[c->solo];
	if ((double)c->n_wanted > WANTED_LEAST_S * c->rate_hz && !c->confirmed)
		TRY(find_place(c, error));
	c->n_wanted = 0;
	check->position_frames = c->shift;
	TRY(meter_finish(c->expected_meter));
	TRY(meter_finish(c->heard_meter));
	check->expected_lufs = meter_integrated_lufs(c->expected_meter);
	check->loudness_lufs = meter_integrated_lufs(c->heard_meter);
	meter_free(c->expected_meter);
	meter_free(c->heard_meter);
	c->expected_meter = c->heard_meter = NULL;
	c->solo = SIZE_MAX;
	return STATUS_OK;
}

static enum status begin_solo(struct compare *c, size_t clip, struct error *error)
{
	TRY(end_solo(c, error));
	c->solo = clip;
	c->confirmed = false;
	c->n_failed = 0;
	c->not_before = c->at;
	c->expected_meter = meter_new(c->rate_hz, SIDES, NULL);
	c->heard_meter = meter_new(c->rate_hz, SIDES, NULL);
	if (!c->expected_meter || !c->heard_meter)
		return error_set(error, STATUS_NO_MEMORY, "out of memory");
	return STATUS_OK;
}

/* ---- block by block ---------------------------------------------------------------------------------------- */

static enum block_kind judge_block(struct compare *c, struct tally *tally, size_t n)
{
	const struct verify_bounds *bounds = &c->v->bounds;
	struct sums sums;
	struct spike spike = {0};
	sums_of(c->expected, c->heard, n, &sums);
	enum block_kind kind = block_kind_of(&sums, bounds);
	if (kind != BLOCK_GOOD)
		spike = spike_of(c->expected, c->heard, n);
	tally_add(tally, &sums, kind, &spike, c->at, bounds);
	return kind;
}

/* The stretch from `at` on in which `n_clips` sound, the newest of which is `newest`. */
static enum status compare_block(
        struct compare *c, size_t n_clips, size_t newest, size_t n, struct error *error)
{
	struct verification *v = c->v;
	size_t behind = c->next < v->plan.count ? c->next : v->plan.count - 1;
	struct tally *tally = n_clips == 1 ? &v->checks[newest].solo
	                                   : &v->checks[n_clips ? newest : behind].joint;
	if (n_clips == 1 && c->solo != newest)
		TRY(begin_solo(c, newest, error));
	TRY(read_mix(&c->heard_file, c->at + c->shift, c->heard, n, error));
	enum block_kind kind = judge_block(c, tally, n);
	c->at += (int64_t)n;
	if (n_clips != 1)
		return end_solo(c, error);
	TRY(meter_add(c->expected_meter, c->expected, n));
	TRY(meter_add(c->heard_meter, c->heard, n));
	return want(c, kind, n, error);
}

static enum status compare_all(struct compare *c, struct error *error)
{
	int64_t most = c->rate_hz / BLOCKS_A_SECOND, said = 0;
	most = most < BLOCK_MOST ? most : BLOCK_MOST;
	for (;;) {
		int64_t n_frames = most;
		size_t newest = 0, n;
		size_t n_clips = look_around(c, &newest, &n_frames);
		TRY(read_expected(c, (size_t)n_frames, &n, error));
		if (n == 0)
			return end_solo(c, error);
		TRY(survey_add(&c->v->expected, c->expected, n));
		TRY(compare_block(c, n_clips, newest, n, error));
		if (c->at - said > 10 * c->rate_hz) {
			char time[32];
			said = c->at;
			log_status(c->v->log, "verified %s",
			        text_from_seconds(time, sizeof time, (double)c->at / c->rate_hz));
		}
	}
}

/* A clip that was never alone is where the one before it was. */
static void fill_positions(struct verification *v)
{
	for (size_t i = 1; i < v->plan.count; i++)
		if (v->checks[i].solo.frames == 0)
			v->checks[i].position_frames = v->checks[i - 1].position_frames;
}

static enum status open_compare(struct compare *c, struct error *error)
{
	const struct verification *v = c->v;
	c->rate_hz = v->plan.rate_hz;
	c->solo = SIZE_MAX;
	c->wanted_most = (size_t)(WANTED_S * c->rate_hz);
	c->wanted = malloc(c->wanted_most * sizeof *c->wanted);
	c->mixer = mixer_new(&v->mix, next_clip, on_event, c, v->log);
	if (!c->wanted || !c->mixer || survey_open(&c->v->expected, c->rate_hz) != STATUS_OK)
		return error_set(error, STATUS_NO_MEMORY, "out of memory, or no thread to be had");
	TRY(decoder_open(v->mix_path, &c->heard_file.decoder, error));
	return decoder_open(v->mix_path, &c->search_file.decoder, error);
}

enum status compare_with_plan(struct verification *v, struct error *error)
{
	struct compare *c = calloc(1, sizeof *c);
	if (!c)
		return error_set(error, STATUS_NO_MEMORY, "out of memory");
	c->v = v;
	enum status status = open_compare(c, error);
	if (status == STATUS_OK)
		status = compare_all(c, error);
	if (status == STATUS_OK)
		status = survey_finish(&v->expected);
	fill_positions(v);
	log_status(v->log, "%s", "");
	mixer_free(c->mixer);
	decoder_close(c->heard_file.decoder);
	decoder_close(c->search_file.decoder);
	meter_free(c->expected_meter);
	meter_free(c->heard_meter);
	free(c->wanted);
	free(c);
	return status;
}
