/* store.c - struct playlist: millions of entries in little memory.
 *
 * Texts lie end to end in large blocks that never move; an entry is three pointers into them, in
 * blocks of their own: 24 bytes an entry and the text with its NULs, nothing is copied when the list
 * grows, and what playlist_get hands out stays valid.  How entries come about is left to import.c.
 */
#include "store.h"

#include <stdlib.h>
#include <string.h>

enum {
	TEXT_BLOCK_BYTES = 256 << 10,
	BLOCK_ENTRIES = 4096,
};

struct text_block {
	struct text_block *next;
	size_t used, capacity;
	char text[];
};

struct playlist {
	struct log *log;
	struct playlist_options options;
	struct text_block *texts; /* the newest first */
	struct playlist_entry **blocks; /* of BLOCK_ENTRIES each */
	size_t n_blocks, blocks_capacity;
	size_t count, dropped;
	bool is_rotation;
	struct rotation rotation; /* owned */
};

struct playlist *playlist_new(struct log *log, const struct playlist_options *options)
{
	struct playlist *playlist = calloc(1, sizeof *playlist);

	if (!playlist)
		return NULL;
	playlist->log = log;
	playlist->options = *options;
	return playlist;
}

void playlist_free(struct playlist *playlist)
{
	struct text_block *block, *next;
	size_t i;

	if (!playlist)
		return;
	for (block = playlist->texts; block; block = next) {
		next = block->next;
		free(block);
	}
	for (i = 0; i < playlist->n_blocks; i++)
		free(playlist->blocks[i]);
	free(playlist->blocks);
	rotation_done(&playlist->rotation);
	free(playlist);
}

size_t playlist_count(const struct playlist *playlist)
{
	return playlist->count;
}

size_t playlist_dropped(const struct playlist *playlist)
{
	return playlist->dropped;
}

struct playlist_entry playlist_get(const struct playlist *playlist, size_t i)
{
	return playlist->blocks[i / BLOCK_ENTRIES][i % BLOCK_ENTRIES];
}

const struct rotation *playlist_rotation(const struct playlist *playlist)
{
	return playlist->is_rotation ? &playlist->rotation : NULL;
}

struct rotation *store_rotation(struct playlist *playlist)
{
	playlist->is_rotation = true;
	return &playlist->rotation;
}

void store_count_dropped(struct playlist *playlist)
{
	playlist->dropped++;
}

struct log *store_log(const struct playlist *playlist)
{
	return playlist->log;
}

const struct playlist_options *store_options(const struct playlist *playlist)
{
	return &playlist->options;
}

/* Room for n_bytes of text; a text that is large beside a block gets one of its own, behind the
 * newest, so that no block is left half empty. */
static char *text_room(struct playlist *playlist, size_t n_bytes)
{
	struct text_block *block = playlist->texts;
	bool is_large = n_bytes > TEXT_BLOCK_BYTES / 8;
	size_t capacity = is_large ? n_bytes : TEXT_BLOCK_BYTES;

	if (!block || block->capacity - block->used < n_bytes) {
		struct text_block *fresh = malloc(sizeof *fresh + capacity);
		if (!fresh)
			return NULL;
		fresh->used = 0;
		fresh->capacity = capacity;
		if (is_large && block) {
			fresh->next = block->next;
			block->next = fresh;
		} else {
			fresh->next = block;
			playlist->texts = fresh;
		}
		block = fresh;
	}
	block->used += n_bytes;
	return block->text + block->used - n_bytes;
}

static enum status keep_text(struct playlist *playlist, const char *text, const char **kept)
{
	size_t n_bytes;
	char *to;

	*kept = NULL;
	if (!text)
		return STATUS_OK;
	n_bytes = strlen(text) + 1;
	to = text_room(playlist, n_bytes);
	if (!to)
		return STATUS_NO_MEMORY;
	*kept = memcpy(to, text, n_bytes);
	return STATUS_OK;
}

static enum status add_block(struct playlist *playlist)
{
	if (playlist->n_blocks == playlist->blocks_capacity) {
		size_t capacity = playlist->blocks_capacity ? 2 * playlist->blocks_capacity : 16;
		struct playlist_entry **blocks =
		        realloc(playlist->blocks, capacity * sizeof(struct playlist_entry *));
		if (!blocks)
			return STATUS_NO_MEMORY;
		playlist->blocks = blocks;
		playlist->blocks_capacity = capacity;
	}
	playlist->blocks[playlist->n_blocks] =
	        malloc(BLOCK_ENTRIES * sizeof(struct playlist_entry));
	if (!playlist->blocks[playlist->n_blocks])
		return STATUS_NO_MEMORY;
	playlist->n_blocks++;
	return STATUS_OK;
}

enum status store_append(
        struct playlist *playlist, const char *path, const char *title, const char *directives)
{
	struct playlist_entry entry;

	if (playlist->count == playlist->n_blocks * BLOCK_ENTRIES)
		TRY(add_block(playlist));
	TRY(keep_text(playlist, path, &entry.path));
	TRY(keep_text(playlist, title, &entry.title));
	TRY(keep_text(playlist, directives, &entry.directives));
	playlist->blocks[playlist->count / BLOCK_ENTRIES][playlist->count % BLOCK_ENTRIES] = entry;
	playlist->count++;
	return STATUS_OK;
}
