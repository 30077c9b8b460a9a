/* remote.c - a decoder that runs in the sandbox, seen from the program.
 *
 * Blocks are decoded ahead while the last one is given out.  Whatever comes from the child is the word of a
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
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "core.h"
#include "helper.h"
#include "jukebox/log.h"
#include "jukebox/sandbox.h"
#include "protocol.h"

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
enum { SLOWNESS = 10 };
#else
enum { SLOWNESS = 1 };
#endif
enum {
	IDLE_S = 120, /* a child that neither works nor answers (its disk is gone) is given up */
	MEET_S = 30, /* a helper that starts no child is */
	MOST_DEATHS = 3, /* at one place: then it is the file's doing */
	MOST_REVIVALS = 8,
};

struct remote {
	struct decoder
	        *here; /* no process could be had any more: the decoder in this one; else NULL */
	struct source *source; /* NULL: it is that one's */
	bool with_modules;
	unsigned helper; /* which one was asked */
	int socket, pidfd;
	pid_t child; /* 0: not known */
	float *shared;
	struct stream_facts facts;
	struct tags tags;
	struct decoder_damage damage;
	bool lost; /* crashed, hung or lied: no more requests */
	bool died; /* lost, and gone by itself */
	int revivals, deaths; /* deaths at one place */
	int64_t died_at;
	char why[ERROR_TEXT_BYTES]; /* lost, in words */
	bool watched;
	uint32_t n_asked; /* blocks whose answers are on their way: `next` and those behind it */
	bool ended;
	uint32_t next; /* the block that is filled next */
	const float *ready; /* not yet given out, in the one before it */
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

static enum status give_up_dead(struct remote *r, struct error *error)
{
	r->died = true;
	return give_up(r, error, "its decoder crashed");
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

/* Who stops a process that decodes stops a programme: it goes on. */
static void wake(const struct remote *r)
{
	sandbox_wake(r->helper);
	if (r->pidfd >= 0)
		pidfd_send_signal(r->pidfd, SIGCONT, NULL, 0);
}

/* Waits for something to read, for idle_s at most.  A child may work for allowed_s on it. */
static bool wait_for_answer(const struct remote *r, int idle_s, double allowed_s)
{
	struct pollfd wanted = {.fd = r->socket, .events = POLLIN};
	double before = 0;

	for (int seconds = 0; seconds < idle_s + (int)allowed_s; seconds++) {
		int result = poll(&wanted, 1, 1000);

		if (result > 0 || (result < 0 && errno != EINTR && errno != EAGAIN))
			return true;
		wake(r);
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

	if (!wait_for_answer(r, IDLE_S, allowed_s * SLOWNESS))
		return give_up(r, error, "its decoder hung, and was stopped");
	/* ECONNRESET comes once, of a child that died before it read all requests; what it answered is there still. */
	do
		got = recv(r->socket, reply, sizeof(*reply), 0);
	while (got < 0 && (errno == EINTR || errno == ECONNRESET));
	if (got <= 0)
		return give_up_dead(r, error);
	if (got != (ssize_t)sizeof(*reply) || !is_known_status(reply->status) ||
	        reply->status == STATUS_CANCELLED)
		return give_up(r, error, "its decoder gave no sensible answer");
	reply->text[sizeof(reply->text) - 1] = '\0';
	reply->facts.codec[sizeof(reply->facts.codec) - 1] = '\0';
	reply->damage.text[sizeof(reply->damage.text) - 1] = '\0';
	return STATUS_OK;
}

static bool send_request(const struct remote *r, enum child_verb verb, int64_t at)
{
	struct child_request request = {.verb = verb, .block = r->next + r->n_asked, .at = at};
	ssize_t sent;

	do
		sent = send(r->socket, &request, sizeof(request), MSG_NOSIGNAL);
	while (sent < 0 && errno == EINTR);
	return sent == (ssize_t)sizeof(request);
}

static enum status ask(struct remote *r, enum child_verb verb, int64_t at, struct error *error)
{
	return send_request(r, verb, at) ? STATUS_OK : give_up_dead(r, error);
}

/* ---- opening -------------------------------------------------------------------------------------- */

static bool map_memory(struct remote *r, int *memory)
{
	*memory = memfd_create("samples", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	if (*memory < 0 || ftruncate(*memory, SHARED_BYTES) != 0 ||
	        fcntl(*memory, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW) != 0)
		return false;
	r->shared = mmap(NULL, SHARED_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, *memory, 0);
	if (r->shared == MAP_FAILED)
		r->shared = NULL;
	return r->shared != NULL;
}

/* Hands the file to the helper. */
static enum status send_file(struct remote *r, struct error *error)
{
	const char *name = source_path(r->source);
	size_t n_name = strlen(name);
	struct open_request request = {r->with_modules, source_part(r->source) != NULL};
	size_t n_message = sizeof(request) + n_name;
	char *message = n_name < MOST_NAME_BYTES ? malloc(n_message) : NULL;
	int ends[2] = {-1, -1}, memory = -1, on = 1;
	enum status status;

	if (message && map_memory(r, &memory) &&
	        socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) == 0 &&
	        setsockopt(ends[0], SOL_SOCKET, SO_PASSCRED, &on, sizeof(on)) == 0) {
		int fds[N_OPEN] = {ends[1], memory, source_descriptor(r->source)};

		memcpy(message, &request, sizeof(request));
		memcpy(message + sizeof(request), name, n_message - sizeof(request));
		status = sandbox_send(message, n_message, fds, N_OPEN, &r->helper, error);
	} else
		status = sandbox_refusal(error);
	free(message);
	if (memory >= 0)
		close(memory);
	if (ends[1] >= 0)
		close(ends[1]);
	r->socket = ends[0];
	return status;
}

/* Who decodes in the background has that done for him in the background, too. */
static void follow_priority(pid_t child)
{
	enum { WHO_PROCESS = 1 }; /* linux/ioprio.h is in no libc header */
	int mine = getpriority(PRIO_PROCESS, (id_t)syscall(SYS_gettid));
	long io = syscall(SYS_ioprio_get, WHO_PROCESS, 0);

	if (mine <= 0)
		return;
	(void)setpriority(PRIO_PROCESS, (id_t)child, mine);
	if (io > 0)
		(void)syscall(SYS_ioprio_set, WHO_PROCESS, child, io);
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

	if (wait_for_answer(r, MEET_S * SLOWNESS, 0))
		do
			got = recvmsg(r->socket, &header, 0);
		while (got < 0 && errno == EINTR);
	else
		sandbox_kill(r->helper);
	c = got > 0 ? CMSG_FIRSTHDR(&header) : NULL;
	if (!c || c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_CREDENTIALS) {
		r->died = true;
		return error_set(error, STATUS_IO, "cannot start a process for its decoder");
	}
	memcpy(&who, CMSG_DATA(c), sizeof(who));
	r->child = who.pid;
	r->pidfd = pidfd_open(who.pid, 0);
	follow_priority(r->child);
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

static void leave_child(struct remote *r)
{
	if (r->pidfd >= 0) {
		/* it may be at work on the next block */
		pidfd_send_signal(r->pidfd, SIGKILL, NULL, 0);
		close(r->pidfd);
	}
	if (r->socket >= 0)
		close(r->socket);
	if (r->shared)
		munmap(r->shared, SHARED_BYTES);
	r->pidfd = r->socket = -1;
	r->child = 0;
	r->shared = NULL;
	r->lost = r->died = r->ended = r->watched = false;
	r->n_ready = r->next = r->n_asked = 0;
}

/* A new child has the file open; `reply` is what it says of it. */
static enum status start_child(struct remote *r, struct child_reply *reply, struct error *error)
{
	leave_child(r);
	TRY(send_file(r, error));
	TRY(meet_child(r, error));
	TRY(receive(r, reply, SANDBOX_HANG_S, error));
	if (!reply->has_filter)
		TRY(sandbox_without_filter(error));
	if (reply->status != STATUS_OK)
		return error_set(error, (enum status)reply->status, "%s",
		        reply->text[0] ? reply->text : "cannot be decoded");
	return decoder_check_facts(&reply->facts, error);
}

/* A process may die of what is not the file's doing: somebody killed it, or the system did, out of memory.  Then the
 * next one passes the place.  With the helper all its children die, wherever they are; after some of those in a row there
 * is no other (sandbox.c). */
static bool may_start_again(struct remote *r)
{
	if (sandbox_has_died(r->helper))
		return true;
	return ++r->deaths < MOST_DEATHS && ++r->revivals <= MOST_REVIVALS;
}

static enum status open_in_child(struct remote *r, struct error *error)
{
	struct child_reply reply = {0};
	enum status status = start_child(r, &reply, error);

	while (status != STATUS_OK && r->died && may_start_again(r))
		status = start_child(r, &reply, error);
	TRY(status);
	r->facts = reply.facts;
	r->damage = reply.damage;
	if (r->facts.frames < -1)
		r->facts.frames = -1;
	return take_tags(r, reply.n, error);
}

enum status remote_open(struct source *source, struct remote **remote, struct error *error)
{
	struct remote *r = *remote = calloc(1, sizeof(*r));
	enum status status;

	if (!r)
		return error_set(error, STATUS_NO_MEMORY, "out of memory");
	r->pidfd = r->socket = -1;
	r->source = source;
	status = open_in_child(r, error);
	/* Crashes and the system's own refusals have nothing to do with missing modules. */
	if (status == STATUS_END || status == STATUS_UNSUPPORTED ||
	        (status == STATUS_BAD_DATA && !r->lost)) {
		r->with_modules = true;
		status = open_in_child(r, error);
	}
	if (status != STATUS_OK) {
		r->source = NULL;
		remote_close(r);
		*remote = NULL;
	}
	return status;
}

void remote_close(struct remote *r)
{
	if (!r)
		return;
	leave_child(r);
	decoder_close(r->here);
	source_close(r->source);
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

/* Not heard by a child that is dead: first comes what it answered before. */
static void ask_for_blocks(struct remote *r)
{
	while (r->n_asked < N_BLOCKS - 1 && send_request(r, CHILD_READ, 0))
		r->n_asked++;
}

static enum status take_damage_and_status(
        struct remote *r, const struct child_reply *reply, struct error *error)
{
	if (reply->damage.events >= r->damage.events && reply->damage.lost_frames >= 0)
		r->damage = reply->damage;
	r->ended = reply->status == STATUS_END;
	if (r->ended || reply->status == STATUS_OK)
		return (enum status)reply->status;
	return error_set(error, (enum status)reply->status, "%s", reply->text);
}

/* The first block that was asked for, to r->ready; and another is asked for. */
static enum status take_block(struct remote *r, struct error *error)
{
	const float *block = r->shared + (size_t)r->next * BLOCK_SAMPLES;
	struct child_reply reply = {0};

	TRY(receive(r, &reply, SANDBOX_HANG_S, error));
	r->n_asked--;
	r->next = (r->next + 1) % N_BLOCKS;
	TRY(take_damage_and_status(r, &reply, error));
	if (reply.n < 1 || reply.n > BLOCK_SAMPLES / (size_t)r->facts.channels)
		return give_up(r, error, "its decoder gave no sensible answer");
	r->ready = block;
	r->n_ready = reply.n;
	ask_for_blocks(r);
	return STATUS_OK;
}

/* What was asked for is not wanted any more. */
static enum status drop_answers(struct remote *r, struct error *error)
{
	struct child_reply reply;

	for (; r->n_asked > 0; r->n_asked--)
		TRY(receive(r, &reply, SANDBOX_HANG_S, error));
	return STATUS_OK;
}

/* Sends it to a frame. */
static enum status seek_child(struct remote *r, int64_t frame, struct error *error)
{
	struct child_reply reply = {0};
	/* A format that cannot seek decodes up to there. */
	double allowed_s = SANDBOX_HANG_S + (double)frame / r->facts.sample_rate_hz / 20;

	r->position = frame;
	r->n_ready = 0;
	r->ended = false;
	TRY(drop_answers(r, error));
	TRY(ask(r, CHILD_SEEK, frame, error));
	TRY(receive(r, &reply, allowed_s, error));
	return reply.status == STATUS_OK
	               ? STATUS_OK
	               : error_set(error, (enum status)reply.status, "%s", reply.text);
}

/* ---- what died ------------------------------------------------------------------------------------- */

static enum status go_on_here(struct remote *r, struct error *error)
{
	struct source *source = r->source;

	r->source = NULL;
	TRY(decoder_open_here(source, NULL, &r->here, error));
	return decoder_seek(r->here, r->position, error);
}

/* Another child goes on at r->position. */
static enum status revive(struct remote *r, struct error *error)
{
	struct child_reply reply = {0};
	enum status status = start_child(r, &reply, error);

	if (status == STATUS_CANCELLED)
		return go_on_here(r, error);
	TRY(status);
	if (reply.facts.sample_rate_hz != r->facts.sample_rate_hz ||
	        reply.facts.channels != r->facts.channels)
		return give_up(r, error, "its decoder gave no sensible answer");
	return r->position > 0 ? seek_child(r, r->position, error) : STATUS_OK;
}

static bool may_revive(struct remote *r)
{
	if (r->died_at != r->position)
		r->deaths = 0;
	r->died_at = r->position;
	return may_start_again(r);
}

/* Leaves any other failure, and a death that cannot be mended, as they are. */
static enum status mend(struct remote *r, enum status status, struct error *error)
{
	struct error reason = *error, ignored = {0};

	if (!r->died)
		return status;
	if (r->watched) {
		log_file(sandbox_log(), LOG_DEBUG, source_path(r->source),
		        "its decoder died while it was measured; once more");
		return STATUS_CANCELLED;
	}
	while (r->died && may_revive(r))
		if (revive(r, &ignored) == STATUS_OK) {
			if (!r->here)
				log_file(sandbox_log(), LOG_WARNING, source_path(r->source),
				        "its decoder died, and was started again");
			*error = (struct error){0};
			return STATUS_OK;
		}
	*error = reason;
	r->lost = true;
	snprintf(r->why, sizeof(r->why), "%s", reason.text);
	return status;
}

static enum status refuse(const struct remote *r, struct error *error)
{
	return r->watched && r->died ? STATUS_CANCELLED
	                             : error_set(error, STATUS_BAD_DATA, "%s", r->why);
}

static enum status next_block(struct remote *r, struct error *error)
{
	if (r->n_asked == 0)
		ask_for_blocks(r);
	return r->n_asked > 0 ? take_block(r, error) : give_up_dead(r, error);
}

enum status remote_read(
        struct remote *r, float *to, size_t max_frames, size_t *n_frames, struct error *error)
{
	size_t channels = (size_t)r->facts.channels;

	*n_frames = 0;
	if (max_frames == 0)
		return STATUS_OK;
	if (r->lost)
		return refuse(r, error);
	while (r->n_ready == 0 && !r->here) {
		enum status status = r->ended ? STATUS_END : next_block(r, error);

		if (status != STATUS_OK)
			TRY(mend(r, status, error));
	}
	if (r->here)
		return decoder_read(r->here, to, max_frames, n_frames, error);
	*n_frames = r->n_ready < max_frames ? r->n_ready : max_frames;
	decoder_copy_clean(to, r->ready, *n_frames * channels);
	r->ready += *n_frames * channels;
	r->n_ready -= *n_frames;
	r->position += (int64_t)*n_frames;
	return STATUS_OK;
}

enum status remote_seek(struct remote *r, int64_t frame, struct error *error)
{
	enum status status;

	if (r->lost)
		return refuse(r, error);
	if (r->here)
		return decoder_seek(r->here, frame, error);
	if (frame == r->position)
		return STATUS_OK;
	status = seek_child(r, frame, error);
	if (status != STATUS_OK)
		status = mend(r, status, error);
	if (status != STATUS_OK)
		r->position = -1; /* wherever it stands */
	return status;
}

/* ---- watching --------------------------------------------------------------------------------------- */

bool remote_watch(struct remote *r)
{
	struct child_reply reply = {0};
	struct error ignored = {0};

	if (r->here || r->lost || r->n_asked > 0 || r->position > 0)
		return false;
	if (ask(r, CHILD_WATCH, 0, &ignored) == STATUS_OK &&
	        receive(r, &reply, SANDBOX_HANG_S, &ignored) == STATUS_OK)
		r->watched = reply.status == STATUS_OK;
	else
		r->watched = r->died; /* which is told by the first read */
	return r->watched;
}

/* What was fetched before the owner lost interest counts first. */
static enum status drop_block(struct remote *r, size_t *n_frames, struct error *error)
{
	if (r->n_ready == 0)
		TRY(take_block(r, error));
	*n_frames = r->n_ready;
	r->n_ready = 0;
	return STATUS_OK;
}

static enum status pass_blocks(struct remote *r, size_t *n_frames, struct error *error)
{
	struct child_reply reply = {0};

	TRY(ask(r, CHILD_PASS, 0, error));
	TRY(receive(r, &reply, SANDBOX_HANG_S, error));
	TRY(take_damage_and_status(r, &reply, error));
	if (reply.n < 1 || reply.n > PASS_FRAMES + BLOCK_SAMPLES)
		return give_up(r, error, "its decoder gave no sensible answer");
	*n_frames = reply.n;
	return STATUS_OK;
}

enum status remote_pass_over(struct remote *r, size_t *n_frames, struct error *error)
{
	enum status status;

	*n_frames = 0;
	if (r->lost)
		return refuse(r, error);
	if (r->ended)
		return STATUS_END;
	status = r->n_asked > 0 || r->n_ready > 0 ? drop_block(r, n_frames, error)
	                                          : pass_blocks(r, n_frames, error);
	if (status != STATUS_OK)
		return mend(r, status, error);
	r->position += (int64_t)*n_frames;
	return STATUS_OK;
}

/* A piece of the report to `bytes`, which grows. */
static enum status take_piece(
        struct remote *r, uint8_t **bytes, size_t *n_bytes, double allowed_s, struct error *error)
{
	size_t most =
	        DECODER_REPORT_BYTES + DECODER_REPORT_BYTES_PER_SECOND *
	                                       (size_t)(r->position / r->facts.sample_rate_hz + 1);
	struct child_reply reply = {0};
	uint8_t *grown;

	TRY(ask(r, CHILD_REPORT, (int64_t)*n_bytes, error));
	TRY(receive(r, &reply, allowed_s, error));
	if (reply.status == STATUS_END)
		return STATUS_END;
	if (reply.status != STATUS_OK)
		return error_set(error, (enum status)reply.status, "%s", reply.text);
	if (reply.n < 1 || reply.n > SHARED_BYTES || *n_bytes + reply.n > most)
		return give_up(r, error, "its decoder gave no sensible answer");
	grown = realloc(*bytes, *n_bytes + reply.n);
	if (!grown)
		return error_set(error, STATUS_NO_MEMORY, "out of memory");
	memcpy(grown + *n_bytes, r->shared, reply.n);
	*bytes = grown;
	*n_bytes += reply.n;
	return STATUS_OK;
}

enum status remote_report(struct remote *r, uint8_t **bytes, size_t *n_bytes, struct error *error)
{
	/* The last sums are those over all of it. */
	double allowed_s = SANDBOX_HANG_S + (double)r->position / r->facts.sample_rate_hz / 20;
	enum status status = drop_answers(r, error);

	*bytes = NULL;
	*n_bytes = 0;
	while (status == STATUS_OK)
		status = take_piece(r, bytes, n_bytes, allowed_s, error);
	if (status == STATUS_END)
		return STATUS_OK;
	free(*bytes);
	*bytes = NULL;
	return mend(r, status, error);
}
