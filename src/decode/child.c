/* child.c - one decoder in a jail: opens what it was given, then answers requests until nobody asks any more. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core.h"
#include "jail.h"
#include "protocol.h"

enum { WATCH_FRAMES = 2048 };

struct child {
	int socket;
	float *shared;
	struct decoder *decoder;
	bool has_filter;
	const struct decoder_watcher *watcher; /* what this program has; NULL: none */
	void *watching; /* its state; NULL: nobody watches */
	uint8_t *report; /* what it said; NULL: it was not asked */
	size_t n_report;
	enum status later; /* came behind frames that were given first; STATUS_OK: nothing did */
	struct error later_error;
};

static bool answer(const struct child *c, enum status status, size_t n, const struct error *error)
{
	struct child_reply reply = {
	        .status = (int32_t)status, .n = (uint32_t)n, .has_filter = c->has_filter};

	if (c->decoder) {
		reply.facts = *decoder_facts(c->decoder);
		reply.damage = *decoder_damage(c->decoder);
	}
	memcpy(reply.text, error->text, sizeof(reply.text));
	return send(c->socket, &reply, sizeof(reply), MSG_NOSIGNAL) == (ssize_t)sizeof(reply);
}

/* Bytes of "name NUL value NUL" in the shared memory. */
static size_t put_tags(const struct child *c)
{
	const struct tags *tags = decoder_tags(c->decoder);
	char *to = (char *)c->shared;
	size_t n = 0;

	for (size_t i = 0; i < tags->count; i++) {
		size_t n_name = strlen(tags->items[i].name) + 1,
		       n_value = strlen(tags->items[i].value) + 1;

		if (n + n_name + n_value > SHARED_BYTES)
			break;
		memcpy(to + n, tags->items[i].name, n_name);
		memcpy(to + n + n_name, tags->items[i].value, n_value);
		n += n_name + n_value;
	}
	return n;
}

/* Descriptors 3 and 4, the file and the socket, are all that it keeps besides the null device. */
static void keep_only(int descriptors[N_OPEN])
{
	enum { FILE_AT = 3, SOCKET_AT = 4 };
	int file = fcntl(descriptors[OPEN_FILE], F_DUPFD_CLOEXEC, 10);
	int socket = fcntl(descriptors[OPEN_SOCKET], F_DUPFD_CLOEXEC, 10);

	descriptors[OPEN_FILE] = dup2(file, FILE_AT);
	descriptors[OPEN_SOCKET] = dup2(socket, SOCKET_AT);
	close_range(SOCKET_AT + 1, ~0u, 0);
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__) /* they speak there */
	dup2(STDIN_FILENO, STDERR_FILENO);
#endif
}

/* In pieces that a watcher finds in the nearest cache. */
static enum status decode(struct child *c, float *to, size_t most, size_t *n, struct error *error)
{
	if (c->watching && most > WATCH_FRAMES)
		most = WATCH_FRAMES;
	TRY(decoder_read(c->decoder, to, most, n, error));
	if (c->watching && c->watcher->see(c->watching, to, *n) != STATUS_OK)
		return error_set(error, STATUS_NO_MEMORY, "out of memory");
	return STATUS_OK;
}

/* A failure is told behind the frames that came before it. */
static enum status put_off(
        struct child *c, enum status status, size_t n_frames, const struct error *error)
{
	if (n_frames == 0 || status == STATUS_OK)
		return status;
	c->later = status;
	c->later_error = *error;
	return STATUS_OK;
}

static enum status tell_what_was_put_off(struct child *c, struct error *error)
{
	enum status status = c->later;

	c->later = STATUS_OK;
	if (status != STATUS_OK)
		*error = c->later_error;
	return status;
}

static enum status read_block(struct child *c, uint32_t number, size_t *n, struct error *error)
{
	size_t channels = (size_t)decoder_facts(c->decoder)->channels, got = 0,
	       most = BLOCK_SAMPLES / channels;
	float *block = c->shared + (size_t)(number % N_BLOCKS) * BLOCK_SAMPLES;
	enum status status = STATUS_OK;

	TRY(tell_what_was_put_off(c, error));
	while (*n < most && status == STATUS_OK) {
		got = 0;
		status = decode(c, block + *n * channels, most - *n, &got, error);
		*n += got;
	}
	return put_off(c, status, *n, error);
}

/* All to one place. */
static enum status pass_over(struct child *c, size_t *n, struct error *error)
{
	size_t got = 0, most = BLOCK_SAMPLES / (size_t)decoder_facts(c->decoder)->channels;
	enum status status = STATUS_OK;

	TRY(tell_what_was_put_off(c, error));
	while (*n < PASS_FRAMES && status == STATUS_OK) {
		got = 0;
		status = decode(c, c->shared, most, &got, error);
		*n += got;
	}
	return put_off(c, status, *n, error);
}

static enum status seek(struct child *c, int64_t frame, struct error *error)
{
	c->later = STATUS_OK;
	return decoder_seek(c->decoder, frame, error);
}

static enum status watch(struct child *c)
{
	if (!c->watcher || c->watching)
		return STATUS_UNSUPPORTED;
	c->watching = c->watcher->begin(decoder_facts(c->decoder));
	decoder_leave_raw(c->decoder, c->watching == NULL);
	return c->watching ? STATUS_OK : STATUS_NO_MEMORY;
}

static enum status report(struct child *c, int64_t from, size_t *n, struct error *error)
{
	if (!c->watching)
		return error_set(error, STATUS_USAGE, "nobody watches");
	if (!c->report && c->watcher->report(c->watching, &c->report, &c->n_report) != STATUS_OK)
		return error_set(error, STATUS_NO_MEMORY, "out of memory");
	if (from < 0 || (uint64_t)from >= c->n_report)
		return STATUS_END;
	*n = c->n_report - (size_t)from;
	if (*n > SHARED_BYTES)
		*n = SHARED_BYTES;
	memcpy(c->shared, c->report + from, *n);
	return STATUS_OK;
}

static enum status serve_request(
        struct child *c, const struct child_request *request, size_t *n, struct error *error)
{
	switch (request->verb) {
	case CHILD_SEEK:
		return seek(c, request->at, error);
	case CHILD_WATCH:
		return watch(c);
	case CHILD_PASS:
		return pass_over(c, n, error);
	case CHILD_REPORT:
		return report(c, request->at, n, error);
	default:
		return read_block(c, request->block, n, error);
	}
}

static bool serve_one(struct child *c)
{
	struct child_request request;
	struct error error = {0};
	enum status status;
	size_t n = 0;
	ssize_t got;

	do
		got = recv(c->socket, &request, sizeof(request), 0);
	while (got < 0 && errno == EINTR);
	if (got != (ssize_t)sizeof(request))
		return false;
	status = serve_request(c, &request, &n, &error);
	return answer(c, status, n, &error);
}

_Noreturn void child_run(const int descriptors[N_OPEN], const struct open_request *request,
        const char *name, const struct modules *modules, const struct decoder_watcher *watcher,
        void *filter)
{
	int fds[N_OPEN];
	struct child c = {.watcher = watcher};
	struct source *source = NULL;
	struct error error = {0};
	enum status status;

	c.shared = mmap(NULL, SHARED_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED,
	        descriptors[OPEN_MEMORY], 0);
	if (c.shared == MAP_FAILED)
		_exit(1);
	memcpy(fds, descriptors, sizeof(fds));
	keep_only(fds);
	c.socket = fds[OPEN_SOCKET];
	status = source_open_descriptor(fds[OPEN_FILE], name, request->is_part, &source, &error);
	c.has_filter = jail_enter(filter);
	if (status == STATUS_OK)
		status = decoder_open_here(source, modules, &c.decoder, &error);
	if (status == STATUS_OK)
		decoder_leave_raw(c.decoder, true);
	if (answer(&c, status, c.decoder ? put_tags(&c) : 0, &error) && status == STATUS_OK)
		while (serve_one(&c))
			;
	_exit(0);
}
