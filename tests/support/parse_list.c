/* parse_list.c - see parse_list.h. */
#include "support/parse_list.h"

#include <stdlib.h>
#include <string.h>

#include "jukebox/source.h"
#include "jukebox/text.h"

static enum status run_parser(
        enum status (*parser)(struct import *), struct playlist *playlist, struct source *source)
{
	static const struct playlist_options options = {.must_exist = false};
	struct bytes bytes;
	struct import import = {
	        .playlist = playlist,
	        .name = "list",
	        .bytes = &bytes,
	        .resolver = {.folder = "dir/", .options = &options},
	};
	enum status status;

	if (bytes_init_source(&bytes, source) != 0)
		return STATUS_IO;
	status = parser(&import);
	resolver_done(&import.resolver);
	return status;
}

struct playlist *parse_list(
        enum status (*parser)(struct import *), const void *bytes, size_t n_bytes)
{
	static const struct playlist_options options = {.must_exist = false};
	struct playlist *playlist = playlist_new(NULL, &options);
	struct source *source = NULL;

	if (!playlist)
		return NULL;
	if (source_open_memory(bytes, n_bytes, "list", &source, NULL) != STATUS_OK ||
	        run_parser(parser, playlist, source) != STATUS_OK) {
		playlist_free(playlist);
		playlist = NULL;
	}
	source_close(source);
	return playlist;
}

/* What the contract says of every entry, whatever the list was. */
static void check_entry(struct playlist_entry entry)
{
	if (entry.path[0] == '\0' || strlen(entry.path) > 8u << 20)
		abort();
	if (entry.title && (!text_is_utf8(entry.title) || entry.title[0] == '\0'))
		abort();
	if (entry.directives && (!text_is_utf8(entry.directives) ||
	                                strlen(entry.directives) > DIRECTIVES_MOST_BYTES))
		abort();
}

void parse_list_fuzz(enum status (*parser)(struct import *), const void *bytes, size_t n_bytes)
{
	struct playlist *playlist = parse_list(parser, bytes, n_bytes);

	if (!playlist)
		return;
	for (size_t i = 0; i < playlist_count(playlist); i++)
		check_entry(playlist_get(playlist, i));
	playlist_free(playlist);
}
