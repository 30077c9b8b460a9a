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

static void swap(uint32_t *a, uint32_t *b)
{
	uint32_t t = *a;
	*a = *b;
	*b = t;
}

/* Fisher and Yates; a function of seed and round alone. */
static void permute(const struct order *o, uint32_t *to, int64_t round)
{
	size_t n = playlist_count(o->playlist);
	uint64_t state = o->seed + (uint64_t)round * 0x632be59bd9b4e019u;
	for (size_t i = 0; i < n; i++)
		to[i] = (uint32_t)i;
	for (size_t i = n; i > 1; i--)
		swap(&to[i - 1], &to[random_next(&state) % i]);
}

/* The entry that ended the last round does not begin this one.  What ends this one stays, so that rounds follow from
 * their numbers. */
static void shuffle(struct order *o, bool had_round, uint32_t last)
{
	size_t n = playlist_count(o->playlist);
	permute(o, o->permutation, o->round);
	if (had_round && n > 1 && o->permutation[0] == last) {
		uint64_t state = o->seed ^ (uint64_t)o->round;
		swap(&o->permutation[0],
		        &o->permutation[1 + random_next(&state) % (n > 2 ? n - 2 : 1)]);
	}
}

static enum status make_permutation(struct order *o)
{
	size_t n = playlist_count(o->playlist);
	free(o->permutation);
	o->permutation = NULL;
	if (!o->shuffle || n > UINT32_MAX)
		return STATUS_OK;
	o->permutation = malloc((n ? n : 1) * sizeof *o->permutation);
	if (!o->permutation)
		return STATUS_NO_MEMORY;
	permute(o, o->permutation, o->round);
	return STATUS_OK;
}

enum status order_init(struct order *o, const struct playlist *playlist, int64_t rounds,
        bool shuffled, uint64_t seed)
{
	*o = (struct order){
	        .playlist = playlist, .rounds = rounds, .shuffle = shuffled, .seed = seed};
	return make_permutation(o);
}

void order_done(struct order *o)
{
	free(o->permutation);
	o->permutation = NULL;
}

enum status order_next(struct order *o, size_t *entry)
{
	if (o->next >= playlist_count(o->playlist))
		return STATUS_END;
	*entry = o->permutation ? o->permutation[o->next] : o->next;
	o->next++;
	return STATUS_OK;
}

enum status order_begin_round(struct order *o)
{
	size_t n = playlist_count(o->playlist);
	if ((o->rounds > 0 && o->round + 1 >= o->rounds) || n == 0)
		return STATUS_END;
	o->round++;
	if (o->permutation)
		shuffle(o, true, o->permutation[n - 1]);
	o->next = 0;
	return STATUS_OK;
}

/* The place nearest to `near` whose path this is; SIZE_MAX: none. */
static size_t find_place(const struct order *o, const char *path, size_t near)
{
	size_t found = SIZE_MAX, distance = SIZE_MAX;
	for (size_t i = 0; i < playlist_count(o->playlist); i++) {
		size_t entry = o->permutation ? o->permutation[i] : i;
		size_t d = i > near ? i - near : near - i;
		if (d < distance && strcmp(playlist_get(o->playlist, entry).path, path) == 0) {
			found = i;
			distance = d;
		}
	}
	return found;
}

static void go_behind(struct order *o, const char *last, size_t place)
{
	size_t found = last ? find_place(o, last, place) : SIZE_MAX;
	size_t n = playlist_count(o->playlist);
	if (found != SIZE_MAX)
		o->next = found + 1;
	else
		o->next = !last ? 0 : place < n ? place : n;
}

/* The permutation of a round, from its number. */
static enum status set_round(struct order *o, int64_t round)
{
	size_t n = playlist_count(o->playlist);
	o->round = round;
	if (!o->permutation || n == 0)
		return STATUS_OK;
	uint32_t *before = malloc(n * sizeof *before);
	if (!before)
		return STATUS_NO_MEMORY;
	if (round > 0)
		permute(o, before, round - 1);
	shuffle(o, round > 0, before[n - 1]);
	free(before);
	return STATUS_OK;
}

enum status order_resume(struct order *o, int64_t round, size_t place, const char *last)
{
	TRY(set_round(o, round));
	go_behind(o, last, place);
	return STATUS_OK;
}

/* ---- another list ------------------------------------------------------------------------------------- */

static int compare_texts(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* What was played of a round, sorted. */
static enum status list_played(const struct order *o, size_t n_played, const char ***played)
{
	*played = malloc((n_played ? n_played : 1) * sizeof **played);
	if (!*played)
		return STATUS_NO_MEMORY;
	for (size_t i = 0; i < n_played; i++)
		(*played)[i] = playlist_get(o->playlist, o->permutation[i]).path;
	qsort(*played, n_played, sizeof **played, compare_texts);
	return STATUS_OK;
}

/* Moves what was played to the front, in its order. */
static enum status put_first(struct order *o, const char *const *played, size_t n_played)
{
	size_t n = playlist_count(o->playlist), n_later = 0;
	uint32_t *later = malloc((n ? n : 1) * sizeof *later);
	if (!later)
		return STATUS_NO_MEMORY;
	o->next = 0;
	for (size_t i = 0; i < n; i++) {
		/* NOLINTNEXTLINE(clang-analyzer-core.CallAndMessage): as many as entries, all filled */
		const char *path = playlist_get(o->playlist, o->permutation[i]).path;
		if (n_played > 0 && bsearch(&path, played, n_played, sizeof *played, compare_texts))
			o->permutation[o->next++] = o->permutation[i];
		else
			later[n_later++] = o->permutation[i];
	}
	memcpy(o->permutation + o->next, later, n_later * sizeof *later);
	free(later);
	return STATUS_OK;
}

enum status order_change(struct order *o, const struct playlist *playlist, int64_t round,
        size_t place, const char *last)
{
	const char **played = NULL;
	size_t n_played = 0;
	if (o->permutation && last) {
		if (round != o->round)
			TRY(set_round(o, round));
		n_played = place + 1 < playlist_count(o->playlist) ? place + 1
		                                                   : playlist_count(o->playlist);
		TRY(list_played(o, n_played, &played));
	}
	o->playlist = playlist;
	o->round = round;
	enum status status = make_permutation(o);
	if (status == STATUS_OK && o->permutation)
		status = put_first(o, played, n_played);
	else if (status == STATUS_OK)
		go_behind(o, last, place);
	o->changed_at = o->next;
	free(played);
	return status;
}

void order_played(struct order *o, const char *path)
{
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
