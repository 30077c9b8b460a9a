/* errands.c - what must be done when a song begins, and may take its time.  What the files say is state.c's and onair.c's. */
#include "jukebox/errands.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "jukebox/clock.h"
#include "jukebox/json.h"
#include "jukebox/replace.h"
#include "jukebox/state.h"
#include "jukebox/text.h"
#include "jukebox/thread.h"

/* A command has so long; between two of them lies at least this. */
static const int64_t COMMAND_NS = 30 * INT64_C(1000000000), INTERVAL_NS = 1000000000,
                     LAST_COMMAND_NS = 2 * INT64_C(1000000000), LOOK_NS = 100000000;

struct errands {
	struct errands_options options;
	char **words; /* of the command */
	pthread_t thread;
	bool has_thread;
	pthread_mutex_t lock; /* guards poked, ending */
	pthread_cond_t news;
	bool poked, ending;
	/* of the thread alone */
	char *state; /* as written last */
	size_t n_tracks; /* told so far */
	bool command_is_due;
	pid_t child; /* 0: none */
	int64_t child_ns; /* when it was started */
	bool complained; /* of a file that cannot be written: once, until it can */
};

/* ---- words ---------------------------------------------------------------------------------------------- */

/* One word from *from on, into *to; false: a quote is not closed. */
static bool copy_word(const char **from, char **to)
{
	char quote = '\0';
	const char *p = *from;
	for (; *p && (quote || !strchr(" \t\n", *p)); p++) {
		if (quote ? *p == quote : *p == '"' || *p == '\'')
			quote = quote ? '\0' : *p;
		else if (*p == '\\' && quote != '\'' && p[1])
			*(*to)++ = *++p;
		else
			*(*to)++ = *p;
	}
	*(*to)++ = '\0';
	*from = p;
	return quote == '\0';
}

enum status errands_split_words(const char *text, char ***words)
{
	size_t n = strlen(text), most = n / 2 + 2, count = 0;
	char **list = malloc(most * sizeof *list + 2 * n + 2);
	*words = NULL;
	if (!list)
		return STATUS_NO_MEMORY;
	char *to = (char *)(list + most);
	for (const char *p = text + strspn(text, " \t\n"); *p; p += strspn(p, " \t\n")) {
		list[count++] = to;
		if (!copy_word(&p, &to)) {
			free(list);
			return STATUS_BAD_DATA;
		}
	}
	list[count] = NULL;
	*words = list;
	return STATUS_OK;
}

/* ---- files ------------------------------------------------------------------------------------------------ */

static void write_file(struct errands *e, const char *path, const char *text, bool durable)
{
	struct error error = {0};
	if (file_replace(path, text, strlen(text), durable, &error) == STATUS_OK) {
		e->complained = false;
		return;
	}
	if (!e->complained)
		log_print(e->options.log, LOG_WARNING, "%s", error.text);
	e->complained = true;
}

static void save_state(struct errands *e, bool at_end)
{
	struct state state;
	if (!e->options.state_file || state_take(&state, e->options.seed, e->options.lineup,
	                                      e->options.onair) != STATUS_OK)
		return;
	state.has_place &= !at_end;
	char *text = state_to_text(&state);
	state_done(&state);
	if (text && (!e->state || strcmp(text, e->state) != 0))
		write_file(e, e->options.state_file, text, true);
	if (text) {
		free(e->state);
		e->state = text;
	}
}

static char *track_as_json(const struct onair_track *t)
{
	json_t *o = json_pack("{s:o, s:o, s:o, s:f}", "path", text_to_json(t->path), "title",
	        text_to_json(t->title), "artist", text_to_json(t->artist), "started_at",
	        (double)t->started_at_ms / 1000);
	char *text = o ? json_dumps(o, JSON_COMPACT) : NULL;
	json_decref(o);
	return text;
}

static char *track_as_line(const struct onair_track *t)
{
	const char *slash = t->path ? strrchr(t->path, '/') : NULL;
	const char *title = t->title ? t->title : slash ? slash + 1 : t->path;
	char escaped[2][1024], *line = NULL;
	text_escape(escaped[0], sizeof escaped[0], t->artist ? t->artist : "");
	text_escape(escaped[1], sizeof escaped[1], title ? title : "");
	if (asprintf(&line, "%s%s%s\n", escaped[0], t->artist ? " - " : "", escaped[1]) < 0)
		return NULL;
	return line;
}

static void write_now_playing(struct errands *e, const struct onair_track *t)
{
	const char *path = e->options.now_playing_file, *dot = strrchr(path, '.');
	char *text = dot && strcmp(dot, ".json") == 0 ? track_as_json(t) : track_as_line(t);
	if (text)
		write_file(e, path, text, false);
	free(text);
}

/* ---- the command ------------------------------------------------------------------------------------------ */

/* The child's standard input: what it does not read is lost with it. */
static int text_as_input(const char *text)
{
	int ends[2];
	if (!text || pipe2(ends, O_CLOEXEC | O_NONBLOCK) != 0)
		return -1;
	ssize_t done = write(ends[1], text, strlen(text));
	close(ends[1]);
	if (done == (ssize_t)strlen(text))
		return ends[0];
	close(ends[0]);
	return -1;
}

static char *variable(const char *name, const char *value)
{
	char *text = NULL;
	return asprintf(&text, "%s=%s", name, value ? value : "") < 0 ? NULL : text;
}

/* Ours, and what is on. */
static char **child_environment(const struct onair_track *t)
{
	size_t n = 0;
	while (environ[n])
		n++;
	char **list = calloc(n + 4, sizeof *list);
	if (!list)
		return NULL;
	list[0] = variable("JUKEBOX_PATH", t->path);
	list[1] = variable("JUKEBOX_TITLE", t->title);
	list[2] = variable("JUKEBOX_ARTIST", t->artist);
	if (list[0] && list[1] && list[2])
		memcpy(list + 3, environ, n * sizeof *list);
	return list;
}

static void environment_done(char **list)
{
	for (size_t i = 0; list && i < 3; i++)
		free(list[i]);
	free(list);
}

/* Its output is ours on standard error; signals are as a program expects them. */
static int spawn(struct errands *e, int input, char **environment)
{
	posix_spawn_file_actions_t files;
	posix_spawnattr_t attributes;
	sigset_t none, defaults;
	sigemptyset(&none);
	sigemptyset(&defaults);
	sigaddset(&defaults, SIGPIPE);
	sigaddset(&defaults, SIGXFSZ);
	posix_spawn_file_actions_init(&files);
	posix_spawn_file_actions_adddup2(&files, input, STDIN_FILENO);
	posix_spawn_file_actions_adddup2(&files, STDERR_FILENO, STDOUT_FILENO);
	posix_spawnattr_init(&attributes);
	posix_spawnattr_setsigmask(&attributes, &none);
	posix_spawnattr_setsigdefault(&attributes, &defaults);
	posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
	int failed =
	        posix_spawnp(&e->child, e->words[0], &files, &attributes, e->words, environment);
	posix_spawnattr_destroy(&attributes);
	posix_spawn_file_actions_destroy(&files);
	return failed;
}

static void start_command(struct errands *e, const struct onair_track *t)
{
	char *text = track_as_json(t), **environment = child_environment(t);
	int input = text_as_input(text);
	int failed = input >= 0 && environment ? spawn(e, input, environment) : ENOMEM;
	if (failed) {
		e->child = 0;
		log_print(e->options.log, LOG_WARNING, "--on-track: %s: %s", e->words[0],
		        strerror(failed));
	}
	e->child_ns = clock_now_ns();
	if (input >= 0)
		close(input);
	environment_done(environment);
	free(text);
}

static void tell_exit(struct errands *e, int status)
{
	if (WIFSIGNALED(status))
		log_print(e->options.log, LOG_WARNING, "--on-track: ended by signal %d",
		        WTERMSIG(status));
	else if (WEXITSTATUS(status) != 0)
		log_print(e->options.log, LOG_INFO, "--on-track: exit status %d",
		        WEXITSTATUS(status));
}

static void look_after_child(struct errands *e)
{
	int status;
	if (e->child == 0)
		return;
	if (clock_now_ns() - e->child_ns > COMMAND_NS)
		(void)kill(e->child, SIGKILL);
	pid_t ended = waitpid(e->child, &status, WNOHANG);
	if (ended == 0 || (ended < 0 && errno == EINTR))
		return;
	if (ended == e->child)
		tell_exit(e, status);
	e->child = 0;
}

/* ---- the thread --------------------------------------------------------------------------------------------- */

static void tell_track(struct errands *e)
{
	struct onair_snapshot s;
	onair_take(e->options.onair, &s);
	if (s.has_now && s.n_tracks != e->n_tracks) {
		e->n_tracks = s.n_tracks;
		e->command_is_due = e->words != NULL;
		if (e->options.now_playing_file)
			write_now_playing(e, &s.now);
	}
	if (s.has_now && e->command_is_due && e->child == 0 &&
	        (e->child_ns == 0 || clock_now_ns() - e->child_ns >= INTERVAL_NS)) {
		e->command_is_due = false;
		start_command(e, &s.now);
	}
	onair_snapshot_done(&s);
}

/* With the lock.  While a command runs, or waits for its turn, it looks again by itself. */
static void wait_for_news(struct errands *e)
{
	bool busy = e->child != 0 || e->command_is_due;
	if (e->poked || e->ending)
		return;
	(void)clock_wait(&e->news, &e->lock, busy ? clock_now_ns() + LOOK_NS : INT64_MAX);
}

static void *run_errands(void *user)
{
	struct errands *e = user;
	bool ending = false;
	while (!ending) {
		pthread_mutex_lock(&e->lock);
		wait_for_news(e);
		bool poked = e->poked;
		ending = e->ending;
		e->poked = false;
		pthread_mutex_unlock(&e->lock);
		look_after_child(e);
		tell_track(e);
		if (poked && !ending)
			save_state(e, false);
	}
	return NULL;
}

static bool start_thread(struct errands *e)
{
	e->has_thread = thread_start(&e->thread, run_errands, e) == 0;
	return e->has_thread;
}

static enum status read_command(struct errands *e, struct error *error)
{
	if (!e->options.on_track)
		return STATUS_OK;
	enum status status = errands_split_words(e->options.on_track, &e->words);
	if (status == STATUS_NO_MEMORY)
		return error_set(error, status, "out of memory");
	if (status != STATUS_OK || !e->words[0])
		return error_set(error, STATUS_USAGE, "--on-track: %s",
		        status == STATUS_OK ? "no command" : "a quote is not closed");
	return STATUS_OK;
}

enum status errands_new(
        const struct errands_options *options, struct errands **errands, struct error *error)
{
	struct errands *e = calloc(1, sizeof *e);
	*errands = NULL;
	if (!e)
		return error_set(error, STATUS_NO_MEMORY, "out of memory");
	e->options = *options;
	pthread_mutex_init(&e->lock, NULL);
	clock_condition_init(&e->news);
	enum status status = read_command(e, error);
	if (status == STATUS_OK && !start_thread(e))
		status = error_set(error, STATUS_NO_MEMORY, "no thread to be had");
	if (status != STATUS_OK) {
		errands_free(e, false);
		return status;
	}
	*errands = e;
	return STATUS_OK;
}

void errands_poke(struct errands *e)
{
	if (!e)
		return;
	pthread_mutex_lock(&e->lock);
	e->poked = true;
	pthread_cond_signal(&e->news);
	pthread_mutex_unlock(&e->lock);
}

/* It may finish what it does, for a moment. */
static void end_child(struct errands *e)
{
	int64_t until = clock_now_ns() + LAST_COMMAND_NS;
	struct timespec pause = {0, 10000000};
	while (e->child != 0 && clock_now_ns() < until) {
		look_after_child(e);
		if (e->child != 0)
			nanosleep(&pause, NULL);
	}
	if (e->child != 0) {
		(void)kill(e->child, SIGKILL);
		while (waitpid(e->child, NULL, 0) < 0 && errno == EINTR)
			;
	}
}

void errands_free(struct errands *e, bool at_end)
{
	if (!e)
		return;
	if (e->has_thread) {
		pthread_mutex_lock(&e->lock);
		e->ending = true;
		pthread_cond_signal(&e->news);
		pthread_mutex_unlock(&e->lock);
		pthread_join(e->thread, NULL);
		save_state(e, at_end);
		end_child(e);
	}
	pthread_mutex_destroy(&e->lock);
	pthread_cond_destroy(&e->news);
	free(e->words);
	free(e->state);
	free(e);
}
