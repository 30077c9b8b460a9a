/* evil-decoder.c - a module that does what a decoder must not: tests/cli/sandbox.t builds it.
 *
 * Its format: "EVIL" and a letter: C crashes, H hangs, M wants all memory, P tries what is forbidden and
 * reports it as its reason, F only what limits on resources forbid, L crashes later, behind some seconds of music, R answers
 * in the decoder's place from there on: that this was all, and that its report is whatever lies in the shared memory. */
#include <errno.h>
#include <fcntl.h>
#include <jukebox/module.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "decode/protocol.h"

struct evil_state {
	char deed;
	int64_t given;
};

static const char *word(int result)
{
	return result >= 0 ? "allowed" : errno == EPERM || errno == EMFILE ? "refused" : "failed";
}

static int try_fork(void)
{
	pid_t child = fork();

	if (child == 0)
		_exit(0);
	if (child > 0)
		waitpid(child, NULL, 0);
	return (int)child;
}

/* Replaces the process where it is allowed, so it comes last, and only in a sandbox. */
static int try_program(void)
{
	char *arguments[] = {(char *)"true", NULL}, *environment[] = {NULL};

	return execve("/bin/true", arguments, environment);
}

static enum status try_all(struct decoder_handle *d, bool without_filter)
{
	const char *file = word(open("/etc/passwd", O_RDONLY));
	const char *made = word(open("made-by-a-decoder", O_WRONLY | O_CREAT, 0600));
	const char *net = word(socket(AF_INET, SOCK_STREAM, 0));
	const char *local = word(socket(AF_UNIX, SOCK_STREAM, 0));
	const char *process = without_filter ? "untried" : word(try_fork());
	const char *program =
	        without_filter || strcmp(net, "allowed") == 0 ? "untried" : word(try_program());

	return error_set(d->error, STATUS_BAD_DATA,
	        "file %s, new file %s, network %s, local socket %s, process %s, program %s", file,
	        made, net, local, process, program);
}

static int evil_probe(const uint8_t *head, size_t n_bytes)
{
	return n_bytes >= 5 && memcmp(head, "EVIL", 4) == 0 ? 100 : 0;
}

static enum status evil_open(struct decoder_handle *d)
{
	struct evil_state *s = d->state;
	char head[5] = "";
	volatile unsigned turns = 0;
	void *memory;

	if (source_read(d->source, head, 5) != 5)
		return error_set(d->error, STATUS_BAD_DATA, "too short");
	s->deed = head[4];
	if (s->deed == 'C')
		abort();
	while (s->deed == 'H')
		turns++;
	if (s->deed == 'P' || s->deed == 'F')
		return try_all(d, s->deed == 'F');
	if (s->deed == 'M') {
		memory = malloc((size_t)3 << 30);
		free(memory);
		return error_set(
		        d->error, STATUS_BAD_DATA, memory ? "memory allowed" : "memory refused");
	}
	memcpy(d->facts->codec, "evil", 5);
	d->facts->sample_rate_hz = 44100;
	d->facts->channels = 2;
	return STATUS_OK;
}

enum { SOCKET = 4 };

static bool answer(enum status status)
{
	struct child_reply reply = {.status = (int32_t)status,
	        .n = 1000,
	        .has_filter = true,
	        .facts = {.sample_rate_hz = 44100, .channels = 2}};

	return send(SOCKET, &reply, sizeof(reply), MSG_NOSIGNAL) == (ssize_t)sizeof(reply);
}

_Noreturn static void lie(void)
{
	struct child_request asked;

	answer(STATUS_OK);
	while (recv(SOCKET, &asked, sizeof(asked), 0) == (ssize_t)sizeof(asked))
		answer(asked.verb == CHILD_REPORT && asked.at == 0 ? STATUS_OK : STATUS_END);
	_exit(0);
}

static enum status evil_read(
        struct decoder_handle *d, float *to, size_t max_frames, size_t *n_frames)
{
	struct evil_state *s = d->state;

	if (s->given >= 200000 && s->deed == 'R')
		lie();
	if (s->given >= 200000)
		abort();
	for (size_t i = 0; i < 2 * max_frames; i++)
		to[i] = i % 50 < 25 ? 0.1f : -0.1f;
	s->given += (int64_t)max_frames;
	*n_frames = max_frames;
	return STATUS_OK;
}

static void evil_close(struct decoder_handle *d)
{
}

static const char *const suffixes[] = {"evil", NULL};
static const struct decoder_format evil = {.name = "evil",
        .description = "no good",
        .suffixes = suffixes,
        .probe = evil_probe,
        .state_bytes = sizeof(struct evil_state),
        .open = evil_open,
        .read = evil_read,
        .close = evil_close};
static const struct decoder_format *const formats[] = {&evil, NULL};
const struct jukebox_module jukebox_module = {JUKEBOX_MODULE_VERSION, "evil", formats};
