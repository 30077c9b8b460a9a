/* icecast.c - a source of an Icecast server, through libshout.
 *
 * Nothing here waits: each block of sound moves the connection on by a step, and without a connection the sound is
 * dropped, so that the mix and the other outputs never notice.  A lost or refused connection is tried again, after 1,
 * 2, 4 ... 60 s.  Each connection begins with a new encoder, since its listeners need the head of the stream.  A source
 * that was never accepted gives up after some refusals (the password is wrong, or somebody else has the
 * mount); one that was goes on for ever.
 * Titles: new logical streams for Ogg; for MP3 the server's metadata request, which libshout makes by itself, and which
 * may take as long as the server does.  Names are looked up by libshout too, in this thread; so that neither the start nor
 * the end of the programme waits for a name server, libshout is asked only when a look of our own has found the name.
 */
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <poll.h>
#include <shout/shout.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "inquiry.h"
#include "jukebox/clock.h"
#include "jukebox/output.h"
#include "query.h"
#include "url.h"

enum {
	DEFAULT_PORT = 8000,
	QUEUE_BYTES_MOST = 256 * 1024, /* not taken by the server: 16 s at 128 kbit/s */
	REFUSALS_MOST = 5,
	FINISH_STEP_MS = 10,
	FINISH_STEPS = 300,
	PASSWORD_BYTES = 256,
};
static const int64_t SECOND_NS = 1000000000;
static const int64_t CONNECT_NS = 10 * SECOND_NS, LONGEST_PAUSE_NS = 60 * SECOND_NS;

/* Beside libshout's codes, which are negative. */
enum { NO_SUCH_NAME = 1 };

enum connection { DOWN, REFUSED, RESOLVING, CONNECTING, UP };

struct icecast {
	struct url url;
	char password[PASSWORD_BYTES];
	char title_of_stream[QUERY_VALUE_BYTES], genre[QUERY_VALUE_BYTES],
	        description[QUERY_VALUE_BYTES], homepage[QUERY_VALUE_BYTES];
	char ca_file[QUERY_VALUE_BYTES];
	bool is_public;
	int tls;

	enum connection connection;
	struct inquiry
	        *inquiry; /* when RESOLVING: the name; when REFUSED: who else has the mount */
	shout_t *shout; /* NULL before the first connection */
	struct encoder *encoder; /* NULL unless UP */
	struct tags tags; /* of what is on */
	int64_t since_ns; /* of REFUSED, RESOLVING, CONNECTING */
	int64_t retry_ns, pause_ns;
	bool was_up;
	int refusals; /* before it was ever up */
	int64_t lost_frames; /* since the connection was lost */
	char told[256]; /* the last reason: said once, not at each try */
};

/* ---- the reason --------------------------------------------------------------------------- */

/* libshout keeps to itself what the server said: by what a listener is told, it is the one or the other. */
static const char *why_refused(int status)
{
	if (status == 404)
		return "the password is wrong";
	if (status == 200)
		return "the mount is taken";
	return "the password is wrong, or the mount is taken";
}

/* libshout tells the kind of failure; the system's words are in errno, if it was the system. */
static void describe(struct icecast *c, int code, int reason, char *to, size_t to_bytes)
{
	const char *system =
	        reason && reason != EINPROGRESS && reason != EAGAIN ? strerror(reason) : NULL;
	if (code == SHOUTERR_NOLOGIN)
		snprintf(to, to_bytes, "login refused: %s", why_refused(reason));
	else if (code == NO_SUCH_NAME)
		snprintf(to, to_bytes, "cannot connect: %s", gai_strerror(reason));
	else if (code == SHOUTERR_NOCONNECT && !system)
		snprintf(to, to_bytes, "cannot connect: no such host");
	else if (code == SHOUTERR_BUSY)
		snprintf(to, to_bytes, "no answer for %d s", (int)(CONNECT_NS / SECOND_NS));
	else if (code == SHOUTERR_NOTLS || code == SHOUTERR_TLSBADCERT)
		snprintf(to, to_bytes, "%s",
		        code == SHOUTERR_NOTLS ? "the server has no TLS"
		                               : "the server's certificate is not trusted");
	else if (system)
		snprintf(to, to_bytes, "%s: %s",
		        c->connection == UP ? "connection lost" : "cannot connect", system);
	else
		snprintf(to, to_bytes, "%s: %s",
		        c->connection == UP ? "connection lost" : "cannot connect",
		        c->shout ? shout_get_error(c->shout) : "closed");
}

/* ---- up and down -------------------------------------------------------------------------- */

/* The handle is kept for the next one: libshout 2.4.6 loses the memory of each that is freed. */
static void drop_connection(struct icecast *c)
{
	encoder_close(c->encoder);
	c->encoder = NULL;
	inquiry_leave(c->inquiry);
	c->inquiry = NULL;
	if (c->shout)
		shout_close(c->shout);
	c->connection = DOWN;
}

static enum status lose(struct output_handle *o, int code, int reason)
{
	struct icecast *c = o->state;
	char why[200];
	describe(c, code, reason, why, sizeof why);
	drop_connection(c);
	if (code == SHOUTERR_NOLOGIN && !c->was_up && ++c->refusals >= REFUSALS_MOST)
		return error_set(o->error, STATUS_IO, "%s: %s", o->name, why);
	c->pause_ns = c->pause_ns ? c->pause_ns * 2 : SECOND_NS;
	if (c->pause_ns > LONGEST_PAUSE_NS)
		c->pause_ns = LONGEST_PAUSE_NS;
	c->retry_ns = clock_now_ns() + c->pause_ns;
	if (strcmp(why, c->told) != 0)
		log_print(o->log, LOG_WARNING, "%s: %s; trying again, in %d s at first", o->name,
		        why, (int)(c->pause_ns / SECOND_NS));
	snprintf(c->told, sizeof c->told, "%s", why);
	return STATUS_OK;
}

static bool configure(const struct output_handle *o, shout_t *s)
{
	const struct icecast *c = o->state;
	bool is_mp3 = strcmp(o->encoder->name, "mp3") == 0;
	char number[16];
	int failed = shout_set_host(s, c->url.host) |
	             shout_set_port(s, (unsigned short)c->url.port) |
	             shout_set_user(s, c->url.user[0] ? c->url.user : "source") |
	             shout_set_password(s, c->password) | shout_set_mount(s, c->url.path) |
	             shout_set_agent(s, "jukebox/" JUKEBOX_VERSION) | shout_set_tls(s, c->tls) |
	             shout_set_public(s, c->is_public) | shout_set_nonblocking(s, 1) |
	             shout_set_content_format(s, is_mp3 ? SHOUT_FORMAT_MP3 : SHOUT_FORMAT_OGG,
	                     SHOUT_USAGE_AUDIO, NULL);
	if (c->title_of_stream[0])
		failed |= shout_set_meta(s, SHOUT_META_NAME, c->title_of_stream);
	if (c->genre[0])
		failed |= shout_set_meta(s, SHOUT_META_GENRE, c->genre);
	if (c->description[0])
		failed |= shout_set_meta(s, SHOUT_META_DESCRIPTION, c->description);
	if (c->homepage[0])
		failed |= shout_set_meta(s, SHOUT_META_URL, c->homepage);
	if (c->ca_file[0])
		failed |= shout_set_ca_file(s, c->ca_file);
	snprintf(number, sizeof number, "%d", o->format->sample_rate_hz);
	failed |= shout_set_audio_info(s, SHOUT_AI_SAMPLERATE, number);
	snprintf(number, sizeof number, "%d", o->format->channels);
	failed |= shout_set_audio_info(s, SHOUT_AI_CHANNELS, number);
	return !failed;
}

static enum status connection_step(struct output_handle *o, int code, int reason);

/* A question to the network that move_on will see answered. */
static enum status inquire(struct output_handle *o, enum connection state, struct inquiry *inquiry)
{
	struct icecast *c = o->state;
	c->connection = state;
	c->since_ns = clock_now_ns();
	c->inquiry = inquiry;
	return inquiry ? STATUS_OK
	               : error_set(
	                         o->error, STATUS_NO_MEMORY, "%s: cannot start a thread", o->name);
}

static enum status begin_connection(struct output_handle *o)
{
	struct icecast *c = o->state;
	bool is_new = !c->shout;
	if (is_new)
		c->shout = shout_new();
	if (!c->shout || (is_new && !configure(o, c->shout)))
		return error_set(o->error, STATUS_NO_MEMORY, "%s: out of memory", o->name);
	c->connection = CONNECTING;
	c->since_ns = clock_now_ns();
	errno = 0;
	int code = shout_open(c->shout);
	return connection_step(o, code, errno);
}

/* ---- sound -------------------------------------------------------------------------------- */

static enum status send_bytes(void *user, const void *bytes, size_t n_bytes, struct error *error)
{
	struct icecast *c = user;
	if (c->connection != UP)
		return STATUS_OK; /* lost within this block */
	errno = 0;
	int code = shout_send(c->shout, bytes, n_bytes);
	if (code == SHOUTERR_SUCCESS || code == SHOUTERR_BUSY)
		return STATUS_OK;
	return error_set(error, STATUS_END, "%d", errno);
}

static bool is_mp3(const struct output_handle *o)
{
	return strcmp(o->encoder->name, "mp3") == 0;
}

static bool set_metadata(struct icecast *c)
{
	const char *title = tags_get(&c->tags, "title"), *artist = tags_get(&c->tags, "artist");
	char song[2 * TAG_VALUE_BYTES + 4];
	snprintf(song, sizeof song, "%s%s%s", artist ? artist : "", artist && title ? " - " : "",
	        title ? title : "");
	shout_metadata_t *m = shout_metadata_new();
	bool ok = m && shout_metadata_add(m, "song", song) == SHOUTERR_SUCCESS &&
	          shout_set_metadata_utf8(c->shout, m) == SHOUTERR_SUCCESS;
	shout_metadata_free(m);
	return ok;
}

static enum status tell_title(struct output_handle *o)
{
	struct icecast *c = o->state;
	if (c->connection != UP || c->tags.count == 0)
		return STATUS_OK;
	if (!is_mp3(o))
		return encoder_announce(c->encoder, &c->tags, o->error);
	if (!set_metadata(c))
		log_print(o->log, LOG_DEBUG, "%s: the title was not taken", o->name);
	return STATUS_OK;
}

/* A failure of the encoder is the output's; one of the connection is the connection's. */
static enum status sent(struct output_handle *o, enum status status)
{
	struct icecast *c = o->state;
	if (status == STATUS_END)
		return lose(o, SHOUTERR_SOCKET, atoi(o->error->text));
	if (status == STATUS_OK && c->connection == UP &&
	        shout_queuelen(c->shout) > QUEUE_BYTES_MOST)
		return lose(o, SHOUTERR_SOCKET, ETIMEDOUT);
	return status;
}

static enum status open_encoder(struct output_handle *o)
{
	struct icecast *c = o->state;
	struct writer writer = {.write = send_bytes, .user = c};
	struct stream_format format = *o->format;
	return encoder_open(
	        o->encoder, &format, o->encoder_options, &writer, &c->encoder, o->error);
}

static enum status come_up(struct output_handle *o)
{
	struct icecast *c = o->state;
	double lost_s = (double)c->lost_frames / o->format->sample_rate_hz;
	c->connection = UP;
	c->pause_ns = 0;
	c->told[0] = '\0';
	if (c->was_up)
		log_print(o->log, LOG_WARNING, "%s: connected again; %.1f s were not heard",
		        o->name, lost_s);
	else
		log_print(o->log, LOG_INFO, "%s: connected", o->name);
	c->was_up = true;
	c->lost_frames = 0;
	enum status status = open_encoder(o);
	if (status == STATUS_OK)
		status = tell_title(o);
	return sent(o, status);
}

static bool is_late(const struct icecast *c)
{
	return clock_now_ns() - c->since_ns > CONNECT_NS;
}

static enum status connection_step(struct output_handle *o, int code, int reason)
{
	struct icecast *c = o->state;
	if (code == SHOUTERR_SUCCESS || code == SHOUTERR_CONNECTED)
		return come_up(o);
	if (code == SHOUTERR_BUSY && !is_late(c))
		return STATUS_OK;
	if (code != SHOUTERR_NOLOGIN)
		return lose(o, code, reason);
	shout_close(c->shout);
	return inquire(o, REFUSED, inquiry_of_path(&c->url));
}

static enum status take_answer(struct output_handle *o)
{
	struct icecast *c = o->state;
	int answer = 0;
	bool has_answer = inquiry_answer(c->inquiry, &answer);
	if (!has_answer && !is_late(c))
		return STATUS_OK;
	if (c->connection == REFUSED)
		return lose(o, SHOUTERR_NOLOGIN, answer);
	if (!has_answer)
		return lose(o, SHOUTERR_BUSY, 0);
	if (answer != 0)
		return lose(o, NO_SUCH_NAME, answer);
	inquiry_leave(c->inquiry);
	c->inquiry = NULL;
	return begin_connection(o);
}

static enum status move_on(struct output_handle *o)
{
	struct icecast *c = o->state;
	if (c->connection == DOWN && clock_now_ns() >= c->retry_ns)
		return inquire(o, RESOLVING, inquiry_of_name(&c->url));
	if (c->connection == RESOLVING || c->connection == REFUSED)
		return take_answer(o);
	if (c->connection != CONNECTING)
		return STATUS_OK;
	errno = 0;
	int code = shout_get_connected(c->shout);
	return connection_step(o, code, errno);
}

static enum status icecast_write(struct output_handle *o, const float *frames, size_t n_frames)
{
	struct icecast *c = o->state;
	if (c->connection != UP)
		TRY(move_on(o));
	if (c->connection != UP) {
		c->lost_frames += (int64_t)n_frames;
		return STATUS_OK;
	}
	return sent(o, encoder_write(c->encoder, frames, n_frames, o->error));
}

static enum status icecast_announce(struct output_handle *o, const struct tags *tags)
{
	struct icecast *c = o->state;
	tags_done(&c->tags);
	c->tags = (struct tags){0};
	TRY(tags_copy(&c->tags, tags));
	return sent(o, tell_title(o));
}

/* What is still in the queue is sent, within a few seconds. */
static enum status drain(struct output_handle *o)
{
	struct icecast *c = o->state;
	for (int i = 0; i < FINISH_STEPS && shout_queuelen(c->shout) > 0; i++) {
		struct pollfd stop = {.fd = o->stop_fd, .events = POLLIN};
		if (poll(&stop, 1, FINISH_STEP_MS) > 0)
			return error_set(o->error, STATUS_CANCELLED, "%s: stopped", o->name);
		if (shout_send_raw(c->shout, (const unsigned char *)"", 0) < 0)
			break;
	}
	return STATUS_OK;
}

static enum status icecast_finish(struct output_handle *o)
{
	struct icecast *c = o->state;
	if (c->connection == UP) {
		TRY(sent(o, encoder_finish(c->encoder, o->error)));
		if (c->connection == UP)
			return drain(o);
	}
	if (c->was_up)
		return STATUS_OK;
	return error_set(o->error, STATUS_IO, "%s: %s", o->name,
	        c->told[0] ? c->told : "was never connected");
}

static void icecast_close(struct output_handle *o)
{
	struct icecast *c = o->state;
	drop_connection(c);
	if (c->shout)
		shout_free(c->shout);
	tags_done(&c->tags);
	c->tags = (struct tags){0};
	explicit_bzero(c->password, sizeof c->password);
}

/* ---- opening ------------------------------------------------------------------------------ */

static enum status read_password_file(struct output_handle *o, const char *path)
{
	struct icecast *c = o->state;
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	ssize_t n = fd < 0 ? -1 : read(fd, c->password, sizeof c->password - 1);
	int reason = errno;
	if (fd >= 0)
		close(fd);
	if (n < 0)
		return error_set_errno(o->error, reason, "%s: password-file %s", o->name, path);
	c->password[n] = '\0';
	c->password[strcspn(c->password, "\r\n")] = '\0';
	return STATUS_OK;
}

static enum status find_password(struct output_handle *o)
{
	struct icecast *c = o->state;
	char path[QUERY_VALUE_BYTES];
	const char *from_environment = getenv("JUKEBOX_ICECAST_PASSWORD");
	enum status status =
	        query_text(o->target_options, "password-file", path, sizeof path, o->error);
	if (status == STATUS_OK)
		TRY(read_password_file(o, path));
	else if (status == STATUS_NOT_FOUND && from_environment)
		snprintf(c->password, sizeof c->password, "%s", from_environment);
	else if (status != STATUS_NOT_FOUND)
		return status;
	if (c->password[0])
		return STATUS_OK;
	return error_set(o->error, STATUS_USAGE,
	        "%s: needs a password: set JUKEBOX_ICECAST_PASSWORD, or ?password-file=FILE",
	        o->name);
}

static enum status take_text(struct output_handle *o, const char *name, char *to)
{
	enum status status = query_text(o->target_options, name, to, QUERY_VALUE_BYTES, o->error);
	return status == STATUS_NOT_FOUND ? STATUS_OK : status;
}

static enum status take_tls(struct output_handle *o)
{
	struct icecast *c = o->state;
	char text[QUERY_VALUE_BYTES] = "auto";
	TRY(take_text(o, "tls", text));
	if (strcmp(text, "auto") == 0)
		c->tls = SHOUT_TLS_AUTO;
	else if (strcmp(text, "yes") == 0)
		c->tls = SHOUT_TLS_AUTO_NO_PLAIN;
	else if (strcmp(text, "no") == 0)
		c->tls = SHOUT_TLS_DISABLED;
	else
		return error_set(
		        o->error, STATUS_USAGE, "tls=%.40s: must be auto, yes or no", text);
	return STATUS_OK;
}

static enum status take_options(struct output_handle *o)
{
	struct icecast *c = o->state;
	TRY(take_text(o, "name", c->title_of_stream));
	TRY(take_text(o, "genre", c->genre));
	TRY(take_text(o, "description", c->description));
	TRY(take_text(o, "url", c->homepage));
	TRY(take_text(o, "ca-file", c->ca_file));
	TRY(query_flag(o->target_options, "public", &c->is_public, o->error));
	TRY(take_tls(o));
	return find_password(o);
}

static enum status take_nothing(void *user, const void *bytes, size_t n_bytes, struct error *error)
{
	return STATUS_OK;
}

/* Options are looked at, and the format is settled, before there is a connection. */
static enum status try_encoder(struct output_handle *o)
{
	struct writer nowhere = {.write = take_nothing};
	struct encoder *encoder = NULL;
	enum status status = encoder_open(
	        o->encoder, o->format, o->encoder_options, &nowhere, &encoder, o->error);
	if (status == STATUS_OK)
		encoder_close(encoder);
	return status;
}

static enum status icecast_open(struct output_handle *o)
{
	struct icecast *c = o->state;
	const char *codec = o->encoder->name;
	TRY(url_parse(o->spec, DEFAULT_PORT, &c->url, o->error));
	if (!c->url.host[0])
		return error_set(o->error, STATUS_USAGE, "the address names no host");
	if (strcmp(codec, "mp3") != 0 && strcmp(codec, "vorbis") != 0 && strcmp(codec, "opus") != 0)
		return error_set(o->error, STATUS_USAGE,
		        "%s cannot be streamed: take mp3, ogg or opus", codec);
	TRY(take_options(o));
	TRY(try_encoder(o));
	shout_init();
	return inquire(o, RESOLVING, inquiry_of_name(&c->url));
}

const struct output_module jukebox_output = {
        .version = JUKEBOX_VERSION,
        .calls = {.state_bytes = sizeof(struct icecast),
                .open = icecast_open,
                .write = icecast_write,
                .announce = icecast_announce,
                .finish = icecast_finish,
                .close = icecast_close},
};
