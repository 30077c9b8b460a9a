/* playlist.c - from a name on the command line to the parser that reads it.
 *
 * A name is a folder, a list (by content, then by suffix), a music file, or "-".  What lists hold is
 * left to m3u.c, pls.c and xspf.c; which file an entry means to resolve.c.
 */
#include "jukebox/playlist.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "detect.h"
#include "flac_sheet.h"
#include "import.h"
#include "jukebox/source.h"
#include "jukebox/text.h"
#include "rotation.h"
#include "store.h"

static enum status no_memory(struct error *error)
{
	return error_set(error, STATUS_NO_MEMORY, "playlist: out of memory");
}

static enum status read_list(struct import *import, enum list_kind kind, struct error *error)
{
	enum status status = kind == LIST_PLS    ? pls_read(import)
	                     : kind == LIST_XSPF ? xspf_read(import)
	                     : kind == LIST_CUE  ? cue_read(import)
	                                         : m3u_read(import);

	if (status == STATUS_IO)
		return error_set_errno(error, errno, "%s: cannot be read", import->name);
	return status == STATUS_OK ? STATUS_OK : no_memory(error);
}

/* What is neither a list of files nor, where only a list will do, anything else. */
static enum status refuse_kind(enum list_kind kind, const char *name, struct error *error)
{
	return error_set(error, STATUS_UNSUPPORTED, "%s: is %s, not a list of files", name,
	        kind == LIST_HLS ? "an HLS stream" : "music");
}

/* ---- lists from a descriptor ------------------------------------------------------------------- */

static enum status add_descriptor(
        struct playlist *playlist, const char *name, int fd, struct error *error)
{
	struct bytes bytes;
	struct import import = {
	        .playlist = playlist,
	        .log = store_log(playlist),
	        .name = name,
	        .bytes = &bytes,
	        .resolver = {.folder = "", .options = store_options(playlist)},
	};
	enum list_kind kind;
	enum status status;

	if (bytes_init_fd(&bytes, fd) != 0)
		return error_set_errno(error, errno, "%s: cannot be read", name);
	kind = detect_list(bytes.head, bytes.n_head, "");
	if (kind == LIST_MUSIC || kind == LIST_HLS)
		return refuse_kind(kind, name, error);
	status = read_list(&import, kind, error);
	resolver_done(&import.resolver);
	return status;
}

/* The descriptor that "-", /dev/stdin or the /dev/fd/63 of a shell's <(...) mean; -1: none. */
static int descriptor_of(const char *name)
{
	static const char *const folders[] = {"/dev/fd/", "/proc/self/fd/"};
	int64_t number;
	size_t i;

	if (strcmp(name, "-") == 0 || strcmp(name, "/dev/stdin") == 0)
		return STDIN_FILENO;
	for (i = 0; i < sizeof folders / sizeof *folders; i++) {
		size_t n = strlen(folders[i]);
		if (strncmp(name, folders[i], n) == 0 &&
		        text_to_int64(name + n, &number) == STATUS_OK && number >= 0 &&
		        number < 1 << 20)
			return (int)number;
	}
	return -1;
}

/* ---- files and folders ------------------------------------------------------------------------- */

static enum status add_music_file(struct import *import, const char *path, struct error *error)
{
	const struct playlist_options *options = import->resolver.options;
	struct error reason = {0};

	if (options->accept) {
		enum status status = options->accept(options->accept_context, path, &reason);
		if (status != STATUS_OK)
			return error_set(error, status, "%s: %s", path, reason.text);
	}
	return import_append(import, path, NULL, NULL) == STATUS_OK ? STATUS_OK : no_memory(error);
}

/* A cue sheet in the tags of a FLAC makes tracks of it.  STATUS_NOT_FOUND: there is none. */
static enum status add_sheet_within(struct import *import, const char *path, struct error *error)
{
	size_t before = playlist_count(import->playlist);
	struct bytes *outer = import->bytes, inner;
	struct source *source = NULL;
	char *sheet = NULL;
	enum status status = flac_sheet_find(outer->source, &sheet);

	if (status == STATUS_OK)
		status = source_open_memory(sheet, strlen(sheet), path, &source, error);
	if (status == STATUS_OK && bytes_init_source(&inner, source) == 0) {
		import->bytes = &inner;
		import->sheet_of = path;
		status = cue_read(import);
		import->bytes = outer;
	}
	source_close(source);
	free(sheet);
	if (status == STATUS_NO_MEMORY)
		return no_memory(error);
	return status == STATUS_OK && playlist_count(import->playlist) > before ? STATUS_OK
	                                                                        : STATUS_NOT_FOUND;
}

/* The folder of a list, with its '/'; "" for the current one.  NULL when out of memory. */
static char *folder_of(const char *path)
{
	const char *slash = strrchr(path, '/');
	return strndup(path, slash ? (size_t)(slash - path) + 1 : 0);
}

/* ---- rotations ----------------------------------------------------------------------------------- */

static enum status add_path(struct playlist *playlist, const char *name, struct error *error);

/* A list of the rotation that cannot be read is reported: the others play. */
static enum status add_rotation_source(
        struct import *import, struct rotation_source *source, struct error *error)
{
	struct playlist *playlist = import->playlist;
	const char *folder = source->name[0] == '/' ? "" : import->resolver.folder;
	struct error reason = {0};
	char *path = malloc(strlen(folder) + strlen(source->name) + 3);

	if (!path)
		return no_memory(error);
	sprintf(path, "%s%s", folder[0] || source->name[0] == '/' ? folder : "./", source->name);
	source->first = playlist_count(playlist);
	enum status status = add_path(playlist, path, &reason);
	source->count = playlist_count(playlist) - source->first;
	if (status == STATUS_OK && source->count == 0)
		(void)error_set(&reason, STATUS_NOT_FOUND, "%s: yields no music file", path);
	source->path = path;
	if (status == STATUS_NO_MEMORY)
		return no_memory(error);
	if (source->count == 0) {
		store_count_dropped(playlist);
		log_print(store_log(playlist), LOG_WARNING, "%s:%lld: %s", import->name,
		        (long long)source->line, reason.text);
	}
	return STATUS_OK;
}

static enum status add_rotation(struct import *import, struct error *error)
{
	struct playlist *playlist = import->playlist;
	size_t n_music = 0;

	if (playlist_count(playlist) > 0 || playlist_rotation(playlist))
		return error_set(error, STATUS_USAGE,
		        "%s: a rotation is played alone, and not inside another", import->name);
	struct rotation *rotation = store_rotation(playlist);
	rotation->sources = calloc(ROTATION_SOURCES_MOST, sizeof *rotation->sources);
	if (!rotation->sources)
		return no_memory(error);
	TRY(rotation_read(import, rotation, error));
	for (size_t i = 0; i < rotation->count; i++) {
		struct rotation_source *source = &rotation->sources[i];
		TRY(add_rotation_source(import, source, error));
		n_music += source->kind == ROTATION_MUSIC ? source->count : 0;
	}
	return n_music > 0 ? STATUS_OK
	                   : error_set(error, STATUS_BAD_DATA, "%s: there is no music in it",
	                             import->name);
}

static enum status add_source(
        struct import *import, struct source *source, const struct stat *st, struct error *error)
{
	const char *path = source_path(source);
	enum list_kind named = detect_list(NULL, 0, path), kind;

	if (bytes_init_source(import->bytes, source) != 0)
		return error_set_errno(error, errno, "%s: cannot be read", path);
	kind = detect_list(import->bytes->head, import->bytes->n_head, path);
	if (kind == LIST_HLS || (kind == LIST_MUSIC && named != LIST_NONE))
		return refuse_kind(kind, path, error);
	if (kind == LIST_ROTATION)
		return add_rotation(import, error);
	if (kind == LIST_NONE || kind == LIST_MUSIC) {
		const char *refusal = resolve_refusal(st);
		if (refusal)
			return error_set(error, STATUS_BAD_DATA, "%s: %s", path, refusal);
		enum status status = add_sheet_within(import, path, error);
		return status == STATUS_NOT_FOUND ? add_music_file(import, path, error) : status;
	}
	return read_list(import, kind, error);
}

static enum status add_file(
        struct playlist *playlist, const char *path, const struct stat *st, struct error *error)
{
	struct bytes bytes;
	struct import import = {
	        .playlist = playlist,
	        .log = store_log(playlist),
	        .name = path,
	        .bytes = &bytes,
	        .resolver = {.options = store_options(playlist), .self = st},
	};
	char *folder = folder_of(path);
	struct source *source = NULL;
	struct error reason = {0};
	enum status status;

	if (!folder)
		return no_memory(error);
	import.resolver.folder = folder;
	status = source_open(path, &source, &reason);
	if (status == STATUS_OK)
		status = add_source(&import, source, st, error);
	else
		status = error_set(error, status, "%s: %s", path, reason.text);
	source_close(source);
	resolver_done(&import.resolver);
	free(folder);
	return status;
}

static enum status add_folder(struct playlist *playlist, const char *path, struct error *error)
{
	struct import import = {
	        .playlist = playlist,
	        .log = store_log(playlist),
	        .name = path,
	        .resolver = {.folder = "", .options = store_options(playlist)},
	};

	return folder_read(&import, path) == STATUS_OK ? STATUS_OK : no_memory(error);
}

static enum status add_path(struct playlist *playlist, const char *name, struct error *error)
{
	const char *refusal;
	struct stat st;

	if (stat(name, &st) != 0) {
		if (errno == ENOENT && resolve_url_scheme(name, strlen(name)) > 0)
			return error_set(error, STATUS_UNSUPPORTED,
			        "%s: is a URL: only files are played", name);
		return error_set_errno(error, errno, "%s", name);
	}
	if (S_ISDIR(st.st_mode))
		return add_folder(playlist, name, error);
	refusal = S_ISREG(st.st_mode) ? NULL : resolve_refusal(&st);
	if (refusal)
		return error_set(error, STATUS_UNSUPPORTED, "%s: %s", name, refusal);
	return add_file(playlist, name, &st, error);
}

static enum status add_name(struct playlist *playlist, const char *name, struct error *error)
{
	int fd = descriptor_of(name);

	if (playlist_rotation(playlist))
		return error_set(error, STATUS_USAGE, "%s: a rotation is played alone", name);
	if (fd >= 0)
		return add_descriptor(
		        playlist, fd == STDIN_FILENO ? "standard input" : name, fd, error);
	return add_path(playlist, name, error);
}

/* An empty list is no failure, but somebody meant something by it. */
enum status playlist_add(struct playlist *playlist, const char *name, struct error *error)
{
	size_t before = playlist_count(playlist);

	TRY(add_name(playlist, name, error));
	if (playlist_count(playlist) == before)
		log_file(store_log(playlist), LOG_WARNING,
		        descriptor_of(name) == STDIN_FILENO ? "standard input" : name,
		        "yields no music file");
	return STATUS_OK;
}
