/* remote.c - a decoder that runs in the sandbox, seen from the program.
 *
 * One block is decoded ahead while the last one is given out.  Whatever comes from the child is the word of a
 * stranger: lengths are bounded, samples cleaned, texts ended, and only known values of status believed. */
#include "remote.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/pidfd.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "core.h"
#include "descriptors.h"
#include "jukebox/sandbox.h"
#include "protocol.h"

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
enum { SLOWNESS = 10 };
#else
enum { SLOWNESS = 1 };
#endif
/* A child that neither works nor answers (its disk is gone, it was stopped) is given up. */
enum { IDLE_S = 120 };

struct remote {
	int socket, pidfd;
	pid_t child; /* 0: not known */
	float *shared;
	struct stream_facts facts;
	struct tags tags;
	struct decoder_damage damage;
	bool lost; /* crashed, hung or lied: no more requests */
	char why[ERROR_TEXT_BYTES]; /* lost, in words */
	bool asked; /* an answer about block `next` is on its way */
	bool ended;
	uint32_t next; /* the block to be filled next */
	const float *ready; /* not yet given out, in the other one */
	size_t n_ready; /* frames */
	int64_t position; /* the frame that comes next */
};

/* ---- the child ------------------------------------------------------------------------------------ */

static enum status give_up(struct remote *r, struct error *error, const char *why)
{
	r->lost = true;
	r->n_ready = 0;
	if (r->pidfd >= 0)
		pidfd_send_signal(r->pidfd, SIGKILL, NULL, 0);
	snprintf(r->why, sizeof(r->why), "%s", why);
	return error_set(error, STATUS_BAD_DATA, "%s", r->why);
}

/* Processor time of the child in seconds; -1 when it cannot be told. */
static double time_used(const struct remote *r)
{
	struct timespec used;
	clockid_t clock;

	if (r->child == 0 || clock_getcpuclockid(r->child, &clock) != 0 ||
	        clock_gettime(clock, &used) != 0)
		return -1;
	return (double)used.tv_sec + (double)used.tv_nsec * 1e-9;
}

/* Waits for something to read.  A child may work for allowed_s on it. */
static bool wait_for_answer(const struct remote *r, double allowed_s)
{
	struct pollfd wanted = {.fd = r->socket, .events = POLLIN};
	double before = 0;

	for (int seconds = 0; seconds < IDLE_S + (int)allowed_s; seconds++) {
		int result = poll(&wanted, 1, 1000);

		if (result > 0 || (result < 0 && errno != EINTR && errno != EAGAIN))
			return true;
		if (seconds == 0)
			before = time_used(r); /* a second late, which does no harm */
		else if (time_used(r) - before > allowed_s)
			return false;
	}
	return false;
}

static bool is_known_status(int32_t status)
{
	return status >= STATUS_OK && status <= STATUS_CANCELLED;
}

static enum status receive(
        struct remote *r, struct child_reply *reply, double allowed_s, struct error *error)
{
	ssize_t got;

	if (!wait_for_answer(r, allowed_s * SLOWNESS))
		return give_up(r, error, "its decoder hung, and was stopped");
	do
		got = recv(r->socket, reply, sizeof(*reply), 0);
	while (got < 0 && errno == EINTR);
	if (got <= 0)
		return give_up(r, error, "its decoder crashed");
	if (got != (ssize_t)sizeof(*reply) || !is_known_status(reply->status) ||
	        reply->status == STATUS_CANCELLED)
		return give_up(r, error, "its decoder gave no sensible answer");
	reply->text[sizeof(reply->text) - 1] = '\0';
	reply->facts.codec[sizeof(reply->facts.codec) - 1] = '\0';
	reply->damage.text[sizeof(reply->damage.text) - 1] = '\0';
	return STATUS_OK;
}

static enum status ask(struct remote *r, enum child_verb verb, int64_t frame, struct error *error)
{
	struct child_request request = {.verb = verb, .block = r->next, .frame = frame};
	ssize_t sent;

	do
		sent = send(r->socket, &request, sizeof(request), MSG_NOSIGNAL);
	while (sent < 0 && errno == EINTR);
	return sent == (ssize_t)sizeof(request) ? STATUS_OK
	                                        : give_up(r, error, "its decoder crashed");
}

/* ---- opening -------------------------------------------------------------------------------------- */

static bool map_memory(struct remote *r, int *memory)
{
	*memory = memfd_create("samples", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	if (*memory < 0 || ftruncate(*memory, SHARED_BYTES) != 0 ||
	        fcntl(*memory, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW) != 0)
		return false;
	r->shared = mmap(
	        NULL, SHARED_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, *memory, 0);
	if (r->shared == MAP_FAILED)
		r->shared = NULL;
	return r->shared != NULL;
}

/* Hands the file to the helper.  False: no sandbox to be had. */
static bool send_file(struct remote *r, struct source *source, bool with_modules)
{
	const char *name = source_path(source);
	size_t n_name = strlen(name);
	struct open_request request = {with_modules, source_part(source) != NULL};
	char *message = n_name < MOST_NAME_BYTES ? malloc(sizeof(request) + n_name) : NULL;
	int ends[2] = {-1, -1}, memory = -1, on = 1;
	bool sent = false;

	if (message && map_memory(r, &memory) &&
	        socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) == 0 &&
	        setsockopt(ends[0], SOL_SOCKET, SO_PASSCRED, &on, sizeof(on)) == 0) {
		int fds[N_OPEN] = {ends[1], memory, source_descriptor(source)};

		memcpy(message, &request, sizeof(request));
		memcpy(message + sizeof(request), name, n_name);
		sent = descriptors_send(sandbox_socket(), message, sizeof(request) + n_name, fds,
		               N_OPEN) > 0;
	}
	free(message);
	if (memory >= 0)
		close(memory);
	if (ends[1] >= 0)
		close(ends[1]);
	r->socket = ends[0];
	return sent;
}

/* The kernel's word on who sends: the child is known before it has looked at the file.  One that is gone already
 * shows when its answer is waited for. */
static enum status meet_child(struct remote *r, struct error *error)
{
	union {
		char bytes[CMSG_SPACE(sizeof(struct ucred))];
		struct cmsghdr align;
	} control = {{0}};
	char byte;
	struct iovec part = {&byte, 1};
	struct msghdr header = {.msg_iov = &part,
	        .msg_iovlen = 1,
	        .msg_control = control.bytes,
	        .msg_controllen = sizeof(control.bytes)};
	struct ucred who;
	struct cmsghdr *c;
	ssize_t got = -1;

	if (wait_for_answer(r, SANDBOX_HANG_S))
		do
			got = recvmsg(r->socket, &header, 0);
		while (got < 0 && errno == EINTR);
	c = got > 0 ? CMSG_FIRSTHDR(&header) : NULL;
	if (!c || c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_CREDENTIALS)
		return error_set(error, STATUS_IO, "cannot start a process for its decoder");
	memcpy(&who, CMSG_DATA(c), sizeof(who));
	r->child = who.pid;
	r->pidfd = pidfd_open(who.pid, 0);
	return STATUS_OK;
}

static enum status take_tags(struct remote *r, size_t n_bytes, struct error *error)
{
	char *copy, *at, *end;
	enum status status = STATUS_OK;

	if (n_bytes > SHARED_BYTES)
		return give_up(r, error, "its decoder gave no sensible answer");
	copy = malloc(n_bytes + 2); /* ends even what has no end */
	if (!copy)
		return error_set(error, STATUS_NO_MEMORY, "out of memory");
	memcpy(copy, r->shared, n_bytes);
	copy[n_bytes] = copy[n_bytes + 1] = '\0';
	end = copy + n_bytes;
	for (at = copy; at < end && status == STATUS_OK;) {
		char *value = at + strlen(at) + 1;

		if (value > end)
			break;
		status = tags_set(&r->tags, at, value);
		at = value + strlen(value) + 1;
	}
	free(copy);
	return status == STATUS_OK ? status : error_set(error, status, "out of memory");
}

static enum status finish_opening(struct remote *r, struct error *error)
{
	struct child_reply reply = {0};

	TRY(receive(r, &reply, SANDBOX_HANG_S, error));
	if (reply.status != STATUS_OK)
		return error_set(error, (enum status)reply.status, "%s",
		        reply.text[0] ? reply.text : "cannot be decoded");
	r->facts = reply.facts;
	r->damage = reply.damage;
	TRY(decoder_check_facts(&r->facts, error));
	if (r->facts.frames < -1)
		r->facts.frames = -1;
	return take_tags(r, reply.n_frames, error);
}

static enum status open_once(
        struct source *source, bool with_modules, struct remote **remote, struct error *error)
{
	struct remote *r = calloc(1, sizeof(*r));
	enum status status;

	if (!r)
		return error_set(error, STATUS_NO_MEMORY, "out of memory");
	r->pidfd = r->socket = -1;
	if (!send_file(r, source, with_modules)) {
		remote_close(r);
		return STATUS_CANCELLED;
	}
	status = meet_child(r, error);
	if (status == STATUS_OK)
		status = finish_opening(r, error);
	if (status == STATUS_OK)
		*remote = r;
	else
		remote_close(r);
	return status;
}

enum status remote_open(struct source *source, struct remote **remote, struct error *error)
{
	enum status status;

	*remote = NULL;
	status = open_once(source, false, remote, error);
	/* Crashes and the system's own refusals have nothing to do with missing modules. */
	if (status == STATUS_END || status == STATUS_UNSUPPORTED ||
	        (status == STATUS_BAD_DATA && !strstr(error->text, "its decoder")))
		status = open_once(source, true, remote, error);
	return status;
}

void remote_close(struct remote *r)
{
	if (!r)
		return;
	if (r->pidfd >= 0) {
		pidfd_send_signal(
		        r->pidfd, SIGKILL, NULL, 0); /* it may be at work on the next block */
		close(r->pidfd);
	}
	if (r->socket >= 0)
		close(r->socket);
	if (r->shared)
		munmap(r->shared, SHARED_BYTES);
	tags_done(&r->tags);
	free(r);
}

const struct stream_facts *remote_facts(const struct remote *remote)
{
	return &remote->facts;
}

const struct tags *remote_tags(const struct remote *remote)
{
	return &remote->tags;
}

const struct decoder_damage *remote_damage(const struct remote *remote)
{
	return &remote->damage;
}

/* ---- reading --------------------------------------------------------------------------------------- */

static enum status ask_for_block(struct remote *r, struct error *error)
{
	TRY(ask(r, CHILD_READ, 0, error));
	r->asked = true;
	return STATUS_OK;
}

/* The block that was asked for, to r->ready; and the next is asked for. */
static enum status take_block(struct remote *r, struct error *error)
{
	struct child_reply reply = {0};
	size_t channels = (size_t)r->facts.channels;

	r->asked = false;
	TRY(receive(r, &reply, SANDBOX_HANG_S, error));
	if (reply.damage.events >= r->damage.events && reply.damage.lost_frames >= 0)
		r->damage = reply.damage;
	if (reply.status == STATUS_END) {
		r->ended = true;
		return STATUS_END;
	}
	if (reply.status != STATUS_OK)
		return error_set(error, (enum status)reply.status, "%s", reply.text);
	if (reply.n_frames < 1 || reply.n_frames > BLOCK_SAMPLES / channels)
		return give_up(r, error, "its decoder gave no sensible answer");
	r->ready = r->shared + (size_t)r->next * BLOCK_SAMPLES;
	r->n_ready = reply.n_frames;
	r->next = (r->next + 1) % N_BLOCKS;
	return ask_for_block(r, error);
}

enum status remote_read(
        struct remote *r, float *to, size_t max_frames, size_t *n_frames, struct error *error)
{
	size_t channels = (size_t)r->facts.channels;

	*n_frames = 0;
	if (max_frames == 0)
		return STATUS_OK;
	if (r->lost)
		return error_set(error, STATUS_BAD_DATA, "%s", r->why);
	if (r->n_ready == 0) {
		if (r->ended)
			return STATUS_END;
		if (!r->asked)
			TRY(ask_for_block(r, error));
		TRY(take_block(r, error));
	}
	*n_frames = r->n_ready < max_frames ? r->n_ready : max_frames;
	decoder_copy_clean(to, r->ready, *n_frames * channels);
	r->ready += *n_frames * channels;
	r->n_ready -= *n_frames;
	r->position += (int64_t)*n_frames;
	return STATUS_OK;
}

enum status remote_seek(struct remote *r, int64_t frame, struct error *error)
{
	struct child_reply reply = {0};
	/* A format that cannot seek decodes up to there. */
	double allowed_s = SANDBOX_HANG_S + (double)frame / r->facts.sample_rate_hz / 20;

	if (r->lost)
		return error_set(error, STATUS_BAD_DATA, "%s", r->why);
	if (frame == r->position)
		return STATUS_OK;
	if (r->asked) {
		r->asked = false;
		TRY(receive(r, &reply, SANDBOX_HANG_S, error));
	}
	r->n_ready = 0;
	r->ended = false;
	TRY(ask(r, CHILD_SEEK, frame, error));
	TRY(receive(r, &reply, allowed_s, error));
	if (reply.status != STATUS_OK)
		return error_set(error, (enum status)reply.status, "%s", reply.text);
	r->position = frame;
	return STATUS_OK;
}
