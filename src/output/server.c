/* server.c - libmicrohttpd's thread on one side, encoders' threads on the other, one lock between them.
 *
 * A listener's connection is suspended while there is nothing to send, and resumed by the encoder's thread.  Who falls
 * behind the bytes that are kept, or takes nothing for STALLED_SECONDS, is dropped alone.  Answers are those of an
 * HTTP/1.0 server: old players know no chunks.  What pages say is in pages.c.
 */
#include "server.h"

#include <arpa/inet.h>
#include <errno.h>
#include <microhttpd.h>
#include <netdb.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "jukebox/clock.h"
#include "pages.h"

enum {
	BACKLOG = 256,
	STALLED_SECONDS = 20,
	REQUEST_BYTES = 8 * 1024, /* of a request's head, and of libmicrohttpd for a connection */
	SEND_BYTES = 8 * 1024, /* at a time */
	SOCKET_BYTES = 128 * 1024, /* the kernel's share of a listener who is slow */
	ICY_INTERVAL = 16000,
	FILES_BESIDES = 64, /* descriptors that are not listeners */
	MOUNTS_MOST = 32,
	END_STEP_MS = 10,
	WAKE_MS =
	        200, /* waking a thousand listeners for each MP3 frame would cost more than all the rest */
	BASE_URL_BYTES = 300,
};

struct listener {
	struct listener *next, *previous;
	struct mount *mount;
	struct MHD_Connection *connection;
	struct stream_reader reader;
	bool is_suspended;
};

struct mount {
	struct mount *next;
	struct server *server;
	struct stream *stream;
	struct listener *listeners;
	size_t n_listeners, most, peak;
	int64_t sent_bytes, too_slow;
	int64_t woken_ns; /* when its listeners were last told of bytes */
	bool is_closing;
	char *path, *content_type, *name, *genre, *description, *homepage, *url;
	int bitrate_kbps;
	bool has_icy;
};

struct server {
	struct server *next;
	struct output_hub *hub;
	char *host;
	int wanted_port, port;
	struct MHD_Daemon *daemon;
	struct log *log;
	int64_t began_ns;
	pthread_mutex_t lock; /* guards the mounts, their streams and listeners */
	struct mount *mounts;
};

/* ---- listeners ---------------------------------------------------------------------------- */

static void remove_listener(struct listener *l)
{
	struct mount *m = l->mount;
	if (l->previous)
		l->previous->next = l->next;
	else
		m->listeners = l->next;
	if (l->next)
		l->next->previous = l->previous;
	m->n_listeners--;
}

static void add_listener(struct mount *m, struct listener *l)
{
	l->mount = m;
	l->next = m->listeners;
	if (m->listeners)
		m->listeners->previous = l;
	m->listeners = l;
	m->n_listeners++;
	if (m->n_listeners > m->peak)
		m->peak = m->n_listeners;
}

/* libmicrohttpd's thread is through with the response. */
static void forget_listener(void *user)
{
	struct listener *l = user;
	struct server *s = l->mount->server;
	pthread_mutex_lock(&s->lock);
	remove_listener(l);
	pthread_mutex_unlock(&s->lock);
	stream_leave(&l->reader);
	free(l);
}

static void wake_listeners(struct mount *m)
{
	m->woken_ns = clock_now_ns();
	for (struct listener *l = m->listeners; l; l = l->next) {
		if (!l->is_suspended)
			continue;
		l->is_suspended = false;
		MHD_resume_connection(l->connection);
	}
}

/* With the lock held. */
static ssize_t read_stream(struct listener *l, char *to, size_t most)
{
	struct mount *m = l->mount;
	size_t n = 0;
	if (m->is_closing)
		return MHD_CONTENT_READER_END_OF_STREAM;
	enum status status = stream_read(m->stream, &l->reader, (uint8_t *)to, most, &n);
	m->sent_bytes += (int64_t)n;
	if (status == STATUS_CANCELLED)
		m->too_slow++;
	if (n > 0)
		return (ssize_t)n;
	if (status != STATUS_OK)
		return status == STATUS_END ? MHD_CONTENT_READER_END_OF_STREAM
		                            : MHD_CONTENT_READER_END_WITH_ERROR;
	l->is_suspended = true;
	MHD_suspend_connection(l->connection);
	return 0;
}

static ssize_t next_bytes(void *user, uint64_t position, char *to, size_t most)
{
	struct listener *l = user;
	struct server *s = l->mount->server;
	pthread_mutex_lock(&s->lock);
	ssize_t n = read_stream(l, to, most);
	pthread_mutex_unlock(&s->lock);
	return n;
}

static ssize_t no_bytes(void *user, uint64_t position, char *to, size_t most)
{
	return MHD_CONTENT_READER_END_OF_STREAM;
}

/* ---- answers ------------------------------------------------------------------------------ */

static bool add_header(struct MHD_Response *r, const char *name, const char *value)
{
	return MHD_add_response_header(r, name, value) == MHD_YES;
}

static bool add_text_header(struct MHD_Response *r, const char *name, const char *value)
{
	return !value[0] || add_header(r, name, value);
}

static enum MHD_Result send_response(
        struct MHD_Connection *connection, unsigned status, struct MHD_Response *r)
{
	if (!r)
		return MHD_NO;
	add_header(r, MHD_HTTP_HEADER_SERVER, "jukebox/" JUKEBOX_VERSION);
	add_header(r, "X-Content-Type-Options", "nosniff");
	add_header(r, MHD_HTTP_HEADER_ACCESS_CONTROL_ALLOW_ORIGIN, "*");
	enum MHD_Result result = MHD_queue_response(connection, status, r);
	MHD_destroy_response(r);
	return result;
}

/* `text` is handed over; NULL: out of memory, and so is the result then. */
static struct MHD_Response *response_of(char *text, const char *type)
{
	struct MHD_Response *r =
	        text ? MHD_create_response_from_buffer(strlen(text), text, MHD_RESPMEM_MUST_FREE)
	             : NULL;
	if (!r) {
		free(text);
		return NULL;
	}
	add_header(r, MHD_HTTP_HEADER_CONTENT_TYPE, type);
	add_header(r, MHD_HTTP_HEADER_CACHE_CONTROL, "no-cache");
	return r;
}

static enum MHD_Result send_text(
        struct MHD_Connection *connection, unsigned status, const char *type, char *text)
{
	struct MHD_Response *r = response_of(text, type);
	return r ? send_response(connection, status, r) : MHD_NO;
}

static enum MHD_Result send_words(
        struct MHD_Connection *connection, unsigned status, const char *words)
{
	return send_text(connection, status, "text/plain; charset=utf-8", strdup(words));
}

static enum MHD_Result send_file(
        struct MHD_Connection *connection, const char *type, const char *bytes, size_t n_bytes)
{
	struct MHD_Response *r =
	        MHD_create_response_from_buffer(n_bytes, (void *)bytes, MHD_RESPMEM_PERSISTENT);
	if (!r)
		return MHD_NO;
	add_header(r, MHD_HTTP_HEADER_CONTENT_TYPE, type);
	add_header(r, MHD_HTTP_HEADER_CACHE_CONTROL, "max-age=60");
	return send_response(connection, MHD_HTTP_OK, r);
}

/* Other origins may read the stream with its titles. */
static enum MHD_Result send_options(struct MHD_Connection *connection)
{
	struct MHD_Response *r = MHD_create_response_from_buffer(0, NULL, MHD_RESPMEM_PERSISTENT);
	if (!r)
		return MHD_NO;
	add_header(r, MHD_HTTP_HEADER_ALLOW, "GET, HEAD, OPTIONS");
	add_header(r, MHD_HTTP_HEADER_ACCESS_CONTROL_ALLOW_METHODS, "GET, HEAD, OPTIONS");
	add_header(r, MHD_HTTP_HEADER_ACCESS_CONTROL_ALLOW_HEADERS, "Icy-MetaData, Range");
	add_header(r, MHD_HTTP_HEADER_ACCESS_CONTROL_MAX_AGE, "86400");
	return send_response(connection, MHD_HTTP_NO_CONTENT, r);
}

static bool add_stream_headers(struct MHD_Response *r, const struct mount *m, bool with_icy)
{
	char number[32];
	bool ok = add_header(r, MHD_HTTP_HEADER_CONTENT_TYPE, m->content_type) &&
	          add_header(r, MHD_HTTP_HEADER_CACHE_CONTROL, "no-cache, no-store") &&
	          add_header(r, MHD_HTTP_HEADER_PRAGMA, "no-cache") &&
	          add_header(r, MHD_HTTP_HEADER_ACCEPT_RANGES, "none") &&
	          add_header(r, MHD_HTTP_HEADER_ACCESS_CONTROL_EXPOSE_HEADERS,
	                  "icy-metaint, icy-name, icy-genre, icy-description, icy-url, icy-br") &&
	          add_text_header(r, "icy-name", m->name) &&
	          add_text_header(r, "icy-genre", m->genre) &&
	          add_text_header(r, "icy-description", m->description) &&
	          add_text_header(r, "icy-url", m->homepage);
	snprintf(number, sizeof number, "%d", m->bitrate_kbps);
	if (ok && m->bitrate_kbps)
		ok = add_header(r, "icy-br", number);
	snprintf(number, sizeof number, "%d", ICY_INTERVAL);
	if (ok && with_icy)
		ok = add_header(r, "icy-metaint", number);
	return ok;
}

static bool wants_icy(struct MHD_Connection *connection, const struct mount *m)
{
	const char *value =
	        MHD_lookup_connection_value(connection, MHD_HEADER_KIND, "Icy-MetaData");
	return m->has_icy && value && strcmp(value, "1") == 0;
}

static struct MHD_Response *stream_response(MHD_ContentReaderCallback reader, void *user,
        MHD_ContentReaderFreeCallback done, const struct mount *m, bool with_icy)
{
	struct MHD_Response *r =
	        MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, SEND_BYTES, reader, user, done);
	if (!r)
		return NULL;
	if (MHD_set_response_options(r, MHD_RF_HTTP_1_0_SERVER, MHD_RO_END) == MHD_YES &&
	        add_stream_headers(r, m, with_icy))
		return r;
	MHD_destroy_response(r);
	return NULL;
}

/* With the lock held; *r is the answer to a new listener, NULL when the mount is full or memory is. */
static bool try_join(struct mount *m, struct MHD_Connection *connection, bool with_icy,
        struct listener **listener)
{
	struct listener *l = calloc(1, sizeof *l);
	*listener = l;
	if (!l || stream_join(m->stream, &l->reader, with_icy ? ICY_INTERVAL : 0) != STATUS_OK) {
		free(l);
		return false;
	}
	l->connection = connection;
	add_listener(m, l);
	return true;
}

static enum MHD_Result send_stream(struct MHD_Connection *connection, struct mount *m, bool is_head)
{
	bool with_icy = wants_icy(connection, m);
	struct listener *l;
	if (is_head)
		return send_response(connection, MHD_HTTP_OK,
		        stream_response(no_bytes, NULL, NULL, m, with_icy));
	pthread_mutex_lock(&m->server->lock);
	bool is_full = m->n_listeners >= m->most;
	bool has_joined = !is_full && try_join(m, connection, with_icy, &l);
	pthread_mutex_unlock(&m->server->lock);
	if (is_full)
		return send_words(connection, MHD_HTTP_SERVICE_UNAVAILABLE,
		        "All seats are taken; please try again later.\n");
	if (!has_joined)
		return MHD_NO;
	struct MHD_Response *r = stream_response(next_bytes, l, forget_listener, m, with_icy);
	if (!r) {
		forget_listener(l);
		return MHD_NO;
	}
	return send_response(connection, MHD_HTTP_OK, r);
}

/* ---- pages -------------------------------------------------------------------------------- */

static struct mount_view view_of(const struct mount *m)
{
	return (struct mount_view){.path = m->path,
	        .content_type = m->content_type,
	        .name = m->name,
	        .description = m->description,
	        .genre = m->genre,
	        .homepage = m->homepage,
	        .bitrate_kbps = m->bitrate_kbps,
	        .listeners = m->n_listeners,
	        .listeners_most = m->most,
	        .listeners_peak = m->peak,
	        .sent_bytes = m->sent_bytes,
	        .too_slow = m->too_slow};
}

/* Asks outside of our lock: who answers has one of his own. */
static void take_programme(struct output_hub *hub, struct output_programme *programme)
{
	pthread_mutex_lock(&hub->lock);
	output_programme_fn *ask = hub->programme;
	void *user = hub->programme_user;
	pthread_mutex_unlock(&hub->lock);
	if (ask)
		ask(user, programme);
}

/* Mounts only go away with the daemon stopped or under the lock, so the texts in the view are held by it. */
static char *make_page(struct server *s, char *(*page)(const struct server_view *view))
{
	struct mount_view mounts[MOUNTS_MOST];
	struct server_view view = {
	        .mounts = mounts, .uptime_s = (double)(clock_now_ns() - s->began_ns) / 1e9};
	take_programme(s->hub, &view.programme);
	pthread_mutex_lock(&s->lock);
	for (const struct mount *m = s->mounts; m && view.n_mounts < MOUNTS_MOST; m = m->next)
		mounts[view.n_mounts++] = view_of(m);
	char *text = page(&view);
	pthread_mutex_unlock(&s->lock);
	output_programme_done(&view.programme);
	return text; /* cppcheck-suppress returnDanglingLifetime ; a new text, nothing of the view */
}

/* The page runs nothing but its own script, and loads nothing from elsewhere. */
static enum MHD_Result send_html(struct MHD_Connection *connection, char *text)
{
	struct MHD_Response *r = response_of(text, "text/html; charset=utf-8");
	if (!r)
		return MHD_NO;
	if (!add_header(r, "Content-Security-Policy",
	            "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
	            "media-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; "
	            "frame-ancestors 'none'")) {
		MHD_destroy_response(r);
		return MHD_NO;
	}
	add_header(r, "Referrer-Policy", "no-referrer");
	return send_response(connection, MHD_HTTP_OK, r);
}

/* How the listener reached us, if that is a plain name; else our own address. */
static void find_base_url(
        struct MHD_Connection *connection, const struct mount *m, char *to, size_t to_bytes)
{
	const char *host =
	        MHD_lookup_connection_value(connection, MHD_HEADER_KIND, MHD_HTTP_HEADER_HOST);
	size_t n = host ? strspn(host, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
	                               "0123456789.-_:[]")
	                : 0;
	if (n > 0 && n < BASE_URL_BYTES - 8 && host[n] == '\0')
		snprintf(to, to_bytes, "http://%s", host);
	else
		snprintf(to, to_bytes, "%.*s", (int)(strlen(m->url) - strlen(m->path)), m->url);
}

static enum MHD_Result send_m3u(struct MHD_Connection *connection, const struct mount *m)
{
	char base[BASE_URL_BYTES];
	pthread_mutex_lock(&m->server->lock);
	struct mount_view view = view_of(m);
	pthread_mutex_unlock(&m->server->lock);
	find_base_url(connection, m, base, sizeof base);
	return send_text(connection, MHD_HTTP_OK, "audio/x-mpegurl", pages_m3u(&view, base));
}

static enum MHD_Result send_joint(struct MHD_Connection *connection, struct server *s)
{
	pthread_mutex_lock(&s->hub->lock);
	output_joint_fn *ask = s->hub->joint;
	void *user = s->hub->programme_user;
	pthread_mutex_unlock(&s->hub->lock);
	char *svg = ask ? ask(user) : NULL;
	if (svg)
		return send_text(connection, MHD_HTTP_OK, "image/svg+xml", svg);
	return send_words(connection, MHD_HTTP_NOT_FOUND, "No joint is known yet.\n");
}

/* ---- requests ----------------------------------------------------------------------------- */

/* `path` without `ending`. */
static struct mount *find_mount(struct server *s, const char *path, const char *ending)
{
	size_t n = strlen(path), n_ending = strlen(ending);
	if (n < n_ending || strcmp(path + n - n_ending, ending) != 0)
		return NULL;
	n -= n_ending;
	pthread_mutex_lock(&s->lock);
	struct mount *m = s->mounts;
	while (m && (m->is_closing || strlen(m->path) != n || strncmp(m->path, path, n) != 0))
		m = m->next;
	pthread_mutex_unlock(&s->lock);
	return m;
}

static enum MHD_Result send_page(
        struct MHD_Connection *connection, struct server *s, const char *path)
{
	size_t n;
	const char *file;
	if (strcmp(path, "/") == 0)
		return send_html(connection, make_page(s, pages_html));
	if (strcmp(path, "/status.json") == 0)
		return send_text(connection, MHD_HTTP_OK, "application/json",
		        make_page(s, pages_status_json));
	if (strcmp(path, "/joint.svg") == 0)
		return send_joint(connection, s);
	if (strcmp(path, "/page.js") == 0) {
		file = pages_script(&n);
		return send_file(connection, "text/javascript; charset=utf-8", file, n);
	}
	if (strcmp(path, "/page.css") == 0) {
		file = pages_style(&n);
		return send_file(connection, "text/css; charset=utf-8", file, n);
	}
	if (strcmp(path, "/favicon.ico") == 0)
		return send_options(connection); /* browsers always ask */
	return send_words(connection, MHD_HTTP_NOT_FOUND, "There is nothing here.\n");
}

/* Mounts stay in memory until this thread has ended (end_if_empty). */
static enum MHD_Result answer(
        struct MHD_Connection *connection, struct server *s, const char *method, const char *path)
{
	bool is_head = strcmp(method, MHD_HTTP_METHOD_HEAD) == 0;
	if (strcmp(method, MHD_HTTP_METHOD_OPTIONS) == 0)
		return send_options(connection);
	if (!is_head && strcmp(method, MHD_HTTP_METHOD_GET) != 0)
		return send_words(
		        connection, MHD_HTTP_METHOD_NOT_ALLOWED, "Only GET, HEAD and OPTIONS.\n");
	struct mount *m = find_mount(s, path, "");
	if (m)
		return send_stream(connection, m, is_head);
	m = find_mount(s, path, ".m3u");
	return m ? send_m3u(connection, m) : send_page(connection, s, path);
}

static enum MHD_Result on_request(void *user, struct MHD_Connection *connection, const char *path,
        const char *method, const char *version, const char *upload, size_t *n_upload,
        void **request)
{
	static const char seen;
	/* Called first with the head alone; an answer is due at the second call. */
	if (!*request) {
		*request = (void *)&seen;
		return MHD_YES;
	}
	if (*n_upload > 0)
		return MHD_NO; /* nobody has anything to tell us */
	return answer(connection, user, method, path);
}

/* ---- the server --------------------------------------------------------------------------- */

static int listen_on(const struct addrinfo *a)
{
	int yes = 1, no = 0, bytes = SOCKET_BYTES;
	int fd =
	        socket(a->ai_family, a->ai_socktype | SOCK_CLOEXEC | SOCK_NONBLOCK, a->ai_protocol);
	if (fd < 0)
		return -1;
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
	setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &bytes, sizeof bytes); /* listeners inherit it */
	if (a->ai_family == AF_INET6)
		setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &no, sizeof no);
	if (bind(fd, a->ai_addr, a->ai_addrlen) == 0 && listen(fd, BACKLOG) == 0)
		return fd;
	int reason = errno;
	close(fd);
	errno = reason;
	return -1;
}

/* For all addresses IPv6 first: such a socket takes IPv4 too. */
static int listen_on_first(const struct addrinfo *found)
{
	int fd = -1, reason = 0;
	for (int pass = 0; pass < 2 && fd < 0; pass++)
		for (const struct addrinfo *a = found; a && fd < 0; a = a->ai_next)
			if ((a->ai_family == AF_INET6) == (pass == 0)) {
				fd = listen_on(a);
				reason = fd < 0 && errno != EAFNOSUPPORT ? errno : reason;
			}
	errno = reason;
	return fd;
}

static enum status open_socket(const char *host, int port, int *fd, struct error *error)
{
	struct addrinfo hints = {.ai_family = AF_UNSPEC,
	        .ai_socktype = SOCK_STREAM,
	        .ai_flags = AI_PASSIVE | AI_NUMERICSERV};
	struct addrinfo *found = NULL;
	char service[8];
	snprintf(service, sizeof service, "%d", port);
	int failed = getaddrinfo(host[0] ? host : NULL, service, &hints, &found);
	if (failed)
		return error_set(error, STATUS_IO, "%s: %s", host, gai_strerror(failed));
	*fd = listen_on_first(found);
	int reason = errno;
	freeaddrinfo(found);
	return *fd >= 0 ? STATUS_OK
	                : error_set_errno(error, reason, "cannot listen on port %d", port);
}

static int port_of(int fd)
{
	union {
		struct sockaddr any;
		struct sockaddr_in four;
		struct sockaddr_in6 six;
	} address = {.six = {0}};
	socklen_t n = sizeof address;
	if (getsockname(fd, &address.any, &n) < 0)
		return 0;
	return ntohs(
	        address.any.sa_family == AF_INET6 ? address.six.sin6_port : address.four.sin_port);
}

/* As many descriptors as the system grants without asking root. */
static unsigned raise_connection_limit(void)
{
	struct rlimit limit;
	if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
		return 1000;
	limit.rlim_cur = limit.rlim_max;
	if (setrlimit(RLIMIT_NOFILE, &limit) < 0 || limit.rlim_cur > 100000)
		return limit.rlim_cur > 100000 ? 100000 : 1000;
	return limit.rlim_cur > 2 * FILES_BESIDES ? (unsigned)limit.rlim_cur - FILES_BESIDES
	                                          : FILES_BESIDES;
}

static void say_nothing(void *user, const char *format, va_list arguments)
{
}

static enum status start_daemon(struct server *s, struct error *error)
{
	int fd = -1;
	TRY(open_socket(s->host, s->wanted_port, &fd, error));
	s->port = port_of(fd);
	s->daemon = MHD_start_daemon(
	        MHD_USE_EPOLL_INTERNAL_THREAD | MHD_ALLOW_SUSPEND_RESUME | MHD_USE_ERROR_LOG, 0,
	        NULL, NULL, on_request, s, MHD_OPTION_EXTERNAL_LOGGER, say_nothing, NULL,
	        MHD_OPTION_LISTEN_SOCKET, fd, MHD_OPTION_CONNECTION_LIMIT, raise_connection_limit(),
	        MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)STALLED_SECONDS,
	        MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)REQUEST_BYTES, MHD_OPTION_END);
	if (s->daemon)
		return STATUS_OK;
	close(fd);
	return error_set(error, STATUS_IO, "cannot start the HTTP server");
}

static void server_free(struct server *s)
{
	if (s->daemon)
		MHD_stop_daemon(s->daemon);
	pthread_mutex_destroy(&s->lock);
	free(s->host);
	free(s);
}

/* NULL: *error says why, with its status. */
static struct server *server_new(struct output_hub *hub, const struct mount_options *options,
        struct log *log, struct error *error)
{
	struct server *s = calloc(1, sizeof *s);
	char *host = strdup(options->host);
	if (!s || !host) {
		free(s);
		free(host);
		error_set(error, STATUS_NO_MEMORY, "out of memory");
		return NULL;
	}
	pthread_mutex_init(&s->lock, NULL);
	s->hub = hub;
	s->log = log;
	s->host = host;
	s->wanted_port = options->port;
	s->began_ns = clock_now_ns();
	if (start_daemon(s, error) == STATUS_OK)
		return s;
	server_free(s);
	return NULL;
}

static struct server *find_server(struct output_hub *hub, const struct mount_options *options)
{
	struct server *s = hub->servers;
	while (s && (s->wanted_port != options->port || strcmp(s->host, options->host) != 0))
		s = s->next;
	return s;
}

/* ---- mounts ------------------------------------------------------------------------------- */

static bool copy_texts(struct mount *m, const struct mount_options *o)
{
	m->path = strdup(o->path);
	m->content_type = strdup(o->content_type);
	m->name = strdup(o->name);
	m->genre = strdup(o->genre);
	m->description = strdup(o->description);
	m->homepage = strdup(o->homepage);
	return m->path && m->content_type && m->name && m->genre && m->description && m->homepage;
}

static void mount_free(struct mount *m)
{
	stream_free(m->stream);
	free(m->path);
	free(m->content_type);
	free(m->name);
	free(m->genre);
	free(m->description);
	free(m->homepage);
	free(m->url);
	free(m);
}

static struct mount *mount_new(const struct mount_options *o)
{
	struct mount *m = calloc(1, sizeof *m);
	if (!m)
		return NULL;
	m->most = o->listeners_most;
	m->bitrate_kbps = o->bitrate_kbps;
	m->has_icy = o->has_icy;
	m->stream = stream_new(o->kept_bytes, o->burst_bytes);
	if (m->stream && copy_texts(m, o))
		return m;
	mount_free(m);
	return NULL;
}

static bool make_url(struct mount *m, const struct server *s)
{
	bool is_any = !s->host[0] || strcmp(s->host, "0.0.0.0") == 0 || strcmp(s->host, "::") == 0;
	const char *host = is_any ? "localhost" : s->host;
	bool is_ipv6 = strchr(host, ':') != NULL;
	return asprintf(&m->url, "http://%s%s%s:%d%s", is_ipv6 ? "[" : "", host, is_ipv6 ? "]" : "",
	               s->port, m->path) > 0;
}

/* At the end of the list, so that the first one of the command line is the page's first. */
static enum status attach(struct server *s, struct mount *m, struct error *error)
{
	struct mount **last = &s->mounts;
	enum status status = STATUS_OK;
	size_t n = 0;
	pthread_mutex_lock(&s->lock);
	for (; *last; last = &(*last)->next, n++)
		if (strcmp((*last)->path, m->path) == 0)
			status = error_set(error, STATUS_USAGE, "there is such a mount already");
	if (status == STATUS_OK && n >= MOUNTS_MOST)
		status = error_set(error, STATUS_USAGE, "too many mounts");
	if (status == STATUS_OK) {
		m->server = s;
		*last = m;
	}
	pthread_mutex_unlock(&s->lock);
	return status;
}

static enum status open_in(struct output_hub *hub, const struct mount_options *options,
        struct log *log, struct mount *m, struct error *error)
{
	struct server *s = find_server(hub, options);
	if (!s) {
		s = server_new(hub, options, log, error);
		if (!s)
			return error->status;
		s->next = hub->servers;
		hub->servers = s;
	}
	if (!make_url(m, s)) {
		m->url = NULL;
		return error_set(error, STATUS_NO_MEMORY, "out of memory");
	}
	return attach(s, m, error);
}

static void end_if_empty(struct output_hub *hub);

enum status mount_open(struct output_hub *hub, const struct mount_options *options, struct log *log,
        struct mount **mount, struct error *error)
{
	struct mount *m = mount_new(options);
	if (!m)
		return error_set(error, STATUS_NO_MEMORY, "out of memory");
	pthread_mutex_lock(&hub->lock);
	enum status status = open_in(hub, options, log, m, error);
	pthread_mutex_unlock(&hub->lock);
	if (status != STATUS_OK) {
		mount_free(m);
		end_if_empty(hub);
		return status;
	}
	*mount = m;
	return STATUS_OK;
}

const char *mount_url(const struct mount *mount)
{
	return mount->url;
}

enum status mount_write(struct mount *m, const void *bytes, size_t n_bytes)
{
	pthread_mutex_lock(&m->server->lock);
	enum status status = stream_write(m->stream, bytes, n_bytes);
	if (clock_now_ns() - m->woken_ns >= WAKE_MS * INT64_C(1000000))
		wake_listeners(m);
	pthread_mutex_unlock(&m->server->lock);
	return status;
}

enum status mount_end_head(struct mount *m)
{
	pthread_mutex_lock(&m->server->lock);
	enum status status = stream_end_head(m->stream);
	pthread_mutex_unlock(&m->server->lock);
	return status;
}

void mount_title(struct mount *m, const char *title)
{
	pthread_mutex_lock(&m->server->lock);
	stream_title(m->stream, title);
	pthread_mutex_unlock(&m->server->lock);
}

static size_t count_listeners(struct mount *m)
{
	pthread_mutex_lock(&m->server->lock);
	size_t n = m->n_listeners;
	pthread_mutex_unlock(&m->server->lock);
	return n;
}

void mount_end(struct mount *m, int stop_fd, int wait_ms)
{
	pthread_mutex_lock(&m->server->lock);
	stream_end(m->stream);
	wake_listeners(m);
	pthread_mutex_unlock(&m->server->lock);
	struct pollfd stop = {.fd = stop_fd, .events = POLLIN};
	for (int ms = 0; ms < wait_ms && count_listeners(m) > 0; ms += END_STEP_MS)
		if (poll(&stop, 1, END_STEP_MS) > 0)
			return;
}

/* With both locks held: are all mounts of this server closing? */
static bool is_unused(const struct server *s)
{
	for (const struct mount *m = s->mounts; m; m = m->next)
		if (!m->is_closing)
			return false;
	return true;
}

static struct server *take_unused(struct output_hub *hub)
{
	struct server *unused = NULL;
	pthread_mutex_lock(&hub->lock);
	for (struct server **s = &hub->servers; *s && !unused; s = &(*s)->next) {
		pthread_mutex_lock(&(*s)->lock);
		bool is = is_unused(*s);
		pthread_mutex_unlock(&(*s)->lock);
		if (is) {
			unused = *s;
			*s = unused->next;
			break;
		}
	}
	pthread_mutex_unlock(&hub->lock);
	return unused;
}

/* Mounts stay, closed, until their server's thread has ended: it may be looking at them. */
static void end_if_empty(struct output_hub *hub)
{
	struct server *s = take_unused(hub);
	if (!s)
		return;
	MHD_stop_daemon(s->daemon);
	s->daemon = NULL;
	while (s->mounts) {
		struct mount *m = s->mounts;
		s->mounts = m->next;
		mount_free(m);
	}
	server_free(s);
}

void mount_close(struct mount *m)
{
	if (!m)
		return;
	struct output_hub *hub = m->server->hub;
	pthread_mutex_lock(&m->server->lock);
	m->is_closing = true;
	stream_end(m->stream);
	wake_listeners(m);
	pthread_mutex_unlock(&m->server->lock);
	end_if_empty(hub);
}
