/* list.c - what the playlist module makes of its arguments: NUL-ended paths, or with -n their number.
 *
 * Files need only be there; with -t those that are plain text are refused, as the verb does. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "jukebox/playlist.h"
#include "jukebox/source.h"

static enum status refuse_text(void *context, const char *path, struct error *error)
{
	struct source *source;
	char head[64] = "";
	ssize_t n;

	TRY(source_open(path, &source, error));
	n = source_read(source, head, sizeof head);
	source_close(source);
	for (ssize_t i = 0; i < n; i++)
		if ((unsigned char)head[i] < 9)
			return STATUS_OK;
	return error_set(error, STATUS_UNSUPPORTED, "is text, not music");
}

int main(int argc, char **argv)
{
	struct playlist_options options = {.must_exist = true};
	struct log *log = log_new(STDERR_FILENO, LOG_INFO, false);
	struct playlist *playlist;
	bool count_only = false;
	struct error error;
	int i;

	for (i = 1; i < argc && argv[i][0] == '-' && argv[i][1]; i++) {
		count_only |= strcmp(argv[i], "-n") == 0;
		if (strcmp(argv[i], "-t") == 0)
			options.accept = refuse_text;
	}
	playlist = playlist_new(log, &options);
	for (; playlist && i < argc; i++)
		if (playlist_add(playlist, argv[i], &error) != STATUS_OK)
			log_print(log, LOG_ERROR, "%s", error.text);
		else if (playlist_count(playlist) == 0)
			log_print(log, LOG_WARNING, "%s: yields nothing", argv[i]);
	for (size_t k = 0; playlist && !count_only && k < playlist_count(playlist); k++) {
		fputs(playlist_get(playlist, k).path, stdout);
		putchar('\0');
	}
	if (playlist && count_only)
		printf("%zu %zu\n", playlist_count(playlist), playlist_dropped(playlist));
	i = playlist && playlist_count(playlist) > 0 ? 0 : 1;
	playlist_free(playlist);
	log_free(log);
	return i;
}
