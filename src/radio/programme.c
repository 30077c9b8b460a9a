/* programme.c - entries in their order of play, through library and planner, to clips. */
#include "jukebox/programme.h"

#include <stdlib.h>
#include <string.h>

/* Tracks measured ahead of the one that is planned: enough to keep all workers busy, few enough to keep their records
 * out of the memory of a player. */
enum { AHEAD = 8 };

struct programme {
	const struct playlist *playlist;
	struct library *library;
	struct programme_options options;
	struct log *log;
	struct planner *planner;

	uint32_t *order; /* of this round; NULL: as in the list */
	size_t next_asked; /* place in this round of the next entry to ask for */
	int64_t round;
	bool asked_all, finished;

	/* Entries asked for and not yet planned, oldest first. */
	size_t asked[LIBRARY_AHEAD];
	size_t first_asked;

	size_t planned, planned_before_round, skipped;
};

/* ---- order ------------------------------------------------------------------------------------ */

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

/* Fisher and Yates; the entry that ended the last round does not begin this one. */
static void shuffle(struct programme *p, bool had_round, uint32_t last)
{
	size_t n = playlist_count(p->playlist);
	uint64_t state = p->options.seed + (uint64_t)p->round * 0x632be59bd9b4e019u;
	for (size_t i = 0; i < n; i++)
		p->order[i] = (uint32_t)i;
	for (size_t i = n; i > 1; i--)
		swap(&p->order[i - 1], &p->order[random_next(&state) % i]);
	if (had_round && n > 1 && p->order[0] == last)
		swap(&p->order[0], &p->order[1 + random_next(&state) % (n - 1)]);
}

static enum status make_order(struct programme *p)
{
	size_t n = playlist_count(p->playlist);
	if (!p->options.shuffle || n > UINT32_MAX)
		return STATUS_OK;
	p->order = malloc((n ? n : 1) * sizeof *p->order);
	if (!p->order)
		return STATUS_NO_MEMORY;
	shuffle(p, false, 0);
	return STATUS_OK;
}

static size_t entry_at(const struct programme *p, size_t place)
{
	return p->order ? p->order[place] : place;
}

/* Another round, unless the last one gave nothing to play: an empty programme must not spin. */
static bool begin_round(struct programme *p)
{
	size_t n = playlist_count(p->playlist);
	bool over = p->options.rounds > 0 && p->round + 1 >= p->options.rounds;
	if (over || n == 0 || p->planned == p->planned_before_round)
		return false;
	p->round++;
	p->planned_before_round = p->planned;
	if (p->order)
		shuffle(p, true, p->order[n - 1]);
	p->next_asked = 0;
	return true;
}

/* ---- life --------------------------------------------------------------------------------------- */

struct programme *programme_new(const struct playlist *playlist, struct library *library,
        const struct programme_options *options, struct log *log)
{
	struct programme *p = calloc(1, sizeof *p);
	if (!p)
		return NULL;
	p->playlist = playlist;
	p->library = library;
	p->options = *options;
	p->log = log;
	p->planner = planner_new(&options->policy);
	if (!p->planner || make_order(p) != STATUS_OK) {
		programme_free(p);
		return NULL;
	}
	return p;
}

void programme_free(struct programme *p)
{
	if (!p)
		return;
	planner_free(p->planner);
	free(p->order);
	free(p);
}

void programme_explain(struct programme *p, planner_explain_fn *explain, void *user)
{
	planner_explain(p->planner, explain, user);
}

/* ---- from entries to clips ------------------------------------------------------------------------- */

/* A new round begins only when the last one is planned: whether it gave anything decides. */
static enum status ask_ahead(struct programme *p)
{
	while (!p->asked_all) {
		if (p->next_asked >= playlist_count(p->playlist)) {
			if (library_waiting(p->library) > 0)
				return STATUS_OK;
			p->asked_all = !begin_round(p);
			continue;
		}
		size_t entry = entry_at(p, p->next_asked), waiting = library_waiting(p->library);
		if (waiting >= AHEAD)
			return STATUS_OK;
		enum status status =
		        library_request(p->library, playlist_get(p->playlist, entry).path);
		if (status == STATUS_END)
			return STATUS_OK;
		TRY(status);
		p->asked[(p->first_asked + waiting) % LIBRARY_AHEAD] = entry;
		p->next_asked++;
	}
	return STATUS_OK;
}

static void skip(struct programme *p, const char *path, const char *reason)
{
	p->skipped++;
	log_file(p->log, LOG_ERROR, path, "skipped: %s", reason);
}

static enum status plan_entry(struct programme *p, size_t entry, const struct record *record)
{
	struct playlist_entry e = playlist_get(p->playlist, entry);
	struct plan_item item = {.entry = entry,
	        .path = e.path,
	        .title = e.title,
	        .directives = e.directives,
	        .record = record};
	char note[PLAN_REASON_BYTES];
	struct error error = {0};
	if (record->damage_events > 0)
		log_file(p->log, LOG_WARNING, e.path,
		        "damaged: %lld places, about %lld frames lost",
		        (long long)record->damage_events, (long long)record->lost_frames);
	enum status status = planner_push(p->planner, &item, note, &error);
	if (status == STATUS_BAD_DATA) {
		skip(p, e.path, error.text);
		return STATUS_OK;
	}
	TRY(status);
	p->planned++;
	if (note[0])
		log_file(p->log, LOG_INFO, e.path, "%s", note);
	return STATUS_OK;
}

static enum status take_one(struct programme *p, struct error *error)
{
	struct record record;
	struct error reason = {0};
	bool cached;
	size_t entry = p->asked[p->first_asked];
	enum status status = library_take(p->library, &record, &cached, &reason);
	if (status == STATUS_CANCELLED || status == STATUS_NO_MEMORY)
		return error_set(
		        error, status, "%s", reason.text[0] ? reason.text : "out of memory");
	p->first_asked = (p->first_asked + 1) % LIBRARY_AHEAD;
	if (status != STATUS_OK) {
		skip(p, playlist_get(p->playlist, entry).path, reason.text);
		return STATUS_OK;
	}
	status = plan_entry(p, entry, &record);
	record_done(&record);
	return status == STATUS_OK ? STATUS_OK : error_set(error, status, "out of memory");
}

enum status programme_next(void *programme, struct plan_clip *clip, struct error *error)
{
	struct programme *p = programme;
	while (!planner_pop(p->planner, clip)) {
		if (p->finished)
			return STATUS_END;
		enum status status = ask_ahead(p);
		if (status != STATUS_OK)
			return error_set(error, status,
			        status == STATUS_CANCELLED ? "cancelled" : "out of memory");
		if (library_waiting(p->library) > 0) {
			TRY(take_one(p, error));
		} else {
			p->finished = true;
			TRY(planner_finish(p->planner));
		}
	}
	return STATUS_OK;
}

/* ---- another list ------------------------------------------------------------------------------------ */

static size_t place_behind(const struct playlist *playlist, const char *path)
{
	for (size_t i = 0; path && i < playlist_count(playlist); i++)
		if (strcmp(playlist_get(playlist, i).path, path) == 0)
			return i + 1;
	return 0;
}

void programme_reload(struct programme *p, const struct playlist *playlist)
{
	const char *last = NULL;
	struct record record;
	struct error ignored;
	bool cached;
	if (library_waiting(p->library) > 0 && playlist_count(p->playlist) > 0)
		last = p->next_asked > 0 ? playlist_get(p->playlist, p->asked[p->first_asked]).path
		                         : NULL;
	size_t place = place_behind(playlist, last);
	if (last && place > 0)
		place--; /* that one was asked for, but not planned */
	/* What was asked for of the old list is not wanted any more; what was measured stays in the cache. */
	while (library_waiting(p->library) > 0) {
		enum status status = library_take(p->library, &record, &cached, &ignored);
		record_done(&record);
		if (status == STATUS_CANCELLED)
			return;
	}
	p->first_asked = 0;
	free(p->order);
	p->order = NULL;
	p->playlist = playlist;
	p->asked_all = false;
	if (make_order(p) != STATUS_OK)
		log_print(p->log, LOG_WARNING, "out of memory: the new list is not shuffled");
	p->next_asked = p->order ? 0 : place;
}

size_t programme_skipped(const struct programme *p)
{
	return p->skipped;
}

size_t programme_planned(const struct programme *p)
{
	return p->planned;
}
