/* edges.c - fine levels of the first and last half minute that is not digital silence, and the very first and
 * last frames where the sound is cut.  All within fixed memory, as the music goes by. */
#include "edges.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum {
	SILENCE_KEPT_BLOCKS = 10, /* behind the last sound, so that a decay is seen to end */
	CUT_PARTS = 3, /* 30 ms decide whether a track is cut at its edge */
};
/* Loud up to the edge: within so much of the track's own loudness.  A fade or a reverb is further down in its
 * last 30 ms; the softest place where an album was ever cut in two within a movement is not. */
#define CUT_LU 30.0

struct edges {
	int channels;
	/* samples */
	float *first; /* RECORD_EDGE_FRAMES frames */
	float *last; /* a ring of as many */
	int64_t n_frames;

	/* fine levels */
	struct edges_block head[EDGES_BLOCKS],
	        tail[EDGES_BLOCKS]; /* tail is a ring: block n at n % EDGES_BLOCKS */
	size_t n_head;
	int64_t n_blocks, head_from, sound_end; /* block behind the last that is not silent */
	int64_t tail_end; /* block behind the last one in the ring */
	int16_t opening[CUT_PARTS],
	        closing[CUT_PARTS]; /* very first and last levels, silence or not */
	size_t n_opening;
};

struct edges *edges_new(int channels)
{
	struct edges *e = calloc(1, sizeof(*e));

	if (!e)
		return NULL;
	e->channels = channels;
	e->first = malloc((size_t)(RECORD_EDGE_FRAMES * channels) * sizeof(*e->first));
	e->last = malloc((size_t)(RECORD_EDGE_FRAMES * channels) * sizeof(*e->last));
	for (int i = 0; i < CUT_PARTS; i++)
		e->opening[i] = e->closing[i] = RECORD_SILENCE_CLU;
	if (e->first && e->last)
		return e;
	edges_free(e);
	return NULL;
}

void edges_free(struct edges *edges)
{
	if (!edges)
		return;
	free(edges->first);
	free(edges->last);
	free(edges);
}

/* ---- samples ------------------------------------------------------------------------------- */

static size_t least(size_t a, size_t b)
{
	return a < b ? a : b;
}

static void keep_last(struct edges *e, const float *frames, size_t n_frames)
{
	size_t width = (size_t)e->channels, at, n;

	if (n_frames > RECORD_EDGE_FRAMES) {
		frames += (n_frames - RECORD_EDGE_FRAMES) * width;
		e->n_frames += (int64_t)n_frames - RECORD_EDGE_FRAMES;
		n_frames = RECORD_EDGE_FRAMES;
	}
	at = (size_t)(e->n_frames % RECORD_EDGE_FRAMES);
	n = least(n_frames, RECORD_EDGE_FRAMES - at);
	memcpy(e->last + at * width, frames, n * width * sizeof(*frames));
	memcpy(e->last, frames + n * width, (n_frames - n) * width * sizeof(*frames));
	e->n_frames += (int64_t)n_frames;
}

void edges_add_frames(struct edges *edges, const float *frames, size_t n_frames)
{
	size_t width = (size_t)edges->channels;

	if (edges->n_frames < RECORD_EDGE_FRAMES) {
		size_t n = least(n_frames, (size_t)(RECORD_EDGE_FRAMES - edges->n_frames));

		memcpy(edges->first + (size_t)edges->n_frames * width, frames,
		        n * width * sizeof(*frames));
	}
	keep_last(edges, frames, n_frames);
}

static bool is_cut(const int16_t levels[CUT_PARTS], double loudness_lufs)
{
	double energy = 0;

	for (int i = 0; i < CUT_PARTS; i++)
		energy += pow(10, record_level_lufs(levels[i]) / 10) / CUT_PARTS;
	return energy > 0 && 10 * log10(energy) >= loudness_lufs - CUT_LU;
}

static enum status new_samples(const struct edges *e, struct record_samples *samples)
{
	samples->n_frames = least((size_t)e->n_frames, RECORD_EDGE_FRAMES);
	samples->channels = e->channels;
	samples->frames = malloc(samples->n_frames * (size_t)e->channels * sizeof(float));
	if (samples->frames)
		return STATUS_OK;
	samples->n_frames = 0;
	return STATUS_NO_MEMORY;
}

static enum status finish_samples(const struct edges *e, struct record *record)
{
	size_t width = (size_t)e->channels, n = least((size_t)e->n_frames, RECORD_EDGE_FRAMES);

	if (n > 0 && is_cut(e->opening, record->loudness_lufs)) {
		TRY(new_samples(e, &record->first));
		memcpy(record->first.frames, e->first, n * width * sizeof(float));
	}
	if (n > 0 && is_cut(e->closing, record->loudness_lufs)) {
		size_t from = (size_t)((e->n_frames - (int64_t)n) % RECORD_EDGE_FRAMES);
		size_t until_wrap = least(n, RECORD_EDGE_FRAMES - from);

		TRY(new_samples(e, &record->last));
		memcpy(record->last.frames, e->last + from * width,
		        until_wrap * width * sizeof(float));
		memcpy(record->last.frames + until_wrap * width, e->last,
		        (n - until_wrap) * width * sizeof(float));
	}
	return STATUS_OK;
}

/* ---- fine levels --------------------------------------------------------------------------- */

static struct edges_block *tail_block(struct edges *e, int64_t n)
{
	return &e->tail[n % EDGES_BLOCKS];
}

static void note_cuts(struct edges *e, const struct edges_block *block)
{
	for (size_t i = 0; i < block->count; i++) {
		if (e->n_opening < CUT_PARTS)
			e->opening[e->n_opening++] = block->fine[i];
		memmove(e->closing, e->closing + 1, (CUT_PARTS - 1) * sizeof(*e->closing));
		e->closing[CUT_PARTS - 1] = block->fine[i];
	}
}

/* The window begins one block before the first sound. */
static void add_to_head(struct edges *e, const struct edges_block *block, bool silent)
{
	if (silent && e->sound_end == 0) {
		e->head[0] = *block;
		e->n_head = 1;
		e->head_from = e->n_blocks;
	} else if (e->n_head < EDGES_BLOCKS) {
		e->head[e->n_head++] = *block;
	}
}

static void add_to_tail(struct edges *e, const struct edges_block *block)
{
	struct edges_block silence = {.count = EDGES_FINE_PER_BLOCK};

	for (size_t i = 0; i < EDGES_FINE_PER_BLOCK; i++)
		silence.fine[i] = RECORD_SILENCE_CLU;
	/* A pause that was passed over turns out to lie inside the music. */
	if (e->n_blocks - e->tail_end > EDGES_BLOCKS)
		e->tail_end = e->n_blocks - EDGES_BLOCKS;
	while (e->tail_end < e->n_blocks)
		*tail_block(e, e->tail_end++) = silence;
	*tail_block(e, e->tail_end++) = *block;
}

void edges_add_block(struct edges *edges, const struct edges_block *block, bool silent)
{
	note_cuts(edges, block);
	add_to_head(edges, block, silent);
	if (!silent)
		edges->sound_end = edges->n_blocks + 1;
	if (edges->n_blocks < edges->sound_end + SILENCE_KEPT_BLOCKS)
		add_to_tail(edges, block);
	edges->n_blocks++;
}

static enum status fill(struct record_edge *edge, const struct edges_block *ring, int64_t from,
        int64_t first_slot, size_t n_blocks)
{
	edge->from_block = from;
	if (n_blocks == 0)
		return STATUS_OK;
	edge->level_clu = malloc(n_blocks * EDGES_FINE_PER_BLOCK * sizeof(*edge->level_clu));
	if (!edge->level_clu)
		return STATUS_NO_MEMORY;
	for (size_t i = 0; i < n_blocks; i++) {
		const struct edges_block *block = &ring[(first_slot + (int64_t)i) % EDGES_BLOCKS];

		memcpy(edge->level_clu + edge->count, block->fine,
		        block->count * sizeof(*edge->level_clu));
		edge->count += block->count;
	}
	return STATUS_OK;
}

enum status edges_finish(const struct edges *edges, struct record *record)
{
	int64_t n_tail = edges->tail_end < EDGES_BLOCKS ? edges->tail_end : EDGES_BLOCKS;
	int64_t tail_from = edges->tail_end - n_tail;

	TRY(finish_samples(edges, record));
	TRY(fill(&record->head, edges->head, edges->head_from, 0, edges->n_head));
	return fill(&record->tail, edges->tail, tail_from, tail_from, (size_t)n_tail);
}
