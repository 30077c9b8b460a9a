/* order.c - which entry of the list comes next.  What is done with it is the programme's affair. */
#include "order.h"

#include <stdlib.h>
#include <string.h>

/* SplitMix64 (Steele, Lea, Flood 2014): any seed will do, and it is the same on every machine. */
static uint64_t random_next(uint64_t *state)
{
	uint64_t z = (*state += 0x9e3779b97f4a7c15u);
	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
	return z ^ (z >> 31);
}

static struct playlist_entry entry_of(const struct order *o, size_t i)
{
	return playlist_get(o->list.playlist, o->list.first + i);
}

static void swap(uint32_t *a, uint32_t *b)
{
	uint32_t t = *a;
	*a = *b;
	*b = t;
}

/* Fisher and Yates. */
static void shuffle(uint32_t *row, size_t n, uint64_t state)
{
	for (size_t i = n; i > 1; i--)
		swap(&row[i - 1], &row[random_next(&state) % i]);
}

/* A function of seed and round alone. */
static void permute(const struct order *o, uint32_t *to, int64_t round)
{
	size_t n = o->list.count;
	for (size_t i = 0; i < n; i++)
		to[i] = (uint32_t)i;
	shuffle(to, n, o->options.seed + (uint64_t)round * 0x632be59bd9b4e019u);
}

/* ---- who is who ----------------------------------------------------------------------------------------- */

struct named {
	uint64_t name;
	uint32_t entry;
};

static int compare_names(const void *a, const void *b)
{
	const struct named *x = a, *y = b;
	if (x->name != y->name)
		return x->name < y->name ? -1 : 1;
	return x->entry < y->entry ? -1 : x->entry > y->entry;
}

/* The same name, the same number, from 1 on. */
static void number_names(struct order *o, struct named *named, size_t n, enum separation_kind kind)
{
	uint32_t number = 0;
	qsort(named, n, sizeof *named, compare_names);
	for (size_t i = 0; i < n; i++) {
		number += i == 0 || named[i].name != named[i - 1].name;
		o->songs[named[i].entry].name[kind] = named[i].name ? number : 0;
	}
}

/* A length that is not known is that of a song. */
static enum status learn_names(struct order *o)
{
	static const float USUAL_S = 240;
	size_t n = o->list.count;
	const struct order_options *options = &o->options;
	if (!o->permutation || !options->names || !separation_is_set(&options->separation))
		return STATUS_OK;
	struct named *named = malloc((n + 1) * SEPARATION_KINDS * sizeof *named);
	free(o->songs);
	o->songs = calloc(n + 1, sizeof *o->songs);
	if (!named || !o->songs) {
		free(named);
		return STATUS_NO_MEMORY;
	}
	for (size_t i = 0; i < n; i++) {
		struct playlist_entry entry = entry_of(o, i);
		uint64_t names[SEPARATION_KINDS] = {0};
		float seconds = 0;
		options->names(options->user, &entry, names, &seconds);
		o->songs[i].seconds = seconds > 0 ? seconds : USUAL_S;
		for (int kind = 0; kind < SEPARATION_KINDS; kind++)
			named[kind * n + i] = (struct named){names[kind], (uint32_t)i};
	}
	for (int kind = 0; kind < SEPARATION_KINDS; kind++)
		number_names(o, named + kind * n, n, (enum separation_kind)kind);
	free(named);
	return STATUS_OK;
}

/* ---- a round ---------------------------------------------------------------------------------------------- */

static struct spread spread_of(const struct order *o)
{
	return (struct spread){o->songs, o->list.count, o->options.separation};
}

/* Where the first row leaves songs too close, others for its first half may do better: the second half stays, as the next
 * round follows from it, whatever came before this one. */
static enum status try_others(const struct order *o, uint32_t *row, size_t from, int64_t round,
        const uint32_t *before, struct spread_outcome *outcome)
{
	enum { ATTEMPTS = 12, SHORT = 200 };
	size_t n = o->list.count, n_before = before ? n : 0;
	struct spread spread = spread_of(o);
	uint32_t *other = malloc(n * sizeof *other);
	enum status status = other ? STATUS_OK : STATUS_NO_MEMORY;
	for (unsigned i = 0; i < ATTEMPTS && outcome->n_close > 0 && status == STATUS_OK; i++) {
		struct spread_outcome now;
		memcpy(other, row, n * sizeof *other);
		shuffle(other + from, (n - from) / 2 + 1,
		        o->options.seed ^ ((uint64_t)round << 8 | i));
		status = spread_order(&spread, other, from, n, before, n_before, &now);
		if (status == STATUS_OK && now.n_close < outcome->n_close) {
			*outcome = now;
			memcpy(row, other, n * sizeof *other);
		}
	}
	free(other);
	if (status == STATUS_OK && outcome->n_close > 0 && !outcome->impossible && n <= SHORT)
		status = spread_mend(&spread, row, from, from + (n - from) / 2 + 1, n, before,
		        n_before, outcome);
	return status;
}

/* Keeps apart what is in the row from `from` on, behind that and `before` (a whole round; NULL: nothing).  Long lists have
 * enough songs to choose from, and take their time: one try does. */
static enum status keep_apart(
        struct order *o, uint32_t *row, size_t from, int64_t round, const uint32_t *before)
{
	enum { LONG = 5000 };
	size_t n = o->list.count;
	struct spread_outcome outcome;
	if (!o->songs || from >= n)
		return STATUS_OK;
	struct spread spread = spread_of(o);
	TRY(spread_order(&spread, row, from, n, before, before ? n : 0, &outcome));
	if (n < LONG)
		TRY(try_others(o, row, from, round, before, &outcome));
	o->n_close = outcome.n_close;
	return STATUS_OK;
}

static enum status arrange(struct order *o, uint32_t *to, int64_t round, const uint32_t *before)
{
	permute(o, to, round);
	return keep_apart(o, to, 0, round, before);
}

/* Without a separation: the entry that ended the last round does not begin this one.  What ends this one stays, so that
 * rounds follow from their numbers. */
static void part_from_last(struct order *o, uint32_t last)
{
	size_t n = o->list.count;
	if (o->songs || n < 2 || o->permutation[0] != last)
		return;
	uint64_t state = o->options.seed ^ (uint64_t)o->round;
	swap(&o->permutation[0], &o->permutation[1 + random_next(&state) % (n > 2 ? n - 2 : 1)]);
}

static enum status make_permutation(struct order *o)
{
	size_t n = o->list.count;
	free(o->permutation);
	o->permutation = NULL;
	if (!o->options.shuffle || n > UINT32_MAX / 2)
		return STATUS_OK;
	o->permutation = malloc((n ? n : 1) * sizeof *o->permutation);
	if (!o->permutation)
		return STATUS_NO_MEMORY;
	TRY(learn_names(o));
	return arrange(o, o->permutation, o->round, NULL);
}

enum status order_init(
        struct order *o, const struct order_list *list, const struct order_options *options)
{
	*o = (struct order){.list = *list, .options = *options};
	/* A song is not its own neighbour. */
	if (separation_is_set(&options->separation) &&
	        options->separation.of[SEPARATION_TITLE].seconds <= 0 &&
	        options->separation.of[SEPARATION_TITLE].songs < 1)
		o->options.separation.of[SEPARATION_TITLE].songs = 1;
	return make_permutation(o);
}

void order_done(struct order *o)
{
	free(o->permutation);
	free(o->songs);
	o->permutation = NULL;
	o->songs = NULL;
}

enum status order_next(struct order *o, size_t *entry)
{
	if (o->next >= o->list.count)
		return STATUS_END;
	*entry = o->list.first + (o->permutation ? o->permutation[o->next] : o->next);
	o->next++;
	return STATUS_OK;
}

void order_prefer(struct order *o, order_suits_fn *suits, void *user)
{
	enum { LOOK_MOST = 64 };
	for (size_t i = o->next; o->permutation && i < o->list.count && i - o->next < LOOK_MOST;
	        i++)
		if (suits(user, o->list.first + o->permutation[i])) {
			uint32_t entry = o->permutation[i];
			memmove(&o->permutation[o->next + 1], &o->permutation[o->next],
			        (i - o->next) * sizeof entry);
			o->permutation[o->next] = entry;
			return;
		}
}

enum status order_begin_round(struct order *o)
{
	size_t n = o->list.count;
	if ((o->options.rounds > 0 && o->round + 1 >= o->options.rounds) || n == 0)
		return STATUS_END;
	o->round++;
	o->next = o->changed_at = 0;
	if (!o->permutation)
		return STATUS_OK;
	uint32_t *fresh = malloc(n * sizeof *fresh), last = o->permutation[n - 1];
	enum status status = fresh ? learn_names(o) : STATUS_NO_MEMORY;
	if (status == STATUS_OK)
		status = arrange(o, fresh, o->round, o->permutation);
	if (status != STATUS_OK) { /* the old row once more is better than none */
		free(fresh);
		return status == STATUS_NO_MEMORY ? STATUS_OK : status;
	}
	free(o->permutation);
	o->permutation = fresh;
	part_from_last(o, last);
	return STATUS_OK;
}

/* The place nearest to `near` whose path this is; SIZE_MAX: none. */
static size_t find_place(const struct order *o, const char *path, size_t near)
{
	size_t found = SIZE_MAX, distance = SIZE_MAX;
	for (size_t i = 0; i < o->list.count; i++) {
		size_t entry = o->permutation ? o->permutation[i] : i;
		size_t d = i > near ? i - near : near - i;
		if (d < distance && strcmp(entry_of(o, entry).path, path) == 0) {
			found = i;
			distance = d;
		}
	}
	return found;
}

static void go_behind(struct order *o, const char *last, size_t place)
{
	size_t found = last ? find_place(o, last, place) : SIZE_MAX;
	size_t n = o->list.count;
	if (found != SIZE_MAX)
		o->next = found + 1;
	else
		o->next = !last ? 0 : place < n ? place : n;
}

/* The permutation of a round, from its number. */
static enum status set_round(struct order *o, int64_t round)
{
	size_t n = o->list.count;
	o->round = round;
	if (!o->permutation || n == 0)
		return STATUS_OK;
	uint32_t *before = malloc(n * sizeof *before);
	if (!before)
		return STATUS_NO_MEMORY;
	enum status status = STATUS_OK;
	if (round > 0)
		status = arrange(o, before, round - 1, NULL);
	if (status == STATUS_OK)
		status = arrange(o, o->permutation, round, round > 0 ? before : NULL);
	if (status == STATUS_OK && round > 0)
		part_from_last(o, before[n - 1]);
	free(before);
	return status;
}

enum status order_resume(struct order *o, int64_t round, size_t place, const char *last)
{
	TRY(set_round(o, round));
	go_behind(o, last, place);
	return STATUS_OK;
}

/* ---- another list ------------------------------------------------------------------------------------- */

struct played {
	const char *path;
	size_t place;
	uint32_t entry; /* of the new list; UINT32_MAX: it is not in there */
};

static int compare_paths(const void *a, const void *b)
{
	return strcmp(((const struct played *)a)->path, ((const struct played *)b)->path);
}

static int compare_places(const void *a, const void *b)
{
	size_t x = ((const struct played *)a)->place, y = ((const struct played *)b)->place;
	return x < y ? -1 : x > y;
}

/* What was played of a round, sorted by path. */
static enum status list_played(const struct order *o, size_t n_played, struct played **played)
{
	*played = malloc((n_played ? n_played : 1) * sizeof **played);
	if (!*played)
		return STATUS_NO_MEMORY;
	for (size_t i = 0; i < n_played; i++)
		(*played)[i] = (struct played){entry_of(o, o->permutation[i]).path, i, UINT32_MAX};
	qsort(*played, n_played, sizeof **played, compare_paths);
	return STATUS_OK;
}

/* Moves what was played to the front, as it was played.  What is in the list twice counts as played once it was. */
static enum status put_first(struct order *o, struct played *played, size_t n_played)
{
	size_t n = o->list.count, n_later = 0, n_again = 0;
	uint32_t *later = malloc((n ? n : 1) * sizeof *later);
	if (!later)
		return STATUS_NO_MEMORY;
	for (size_t i = 0; i < n; i++) {
		/* NOLINTNEXTLINE(clang-analyzer-core.CallAndMessage): as many as entries, all filled */
		uint32_t entry = o->permutation[i];
		struct played key = {.path = entry_of(o, entry).path};
		struct played *found =
		        n_played ? bsearch(&key, played, n_played, sizeof *played, compare_paths)
		                 : NULL;
		if (!found)
			later[n_later++] = entry;
		else if (found->entry == UINT32_MAX)
			found->entry = entry;
		else
			o->permutation[n_again++] = entry; /* n_again <= i */
	}
	if (n_played > 0)
		qsort(played, n_played, sizeof *played, compare_places);
	o->next = n_again;
	for (size_t i = 0; i < n_played; i++)
		if (played[i].entry != UINT32_MAX)
			o->permutation[o->next++] = played[i].entry;
	memcpy(o->permutation + o->next, later, n_later * sizeof *later);
	free(later);
	return STATUS_OK;
}

enum status order_change(struct order *o, const struct order_list *list, int64_t round,
        size_t place, const char *last)
{
	struct played *played = NULL;
	size_t n_played = 0;
	if (o->permutation && last) {
		if (round != o->round)
			TRY(set_round(o, round));
		n_played = place + 1 < o->list.count ? place + 1 : o->list.count;
		TRY(list_played(o, n_played, &played));
	}
	o->list = *list;
	o->round = round;
	enum status status = make_permutation(o);
	if (status == STATUS_OK && o->permutation)
		status = put_first(o, played, n_played);
	else if (status == STATUS_OK)
		go_behind(o, last, place);
	if (status == STATUS_OK && o->permutation && o->next > 0)
		status = keep_apart(o, o->permutation, o->next, round, NULL);
	o->changed_at = o->next;
	free(played);
	return status;
}

void order_played(struct order *o, const char *path)
{
	/* Behind the last one of a round begins another. */
	if (o->changed_at >= o->list.count && order_begin_round(o) != STATUS_OK)
		return;
	size_t found = find_place(o, path, o->changed_at);
	o->next = o->changed_at;
	if (found == SIZE_MAX || found < o->changed_at)
		return;
	if (o->permutation)
		swap(&o->permutation[found], &o->permutation[o->changed_at++]);
	else
		o->changed_at = found + 1;
	o->next = o->changed_at;
}
