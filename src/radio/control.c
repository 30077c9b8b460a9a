/* control.c - signals and lines of the socket as requests, in one poll.  What they lead to is the player's affair. */
#include "jukebox/control.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "jukebox/clock.h"
#include "jukebox/json.h"
#include "jukebox/text.h"
#include "protocol.h"
#include "server.h"
#include "timetable.h"
#include "watch.h"

enum { COMING_SHOWN = 20 };
static const int64_t UNBLOCK_AFTER_NS = 400000000, ABORT_AFTER_NS = 1400000000;

struct control {
	pthread_t thread;
	bool has_thread;
	int signals, wake; /* descriptors */
	atomic_bool quit, stopping, skip, reload, changed, ending, paused;
	_Atomic double volume_db;
	pthread_mutex_t lock; /* guards hooks */
	struct control_hooks hooks;
	pthread_mutex_t asked_lock; /* guards n_asked */
	pthread_cond_t asked;
	unsigned n_asked; /* requests so far */
	struct control_desk desk; /* constant once there is a server */
	_Atomic(struct server *) server; /* of the thread, once it is there */
	_Atomic(struct watch *) watch; /* the same */
	pthread_mutex_t time_lock; /* guards what follows */
	struct timetable *timetable; /* NULL: nothing has a time */
	struct lineup *timed_lineup;
	struct errands *timed_errands;
	/* of the thread alone */
	int64_t stop_ns;
	bool unblocked, aborted;
};

static void call_unblock(struct control *c)
{
	if (c->unblocked)
		return;
	c->unblocked = true;
	pthread_mutex_lock(&c->lock);
	if (c->hooks.unblock)
		c->hooks.unblock(c->hooks.user);
	pthread_mutex_unlock(&c->lock);
}

static void call_abort(struct control *c)
{
	call_unblock(c);
	if (c->aborted)
		return;
	c->aborted = true;
	pthread_mutex_lock(&c->lock);
	if (c->hooks.abort)
		c->hooks.abort(c->hooks.user);
	pthread_mutex_unlock(&c->lock);
}

static void wake_waiting(struct control *c)
{
	pthread_mutex_lock(&c->asked_lock);
	c->n_asked++;
	pthread_cond_broadcast(&c->asked);
	pthread_mutex_unlock(&c->asked_lock);
}

static void begin_stop(struct control *c)
{
	if (atomic_exchange(&c->stopping, true))
		call_abort(c);
	else
		c->stop_ns = clock_now_ns();
}

static void take_signal(struct control *c, uint32_t number)
{
	switch (number) {
	case SIGINT:
	case SIGTERM:
		begin_stop(c);
		break;
	case SIGHUP:
		atomic_store(&c->reload, true);
		break;
	case SIGUSR1:
		atomic_store(&c->skip, true);
		break;
	default: /* USR2: nothing, but it must not kill */
		break;
	}
}

static void read_signals(struct control *c)
{
	struct signalfd_siginfo info;
	while (read(c->signals, &info, sizeof info) == (ssize_t)sizeof info)
		take_signal(c, info.ssi_signo);
	wake_waiting(c);
}

/* ---- the socket ------------------------------------------------------------------------------------- */

static json_t *track_object(const struct onair_track *t)
{
	return json_pack("{s:o, s:o, s:o}", "path", text_to_json(t->path), "title",
	        text_to_json(t->title), "artist", text_to_json(t->artist));
}

static int add_now(json_t *reply, const struct onair_snapshot *s)
{
	json_t *now = s->has_now ? track_object(&s->now) : json_null();
	int bad = 0;
	if (s->has_now) {
		bad |= json_object_set_new(now, "elapsed", json_real(onair_elapsed_s(s)));
		bad |= json_object_set_new(now, "duration", json_real(onair_duration_s(s)));
		bad |= json_object_set_new(
		        now, "started_at", json_real((double)s->now.started_at_ms / 1000));
	}
	return bad | json_object_set_new(reply, "now", now);
}

static int add_history(json_t *reply, const struct onair_snapshot *s)
{
	json_t *history = json_array();
	int bad = 0;
	for (size_t i = 0; i < s->n_history; i++)
		bad |= json_array_append_new(history, track_object(&s->history[i]));
	return bad | json_object_set_new(reply, "history", history);
}

static int add_queue(json_t *reply, struct lineup *lineup)
{
	struct pick picks[COMING_SHOWN];
	size_t n = lineup ? lineup_coming(lineup, picks, COMING_SHOWN) : 0;
	json_t *queue = json_array();
	int bad = 0;
	for (size_t i = 0; i < n; i++) {
		bad |= json_array_append_new(queue,
		        json_pack("{s:I, s:b, s:o, s:o}", "item", (json_int_t)picks[i].id, "queued",
		                picks[i].queued, "path", text_to_json(picks[i].path), "title",
		                text_to_json(picks[i].title)));
		pick_done(&picks[i]);
	}
	return bad | json_object_set_new(reply, "queue", queue);
}

static enum status add_status(const struct control *c, json_t *reply, struct error *error)
{
	struct onair_snapshot s;
	onair_take(c->desk.onair, &s);
	int bad = json_object_set_new(reply, "state", json_string(onair_state_name(s.state)));
	bad |= json_object_set_new(reply, "second", json_real((double)s.frame / s.rate_hz));
	bad |= json_object_set_new(reply, "began_at", json_real((double)s.began_at_ms / 1000));
	bad |= json_object_set_new(reply, "tracks", json_integer((json_int_t)s.n_tracks));
	bad |= json_object_set_new(reply, "volume_db", json_real(control_volume_db(c)));
	bad |= json_object_set_new(reply, "ending", json_boolean(control_ending(c)));
	bad |= add_now(reply, &s);
	bad |= json_object_set_new(reply, "next", s.has_next ? track_object(&s.next) : json_null());
	bad |= add_queue(reply, c->desk.lineup);
	bad |= add_history(reply, &s);
	onair_snapshot_done(&s);
	return bad ? error_set(error, STATUS_NO_MEMORY, "out of memory") : STATUS_OK;
}

static enum status set_volume(
        struct control *c, const struct request *r, json_t *reply, struct error *error)
{
	if (r->has_volume)
		atomic_store(&c->volume_db, r->volume_db);
	return json_object_set_new(reply, "volume_db", json_real(control_volume_db(c)))
	               ? error_set(error, STATUS_NO_MEMORY, "out of memory")
	               : STATUS_OK;
}

static enum status change_lineup(
        struct control *c, const struct request *r, json_t *reply, struct error *error)
{
	size_t id = (size_t)r->item;
	if (!c->desk.lineup)
		return error_set(error, STATUS_UNSUPPORTED, "this programme is fixed");
	if (r->kind == REQUEST_QUEUE)
		TRY(lineup_queue(c->desk.lineup, r->path, r->next, &id, error));
	else
		TRY(lineup_remove(c->desk.lineup, id, error));
	atomic_store(&c->changed, true);
	errands_poke(c->desk.errands);
	return json_object_set_new(reply, "item", json_integer((json_int_t)id))
	               ? error_set(error, STATUS_NO_MEMORY, "out of memory")
	               : STATUS_OK;
}

static enum status carry_out(
        void *user, const struct request *r, json_t *reply, struct error *error)
{
	struct control *c = user;
	switch (r->kind) {
	case REQUEST_STATUS:
		return add_status(c, reply, error);
	case REQUEST_VOLUME:
		return set_volume(c, r, reply, error);
	case REQUEST_SKIP:
		atomic_store(&c->skip, true);
		break;
	case REQUEST_PAUSE:
	case REQUEST_RESUME:
		atomic_store(&c->paused, r->kind == REQUEST_PAUSE);
		break;
	case REQUEST_RELOAD:
		atomic_store(&c->reload, true);
		break;
	case REQUEST_STOP:
		atomic_store(&c->ending, true);
		break;
	case REQUEST_QUIT:
		begin_stop(c);
		break;
	case REQUEST_QUEUE:
	case REQUEST_REMOVE:
		return change_lineup(c, r, reply, error);
	}
	return STATUS_OK;
}

static char *answer(void *user, const char *line, size_t n)
{
	struct control *c = user;
	char *text = protocol_answer(line, n, carry_out, c);
	wake_waiting(c);
	return text;
}

/* ---- the thread --------------------------------------------------------------------------------------- */

/* Milliseconds until patience ends; -1: nothing is pressing. */
static int patience(const struct control *c)
{
	if (!atomic_load(&c->stopping) || c->aborted)
		return -1;
	int64_t due =
	        c->stop_ns + (c->unblocked ? ABORT_AFTER_NS : UNBLOCK_AFTER_NS) - clock_now_ns();
	return due <= 0 ? 0 : (int)(due / 1000000) + 1;
}

static int sooner(int a, int b)
{
	return a < 0 ? b : b < 0 || a < b ? a : b;
}

static void clear_wake(struct control *c)
{
	uint64_t count;
	while (read(c->wake, &count, sizeof count) < 0 && errno == EINTR)
		;
}

static void run_out_of_patience(struct control *c)
{
	if (patience(c) != 0)
		return;
	if (c->unblocked)
		call_abort(c);
	else
		call_unblock(c);
}

static void look_at_lists(struct control *c, struct watch *watch)
{
	watch_handle(watch);
	if (!watch_changed(watch))
		return;
	atomic_store(&c->reload, true);
	wake_waiting(c);
}

/* ---- what has its time ------------------------------------------------------------------------------- */

enum { DUE_MOST = 16, LOOK_MS = 500 };

struct due {
	const char *paths[DUE_MOST];
	size_t count;
};

static void note_due(void *user, const char *path)
{
	struct due *due = user;
	if (due->count < DUE_MOST)
		due->paths[due->count++] = path;
}

/* Each goes right behind the song on air, so the first one comes last. */
static void look_at_clock(struct control *c)
{
	struct due due = {.count = 0};
	pthread_mutex_lock(&c->time_lock);
	if (c->timetable)
		timetable_look(c->timetable, clock_wall_s(), note_due, &due);
	bool any = due.count > 0;
	while (due.count > 0) {
		size_t id;
		struct error ignored; /* so much is queued that this one is left out */
		(void)!lineup_queue(c->timed_lineup, due.paths[--due.count], true, &id, &ignored);
	}
	pthread_mutex_unlock(&c->time_lock);
	if (!any)
		return;
	atomic_store(&c->changed, true);
	errands_poke(c->timed_errands);
	wake_waiting(c);
}

static bool has_timetable(struct control *c)
{
	pthread_mutex_lock(&c->time_lock);
	bool has = c->timetable != NULL;
	pthread_mutex_unlock(&c->time_lock);
	return has;
}

static void *control_loop(void *user)
{
	struct control *c = user;
	while (!atomic_load(&c->quit)) {
		struct server *server = atomic_load(&c->server);
		struct watch *watch = atomic_load(&c->watch);
		/* poll passes over a descriptor of -1 */
		struct pollfd fds[3 + SERVER_FDS] = {{c->signals, POLLIN, 0}, {c->wake, POLLIN, 0},
		        {watch ? watch_fd(watch) : -1, POLLIN, 0}};
		size_t n = 3 + (server ? server_fds(server, fds + 3) : 0);
		int wait = sooner(patience(c), server ? server_patience(server) : -1);
		wait = sooner(wait, watch ? watch_patience(watch) : -1);
		wait = sooner(wait, has_timetable(c) ? LOOK_MS : -1);
		if (poll(fds, n, wait) < 0 && errno != EINTR)
			return NULL;
		if (fds[1].revents)
			clear_wake(c);
		if (fds[0].revents)
			read_signals(c);
		if (server)
			server_handle(server, fds + 3, n - 3);
		if (watch)
			look_at_lists(c, watch);
		look_at_clock(c);
		run_out_of_patience(c);
	}
	return NULL;
}

static void wake_thread(struct control *c)
{
	uint64_t one = 1;
	while (write(c->wake, &one, sizeof one) < 0 && errno == EINTR)
		;
}

static bool start(struct control *c)
{
	sigset_t set;
	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGHUP);
	sigaddset(&set, SIGUSR1);
	sigaddset(&set, SIGUSR2);
	if (pthread_sigmask(SIG_BLOCK, &set, NULL) != 0)
		return false;
	c->signals = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
	c->wake = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	c->has_thread = c->signals >= 0 && c->wake >= 0 &&
	                pthread_create(&c->thread, NULL, control_loop, c) == 0;
	return c->has_thread;
}

struct control *control_new(void)
{
	struct control *c = calloc(1, sizeof *c);
	if (!c)
		return NULL;
	c->signals = c->wake = -1;
	pthread_mutex_init(&c->lock, NULL);
	pthread_mutex_init(&c->asked_lock, NULL);
	pthread_mutex_init(&c->time_lock, NULL);
	clock_condition_init(&c->asked);
	if (!start(c)) {
		control_free(c);
		return NULL;
	}
	return c;
}

void control_set_hooks(struct control *c, const struct control_hooks *hooks)
{
	pthread_mutex_lock(&c->lock);
	c->hooks = *hooks;
	pthread_mutex_unlock(&c->lock);
}

void control_free(struct control *c)
{
	if (!c)
		return;
	if (c->has_thread) {
		atomic_store(&c->quit, true);
		wake_thread(c);
		pthread_join(c->thread, NULL);
	}
	server_close(atomic_load(&c->server));
	watch_close(atomic_load(&c->watch));
	if (c->signals >= 0)
		close(c->signals);
	if (c->wake >= 0)
		close(c->wake);
	pthread_mutex_destroy(&c->lock);
	pthread_mutex_destroy(&c->asked_lock);
	pthread_mutex_destroy(&c->time_lock);
	timetable_free(c->timetable);
	pthread_cond_destroy(&c->asked);
	free(c);
}

bool control_stopping(const struct control *c)
{
	return atomic_load(&c->stopping);
}

const atomic_bool *control_stopping_flag(const struct control *c)
{
	return &c->stopping;
}

bool control_take_skip(struct control *c)
{
	return atomic_exchange(&c->skip, false);
}

bool control_take_reload(struct control *c)
{
	return atomic_exchange(&c->reload, false);
}

bool control_take_lineup_changed(struct control *c)
{
	return atomic_exchange(&c->changed, false);
}

bool control_ending(const struct control *c)
{
	return atomic_load(&c->ending);
}

bool control_paused(const struct control *c)
{
	return atomic_load(&c->paused);
}

double control_volume_db(const struct control *c)
{
	return atomic_load(&c->volume_db);
}

void control_wait(struct control *c, int milliseconds)
{
	int64_t deadline_ns = clock_now_ns() + milliseconds * INT64_C(1000000);
	pthread_mutex_lock(&c->asked_lock);
	unsigned before = c->n_asked;
	while (c->n_asked == before && clock_wait(&c->asked, &c->asked_lock, deadline_ns))
		;
	pthread_mutex_unlock(&c->asked_lock);
}

enum status control_listen(
        struct control *c, const char *path, const struct control_desk *desk, struct error *error)
{
	struct server *server;
	c->desk = *desk;
	TRY(server_open(path, answer, c, &server, error));
	atomic_store(&c->server, server);
	wake_thread(c);
	return STATUS_OK;
}

enum status control_watch(
        struct control *c, char *const *lists, size_t n_lists, struct error *error)
{
	struct watch *watch;
	TRY(watch_open(lists, n_lists, &watch, error));
	atomic_store(&c->watch, watch);
	wake_thread(c);
	return STATUS_OK;
}

enum status control_keep_time(struct control *c, const struct playlist *playlist,
        struct lineup *lineup, struct errands *errands)
{
	pthread_mutex_lock(&c->time_lock);
	struct timetable *before = c->timetable;
	c->timed_lineup = lineup;
	c->timed_errands = errands;
	enum status status = timetable_new(playlist, before, &c->timetable);
	pthread_mutex_unlock(&c->time_lock);
	wake_thread(c);
	return status;
}
