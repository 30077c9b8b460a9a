/* programme.c - from an order of entries, through library and planner, to clips.  Which entry comes next is order.c's and
 * lineup.c's affair. */
#include "jukebox/programme.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "order.h"
#include "wheel.h"

enum {
	/* Tracks measured ahead of the one that is planned: enough to keep all workers busy, few enough to keep their
	 * records out of the memory of a player. */
	AHEAD = 8,
	/* With so many at hand none is asked for: who looks for them sleeps, and is woken for several. */
	ENOUGH = AHEAD / 2,
	/* Places of clips that were given out: of what may be on when a turn comes. */
	PLACES = 256,
};

/* Two tracks are known, and nobody has heard anything yet. */
static const int64_t BEGIN_NS = 2000000000;

/* Where the last clip of a pick lies. */
struct place {
	size_t id;
	double origin; /* output frame of the source's first one */
	int64_t end_frame;
};

struct programme {
	struct library *library;
	struct programme_options options;
	struct log *log;
	struct planner *planner;
	const struct playlist *playlist;
	struct order order; /* of a list */
	struct wheel *wheel; /* of a rotation; then there is no order.  NULL: a list */
	size_t fruitless; /* entries of the wheel since something could be planned */
	struct lineup *lineup;

	bool asked_all, finished, told_close;

	/* Picks asked for and not yet planned, oldest first. */
	size_t asked[LIBRARY_AHEAD];
	size_t first_asked;

	/* Of a turn: what is on is planned again, for its joint to the next one, and its clips are not given out. */
	size_t again; /* pick; LINEUP_NONE: none */
	bool again_is_due;
	struct place before; /* where it was laid at first */
	struct place places[PLACES]; /* a ring */
	size_t n_places, n_heard_places; /* the latter: before the last turn */
	int64_t shift; /* from the planner's time line to the one given out */
	double arrival_s;
	bool has_arrival;
	size_t last_planned, last_given; /* picks: all that the planner had, it has given */
	int64_t last_end; /* of what was given out last */
	bool cut_off; /* the planner was ended early */
	bool is_live;

	size_t planned, planned_before_round, skipped;
};

/* ---- names, for the order ------------------------------------------------------------------------- */

/* "Artist - Title", as lists have it. */
static void names_of_title(const char *title, uint64_t name[SEPARATION_KINDS])
{
	const char *dash = title ? strstr(title, " - ") : NULL;
	char artist[256];
	if (!dash || (size_t)(dash - title) >= sizeof artist)
		return;
	memcpy(artist, title, (size_t)(dash - title));
	artist[dash - title] = '\0';
	name[SEPARATION_ARTIST] = separation_name(artist);
	name[SEPARATION_TITLE] = separation_name(dash + 3);
}

/* From the cache, else from the list; a song without a title is its file. */
static void names_of(void *user, const struct playlist_entry *entry,
        uint64_t name[SEPARATION_KINDS], float *seconds)
{
	struct programme *p = user;
	struct tags tags = {0};
	double length_s = 0;
	names_of_title(entry->title, name);
	if (library_tags(p->library, entry->path, &tags, &length_s) == STATUS_OK) {
		static const char *const words[] = {"artist", "title", "album"};
		for (int kind = 0; kind < SEPARATION_KINDS; kind++)
			if (tags_get(&tags, words[kind]))
				name[kind] = separation_name(tags_get(&tags, words[kind]));
	}
	tags_done(&tags);
	if (!name[SEPARATION_TITLE])
		name[SEPARATION_TITLE] = separation_name(entry->path);
	*seconds = (float)length_s;
}

/* Once a run: more of it would be said at each round of a short list. */
static void tell_of_close_ones(struct programme *p)
{
	size_t n_close = p->wheel ? wheel_close(p->wheel) : p->order.n_close;
	if (n_close == 0 || p->told_close)
		return;
	p->told_close = true;
	log_print(p->log, LOG_WARNING,
	        "--separation cannot be kept by this list: %zu of %zu songs come sooner", n_close,
	        playlist_count(p->playlist));
}

/* ---- life --------------------------------------------------------------------------------------- */

static enum status begin_planner(struct programme *p)
{
	planner_free(p->planner);
	p->planner = planner_new(&p->options.policy);
	return p->planner ? STATUS_OK : STATUS_NO_MEMORY;
}

static enum status begin_order(struct programme *p)
{
	struct order_list list = {p->playlist, 0, playlist_count(p->playlist)};
	struct order_options options = {.rounds = p->options.rounds,
	        .shuffle = p->options.shuffle,
	        .seed = p->options.seed,
	        .separation = p->options.separation,
	        .names = names_of,
	        .user = p};
	if (!playlist_rotation(p->playlist))
		return order_init(&p->order, &list, &options);
	p->wheel = wheel_new(p->playlist, &options);
	return p->wheel ? STATUS_OK : STATUS_NO_MEMORY;
}

struct programme *programme_new(const struct playlist *playlist, struct library *library,
        const struct programme_options *options, struct log *log)
{
	struct programme *p = calloc(1, sizeof *p);
	if (!p)
		return NULL;
	p->library = library;
	p->options = *options;
	p->log = log;
	p->again = p->last_planned = p->last_given = LINEUP_NONE;
	p->lineup = lineup_new();
	p->playlist = playlist;
	if (!p->lineup || begin_planner(p) != STATUS_OK || begin_order(p) != STATUS_OK) {
		programme_free(p);
		return NULL;
	}
	tell_of_close_ones(p);
	return p;
}

void programme_free(struct programme *p)
{
	if (!p)
		return;
	planner_free(p->planner);
	order_done(&p->order);
	wheel_free(p->wheel);
	lineup_free(p->lineup);
	free(p);
}

void programme_explain(struct programme *p, planner_explain_fn *explain, void *user)
{
	planner_explain(p->planner, explain, user);
}

struct lineup *programme_lineup(struct programme *p)
{
	return p->lineup;
}

enum status programme_resume(
        struct programme *p, int64_t round, size_t place, const char *last, const char *memo)
{
	p->planned_before_round = SIZE_MAX; /* the round had something before */
	if (p->wheel)
		return memo ? wheel_resume(p->wheel, memo) : STATUS_OK;
	return order_resume(&p->order, round, place, last);
}

/* ---- which pick comes next ------------------------------------------------------------------------- */

/* Another round, unless the last one gave nothing to play: an empty programme must not spin.  It begins only when the last
 * one is planned: whether that gave anything decides. */
static bool begin_round(struct programme *p)
{
	if (p->planned == p->planned_before_round || order_begin_round(&p->order) != STATUS_OK)
		return false;
	p->planned_before_round = p->planned;
	tell_of_close_ones(p);
	return true;
}

/* The rotation's next entry joins.  A rotation of which nothing can be played ends. */
static enum status append_turned(struct programme *p)
{
	size_t entry, id;
	char *memo;
	if (p->planned != p->planned_before_round)
		p->fruitless = 0;
	p->planned_before_round = p->planned;
	if (p->fruitless++ > 2 * playlist_count(p->playlist) + LIBRARY_AHEAD)
		return STATUS_END;
	TRY(wheel_next(p->wheel, &entry, &memo));
	struct playlist_entry e = playlist_get(p->playlist, entry);
	struct pick pick = {.path = (char *)e.path,
	        .title = (char *)e.title,
	        .directives = (char *)e.directives,
	        .memo = memo};
	enum status status = lineup_append(p->lineup, &pick, &id);
	free(memo);
	return status;
}

/* The list's next entry joins the line-up.  STATUS_END: none for now. */
static enum status append_listed(struct programme *p)
{
	size_t entry, id;
	if (p->wheel)
		return append_turned(p);
	while (order_next(&p->order, &entry) == STATUS_END) {
		if (library_waiting(p->library) > 0)
			return STATUS_END;
		p->asked_all = !begin_round(p);
		if (p->asked_all)
			return STATUS_END;
	}
	struct playlist_entry e = playlist_get(p->playlist, entry);
	struct pick pick = {.path = (char *)e.path,
	        .title = (char *)e.title,
	        .directives = (char *)e.directives,
	        .round = p->order.round,
	        .place = p->order.next - 1};
	return lineup_append(p->lineup, &pick, &id);
}

static enum status next_pick(struct programme *p, struct pick *pick)
{
	if (p->again_is_due) {
		p->again_is_due = false;
		if (lineup_get(p->lineup, p->again, pick) == STATUS_OK)
			return STATUS_OK;
		p->again = LINEUP_NONE;
	}
	enum status status = lineup_ask(p->lineup, pick);
	if (status != STATUS_END)
		return status;
	TRY(append_listed(p));
	return lineup_ask(p->lineup, pick);
}

static enum status ask_ahead(struct programme *p)
{
	if (library_waiting(p->library) > ENOUGH && library_has_all(p->library))
		return STATUS_OK;
	while (library_waiting(p->library) < AHEAD) {
		struct pick pick;
		enum status status = next_pick(p, &pick);
		if (status != STATUS_OK)
			return status == STATUS_END ? STATUS_OK : status;
		size_t waiting = library_waiting(p->library);
		status = library_request(p->library, pick.path);
		if (status == STATUS_OK)
			p->asked[(p->first_asked + waiting) % LIBRARY_AHEAD] = pick.id;
		pick_done(&pick);
		if (status != STATUS_OK)
			return status == STATUS_END ? STATUS_OK : status;
	}
	return STATUS_OK;
}

/* ---- from picks to clips ------------------------------------------------------------------------------ */

static void leave_out(struct programme *p, const struct pick *pick, const char *reason)
{
	p->skipped++;
	log_file(p->log, LOG_ERROR, pick->path, "skipped: %s", reason);
	lineup_drop(p->lineup, pick->id);
}

static void note_arrival(struct programme *p, const struct record *record)
{
	struct outline o;
	if (p->has_arrival)
		return;
	outline_of(record, &o);
	p->arrival_s = o.silent ? 0 : o.mix_in_s - o.cue_in_s;
	p->has_arrival = true;
}

static enum status plan_pick(
        struct programme *p, const struct pick *pick, const struct record *record)
{
	struct plan_item item = {.entry = pick->id,
	        .path = pick->path,
	        .title = pick->title,
	        .directives = pick->directives,
	        .record = record};
	char note[PLAN_REASON_BYTES];
	struct error error = {0};
	if (record->damage_events > 0 && pick->id != p->again)
		log_file(p->log, LOG_WARNING, pick->path,
		        "damaged: %lld places, about %lld frames lost",
		        (long long)record->damage_events, (long long)record->lost_frames);
	enum status status = planner_push(p->planner, &item, note, &error);
	if (status == STATUS_BAD_DATA) {
		leave_out(p, pick, error.text);
		return STATUS_OK;
	}
	TRY(status);
	p->last_planned = pick->id;
	if (pick->id == p->again)
		return STATUS_OK;
	note_arrival(p, record);
	p->planned++;
	if (note[0])
		log_file(p->log, LOG_INFO, pick->path, "%s", note);
	return STATUS_OK;
}

static enum status take_one(struct programme *p, struct error *error)
{
	struct record record;
	struct error reason = {0};
	struct pick pick = {.id = LINEUP_NONE};
	bool cached;
	enum status status = library_take(p->library, &record, &cached, &reason);
	if (status == STATUS_CANCELLED || status == STATUS_NO_MEMORY)
		return error_set(
		        error, status, "%s", reason.text[0] ? reason.text : "out of memory");
	enum status found = lineup_get(p->lineup, p->asked[p->first_asked], &pick);
	p->first_asked = (p->first_asked + 1) % LIBRARY_AHEAD;
	if (found == STATUS_OK && status == STATUS_OK)
		found = plan_pick(p, &pick, &record);
	else if (found == STATUS_OK)
		leave_out(p, &pick, reason.text);
	record_done(&record);
	pick_done(&pick);
	/* What people removed meanwhile is no error. */
	return found == STATUS_NO_MEMORY ? error_set(error, found, "out of memory") : STATUS_OK;
}

/* ---- places -------------------------------------------------------------------------------------------- */

static struct place place_of(const struct programme *p, const struct plan_clip *clip)
{
	double source_frame = (double)p->options.policy.rate_hz / clip->source_hz;
	return (struct place){.id = clip->entry,
	        .origin = (double)clip->start_frame - (double)clip->from_frame * source_frame,
	        .end_frame = clip->start_frame + clip->n_frames};
}

static void note_place(struct programme *p, const struct plan_clip *clip)
{
	p->places[p->n_places++ % PLACES] = place_of(p, clip);
}

static struct place find_place(const struct programme *p, size_t id)
{
	for (size_t i = 0; i < PLACES && i < p->n_places; i++) {
		const struct place *place = &p->places[(p->n_places - 1 - i) % PLACES];
		if (place->id == id)
			return *place;
	}
	return (struct place){.id = LINEUP_NONE};
}

/* A clip of what is on, planned again: tells how the new time line lies to the old one.  Otherwise the clip moves
 * there. */
static bool give_out(struct programme *p, struct plan_clip *clip)
{
	p->last_given = clip->entry;
	if (p->again != LINEUP_NONE && clip->entry == p->again) {
		struct place place = place_of(p, clip);
		p->last_end = p->before.end_frame;
		if (p->before.id == p->again)
			p->shift = llround(p->before.origin - place.origin);
		plan_clip_done(clip);
		return false;
	}
	clip->start_frame += p->shift;
	clip->title_frame += p->shift;
	note_place(p, clip);
	p->last_end = clip->start_frame + clip->n_frames;
	return true;
}

/* ---- in a hurry ----------------------------------------------------------------------------------------- */

static void pass_over(struct programme *p)
{
	struct pick pick;
	size_t id = p->asked[p->first_asked];
	p->first_asked = (p->first_asked + 1) % LIBRARY_AHEAD;
	library_pass_over(p->library);
	if (lineup_get(p->lineup, id, &pick) != STATUS_OK)
		return;
	log_file(p->log, LOG_WARNING, pick.path, "is not measured in time: passed over");
	lineup_drop(p->lineup, id);
	pick_done(&pick);
}

/* What is planned ends as if nothing followed; what follows begins there. */
static enum status cut_off(struct programme *p)
{
	p->cut_off = true;
	return planner_finish(p->planner);
}

static enum status begin_behind_cut(struct programme *p)
{
	p->cut_off = false;
	p->shift = p->last_end;
	p->again = LINEUP_NONE;
	return begin_planner(p);
}

/* A step towards the next clip: a record, if it is there or may be waited for. */
static enum status take_what_is_there(struct programme *p, struct error *error)
{
	bool begins = p->is_live && p->last_given == LINEUP_NONE && p->planned >= 2;
	switch (library_await(p->library, begins ? BEGIN_NS : INT64_MAX)) {
	case LIBRARY_LATE:
		pass_over(p);
		return STATUS_OK;
	case LIBRARY_NOTHING:
		if (p->last_planned != p->last_given)
			return cut_off(p);
		library_await_any(p->library);
		return STATUS_OK;
	case LIBRARY_READY:
		break;
	}
	return take_one(p, error);
}

enum status programme_next(void *programme, struct plan_clip *clip, struct error *error)
{
	struct programme *p = programme;
	for (;;) {
		while (planner_pop(p->planner, clip))
			if (give_out(p, clip))
				return STATUS_OK;
		if (p->finished)
			return STATUS_END;
		enum status status = p->cut_off ? begin_behind_cut(p) : STATUS_OK;
		if (status == STATUS_OK)
			status = ask_ahead(p);
		if (status != STATUS_OK)
			return error_set(error, status,
			        status == STATUS_CANCELLED ? "cancelled" : "out of memory");
		if (library_waiting(p->library) > 0) {
			TRY(take_what_is_there(p, error));
		} else {
			p->finished = true;
			TRY(planner_finish(p->planner));
		}
	}
}

/* ---- turns ------------------------------------------------------------------------------------------------ */

/* Songs of the old list began before those of the new one could: they do not come again. */
static void catch_up(struct programme *p, size_t on_air)
{
	struct pick pick;
	bool any = false;
	while (lineup_take_dropped(p->lineup, on_air, &pick) == STATUS_OK) {
		if (!p->wheel)
			order_played(&p->order, pick.path);
		pick_done(&pick);
		any = true;
	}
	if (!any || p->wheel)
		return;
	lineup_drop_listed(p->lineup);
	p->planned_before_round =
	        SIZE_MAX; /* what began counts, though it was planned before this round */
	if (p->order.next > 0)
		lineup_set_place(p->lineup, p->order.round, p->order.next - 1);
}

/* A song that was given out again, for a turn that came too late, is where it was before. */
static void forget_places(struct programme *p, bool in_vain)
{
	if (in_vain)
		p->n_places = p->n_heard_places;
	else
		p->n_heard_places = p->n_places;
}

void programme_turn(struct programme *p, size_t on_air, bool now, bool in_vain)
{
	catch_up(p, on_air);
	forget_places(p, in_vain);
	library_forget(p->library);
	p->first_asked = 0;
	lineup_ask_again(p->lineup, on_air);
	p->asked_all = p->finished = p->has_arrival = p->cut_off = false;
	p->again = now ? LINEUP_NONE : on_air;
	p->again_is_due = p->again != LINEUP_NONE;
	p->before = find_place(p, on_air);
	/* Should it not be to be had any more, the next song follows its end. */
	p->shift = now ? 0 : p->before.id == on_air ? p->before.end_frame : 0;
	if (begin_planner(p) != STATUS_OK)
		p->finished = true;
}

void programme_retry(struct programme *p)
{
	library_forget(p->library);
	p->first_asked = 0;
	p->asked_all = p->finished = p->again_is_due = false;
	p->again = LINEUP_NONE;
	p->planned_before_round = SIZE_MAX;
	p->shift = p->last_end;
	p->fruitless = 0;
	p->cut_off = false;
	if (begin_planner(p) != STATUS_OK)
		p->finished = true;
}

void programme_set_live(struct programme *p)
{
	p->is_live = true;
	library_set_live(p->library);
}

void programme_open_first(struct programme *p)
{
	library_open_files(p->library);
}

void programme_hurry(struct programme *p)
{
	library_hurry(p->library);
}

void programme_interrupt(struct programme *p)
{
	library_interrupt(p->library);
}

double programme_arrival_s(const struct programme *p)
{
	return p->arrival_s;
}

/* `last`: the list's pick that began last. */
static enum status change_order(struct programme *p, const struct pick *last)
{
	struct order_list list = {p->playlist, 0, playlist_count(p->playlist)};
	if (p->wheel)
		return wheel_change(p->wheel, p->playlist, last ? last->memo : NULL);
	if (playlist_rotation(p->playlist)) /* it was not to be had before */
		return begin_order(p);
	return order_change(&p->order, &list, last ? last->round : 0, last ? last->place : 0,
	        last ? last->path : NULL);
}

void programme_reload(struct programme *p, const struct playlist *playlist)
{
	struct pick last = {.id = LINEUP_NONE};
	bool has_last = lineup_last_listed(p->lineup, &last) == STATUS_OK;
	lineup_drop_listed(p->lineup);
	p->planned_before_round = SIZE_MAX; /* another list may give more */
	p->playlist = playlist;
	p->fruitless = 0;
	if (change_order(p, has_last ? &last : NULL) != STATUS_OK)
		log_print(p->log, LOG_WARNING, "out of memory: the new list is not shuffled");
	pick_done(&last);
	tell_of_close_ones(p);
}

size_t programme_skipped(const struct programme *p)
{
	return p->skipped;
}

size_t programme_planned(const struct programme *p)
{
	return p->planned;
}
