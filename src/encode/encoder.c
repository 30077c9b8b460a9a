/* encoder.c - the encoder as its user sees it: owns the state, calls the format's functions in the
 * right order.  What formats there are is said in formats.c.
 */
#include "jukebox/encoder.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

struct encoder {
	const struct encoder_format *kind;
	struct writer writer;
	struct encoder_handle handle;
	struct error ignored; /* where an error goes that nobody asked for */
};

enum status encoder_open(const struct encoder_format *kind, struct stream_format *format,
        const char *options, const struct writer *writer, struct encoder **encoder,
        struct error *error)
{
	struct encoder *e = calloc(1, sizeof *e);
	void *state = calloc(1, kind->state_bytes);
	if (!e || !state) {
		free(e);
		free(state);
		return error_set(error, STATUS_NO_MEMORY, "%s: out of memory", kind->name);
	}
	e->kind = kind;
	e->writer = *writer;
	e->handle = (struct encoder_handle){.writer = &e->writer,
	        .format = *format,
	        .options = options,
	        .state = state,
	        .error = error ? error : &e->ignored};
	enum status status = kind->open(&e->handle);
	e->handle.options = "";
	if (status != STATUS_OK) {
		encoder_close(e);
		return status;
	}
	*format = e->handle.format;
	*encoder = e;
	return STATUS_OK;
}

enum status encoder_write(
        struct encoder *encoder, const float *frames, size_t n_frames, struct error *error)
{
	encoder->handle.error = error ? error : &encoder->ignored;
	return encoder->kind->write(&encoder->handle, frames, n_frames);
}

enum status encoder_announce(struct encoder *encoder, const struct tags *tags, struct error *error)
{
	encoder->handle.error = error ? error : &encoder->ignored;
	return encoder->kind->announce ? encoder->kind->announce(&encoder->handle, tags)
	                               : STATUS_OK;
}

enum status encoder_finish(struct encoder *encoder, struct error *error)
{
	encoder->handle.error = error ? error : &encoder->ignored;
	return encoder->kind->finish(&encoder->handle);
}

void encoder_close(struct encoder *encoder)
{
	if (!encoder)
		return;
	encoder->handle.error = &encoder->ignored;
	encoder->kind->close(&encoder->handle);
	free(encoder->handle.state);
	free(encoder);
}

static const char *const sample_names[] = {
        [SAMPLE_S16] = "s16", [SAMPLE_S24] = "s24", [SAMPLE_F32] = "f32"};

enum status sample_format_parse(const char *text, enum sample_format *format)
{
	for (size_t i = 0; i < sizeof sample_names / sizeof *sample_names; i++) {
		if (strcmp(text, sample_names[i]) == 0) {
			*format = (enum sample_format)i;
			return STATUS_OK;
		}
	}
	return STATUS_USAGE;
}

const char *sample_format_name(enum sample_format format)
{
	return sample_names[format];
}

const struct encoder_format *encoder_by_name(const char *name)
{
	for (const struct encoder_format *const *f = encoder_formats(); *f; f++)
		if (strcmp((*f)->name, name) == 0)
			return *f;
	return NULL;
}

static bool has_suffix(const struct encoder_format *format, const char *suffix)
{
	for (const char *const *s = format->suffixes; *s; s++)
		if (strcasecmp(*s, suffix) == 0)
			return true;
	return false;
}

const struct encoder_format *encoder_by_suffix(const char *file_name)
{
	const char *base = strrchr(file_name, '/');
	const char *dot = strrchr(base ? base : file_name, '.');
	if (!dot)
		return NULL;
	for (const struct encoder_format *const *f = encoder_formats(); *f; f++)
		if (has_suffix(*f, dot + 1))
			return *f;
	return NULL;
}
