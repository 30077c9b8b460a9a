/* kept.c - songs in chunks of memory between measuring and mixing.  When there is room for which song is decided here;
 * what is measured in which order, by who calls.
 *
 * Chunks stay with the store: the kernel clears each page once, not once a song.
 * One lock guards all; it is a leaf.  What is in the chunks of a song is its writer's, then its reader's.
 */
#include "jukebox/kept.h"

#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "memory.h"

enum {
	CHUNK_FLOATS = 64 * 1024,
	CHUNK_BYTES = CHUNK_FLOATS * (int)sizeof(float),
	LEAST_CHUNKS = 16, /* 12 s */
	/* Begun since: such a song was skipped, or taken from the list. */
	STALE = 32,
};

enum song_state { SONG_FILLING, SONG_WHOLE, SONG_BEING_READ };

struct chunk {
	struct chunk *next; /* spare ones */
	float samples[CHUNK_FLOATS];
};

struct kept_song {
	struct kept *kept;
	struct kept_song *next;
	enum song_state state;
	uint64_t number;
	char *path;
	struct stream_facts facts;
	size_t chunk_frames; /* that fit a chunk */
	struct chunk **chunks;
	size_t n_chunks,
	        n_freed; /* filled, the last one perhaps in part; of them from the start given back */
	size_t n_reserved; /* room for chunks to come */
	int64_t n_frames;
};

struct waiter {
	struct waiter *next;
};

struct kept {
	pthread_mutex_t lock;
	pthread_cond_t changed;
	struct kept_song *songs;
	struct waiter *first_waiter;
	struct chunk *spare;
	size_t n_all; /* chunks; constant */
	size_t n_free; /* that nobody holds or has reserved */
	uint64_t n_begun;
	bool starving, cancelled;
};

struct kept *kept_new(size_t budget_bytes)
{
	size_t n_chunks = budget_bytes / sizeof(struct chunk);
	struct kept *k = n_chunks < LEAST_CHUNKS ? NULL : calloc(1, sizeof *k);
	if (!k)
		return NULL;
	pthread_mutex_init(&k->lock, NULL);
	pthread_cond_init(&k->changed, NULL);
	k->n_all = k->n_free = n_chunks;
	return k;
}

/* ---- chunks and songs; with the lock ----------------------------------------------------------- */

static void free_chunk(struct kept *k, struct chunk *chunk)
{
	chunk->next = k->spare;
	k->spare = chunk;
	k->n_free++;
}

static void free_song(struct kept *k, struct kept_song *song)
{
	struct kept_song **at = &k->songs;
	while (*at != song)
		at = &(*at)->next;
	*at = song->next;
	for (size_t i = song->n_freed; i < song->n_chunks; i++)
		free_chunk(k, song->chunks[i]);
	k->n_free += song->n_reserved;
	free(song->chunks);
	free(song->path);
	free(song);
	pthread_cond_broadcast(&k->changed);
}

static void free_stale_songs(struct kept *k)
{
	for (struct kept_song *song = k->songs, *next; song; song = next) {
		next = song->next;
		if (song->state == SONG_WHOLE && k->n_begun - song->number > STALE)
			free_song(k, song);
	}
}

void kept_free(struct kept *kept)
{
	if (!kept)
		return;
	while (kept->songs)
		free_song(kept, kept->songs);
	while (kept->spare) {
		struct chunk *chunk = kept->spare;
		kept->spare = chunk->next;
		free(chunk);
	}
	pthread_cond_destroy(&kept->changed);
	pthread_mutex_destroy(&kept->lock);
	free(kept);
}

/* ---- who measures ---------------------------------------------------------------------------------- */

/* Waits behind those who came before.  False: there is none to be had. */
static bool reserve(struct kept *k, size_t n_chunks)
{
	struct waiter me = {NULL}, **at = &k->first_waiter;
	while (*at)
		at = &(*at)->next;
	*at = &me;
	while ((k->first_waiter != &me || k->n_free < n_chunks) && !k->starving && !k->cancelled)
		pthread_cond_wait(&k->changed, &k->lock);
	for (at = &k->first_waiter; *at != &me;)
		at = &(*at)->next;
	*at = me.next;
	pthread_cond_broadcast(&k->changed);
	if (k->n_free < n_chunks || k->cancelled)
		return false;
	k->n_free -= n_chunks;
	return true;
}

static struct kept_song *new_song(
        struct kept *k, const char *path, const struct stream_facts *facts, size_t n_chunks)
{
	struct kept_song *song = calloc(1, sizeof *song);
	if (!song)
		return NULL;
	*song = (struct kept_song){.kept = k,
	        .path = strdup(path),
	        .facts = *facts,
	        .chunk_frames = CHUNK_FLOATS / (size_t)facts->channels,
	        .n_reserved = n_chunks};
	if (song->path)
		return song;
	free(song);
	return NULL;
}

/* Chunks that the song will need, by what it says of itself; 0: it does not say. */
static size_t estimate(const struct stream_facts *facts)
{
	if (facts->frames <= 0)
		return 0;
	return (size_t)facts->frames / (CHUNK_FLOATS / (size_t)facts->channels) + 1;
}

struct kept_song *kept_begin(struct kept *kept, const char *path, const struct stream_facts *facts)
{
	size_t n_chunks = estimate(facts);
	struct kept_song *song = NULL;
	if (!kept || n_chunks == 0 || n_chunks > kept->n_all)
		return NULL;
	pthread_mutex_lock(&kept->lock);
	kept->n_begun++;
	free_stale_songs(kept);
	if (reserve(kept, n_chunks)) {
		song = new_song(kept, path, facts, n_chunks);
		if (song) {
			song->number = kept->n_begun;
			song->next = kept->songs;
			kept->songs = song;
		} else {
			kept->n_free += n_chunks;
		}
	}
	pthread_mutex_unlock(&kept->lock);
	return song;
}

/* Takes one that was reserved or, when the song is longer than it said, a free one. */
static struct chunk *take_chunk(struct kept_song *song)
{
	struct kept *k = song->kept;
	size_t *from = song->n_reserved > 0 ? &song->n_reserved : &k->n_free;
	struct chunk *chunk = NULL;
	pthread_mutex_lock(&k->lock);
	if (*from > 0) {
		chunk = k->spare;
		if (chunk)
			k->spare = chunk->next;
		else
			chunk = malloc(sizeof *chunk);
		*from -= chunk != NULL;
	}
	pthread_mutex_unlock(&k->lock);
	return chunk;
}

static bool add_chunk(struct kept_song *song)
{
	/* Room for 64 more pointers at a time. */
	if (song->n_chunks % 64 == 0) {
		/* NOLINTNEXTLINE(bugprone-sizeof-expression): pointers are what is kept */
		void *chunks = realloc(song->chunks, (song->n_chunks + 64) * sizeof *song->chunks);
		if (!chunks)
			return false;
		song->chunks = chunks;
	}
	struct chunk *chunk = take_chunk(song);
	if (chunk)
		song->chunks[song->n_chunks++] = chunk;
	return chunk != NULL;
}

float *kept_room(struct kept_song *song, size_t *n_frames)
{
	size_t filled = (size_t)song->n_frames, at = filled % song->chunk_frames;
	if (filled == song->n_chunks * song->chunk_frames && !add_chunk(song))
		return NULL;
	if (*n_frames > song->chunk_frames - at)
		*n_frames = song->chunk_frames - at;
	return song->chunks[song->n_chunks - 1]->samples + at * (size_t)song->facts.channels;
}

void kept_add(struct kept_song *song, size_t n_frames)
{
	song->n_frames += (int64_t)n_frames;
}

void kept_end(struct kept_song *song, bool whole)
{
	if (!song)
		return;
	struct kept *k = song->kept;
	pthread_mutex_lock(&k->lock);
	k->n_free += song->n_reserved;
	song->n_reserved = 0;
	song->facts.frames = song->n_frames;
	song->state = SONG_WHOLE;
	if (!whole || song->n_frames == 0)
		free_song(k, song);
	pthread_cond_broadcast(&k->changed);
	pthread_mutex_unlock(&k->lock);
}

void kept_cancel(struct kept *kept)
{
	if (!kept)
		return;
	pthread_mutex_lock(&kept->lock);
	kept->cancelled = true;
	pthread_cond_broadcast(&kept->changed);
	pthread_mutex_unlock(&kept->lock);
}

/* ---- who mixes -------------------------------------------------------------------------------------- */

void kept_starve(struct kept *kept, bool starving)
{
	if (!kept)
		return;
	pthread_mutex_lock(&kept->lock);
	kept->starving = starving;
	if (starving)
		pthread_cond_broadcast(&kept->changed);
	pthread_mutex_unlock(&kept->lock);
}

struct reader {
	struct kept_song *song;
	int64_t position;
};

/* What lies wholly before the position is not needed any more. */
static void free_read(struct reader *r)
{
	struct kept_song *song = r->song;
	size_t n = (size_t)r->position / song->chunk_frames;
	n = n < song->n_chunks ? n : song->n_chunks;
	if (n <= song->n_freed)
		return;
	pthread_mutex_lock(&song->kept->lock);
	while (song->n_freed < n)
		free_chunk(song->kept, song->chunks[song->n_freed++]);
	pthread_cond_broadcast(&song->kept->changed);
	pthread_mutex_unlock(&song->kept->lock);
}

static enum status reader_read(
        struct decoder_handle *d, float *to, size_t max_frames, size_t *n_frames)
{
	struct reader *r = d->state;
	const struct kept_song *song = r->song;
	size_t channels = (size_t)song->facts.channels;
	while (*n_frames < max_frames && r->position < song->n_frames) {
		size_t chunk = (size_t)r->position / song->chunk_frames;
		size_t at = (size_t)r->position % song->chunk_frames;
		size_t n = song->chunk_frames - at;
		int64_t left = song->n_frames - r->position;
		n = (uint64_t)left < n ? (size_t)left : n;
		n = n < max_frames - *n_frames ? n : max_frames - *n_frames;
		memcpy(to + *n_frames * channels, song->chunks[chunk]->samples + at * channels,
		        n * channels * sizeof(*to));
		r->position += (int64_t)n;
		*n_frames += n;
		free_read(r);
	}
	return *n_frames > 0 ? STATUS_OK : STATUS_END;
}

static enum status reader_seek(struct decoder_handle *d, int64_t frame)
{
	struct reader *r = d->state;
	if (frame < (int64_t)(r->song->n_freed * r->song->chunk_frames))
		return error_set(d->error, STATUS_IO, "was read already");
	r->position = frame < r->song->n_frames ? frame : r->song->n_frames;
	free_read(r);
	return STATUS_OK;
}

static void reader_close(struct decoder_handle *d)
{
	struct reader *r = d->state;
	struct kept *k = r->song->kept;
	pthread_mutex_lock(&k->lock);
	free_song(k, r->song);
	pthread_mutex_unlock(&k->lock);
}

static const struct decoder_format memory_format = {
        .name = "memory",
        .read = reader_read,
        .seek = reader_seek,
        .close = reader_close,
};

static struct kept_song *take_song(struct kept *k, const char *path)
{
	pthread_mutex_lock(&k->lock);
	struct kept_song *song = k->songs;
	while (song && (song->state != SONG_WHOLE || strcmp(song->path, path) != 0))
		song = song->next;
	if (song)
		song->state = SONG_BEING_READ;
	pthread_mutex_unlock(&k->lock);
	return song;
}

enum status kept_open(
        struct kept *kept, const char *path, struct decoder **decoder, struct error *error)
{
	struct kept_song *song = kept ? take_song(kept, path) : NULL;
	*decoder = NULL;
	if (!song)
		return STATUS_NOT_FOUND;
	struct reader *reader = malloc(sizeof *reader);
	if (!reader) {
		pthread_mutex_lock(&kept->lock);
		free_song(kept, song);
		pthread_mutex_unlock(&kept->lock);
		return error_set(error, STATUS_NO_MEMORY, "out of memory");
	}
	*reader = (struct reader){.song = song};
	return decoder_open_memory(&memory_format, reader, &song->facts, decoder, error);
}
