/* control.c - signals as requests, through one descriptor in one poll. */
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

static const int64_t UNBLOCK_AFTER_NS = 400000000, ABORT_AFTER_NS = 1400000000;

struct control {
	pthread_t thread;
	bool has_thread;
	int signals, quit; /* descriptors */
	atomic_bool stopping, skip, reload;
	pthread_mutex_t lock; /* guards hooks */
	struct control_hooks hooks;
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

static void take_signal(struct control *c, uint32_t number)
{
	switch (number) {
	case SIGINT:
	case SIGTERM:
		if (atomic_exchange(&c->stopping, true))
			call_abort(c);
		else
			c->stop_ns = clock_now_ns();
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
}

/* Milliseconds until patience ends; -1: nothing is pressing. */
static int patience(const struct control *c)
{
	if (!atomic_load(&c->stopping) || c->aborted)
		return -1;
	int64_t due =
	        c->stop_ns + (c->unblocked ? ABORT_AFTER_NS : UNBLOCK_AFTER_NS) - clock_now_ns();
	return due <= 0 ? 0 : (int)(due / 1000000) + 1;
}

static void *control_loop(void *user)
{
	struct control *c = user;
	for (;;) {
		struct pollfd fds[2] = {{c->signals, POLLIN, 0}, {c->quit, POLLIN, 0}};
		int n = poll(fds, 2, patience(c));
		if (n < 0 && errno != EINTR)
			return NULL;
		if (fds[1].revents)
			return NULL;
		if (fds[0].revents)
			read_signals(c);
		if (patience(c) == 0) {
			if (c->unblocked)
				call_abort(c);
			else
				call_unblock(c);
		}
	}
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
	c->quit = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	c->has_thread = c->signals >= 0 && c->quit >= 0 &&
	                pthread_create(&c->thread, NULL, control_loop, c) == 0;
	return c->has_thread;
}

struct control *control_new(void)
{
	struct control *c = calloc(1, sizeof *c);
	if (!c)
		return NULL;
	c->signals = c->quit = -1;
	pthread_mutex_init(&c->lock, NULL);
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
		uint64_t one = 1;
		while (write(c->quit, &one, sizeof one) < 0 && errno == EINTR)
			;
		pthread_join(c->thread, NULL);
	}
	if (c->signals >= 0)
		close(c->signals);
	if (c->quit >= 0)
		close(c->quit);
	pthread_mutex_destroy(&c->lock);
	free(c);
}

bool control_stopping(const struct control *c)
{
	return atomic_load(&c->stopping);
}

bool control_take_skip(struct control *c)
{
	return atomic_exchange(&c->skip, false);
}

bool control_take_reload(struct control *c)
{
	return atomic_exchange(&c->reload, false);
}
