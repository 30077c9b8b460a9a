/* wheel.c - which list of a rotation comes next.  What is due at a time of day is timetable.c's affair.
 *
 * Weights are kept by smooth weighted round robin (as in nginx, upstream_round_robin): each list earns its weight, the one
 * with most is played and pays the sum.  Three and one give A A B A, in any stretch of four.
 */
#include "wheel.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { HEARD_MOST = 1024 };

struct spoke {
	const struct rotation_source *source;
	struct order order;
	int64_t credit; /* of music */
	int64_t since; /* songs since it was played last, of ROTATION_EVERY */
};

/* A song of music that was given out. */
struct heard {
	uint64_t name[SEPARATION_KINDS];
	double ends_s;
};

struct wheel {
	const struct playlist *playlist;
	struct order_options options;
	struct spoke *spokes; /* of music and of "every"; without those that are empty */
	size_t n_spokes;
	struct heard heard[HEARD_MOST]; /* a ring */
	size_t n_heard;
	double time_s;
};

/* ---- life ------------------------------------------------------------------------------------------ */

static bool turns(const struct rotation_source *s)
{
	return s->kind != ROTATION_AT && s->count > 0;
}

static struct order_list list_of(const struct wheel *w, const struct rotation_source *s)
{
	return (struct order_list){w->playlist, s->first, s->count};
}

/* Each list has its own row of random numbers; what is not music is not separated. */
static struct order_options options_of(const struct wheel *w, const struct rotation_source *s)
{
	struct order_options o = w->options;
	o.rounds = 0;
	o.seed ^= separation_name(s->name);
	if (s->kind != ROTATION_MUSIC)
		o.separation = (struct separation){0};
	return o;
}

static void spokes_done(struct spoke *spokes, size_t n)
{
	for (size_t i = 0; i < n; i++)
		order_done(&spokes[i].order);
	free(spokes);
}

static enum status make_spokes(struct wheel *w, struct spoke **spokes, size_t *n)
{
	const struct rotation *r = playlist_rotation(w->playlist);
	*n = 0;
	*spokes = calloc(r->count + 1, sizeof **spokes);
	if (!*spokes)
		return STATUS_NO_MEMORY;
	for (size_t i = 0; i < r->count; i++)
		if (turns(&r->sources[i]))
			(*spokes)[(*n)++].source = &r->sources[i];
	return STATUS_OK;
}

static enum status begin_spoke(struct wheel *w, struct spoke *s)
{
	struct order_list list = list_of(w, s->source);
	struct order_options options = options_of(w, s->source);
	return order_init(&s->order, &list, &options);
}

struct wheel *wheel_new(const struct playlist *playlist, const struct order_options *options)
{
	struct wheel *w = calloc(1, sizeof *w);
	if (!w)
		return NULL;
	w->playlist = playlist;
	w->options = *options;
	enum status status = make_spokes(w, &w->spokes, &w->n_spokes);
	for (size_t i = 0; i < w->n_spokes && status == STATUS_OK; i++)
		status = begin_spoke(w, &w->spokes[i]);
	if (status == STATUS_OK)
		return w;
	wheel_free(w);
	return NULL;
}

void wheel_free(struct wheel *w)
{
	if (!w)
		return;
	spokes_done(w->spokes, w->n_spokes);
	free(w);
}

size_t wheel_close(const struct wheel *w)
{
	size_t n = 0;
	for (size_t i = 0; i < w->n_spokes; i++)
		n += w->spokes[i].order.n_close;
	return n;
}

/* ---- songs of all lists, apart ------------------------------------------------------------------------ */

static void names_of(struct wheel *w, size_t entry, struct heard *song, float *seconds)
{
	struct playlist_entry e = playlist_get(w->playlist, entry);
	*song = (struct heard){0};
	*seconds = 0;
	w->options.names(w->options.user, &e, song->name, seconds);
}

static bool is_far_enough(const struct wheel *w, const struct heard *song)
{
	for (size_t back = 0; back < HEARD_MOST && back < w->n_heard; back++) {
		const struct heard *h = &w->heard[(w->n_heard - 1 - back) % HEARD_MOST];
		for (int kind = 0; kind < SEPARATION_KINDS; kind++)
			if (song->name[kind] && song->name[kind] == h->name[kind] &&
			        ((int64_t)back < w->options.separation.of[kind].songs ||
			                w->time_s - h->ends_s <
			                        w->options.separation.of[kind].seconds))
				return false;
	}
	return true;
}

static bool suits(void *user, size_t entry)
{
	struct heard song;
	float seconds;
	names_of(user, entry, &song, &seconds);
	return is_far_enough(user, &song);
}

static bool is_separated(const struct wheel *w)
{
	return w->options.names && w->options.shuffle && separation_is_set(&w->options.separation);
}

static void remember(struct wheel *w, size_t entry)
{
	static const float USUAL_S = 240;
	struct heard song;
	float seconds;
	names_of(w, entry, &song, &seconds);
	w->time_s += seconds > 0 ? seconds : USUAL_S;
	song.ends_s = w->time_s;
	w->heard[w->n_heard++ % HEARD_MOST] = song;
}

/* ---- turning ------------------------------------------------------------------------------------------- */

/* The list of "every" that is due; the one that waits longest over its time goes first. */
static struct spoke *due_spoke(struct wheel *w)
{
	struct spoke *due = NULL;
	for (size_t i = 0; i < w->n_spokes; i++) {
		struct spoke *s = &w->spokes[i];
		if (s->source->kind == ROTATION_EVERY && s->since >= s->source->number &&
		        (!due || s->since - s->source->number > due->since - due->source->number))
			due = s;
	}
	return due;
}

static struct spoke *music_spoke(struct wheel *w)
{
	struct spoke *best = NULL;
	int64_t sum = 0;
	for (size_t i = 0; i < w->n_spokes; i++) {
		struct spoke *s = &w->spokes[i];
		if (s->source->kind != ROTATION_MUSIC)
			continue;
		sum += s->source->number;
		s->credit += s->source->number;
		if (!best || s->credit > best->credit)
			best = s;
	}
	if (best)
		best->credit -= sum;
	return best;
}

/* Has every music list been played so often? */
static bool is_over(const struct wheel *w)
{
	for (size_t i = 0; i < w->n_spokes; i++) {
		const struct spoke *s = &w->spokes[i];
		int64_t rounds = s->order.round + (s->order.next >= s->order.list.count);
		if (s->source->kind == ROTATION_MUSIC && rounds < w->options.rounds)
			return false;
	}
	return w->options.rounds > 0;
}

static enum status next_of(struct wheel *w, struct spoke *s, size_t *entry)
{
	bool is_music = s->source->kind == ROTATION_MUSIC;
	if (s->order.next >= s->order.list.count)
		TRY(order_begin_round(&s->order));
	if (is_music && is_separated(w))
		order_prefer(&s->order, suits, w);
	TRY(order_next(&s->order, entry));
	if (is_music && is_separated(w))
		remember(w, *entry);
	if (!is_music)
		s->since = 0;
	for (size_t i = 0; i < w->n_spokes && is_music; i++)
		w->spokes[i].since++;
	return STATUS_OK;
}

/* "SONG-LIST:ROUND:NEXT:CREDIT:SINCE;" for each list. */
static char *memo_of(const struct wheel *w)
{
	char *memo = NULL;
	size_t n = 0;
	FILE *f = open_memstream(&memo, &n);
	if (!f)
		return NULL;
	for (size_t i = 0; i < w->n_spokes; i++) {
		const struct spoke *s = &w->spokes[i];
		fprintf(f, "%016llx:%lld:%zu:%lld:%lld;",
		        (unsigned long long)separation_name(s->source->name),
		        (long long)s->order.round, s->order.next, (long long)s->credit,
		        (long long)s->since);
	}
	if (fclose(f) == 0)
		return memo;
	free(memo);
	return NULL;
}

enum status wheel_next(struct wheel *w, size_t *entry, char **memo)
{
	struct spoke *s = due_spoke(w);
	*memo = NULL;
	if (!s && is_over(w))
		return STATUS_END;
	if (!s)
		s = music_spoke(w);
	if (!s)
		return STATUS_END;
	TRY(next_of(w, s, entry));
	*memo = memo_of(w);
	return *memo ? STATUS_OK : STATUS_NO_MEMORY;
}

/* ---- going on --------------------------------------------------------------------------------------------- */

struct note {
	unsigned long long name;
	long long round, credit, since;
	unsigned long long next;
};

/* The note of the n-th list of that name. */
static bool find_note(const char *memo, uint64_t name, size_t nth, struct note *note)
{
	static const long long MOST = 1000000000000;
	while (memo && *memo) {
		struct note n;
		if (sscanf(memo, "%16llx:%lld:%llu:%lld:%lld;", &n.name, &n.round, &n.next,
		            &n.credit, &n.since) == 5 &&
		        n.name == name && nth-- == 0) {
			*note = n;
			return n.round >= 0 && n.round < MOST && n.credit > -MOST &&
			       n.credit < MOST && n.since >= 0 && n.since < MOST;
		}
		memo = strchr(memo, ';');
		memo += memo != NULL;
	}
	return false;
}

/* How many of the lists before this one have its name. */
static size_t count_namesakes(const struct spoke *spokes, size_t at)
{
	size_t n = 0;
	for (size_t i = 0; i < at; i++)
		n += strcmp(spokes[i].source->name, spokes[at].source->name) == 0;
	return n;
}

static bool note_of(const char *memo, const struct spoke *spokes, size_t at, struct note *note)
{
	return find_note(
	        memo, separation_name(spokes[at].source->name), count_namesakes(spokes, at), note);
}

static enum status resume_spoke(struct spoke *s, const struct note *note)
{
	size_t count = s->order.list.count;
	if (s->order.round != note->round) /* else its row stays as it was played */
		TRY(order_resume(&s->order, note->round, 0, NULL));
	s->order.next = note->next < count ? (size_t)note->next : count;
	s->credit = note->credit;
	s->since = note->since;
	return STATUS_OK;
}

enum status wheel_resume(struct wheel *w, const char *memo)
{
	struct note note;
	for (size_t i = 0; i < w->n_spokes; i++)
		if (note_of(memo, w->spokes, i, &note))
			TRY(resume_spoke(&w->spokes[i], &note));
	return STATUS_OK;
}

static struct spoke *namesake(struct wheel *w, const struct spoke *spokes, size_t at)
{
	size_t nth = count_namesakes(spokes, at);
	for (size_t i = 0; i < w->n_spokes; i++)
		if (strcmp(w->spokes[i].source->name, spokes[at].source->name) == 0 && nth-- == 0)
			return &w->spokes[i];
	return NULL;
}

/* Takes the order of its predecessor over, as that stood. */
static enum status succeed(
        struct wheel *w, struct spoke *s, struct spoke *old, const struct note *note)
{
	struct order_list list = list_of(w, s->source);
	TRY(resume_spoke(old, note));
	s->order = old->order;
	s->credit = old->credit;
	s->since = old->since;
	old->order = (struct order){0};
	size_t next = s->order.next;
	if (next == 0)
		return order_change(&s->order, &list, s->order.round, 0, NULL);
	size_t at = s->order.permutation ? s->order.permutation[next - 1] : next - 1;
	char *last = strdup(playlist_get(s->order.list.playlist, s->order.list.first + at).path);
	if (!last)
		return STATUS_NO_MEMORY;
	enum status status = order_change(&s->order, &list, s->order.round, next - 1, last);
	free(last);
	return status;
}

enum status wheel_change(struct wheel *w, const struct playlist *playlist, const char *memo)
{
	struct spoke *fresh;
	size_t n;
	struct note note;
	w->playlist = playlist;
	enum status status = make_spokes(w, &fresh, &n);
	for (size_t i = 0; i < n && status == STATUS_OK; i++) {
		struct spoke *old = namesake(w, fresh, i);
		if (old && note_of(memo, fresh, i, &note))
			status = succeed(w, &fresh[i], old, &note);
		else
			status = begin_spoke(w, &fresh[i]);
	}
	spokes_done(w->spokes, w->n_spokes);
	w->spokes = fresh;
	w->n_spokes = status == STATUS_OK ? n : 0;
	if (status != STATUS_OK)
		for (size_t i = 0; i < n; i++)
			order_done(&fresh[i].order);
	return status;
}
