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
	size_t n_owed; /* room that it needs besides, and waits for while it is decoded */
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
	struct kept_song
	        *indebted; /* the one that is owed room, and gets what becomes free; or NULL */
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

static void pay(struct kept *k)
{
	struct kept_song *song = k->indebted;
	if (!song)
		return;
	size_t n = song->n_owed < k->n_free ? song->n_owed : k->n_free;
	song->n_reserved += n;
	song->n_owed -= n;
	k->n_free -= n;
	if (song->n_owed == 0)
		k->indebted = NULL;
}

static void give_back(struct kept *k, size_t n_chunks)
{
	k->n_free += n_chunks;
	pay(k);
	pthread_cond_broadcast(&k->changed);
}

/* Of what it holds as yet no chunk, and of what it is owed. */
static void give_up_room(struct kept_song *song)
{
	struct kept *k = song->kept;
	size_t n_reserved = song->n_reserved;
	song->n_reserved = song->n_owed = 0;
	if (k->indebted == song)
		k->indebted = NULL;
	give_back(k, n_reserved);
}

static void put_aside(struct kept *k, struct chunk *chunk)
{
	chunk->next = k->spare;
	k->spare = chunk;
}

static void free_song(struct kept *k, struct kept_song *song)
{
	struct kept_song **at = &k->songs;
	while (*at != song)
		at = &(*at)->next;
	*at = song->next;
	for (size_t i = song->n_freed; i < song->n_chunks; i++)
		put_aside(k, song->chunks[i]);
	give_up_room(song);
	give_back(k, song->n_chunks - song->n_freed);
	free(song->chunks);
	free(song->path);
	free(song);
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

/* One song at a time is owed room; the others wait behind it, in the order in which they came.  False: no more. */
static bool wait_in_line(struct kept *k)
{
	struct waiter me = {NULL}, **at = &k->first_waiter;
	while (*at)
		at = &(*at)->next;
	*at = &me;
	while ((k->first_waiter != &me || k->indebted) && !k->cancelled)
		pthread_cond_wait(&k->changed, &k->lock);
	for (at = &k->first_waiter; *at != &me;)
		at = &(*at)->next;
	*at = me.next;
	pthread_cond_broadcast(&k->changed);
	return !k->cancelled;
}

static struct kept_song *new_song(
        struct kept *k, const char *path, const struct stream_facts *facts, uint64_t number)
{
	struct kept_song *song = calloc(1, sizeof *song);
	if (!song)
		return NULL;
	*song = (struct kept_song){.kept = k,
	        .number = number,
	        .path = strdup(path),
	        .facts = *facts,
	        .chunk_frames = CHUNK_FLOATS / (size_t)facts->channels};
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
	uint64_t number = ++kept->n_begun;
	free_stale_songs(kept);
	if (wait_in_line(kept))
		song = new_song(kept, path, facts, number);
	if (song) {
		song->next = kept->songs;
		kept->songs = kept->indebted = song;
		song->n_owed = n_chunks;
		pay(kept);
	}
	pthread_mutex_unlock(&kept->lock);
	return song;
}

/* The mixer stands still, and so reads nothing that would make room; and it is not for an earlier song that it does. */
static bool is_hopeless(const struct kept_song *mine)
{
	const struct kept *k = mine->kept;
	if (k->cancelled || !k->starving)
		return k->cancelled;
	for (const struct kept_song *song = k->songs; song; song = song->next)
		if (song->state == SONG_FILLING && song->number < mine->number)
			return false;
	return true;
}

/* Takes one that was reserved or, when the song is longer than it said, a free one. */
static struct chunk *take_chunk(struct kept_song *song)
{
	struct kept *k = song->kept;
	struct chunk *chunk = NULL;
	pthread_mutex_lock(&k->lock);
	while (song->n_reserved == 0 && song->n_owed > 0 && !is_hopeless(song))
		pthread_cond_wait(&k->changed, &k->lock);
	size_t *from = song->n_reserved > 0 ? &song->n_reserved : &k->n_free;
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
	give_up_room(song);
	song->facts.frames = song->n_frames;
	song->state = SONG_WHOLE;
	if (!whole || song->n_frames == 0)
		free_song(k, song);
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
	size_t n_more = n - song->n_freed;
	pthread_mutex_lock(&song->kept->lock);
	while (song->n_freed < n)
		put_aside(song->kept, song->chunks[song->n_freed++]);
	give_back(song->kept, n_more);
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
