/* httpd.c - a mount of the built-in HTTP server.  The server is server.c; here a mix becomes a mount's bytes.
 *
 * One encoder for all listeners of a mount.  It runs whether somebody listens or not, so that a listener who comes
 * hears at once what is on.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "jukebox/output.h"
#include "query.h"
#include "server.h"
#include "url.h"

enum {
	DEFAULT_PORT = 8000,
	LISTENERS_MOST = 1000,
	BURST_BYTES = 64 * 1024, /* 4 s at 128 kbit/s; as Icecast's */
	KEPT_BYTES = 512 * 1024,
	END_WAIT_MS = 3000,
};

struct httpd {
	struct mount *mount;
	struct encoder *encoder;
};

struct texts {
	char name[QUERY_VALUE_BYTES], genre[QUERY_VALUE_BYTES], description[QUERY_VALUE_BYTES],
	        url[QUERY_VALUE_BYTES];
};

/* What browsers and players need to know of a stream; NULL: this codec cannot be one. */
static const char *content_type(const char *codec)
{
	static const struct {
		const char *codec, *type;
	} types[] = {
	        {"mp3", "audio/mpeg"},
	        {"vorbis", "audio/ogg; codecs=vorbis"},
	        {"opus", "audio/ogg; codecs=opus"},
	        {"flac", "audio/flac"},
	        {"wav", "audio/wav"},
	};
	for (size_t i = 0; i < sizeof types / sizeof *types; i++)
		if (strcmp(types[i].codec, codec) == 0)
			return types[i].type;
	return NULL;
}

static enum status write_bytes(void *user, const void *bytes, size_t n_bytes, struct error *error)
{
	struct httpd *h = user;
	enum status status = mount_write(h->mount, bytes, n_bytes);
	return status == STATUS_OK ? STATUS_OK
	                           : error_set(error, status, "the stream cannot be cut");
}

static enum status open_encoder(struct output_handle *o)
{
	struct httpd *h = o->state;
	struct writer writer = {.write = write_bytes, .user = h};
	TRY(encoder_open(
	        o->encoder, o->format, o->encoder_options, &writer, &h->encoder, o->error));
	return mount_end_head(h->mount);
}

static enum status take_text(struct output_handle *o, const char *name, char *to)
{
	enum status status = query_text(o->target_options, name, to, QUERY_VALUE_BYTES, o->error);
	return status == STATUS_NOT_FOUND ? STATUS_OK : status;
}

static enum status take_texts(struct output_handle *o, struct texts *t)
{
	TRY(take_text(o, "name", t->name));
	TRY(take_text(o, "genre", t->genre));
	TRY(take_text(o, "description", t->description));
	return take_text(o, "url", t->url);
}

static enum status take_numbers(struct output_handle *o, struct mount_options *options)
{
	double most = LISTENERS_MOST, burst = BURST_BYTES, kept = KEPT_BYTES, bitrate = 0;
	const char *q = o->target_options;
	struct error ignored = {0};
	TRY(query_number(q, "max", 1, 1000000, &most, o->error));
	TRY(query_number(q, "burst", 0, 16 << 20, &burst, o->error));
	TRY(query_number(q, "queue", 32768, 256 << 20, &kept, o->error));
	if (query_number(o->encoder_options, "bitrate", 1, 1000, &bitrate, &ignored) != STATUS_OK)
		bitrate = 0; /* the encoder will say what is wrong with it */
	options->listeners_most = (size_t)most;
	options->burst_bytes = (size_t)burst;
	options->kept_bytes = (size_t)kept;
	options->bitrate_kbps = (int)bitrate;
	if (options->burst_bytes * 2 > options->kept_bytes)
		options->kept_bytes = options->burst_bytes * 2;
	return STATUS_OK;
}

static enum status open_mount(struct output_handle *o, struct output_hub *hub)
{
	struct httpd *h = o->state;
	struct url url;
	struct texts texts = {0};
	struct mount_options options = {.content_type = content_type(o->encoder->name)};
	TRY(url_parse(o->spec, DEFAULT_PORT, &url, o->error));
	TRY(take_texts(o, &texts));
	TRY(take_numbers(o, &options));
	options.host = url.host;
	options.port = url.port;
	options.path = url.path;
	options.name = texts.name;
	options.genre = texts.genre;
	options.description = texts.description;
	options.homepage = texts.url;
	options.has_icy = strcmp(o->encoder->name, "mp3") == 0;
	return mount_open(hub, &options, o->log, &h->mount, o->error);
}

static enum status httpd_open(struct output_handle *o)
{
	struct httpd *h = o->state;
	if (!content_type(o->encoder->name))
		return error_set(o->error, STATUS_USAGE,
		        "%s cannot be streamed: take mp3, ogg, opus, flac or wav",
		        o->encoder->name);
	if (!o->options->hub)
		return error_set(o->error, STATUS_UNSUPPORTED, "there is no server here");
	TRY(open_mount(o, o->options->hub));
	TRY(open_encoder(o));
	log_print(o->log, LOG_INFO, "listen at %s", mount_url(h->mount));
	return STATUS_OK;
}

static enum status httpd_write(struct output_handle *o, const float *frames, size_t n_frames)
{
	struct httpd *h = o->state;
	return encoder_write(h->encoder, frames, n_frames, o->error);
}

static enum status httpd_announce(struct output_handle *o, const struct tags *tags)
{
	struct httpd *h = o->state;
	const char *title = tags_get(tags, "title"), *artist = tags_get(tags, "artist");
	char song[2 * TAG_VALUE_BYTES + 4];
	snprintf(song, sizeof song, "%s%s%s", artist ? artist : "", artist && title ? " - " : "",
	        title ? title : "");
	mount_title(h->mount, song);
	return encoder_announce(h->encoder, tags, o->error);
}

static enum status httpd_finish(struct output_handle *o)
{
	struct httpd *h = o->state;
	TRY(encoder_finish(h->encoder, o->error));
	mount_end(h->mount, o->stop_fd, END_WAIT_MS);
	return STATUS_OK;
}

static void httpd_close(struct output_handle *o)
{
	struct httpd *h = o->state;
	if (h->encoder)
		encoder_close(h->encoder);
	h->encoder = NULL;
	mount_close(h->mount);
	h->mount = NULL;
}

const struct output_module jukebox_output = {
        .version = JUKEBOX_VERSION,
        .calls = {.state_bytes = sizeof(struct httpd),
                .open = httpd_open,
                .write = httpd_write,
                .announce = httpd_announce,
                .finish = httpd_finish,
                .close = httpd_close},
};
