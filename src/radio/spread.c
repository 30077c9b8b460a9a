/* spread.c - songs in an order in which nobody is heard again too soon.  Randomness is in the order that is given, names come from order.c.
 *
 * Places are filled from the last to the first: each takes the first song of the random row that is far enough from what
 * stands behind it.  A name with so many songs left that they only just fit before it goes first: greedy
 * choice by what is left is what task schedulers do with cooling times, and what keeps clumps from the end of
 * the row.  So the end of a round follows from the row alone, and only its beginning gives way to the round before.
 */
#include "spread.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

enum {
	NOWHERE = UINT32_MAX,
	LOOK_MOST = 256, /* songs looked at for a place, in a long row */
	LOOK_ALL_BELOW = 2048, /* in a row no longer than this, all */
	URGENT_MOST = 32, /* names, and songs of one */
};

/* How bad a song too near to its like is. */
static const double WEIGHT[SEPARATION_KINDS] = {
        [SEPARATION_ARTIST] = 1, [SEPARATION_TITLE] = 2, [SEPARATION_ALBUM] = 1};

/* Of one name, for one kind. */
struct name {
	double begins_s; /* of its nearest song behind, from the end of the order */
	uint32_t at; /* place of that song; NOWHERE: none yet */
	uint32_t left; /* songs without a place */
	uint32_t first; /* of those, in the row */
	uint32_t before, more; /* names with as many left */
	uint32_t seam_songs; /* since it was heard before the order; NOWHERE: it was not */
	float seam_s;
};

struct kind {
	size_t apart; /* places, about */
	double seconds, songs; /* as asked for */
	double part; /* of it, that can be kept all along; 1 as a rule */
	struct name *names; /* by number; NULL: this kind does not matter */
	uint32_t *next; /* song of the same name */
	uint32_t *by_left; /* first name with so many left */
	uint32_t *n_by_left; /* how many names */
	uint32_t most_left;
	uint32_t *seam; /* names heard before */
	size_t n_seam;
};

struct work {
	const struct spread_song *songs;
	struct kind kinds[SEPARATION_KINDS];
	uint32_t *row; /* songs without a place, and some that have one by now */
	size_t n_row;
	bool *placed;
	uint32_t place; /* the one to fill */
	size_t n_left;
	double after_s, left_s; /* length of what has a place, of what has none */
};

/* ---- names by how many songs they have left --------------------------------------------------------- */

static void unlink_name(struct kind *k, uint32_t v)
{
	struct name *n = &k->names[v];
	k->n_by_left[n->left]--;
	if (n->before)
		k->names[n->before].more = n->more;
	else
		k->by_left[n->left] = n->more;
	if (n->more)
		k->names[n->more].before = n->before;
}

static void link_name(struct kind *k, uint32_t v)
{
	struct name *n = &k->names[v];
	k->n_by_left[n->left]++;
	n->before = 0;
	n->more = k->by_left[n->left];
	if (n->more)
		k->names[n->more].before = v;
	k->by_left[n->left] = v;
}

/* ---- how near ------------------------------------------------------------------------------------------ */

static double lack(double have, double need)
{
	return have < need ? (need - have) / need : 0;
}

static double lack_of(const struct kind *k, double part, double songs, double seconds)
{
	double bad = 0;
	if (k->songs > 0)
		bad = lack(songs, floor(k->songs * part));
	if (k->seconds > 0)
		bad = fmax(bad, lack(seconds, k->seconds * part));
	return bad;
}

/* 0: it may take the place.  `wholly`: by what was asked for, be it possible or not. */
static double how_bad(const struct work *w, uint32_t song, bool wholly)
{
	const struct spread_song *s = &w->songs[song];
	double bad = 0;
	for (int i = 0; i < SEPARATION_KINDS; i++) {
		const struct kind *k = &w->kinds[i];
		if (!k->names || !s->name[i])
			continue;
		const struct name *n = &k->names[s->name[i]];
		double part = wholly ? 1 : k->part;
		if (n->at != NOWHERE)
			bad += WEIGHT[i] *
			       lack_of(k, part, n->at - w->place - 1, w->after_s - n->begins_s);
		if (n->seam_songs != NOWHERE)
			bad += WEIGHT[i] * lack_of(k, part, (double)n->seam_songs + w->n_left - 1,
			                           n->seam_s + w->left_s - s->seconds);
	}
	return bad;
}

/* ---- choosing ------------------------------------------------------------------------------------------ */

/* A song of this name that may take the place; NOWHERE: none. */
static uint32_t song_of(const struct work *w, struct kind *k, uint32_t v)
{
	struct name *n = &k->names[v];
	while (n->first != NOWHERE && w->placed[n->first])
		n->first = k->next[n->first];
	uint32_t song = n->first;
	for (int tries = 0; song != NOWHERE && tries < URGENT_MOST; tries++) {
		if (!w->placed[song] && how_bad(w, song, false) == 0)
			return song;
		song = k->next[song];
	}
	return NOWHERE;
}

/* Do the songs left of a name need all places up to this one? */
static bool is_urgent(const struct work *w, const struct kind *k, const struct name *n)
{
	enum { SOONER = 4 }; /* others may be in the way when it must be */
	if (n->left == 0)
		return false;
	size_t blocked = n->seam_songs != NOWHERE && n->seam_songs + 1 < k->apart
	                         ? k->apart - 1 - n->seam_songs
	                         : 0;
	return (n->left - 1) * k->apart + 1 + blocked + (blocked ? SOONER : 0) >= w->n_left;
}

/* Of a name with at least so many left, those with most first. */
static uint32_t song_with_most_left(const struct work *w, struct kind *k, uint32_t least)
{
	int tries = 0;
	for (uint32_t left = k->most_left; left >= least; left--)
		for (uint32_t v = k->by_left[left]; v && tries < URGENT_MOST;
		        v = k->names[v].more, tries++) {
			uint32_t song = song_of(w, k, v);
			if (song != NOWHERE)
				return song;
		}
	return NOWHERE;
}

/* Names with q songs left need q - 1 rows of places, and each one more: when that is all there is, they come first. */
static uint32_t urgent_song(struct work *w, struct kind *k)
{
	size_t n_names = 0;
	uint32_t song;

	while (k->most_left > 1 && !k->by_left[k->most_left])
		k->most_left--;
	for (uint32_t left = k->most_left; left > 0 && left * k->apart >= w->n_left; left--) {
		n_names += k->n_by_left[left];
		if ((left - 1) * k->apart + n_names < w->n_left)
			continue;
		song = song_with_most_left(w, k, left);
		if (song != NOWHERE)
			return song;
	}
	for (size_t i = 0; i < k->n_seam; i++) {
		if (!is_urgent(w, k, &k->names[k->seam[i]]))
			continue;
		song = song_of(w, k, k->seam[i]);
		if (song != NOWHERE)
			return song;
	}
	return NOWHERE;
}

/* The first of the row that may take the place, else the least bad one that was looked at. */
static uint32_t song_of_row(struct work *w)
{
	uint32_t best = NOWHERE;
	double best_bad = INFINITY;
	size_t most = w->n_row <= LOOK_ALL_BELOW ? w->n_row : LOOK_MOST, looked = 0;
	for (size_t i = w->n_row; i-- > 0 && looked < most;) {
		uint32_t song = w->row[i];
		if (w->placed[song]) {
			w->row[i] = w->row[--w->n_row];
			continue;
		}
		double bad = how_bad(w, song, false);
		if (bad == 0)
			return song;
		looked++;
		if (bad < best_bad) {
			best_bad = bad;
			best = song;
		}
	}
	return best;
}

static uint32_t choose(struct work *w)
{
	for (int i = 0; i < SEPARATION_KINDS; i++) {
		uint32_t song =
		        w->kinds[i].names ? urgent_song(w, &w->kinds[i]) : (uint32_t)NOWHERE;
		if (song != NOWHERE)
			return song;
	}
	return song_of_row(w);
}

static void take_place(struct work *w, uint32_t song)
{
	const struct spread_song *s = &w->songs[song];
	w->placed[song] = true;
	w->after_s += s->seconds;
	w->left_s -= s->seconds;
	for (int i = 0; i < SEPARATION_KINDS; i++) {
		struct kind *k = &w->kinds[i];
		if (!k->names || !s->name[i])
			continue;
		struct name *n = &k->names[s->name[i]];
		n->at = w->place;
		n->begins_s = w->after_s;
		unlink_name(k, s->name[i]);
		n->left--;
		link_name(k, s->name[i]);
	}
}

/* ---- the work's life ------------------------------------------------------------------------------------ */

static void work_done(struct work *w)
{
	for (int i = 0; i < SEPARATION_KINDS; i++) {
		free(w->kinds[i].names);
		free(w->kinds[i].next);
		free(w->kinds[i].by_left);
		free(w->kinds[i].n_by_left);
		free(w->kinds[i].seam);
	}
	free(w->row);
	free(w->placed);
}

/* More than the list has names, or room for the most frequent one, cannot be kept: then a little less than that is, everywhere, so
 * that there is something left to choose. */
static void be_content(struct kind *k, size_t n, size_t n_names)
{
	size_t most = k->most_left ? n / k->most_left : n;
	most = most < n_names ? most : n_names;
	if (k->apart <= most || k->apart < 2)
		return;
	most = most > 2 ? most - 1 : most > 1 ? most : 1;
	k->part = (double)(most - 1) / (double)(k->apart - 1);
	k->apart = most;
}

static enum status begin_kind(const struct spread *spread, int i, const uint32_t *order,
        size_t from, size_t n, struct kind *k)
{
	k->songs = (double)spread->separation.of[i].songs;
	k->seconds = spread->separation.of[i].seconds;
	k->part = 1;
	if (k->songs <= 0 && k->seconds <= 0)
		return STATUS_OK;
	k->names = calloc(spread->n_songs + 1, sizeof *k->names);
	k->next = malloc((spread->n_songs + 1) * sizeof *k->next);
	if (!k->names || !k->next)
		return STATUS_NO_MEMORY;
	for (size_t v = 0; v <= spread->n_songs; v++)
		k->names[v].at = k->names[v].first = k->names[v].seam_songs = NOWHERE;
	double all_s = 0;
	size_t n_unknown = 0, n_names = 0;
	for (size_t at = from; at < n; at++) {
		struct name *name = &k->names[spread->songs[order[at]].name[i]];
		k->next[order[at]] = name->first;
		name->first = order[at];
		name->left++;
		n_unknown += spread->songs[order[at]].name[i] == 0;
		all_s += spread->songs[order[at]].seconds;
	}
	k->names[0].left = 0;
	double mean_s = n > from && all_s > 0 ? all_s / (double)(n - from) : 1;
	k->apart = (size_t)fmin(1e9, fmax(k->songs, ceil(k->seconds / mean_s)) + 1);
	for (size_t v = 1; v <= spread->n_songs; v++) {
		k->most_left = k->names[v].left > k->most_left ? k->names[v].left : k->most_left;
		n_names += k->names[v].left > 0;
	}
	be_content(k, n - from, n_unknown ? n - from : n_names);
	k->by_left = calloc((size_t)k->most_left + 2, sizeof *k->by_left);
	k->n_by_left = calloc((size_t)k->most_left + 2, sizeof *k->n_by_left);
	if (!k->by_left || !k->n_by_left)
		return STATUS_NO_MEMORY;
	for (uint32_t v = 1; v <= spread->n_songs; v++)
		if (k->names[v].left > 0)
			link_name(k, v);
	return STATUS_OK;
}

/* What was heard before, the newest last, as far back as it matters. */
static enum status note_before(
        const struct spread *spread, int i, const uint32_t *before, size_t n_before, struct kind *k)
{
	double since_s = 0;
	if (!k->names || n_before == 0)
		return STATUS_OK;
	k->seam = malloc(n_before * sizeof *k->seam);
	if (!k->seam)
		return STATUS_NO_MEMORY;
	for (size_t back = 0; back < n_before; back++) {
		const struct spread_song *s = &spread->songs[before[n_before - 1 - back]];
		struct name *name = &k->names[s->name[i]];
		if ((double)back >= k->songs && since_s >= k->seconds)
			break;
		if (s->name[i] && name->seam_songs == NOWHERE) {
			name->seam_songs = (uint32_t)back;
			name->seam_s = (float)since_s;
			k->seam[k->n_seam++] = s->name[i];
		}
		since_s += s->seconds;
	}
	return STATUS_OK;
}

static enum status begin_work(const struct spread *spread, const uint32_t *order, size_t from,
        size_t n, const uint32_t *before, size_t n_before, struct work *w)
{
	*w = (struct work){.songs = spread->songs, .n_row = n - from, .n_left = n - from};
	w->row = malloc((n - from + 1) * sizeof *w->row);
	w->placed = calloc(spread->n_songs + 1, sizeof *w->placed);
	if (!w->row || !w->placed)
		return STATUS_NO_MEMORY;
	memcpy(w->row, order + from, (n - from) * sizeof *w->row);
	for (size_t at = from; at < n; at++)
		w->left_s += spread->songs[order[at]].seconds;
	for (int i = 0; i < SEPARATION_KINDS; i++) {
		TRY(begin_kind(spread, i, order, from, n, &w->kinds[i]));
		TRY(note_before(spread, i, order, from, &w->kinds[i]));
		if (from == 0)
			TRY(note_before(spread, i, before, n_before, &w->kinds[i]));
	}
	return STATUS_OK;
}

static bool matters(const struct spread *spread)
{
	return separation_is_set(&spread->separation);
}

enum status spread_order(const struct spread *spread, uint32_t *order, size_t from, size_t n,
        const uint32_t *before, size_t n_before, struct spread_outcome *outcome)
{
	struct work w;
	*outcome = (struct spread_outcome){0};
	if (!matters(spread) || from >= n)
		return STATUS_OK;
	enum status status = begin_work(spread, order, from, n, before, n_before, &w);
	for (size_t place = n; status == STATUS_OK && place-- > from;) {
		w.place = (uint32_t)place;
		order[place] = choose(&w);
		outcome->n_close += how_bad(&w, order[place], true) > 0;
		take_place(&w, order[place]);
		w.n_left--;
	}
	for (int i = 0; i < SEPARATION_KINDS; i++)
		outcome->impossible |= w.kinds[i].names && w.kinds[i].part < 1;
	work_done(&w);
	return status;
}

/* ---- mending -------------------------------------------------------------------------------------------- */

/* Where each name was heard last, for all kinds. */
struct heard {
	double *ends_s; /* [kind * (n_songs + 1) + name] */
	int64_t *at;
};

static void hear(const struct spread *spread, struct heard *heard, uint32_t song, int64_t at,
        double *time_s, double *bad)
{
	const struct spread_song *s = &spread->songs[song];
	for (int i = 0; i < SEPARATION_KINDS; i++) {
		size_t slot = (size_t)i * (spread->n_songs + 1) + s->name[i];
		if (!s->name[i])
			continue;
		if (heard->at[slot] != INT64_MIN) {
			double songs = (double)spread->separation.of[i].songs,
			       seconds = spread->separation.of[i].seconds, worst = 0;
			if (songs > 0)
				worst = lack((double)(at - heard->at[slot] - 1), songs);
			if (seconds > 0)
				worst = fmax(worst, lack(*time_s - heard->ends_s[slot], seconds));
			*bad += WEIGHT[i] * worst;
		}
		heard->at[slot] = at;
		heard->ends_s[slot] = *time_s + s->seconds;
	}
	*time_s += s->seconds;
}

/* How bad all of it is; *n_close: how many songs are. */
static double how_bad_in_all(const struct spread *spread, struct heard *heard,
        const uint32_t *order, size_t from, size_t n, const uint32_t *before, size_t n_before,
        size_t *n_close)
{
	double time_s = 0, bad = 0, ignored = 0;
	for (size_t i = 0; i < SEPARATION_KINDS * (spread->n_songs + 1); i++)
		heard->at[i] = INT64_MIN;
	*n_close = 0;
	for (size_t i = 0; i < n_before; i++)
		hear(spread, heard, before[i], (int64_t)i - (int64_t)n_before, &time_s, &ignored);
	for (size_t i = 0; i < n; i++) {
		double was = bad;
		hear(spread, heard, order[i], (int64_t)i, &time_s, i < from ? &ignored : &bad);
		*n_close += bad > was;
	}
	return bad;
}

static void exchange(uint32_t *order, size_t i, size_t k)
{
	uint32_t song = order[i];
	order[i] = order[k];
	order[k] = song;
}

/* One pass over all pairs; true: something is better now. */
static bool exchange_pairs(const struct spread *spread, struct heard *heard, uint32_t *order,
        size_t from, size_t movable, size_t n, const uint32_t *before, size_t n_before, double *bad,
        size_t *n_close)
{
	bool better = false;
	size_t close;
	for (size_t i = from; i<movable && * bad> 0; i++)
		for (size_t k = i + 1; k<movable && * bad> 0; k++) {
			exchange(order, i, k);
			double now = how_bad_in_all(
			        spread, heard, order, from, n, before, n_before, &close);
			if (now < *bad) {
				*bad = now;
				*n_close = close;
				better = true;
			} else {
				exchange(order, i, k);
			}
		}
	return better;
}

enum status spread_mend(const struct spread *spread, uint32_t *order, size_t from, size_t movable,
        size_t n, const uint32_t *before, size_t n_before, struct spread_outcome *outcome)
{
	size_t n_slots = SEPARATION_KINDS * (spread->n_songs + 1), *n_close = &outcome->n_close;
	struct heard heard = {
	        malloc(n_slots * sizeof *heard.ends_s), malloc(n_slots * sizeof *heard.at)};
	enum status status = heard.ends_s && heard.at ? STATUS_OK : STATUS_NO_MEMORY;
	if (status == STATUS_OK) {
		double bad =
		        how_bad_in_all(spread, &heard, order, from, n, before, n_before, n_close);
		while (exchange_pairs(
		        spread, &heard, order, from, movable, n, before, n_before, &bad, n_close))
			;
	}
	free(heard.ends_s);
	free(heard.at);
	return status;
}
