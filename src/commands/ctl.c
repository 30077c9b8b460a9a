/* ctl.c - the verb `ctl`: one request to a running programme, and its answer for a person. */
#include <errno.h>
#include <jansson.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "jukebox/text.h"
#include "verbs.h"

enum { ANSWER_MOST_BYTES = 4 << 20, PATIENCE_MS = 5000 };

struct ctl_settings {
	const char *socket;
	bool json;
};

#define OPTION_AT(field) .offset = offsetof(struct ctl_settings, field), .set_offset = SIZE_MAX

static const struct option_spec options[] = {
        {.letter = 's',
                .name = "socket",
                .kind = OPTION_TEXT,
                .argument = "PATH",
                OPTION_AT(socket),
                .help = "of the programme (as given to mix --control); default:\n"
                        "$JUKEBOX_SOCKET, else $XDG_RUNTIME_DIR/jukebox.sock"},
        {.name = "json",
                .kind = OPTION_FLAG,
                OPTION_AT(json),
                .help = "print the answer as it came: one JSON object"},
        {0},
};

static int complain(const char *what, const char *why)
{
	char a[512], b[512];
	fprintf(stderr, "jukebox: %s: %s\n", text_escape(a, sizeof a, what),
	        text_escape(b, sizeof b, why));
	return EXIT_FAILED;
}

/* ---- the request --------------------------------------------------------------------------------------- */

/* The programme may run in another folder. */
static json_t *absolute_path(const char *path)
{
	char *real = realpath(path, NULL);
	json_t *text = real ? json_string(real) : NULL;
	if (!real)
		complain(path, strerror(errno));
	else if (!text)
		complain(path, "the name is not UTF-8");
	free(real);
	return text;
}

/* NULL after a word on stderr; *exit_status tells. */
static json_t *queue_request(int n, char **words, const struct verb *verb, int *exit_status)
{
	bool next = n == 3 && strcmp(words[2], "next") == 0;
	if (n < 2 || n > 3 || (n == 3 && !next)) {
		*exit_status = verb_usage(verb, "queue takes a file, and perhaps the word next");
		return NULL;
	}
	json_t *path = absolute_path(words[1]);
	*exit_status = EXIT_FAILED;
	return path ? json_pack("{s:s, s:o, s:b}", "command", "queue", "path", path, "next", next)
	            : NULL;
}

static json_t *number_request(
        int n, char **words, const char *name, const struct verb *verb, int *exit_status)
{
	double value = 0;
	bool whole = strcmp(name, "item") == 0;
	if (n != 2 || text_to_double(words[1], &value) != STATUS_OK ||
	        (whole && !(value >= 0 && value < 1e15))) {
		*exit_status = verb_usage(verb, whole ? "remove takes the number of an item"
		                                      : "volume takes a level in dB, -60 to 0");
		return NULL;
	}
	return json_pack("{s:s, s:o}", "command", words[0], name,
	        whole ? json_integer((json_int_t)value) : json_real(value));
}

static json_t *make_request(int n, char **words, const struct verb *verb, int *exit_status)
{
	static const char *const plain[] = {
	        "status", "skip", "pause", "resume", "reload", "stop", "quit", "volume"};
	*exit_status = EXIT_FAILED;
	if (strcmp(words[0], "queue") == 0)
		return queue_request(n, words, verb, exit_status);
	if (strcmp(words[0], "remove") == 0)
		return number_request(n, words, "item", verb, exit_status);
	if (strcmp(words[0], "volume") == 0 && n > 1)
		return number_request(n, words, "db", verb, exit_status);
	for (size_t i = 0; i < sizeof plain / sizeof *plain; i++)
		if (strcmp(words[0], plain[i]) == 0 && n == 1)
			return json_pack("{s:s}", "command", words[0]);
	*exit_status = verb_usage(verb, "no such command, or it takes no argument");
	return NULL;
}

/* ---- the conversation ------------------------------------------------------------------------------------ */

/* New text; NULL: none is set. */
static char *socket_path(const struct ctl_settings *s)
{
	const char *named = s->socket ? s->socket : getenv("JUKEBOX_SOCKET"),
	           *folder = getenv("XDG_RUNTIME_DIR");
	char *path = NULL;
	if (named && named[0])
		return strdup(named);
	if (!folder || !folder[0] || asprintf(&path, "%s/jukebox.sock", folder) < 0)
		return NULL;
	return path;
}

static int connect_to(const char *path)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	size_t n = strlen(path);
	if (n == 0 || n >= sizeof address.sun_path) {
		complain(path, "no name of a socket");
		return -1;
	}
	memcpy(address.sun_path, path, n + 1);
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd >= 0 && connect(fd, (struct sockaddr *)&address, sizeof address) == 0)
		return fd;
	complain(path, errno == ECONNREFUSED || errno == ENOENT
	                       ? "no programme listens there (is it run with --control?)"
	                       : strerror(errno));
	if (fd >= 0)
		close(fd);
	return -1;
}

static bool send_line(int fd, const char *line)
{
	size_t n = strlen(line);
	while (n > 0) {
		ssize_t k = send(fd, line, n, MSG_NOSIGNAL);
		if (k < 0 && errno == EINTR)
			continue;
		if (k <= 0)
			return false;
		line += k;
		n -= (size_t)k;
	}
	return true;
}

/* One line, without its end, as a new text; NULL: none came. */
static char *receive_line(int fd)
{
	char *line = NULL;
	size_t n = 0, capacity = 0;
	for (;;) {
		struct pollfd ready = {fd, POLLIN, 0};
		if (n + 1 >= capacity) {
			capacity = capacity ? 2 * capacity : 4096;
			char *bigger =
			        capacity <= ANSWER_MOST_BYTES ? realloc(line, capacity) : NULL;
			if (!bigger)
				break;
			line = bigger;
		}
		ssize_t k = poll(&ready, 1, PATIENCE_MS) == 1
		                    ? recv(fd, line + n, capacity - n - 1, 0)
		                    : -1;
		if (k <= 0)
			break;
		n += (size_t)k;
		char *end = memchr(line, '\n', n);
		if (end) {
			*end = '\0';
			return line;
		}
	}
	free(line);
	return NULL;
}

/* ---- the answer -------------------------------------------------------------------------------------------- */

static const char *text_of(const json_t *object, const char *name)
{
	const char *text = json_string_value(json_object_get(object, name));
	return text ? text : "";
}

static void print_track(const char *label, const json_t *track)
{
	char artist[1024], title[1024];
	if (!json_is_object(track))
		return;
	const char *name = text_of(track, "title");
	text_escape(artist, sizeof artist, text_of(track, "artist"));
	text_escape(title, sizeof title, name[0] ? name : text_of(track, "path"));
	printf("%-8s %s%s%s", label, artist, artist[0] ? " - " : "", title);
	if (json_object_get(track, "elapsed")) {
		char at[32], of[32];
		text_from_seconds(
		        at, sizeof at, json_number_value(json_object_get(track, "elapsed")));
		text_from_seconds(
		        of, sizeof of, json_number_value(json_object_get(track, "duration")));
		printf("  (%.*s of %.*s)", (int)strcspn(at, "."), at, (int)strcspn(of, "."), of);
	}
	putchar('\n');
}

static void print_queue(const json_t *queue)
{
	size_t i;
	json_t *item;
	json_array_foreach(queue, i, item)
	{
		char label[32];
		snprintf(label, sizeof label, "%s %lld",
		        json_is_true(json_object_get(item, "queued")) ? "queue" : "list",
		        (long long)json_integer_value(json_object_get(item, "item")));
		print_track(label, item);
	}
}

static void print_answer(const json_t *answer)
{
	const json_t *volume = json_object_get(answer, "volume_db");
	if (json_object_get(answer, "state")) {
		char state[64];
		printf("%-8s %s%s\n", "state",
		        text_escape(state, sizeof state, text_of(answer, "state")),
		        json_is_true(json_object_get(answer, "ending")) ? ", stops after this song"
		                                                        : "");
		print_track("now", json_object_get(answer, "now"));
		print_track("next", json_object_get(answer, "next"));
		print_queue(json_object_get(answer, "queue"));
		print_track("before", json_array_get(json_object_get(answer, "history"), 0));
	}
	if (volume)
		printf("%-8s %.4g dB\n", "volume", json_number_value(volume));
	if (json_object_get(answer, "item"))
		printf("%-8s %lld\n", "item",
		        (long long)json_integer_value(json_object_get(answer, "item")));
}

static int show(const char *line, bool as_json)
{
	json_t *answer = json_loads(line, 0, NULL);
	int exit_status = EXIT_FAILED;
	if (!json_is_object(answer)) {
		complain("ctl", "the answer is not understood");
	} else if (!json_is_true(json_object_get(answer, "ok"))) {
		complain("ctl", text_of(answer, "error"));
	} else {
		exit_status = EXIT_DONE;
		if (!as_json)
			print_answer(answer);
	}
	if (as_json && json_is_object(answer)) {
		json_dumpf(answer, stdout, JSON_COMPACT);
		putchar('\n');
	}
	json_decref(answer);
	return fflush(stdout) == 0 ? exit_status : EXIT_FAILED;
}

static int converse(const char *path, const char *request, bool as_json)
{
	int fd = connect_to(path);
	if (fd < 0)
		return EXIT_FAILED;
	char *line = send_line(fd, request) && send_line(fd, "\n") ? receive_line(fd) : NULL;
	int exit_status = line ? show(line, as_json) : complain(path, "no answer");
	free(line);
	close(fd);
	return exit_status;
}

static int run_words(const struct ctl_settings *s, int n, char **words, const struct verb *verb)
{
	int exit_status;
	json_t *request = make_request(n, words, verb, &exit_status);
	if (!request)
		return exit_status;
	char *text = json_dumps(request, JSON_COMPACT), *path = socket_path(s);
	json_decref(request);
	if (!path)
		exit_status = verb_usage(verb, "which programme? give --socket=PATH");
	else
		exit_status =
		        text ? converse(path, text, s->json) : complain("ctl", "out of memory");
	free(text);
	free(path);
	return exit_status;
}

/* "volume -6" names no option: "--" comes before the first word that is a number.  `to` has room for it. */
static int guard_numbers(int argc, char **argv, char **to)
{
	static const char end_of_options[] = "--";
	int n = 0;
	bool guarded = false;
	for (int i = 0; i < argc; i++) {
		if (!guarded && argv[i][0] == '-' && strchr("0123456789.", argv[i][1]) &&
		        argv[i][1]) {
			to[n++] = (char *)end_of_options; /* getopt only reads it */
			guarded = true;
		}
		to[n++] = argv[i];
	}
	to[n] = NULL;
	return n;
}

static int run(int argc, char **argv, const struct verb *verb)
{
	struct ctl_settings settings = {0};
	int n, exit_status;
	char **words = calloc((size_t)argc + 2, sizeof *words);
	if (!words)
		return complain("ctl", "out of memory");
	if (verb_options(
	            verb, &settings, guard_numbers(argc, argv, words), words, &n, &exit_status)) {
		exit_status = n > 0 ? run_words(&settings, n, words, verb)
		                    : verb_usage(verb, "what is to be done?");
		options_done(verb, &settings);
	}
	free(words);
	return exit_status;
}

const struct verb verb_ctl = {
        .name = "ctl",
        .synopsis = "[OPTION]... COMMAND [ARGUMENT]...",
        .purpose = "Tell a running programme what to do.",
        .options = options,
        .notes = "Commands:\n"
                 "  status             what is on, what comes next, what was before\n"
                 "  skip               go to the next song, by a short joint\n"
                 "  queue FILE [next]  play it after what is queued already, or right after this "
                 "song\n"
                 "  remove ITEM        take an item that status shows out again\n"
                 "  pause, resume      hold the programme; live outputs get silence\n"
                 "  volume [DB]        -60 to 0 dB; without DB: tell\n"
                 "  reload             read the list again\n"
                 "  stop               end when this song is over\n"
                 "  quit               fade out and end now\n",
        .values_bytes = sizeof(struct ctl_settings),
        .run = run,
};
