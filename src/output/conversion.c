/* conversion.c - one conversion for all outputs that want the same.  The conversion itself is convert.c's. */
#include "conversion.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "hub.h"

struct frames {
	float *at; /* owned */
	size_t n_frames, capacity;
};

/* A block that is converted. */
struct slot {
	struct frames frames;
	size_t n_input; /* frames of the bus that it was made of; 0: the end */
	int64_t clipped; /* up to its end */
	enum status status;
};

struct conversion_group {
	struct conversion_group *next; /* with the hub's lock, as n_members */
	struct conversion_key key;
	size_t n_members;
	struct converter *converter; /* of who converts */
	pthread_mutex_t lock; /* guards all below */
	pthread_cond_t converted;
	bool has_begun, is_shared; /* the second is constant once it has */
	bool is_converting;
	int64_t n_converted; /* block n lies at n % n_slots */
	size_t n_slots;
	struct slot *slots; /* owned */
};

/* One output's part in it. */
struct conversion {
	struct output_hub *hub;
	struct conversion_group *group;
	struct converter *own; /* since it left the group; NULL: it is in there */
	bool is_settled; /* and so is group->is_shared */
	struct frames frames;
	int64_t n_blocks, position; /* taken so far: blocks, frames of the bus */
	_Atomic int64_t cut_frame;
	int64_t clipped; /* by the group */
};

/* ---- life ------------------------------------------------------------------------------------------------ */

static void group_free(struct conversion_group *g)
{
	if (!g)
		return;
	for (size_t i = 0; g->slots && i < g->n_slots; i++)
		free(g->slots[i].frames.at);
	free(g->slots);
	converter_free(g->converter);
	pthread_cond_destroy(&g->converted);
	pthread_mutex_destroy(&g->lock);
	free(g);
}

static struct converter *new_converter(const struct conversion_key *key)
{
	return converter_new(key->bus_rate_hz, &key->format, key->to_integers, key->seed);
}

static struct conversion_group *group_new(const struct conversion_key *key)
{
	struct conversion_group *g = calloc(1, sizeof *g);
	if (!g)
		return NULL;
	pthread_mutex_init(&g->lock, NULL);
	pthread_cond_init(&g->converted, NULL);
	g->key = *key;
	g->n_slots = key->n_blocks + 2; /* one more is in each hand, and one is being made */
	g->slots = calloc(g->n_slots, sizeof *g->slots);
	g->converter = new_converter(key);
	if (!g->slots || !g->converter) {
		group_free(g);
		return NULL;
	}
	return g;
}

static bool is_same(const struct conversion_key *a, const struct conversion_key *b)
{
	return a->bus_rate_hz == b->bus_rate_hz &&
	       a->format.sample_rate_hz == b->format.sample_rate_hz &&
	       a->format.channels == b->format.channels && a->to_integers == b->to_integers &&
	       (!a->to_integers || a->format.sample == b->format.sample) && a->seed == b->seed &&
	       a->block_frames == b->block_frames && a->n_blocks == b->n_blocks;
}

static bool has_begun(struct conversion_group *g)
{
	pthread_mutex_lock(&g->lock);
	bool has = g->has_begun;
	pthread_mutex_unlock(&g->lock);
	return has;
}

/* With the hub's lock. */
static struct conversion_group *find_group(struct output_hub *hub, const struct conversion_key *key)
{
	for (struct conversion_group *g = hub->conversions; g; g = g->next)
		if (is_same(&g->key, key) && !has_begun(g))
			return g;
	struct conversion_group *g = group_new(key);
	if (!g || !converter_is_costly(g->converter))
		return g;
	g->next = hub->conversions;
	hub->conversions = g;
	return g;
}

struct conversion *conversion_new(struct output_hub *hub, const struct conversion_key *key)
{
	struct conversion *c = calloc(1, sizeof *c);
	if (!c)
		return NULL;
	c->hub = hub;
	atomic_init(&c->cut_frame, INT64_MAX);
	if (hub)
		pthread_mutex_lock(&hub->lock);
	c->group = hub ? find_group(hub, key) : group_new(key);
	if (c->group)
		c->group->n_members++;
	if (hub)
		pthread_mutex_unlock(&hub->lock);
	if (!c->group) {
		free(c);
		return NULL;
	}
	return c;
}

/* With the hub's lock. */
static void take_out(struct output_hub *hub, const struct conversion_group *g)
{
	struct conversion_group **at = &hub->conversions;
	while (*at && *at != g)
		at = &(*at)->next;
	if (*at)
		*at = g->next;
}

void conversion_free(struct conversion *c)
{
	if (!c)
		return;
	if (c->hub)
		pthread_mutex_lock(&c->hub->lock);
	bool was_last = --c->group->n_members == 0;
	if (was_last && c->hub)
		take_out(c->hub, c->group);
	if (c->hub)
		pthread_mutex_unlock(&c->hub->lock);
	if (was_last)
		group_free(c->group);
	converter_free(c->own);
	free(c->frames.at);
	free(c);
}

/* ---- frames ---------------------------------------------------------------------------------------------- */

static enum status append(struct frames *to, const float *from, size_t n_frames, size_t channels)
{
	size_t needed = to->n_frames + n_frames;
	if (needed > to->capacity) {
		float *larger = realloc(to->at, needed * channels * sizeof *larger);
		if (!larger)
			return STATUS_NO_MEMORY;
		to->at = larger;
		to->capacity = needed;
	}
	if (n_frames > 0)
		memcpy(to->at + to->n_frames * channels, from, n_frames * channels * sizeof *from);
	to->n_frames = needed;
	return STATUS_OK;
}

static enum status copy(struct frames *to, const struct frames *from, size_t channels)
{
	to->n_frames = 0;
	return append(to, from->at, from->n_frames, channels);
}

static size_t channels_of(const struct conversion *c)
{
	return (size_t)c->group->key.format.channels;
}

static enum status collect(void *user, const float *frames, size_t n_frames)
{
	struct conversion *c = user;
	return append(&c->frames, frames, n_frames, channels_of(c));
}

/* As a converter does it, CONVERT_FRAMES at most at once. */
static enum status hand_on(const struct conversion *c, converter_sink *sink, void *user)
{
	const float *at = c->frames.at;
	for (size_t left = c->frames.n_frames; left > 0;) {
		size_t n = left < CONVERT_FRAMES ? left : CONVERT_FRAMES;
		TRY(sink(user, at, n));
		at += n * channels_of(c);
		left -= n;
	}
	return STATUS_OK;
}

/* ---- the group's blocks ------------------------------------------------------------------------------------ */

/* With the lock: the output's next block, once it is converted; NULL: it is to be converted now, and nobody else does. */
static const struct slot *find_slot(struct conversion *c)
{
	struct conversion_group *g = c->group;
	while (g->n_converted <= c->n_blocks && g->is_converting)
		pthread_cond_wait(&g->converted, &g->lock);
	if (g->n_converted > c->n_blocks)
		return &g->slots[(size_t)c->n_blocks % g->n_slots];
	g->is_converting = true;
	return NULL;
}

/* With the lock. */
static bool is_lost(const struct conversion *c)
{
	return c->group->n_converted - c->n_blocks > (int64_t)c->group->n_slots;
}

/* For all.  Without memory for its slot nobody gets it. */
static enum status convert(struct conversion *c, const float *stereo, size_t n_frames)
{
	struct conversion_group *g = c->group;
	c->frames.n_frames = 0;
	enum status status = converter_run(g->converter, stereo, n_frames, collect, c);
	pthread_mutex_lock(&g->lock);
	struct slot *slot = &g->slots[(size_t)c->n_blocks % g->n_slots];
	if (status == STATUS_OK)
		status = copy(&slot->frames, &c->frames, channels_of(c));
	slot->n_input = n_frames;
	slot->status = status;
	slot->clipped = c->clipped = converter_clipped(g->converter);
	g->is_converting = false;
	g->n_converted++;
	pthread_cond_broadcast(&g->converted);
	pthread_mutex_unlock(&g->lock);
	return status;
}

/* STATUS_END: the group does not have it (any more). */
static enum status take_block(struct conversion *c, const float *stereo, size_t n_frames)
{
	struct conversion_group *g = c->group;
	pthread_mutex_lock(&g->lock);
	const struct slot *slot = find_slot(c);
	enum status status = STATUS_END;
	if (slot && !is_lost(c) && slot->n_input == n_frames) {
		status = slot->status;
		c->clipped = slot->clipped;
		if (status == STATUS_OK)
			status = copy(&c->frames, &slot->frames, channels_of(c));
	}
	pthread_mutex_unlock(&g->lock);
	return slot ? status : convert(c, stereo, n_frames);
}

/* Settled with the first block of any; once begun nobody joins. */
static bool is_shared(struct conversion *c)
{
	struct conversion_group *g = c->group;
	if (c->is_settled)
		return g->is_shared;
	if (c->hub)
		pthread_mutex_lock(&c->hub->lock);
	pthread_mutex_lock(&g->lock);
	if (!g->has_begun)
		g->is_shared = g->n_members > 1;
	g->has_begun = c->is_settled = true;
	pthread_mutex_unlock(&g->lock);
	if (c->hub)
		pthread_mutex_unlock(&c->hub->lock);
	return g->is_shared;
}

/* ---- who converts ------------------------------------------------------------------------------------------ */

static enum status run_alone(struct conversion *c, const float *stereo, size_t n_frames,
        converter_sink *sink, void *user)
{
	if (!c->own)
		c->own = new_converter(&c->group->key);
	return c->own ? converter_run(c->own, stereo, n_frames, sink, user) : STATUS_NO_MEMORY;
}

static enum status run_shared(struct conversion *c, const float *stereo, size_t n_frames,
        converter_sink *sink, void *user)
{
	/* The last block is shorter, but not for a cut. */
	int64_t whole = c->position + (int64_t)c->group->key.block_frames;
	bool is_cut = whole > atomic_load(&c->cut_frame);
	enum status status = c->own || is_cut ? STATUS_END : take_block(c, stereo, n_frames);
	c->n_blocks++;
	c->position += (int64_t)n_frames;
	if (status == STATUS_END)
		return run_alone(c, stereo, n_frames, sink, user);
	return status == STATUS_OK ? hand_on(c, sink, user) : status;
}

enum status conversion_run(struct conversion *conversion, const float *stereo, size_t n_frames,
        converter_sink *sink, void *user)
{
	struct conversion *c = conversion;
	if (is_shared(c))
		return run_shared(c, stereo, n_frames, sink, user);
	enum status status = converter_run(c->group->converter, stereo, n_frames, sink, user);
	c->clipped = converter_clipped(c->group->converter);
	return status;
}

void conversion_cut(struct conversion *c, int64_t frame)
{
	int64_t none = INT64_MAX;
	(void)atomic_compare_exchange_strong(&c->cut_frame, &none, frame);
}

int64_t conversion_clipped(const struct conversion *c)
{
	return c->clipped + (c->own ? converter_clipped(c->own) : 0);
}
