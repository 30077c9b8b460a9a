/* decoder.c - what all formats share: choosing one by content, limits, clean samples, one constant
 * format, seeking for those that cannot.  How bytes become frames is each format's own affair. */
#include "jukebox/decoder.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "convert.h"
#include "core.h"
#include "helper.h"
#include "id3.h"
#include "memory.h"
#include "modules.h"
#include "remote.h"

enum {
	MOST_FORMATS = 32,
	LAST_RESORT = 1, /* the score of a format that is tried when nobody else knows better */
	DROP_FRAMES = 4096, /* read and thrown away at once while seeking the slow way */
	/* A format that neither gives frames nor ends is broken; damaged files make some empty
	 * reads. */
	MOST_EMPTY_READS = 100000,
};

struct decoder {
	struct remote
	        *remote; /* it runs in the sandbox, and nothing else here is of use; else NULL */
	struct source *source;
	int64_t start; /* of the music, behind the ID3v2 tags */
	const struct decoder_format *format;
	struct decoder_handle handle;
	struct stream_facts facts; /* of the first part */
	struct stream_facts shown; /* the same of what the user reads: all of it, or a named part */
	int64_t from, to; /* the named part; 0 and INT64_MAX: all */
	struct stream_facts part; /* of the part being read: what the format sees */
	struct tags tags;
	struct decoder_damage damage;
	struct decoder_damage ignored; /* of passages that are read a second time */
	int64_t position; /* frames given out */
	int64_t furthest; /* the largest position so far */
	int64_t converted_from; /* where another rate begins; INT64_MAX when not known */
	bool changing; /* another part is announced; what is left of this one comes first */
	bool ended; /* the format has no more */
	bool leaves_raw; /* somebody else cleans the samples */
	bool watched;
	struct format_converter *converter; /* NULL: the part has the user's format */
};

/* ---- opening ---------------------------------------------------------------------------- */

static bool has_suffix(const struct decoder_format *format, const char *path)
{
	const char *dot = strrchr(path, '.');

	if (!dot)
		return false;
	for (const char *const *suffix = format->suffixes; *suffix; suffix++)
		if (strcasecmp(dot + 1, *suffix) == 0)
			return true;
	return false;
}

struct claim {
	const struct decoder_format *format;
	int score; /* of probe, doubled; the right suffix adds one */
};

static void insert_claim(struct claim *claims, size_t n, struct claim claim)
{
	for (; n > 0 && claims[n - 1].score < claim.score; n--)
		claims[n] = claims[n - 1];
	claims[n] = claim;
}

/* The claims of a list of formats, best first, put among the n that are there; returns their number. */
static size_t collect_claims(const struct decoder_format *const *formats, const char *path,
        const uint8_t *head, size_t n_head, struct claim *claims, size_t n)
{
	for (; *formats && n < MOST_FORMATS; formats++) {
		int score = 2 * (*formats)->probe(head, n_head);

		if (score == 0)
			continue;
		score += has_suffix(*formats, path);
		insert_claim(claims, n++, (struct claim){.format = *formats, .score = score});
	}
	return n;
}

static void close_format(struct decoder *decoder)
{
	if (!decoder->format)
		return;
	decoder->format->close(&decoder->handle);
	free(decoder->handle.state);
	decoder->handle.state = NULL;
	decoder->format = NULL;
}

enum status decoder_check_facts(const struct stream_facts *facts, struct error *error)
{
	if (facts->channels < 1 || facts->channels > DECODER_MOST_CHANNELS)
		return error_set(error, STATUS_UNSUPPORTED, "%d channels; 1 to %d can be played",
		        facts->channels, DECODER_MOST_CHANNELS);
	if (facts->sample_rate_hz < DECODER_LOWEST_HZ || facts->sample_rate_hz > DECODER_HIGHEST_HZ)
		return error_set(error, STATUS_UNSUPPORTED,
		        "sample rate %d Hz; %d to %d can be played", facts->sample_rate_hz,
		        DECODER_LOWEST_HZ, DECODER_HIGHEST_HZ);
	return STATUS_OK;
}

static enum status open_format(struct decoder *decoder, const struct decoder_format *format,
        struct tags *tags, struct decoder_damage *damage, struct error *error)
{
	decoder->part = (struct stream_facts){.frames = -1};
	decoder->handle = (struct decoder_handle){
	        .source = decoder->source,
	        .state = calloc(1, format->state_bytes ? format->state_bytes : 1),
	        .facts = &decoder->part,
	        .tags = tags,
	        .damage = damage,
	        .error = error,
	};
	if (!decoder->handle.state)
		return error_set(error, STATUS_NO_MEMORY, "out of memory");
	decoder->format = format;
	if (source_seek(decoder->source, decoder->start) < 0)
		return error_set(error, STATUS_IO, "cannot seek");
	TRY(format->open(&decoder->handle));
	return decoder_check_facts(&decoder->part, error);
}

static void forget_attempt(struct decoder *decoder)
{
	close_format(decoder);
	tags_done(&decoder->tags);
	decoder->tags = (struct tags){0};
	decoder->damage = (struct decoder_damage){0};
}

/* Is there any sense in another try after this? */
static bool is_final(enum status status)
{
	return status == STATUS_OK || status == STATUS_NO_MEMORY || status == STATUS_IO;
}

static enum status try_claim(
        struct decoder *decoder, const struct claim *claim, struct error *reason)
{
	enum status status =
	        open_format(decoder, claim->format, &decoder->tags, &decoder->damage, reason);

	if (status == STATUS_OK)
		return status;
	if (reason->status == STATUS_OK)
		error_set(reason, status, "cannot be decoded");
	forget_attempt(decoder);
	return reason->status;
}

/* The first claimer that can; when none can, the best one's reason.  STATUS_UNSUPPORTED: nobody knows the file. */
static enum status try_claims(
        struct decoder *decoder, const struct claim *claims, size_t n, struct error *error)
{
	enum status status = STATUS_UNSUPPORTED;

	error_set(error, status, "not a music file of a known format");
	for (size_t i = 0; i < n; i++) {
		struct error reason = {0};

		status = try_claim(decoder, &claims[i], &reason);
		/* Those who try everything know nothing of why it failed. */
		if (is_final(status) || (i == 0 && (claims[0].score > 2 * LAST_RESORT + 1 ||
		                                           status != STATUS_BAD_DATA)))
			*error = reason;
		if (is_final(status))
			return status;
	}
	return error->status;
}

/* Modules are asked when nobody in the program claims the file, or the claimers fail. */
static enum status open_best(struct decoder *decoder, const struct modules *modules,
        const uint8_t *head, size_t n_head, struct error *error)
{
	const char *path = source_path(decoder->source);
	struct claim claims[MOST_FORMATS];
	struct error reason = {0};
	struct modules loaded;
	size_t n = collect_claims(decoder_formats(), path, head, n_head, claims, 0);
	bool known = n > 0 && claims[0].score > 2 * LAST_RESORT + 1;
	enum status status = try_claims(decoder, claims, n, error);

	if (is_final(status))
		return status;
	if (!modules) {
		modules_load(&loaded);
		modules = &loaded;
	}
	n = 0;
	for (size_t i = 0; i < modules->count; i++)
		n = collect_claims(modules->formats[i], path, head, n_head, claims, n);
	status = try_claims(decoder, claims, n, &reason);
	if (is_final(status) || (!known && reason.status == STATUS_BAD_DATA))
		*error = reason;
	else if (!known && modules->problem.status != STATUS_OK)
		*error = modules->problem;
	return status == STATUS_OK ? status : error->status;
}

static enum status read_head(struct decoder *decoder, struct tags *id3, struct error *error,
        uint8_t *head, size_t *n_head)
{
	ssize_t got;

	if (source_size(decoder->source) == 0)
		return error_set(error, STATUS_BAD_DATA, "empty file");
	TRY(id3_read_v2(decoder->source, 0, id3, &decoder->start, error));
	if (source_seek(decoder->source, decoder->start) < 0)
		return error_set(error, STATUS_IO, "cannot seek");
	got = source_read(decoder->source, head, DECODER_HEAD_BYTES);
	if (got < 0)
		return error_set_errno(error, errno, "cannot read");
	if (got == 0)
		return error_set(error, STATUS_BAD_DATA, "nothing but a tag");
	*n_head = (size_t)got;
	return STATUS_OK;
}

static void choose_part(struct decoder *decoder, const struct part *part)
{
	static const char *const of_the_file[] = {"title", "artist", "track",
	        "replaygain_track_gain", "replaygain_track_peak", "r128_track_gain"};
	int rate_hz = decoder->facts.sample_rate_hz;
	int64_t end = decoder->facts.frames;

	decoder->from = part_sector_to_frame(part->from_sector, rate_hz);
	if (part->to_sector >= 0)
		decoder->to = part_sector_to_frame(part->to_sector, rate_hz);
	if (end > decoder->to || end < 0)
		end = decoder->to < INT64_MAX ? decoder->to : -1;
	decoder->shown.frames = end > decoder->from ? end - decoder->from : -1;
	for (size_t i = 0; i < sizeof(of_the_file) / sizeof(*of_the_file); i++)
		tags_remove(&decoder->tags, of_the_file[i]);
}

static enum status seek_to(struct decoder *decoder, int64_t frame, struct error *error);

static enum status open_decoder(struct decoder *decoder, const struct modules *modules,
        struct tags *id3, struct error *error)
{
	uint8_t head[DECODER_HEAD_BYTES];
	size_t n_head = 0;

	TRY(read_head(decoder, id3, error, head, &n_head));
	TRY(open_best(decoder, modules, head, n_head, error));
	if (id3_merge(&decoder->tags, id3) != STATUS_OK)
		return error_set(error, STATUS_NO_MEMORY, "out of memory");
	decoder->facts = decoder->part;
	decoder->converted_from = INT64_MAX;
	decoder->shown = decoder->facts;
	decoder->to = INT64_MAX;
	if (source_part(decoder->source))
		choose_part(decoder, source_part(decoder->source));
	return seek_to(decoder, decoder->from, error);
}

enum status decoder_open_here(struct source *source, const struct modules *modules,
        struct decoder **decoder, struct error *error)
{
	struct error ignored = {0};
	struct tags id3 = {0};
	enum status status;

	*decoder = calloc(1, sizeof(**decoder));
	if (!*decoder) {
		source_close(source);
		return error_set(error, STATUS_NO_MEMORY, "out of memory");
	}
	(*decoder)->source = source;
	status = open_decoder(*decoder, modules, &id3, error ? error : &ignored);
	tags_done(&id3);
	if (status != STATUS_OK) {
		decoder_close(*decoder);
		*decoder = NULL;
	}
	return status;
}

/* STATUS_CANCELLED: not in the sandbox. */
static enum status open_in_sandbox(
        struct source *source, struct decoder **decoder, struct error *error)
{
	enum status status;

	*decoder = calloc(1, sizeof(**decoder));
	if (!*decoder)
		return error_set(error, STATUS_NO_MEMORY, "out of memory");
	status = remote_open(source, &(*decoder)->remote, error);
	if (status != STATUS_OK) {
		free(*decoder);
		*decoder = NULL;
	}
	return status;
}

enum status decoder_open_source(
        struct source *source, struct decoder **decoder, struct error *error)
{
	struct error ignored = {0};
	enum status status = STATUS_CANCELLED;

	*decoder = NULL;
	if (source_descriptor(source) >= 0 && sandbox_is_on())
		status = open_in_sandbox(source, decoder, error ? error : &ignored);
	if (status == STATUS_CANCELLED)
		return decoder_open_here(source, NULL, decoder, error);
	if (status != STATUS_OK)
		source_close(source);
	return status;
}

enum status decoder_open(const char *path, struct decoder **decoder, struct error *error)
{
	struct source *source;

	*decoder = NULL;
	TRY(source_open(path, &source, error));
	return decoder_open_source(source, decoder, error);
}

enum status decoder_open_memory(const struct decoder_format *format, void *state,
        const struct stream_facts *facts, struct decoder **decoder, struct error *error)
{
	struct decoder *d = *decoder = calloc(1, sizeof(*d));

	if (!d) {
		format->close(&(struct decoder_handle){.state = state});
		free(state);
		return error_set(error, STATUS_NO_MEMORY, "out of memory");
	}
	d->format = format;
	d->facts = d->part = d->shown = *facts;
	d->handle = (struct decoder_handle){
	        .state = state, .facts = &d->part, .tags = &d->tags, .damage = &d->damage};
	d->converted_from = d->to = INT64_MAX;
	d->leaves_raw = true;
	return STATUS_OK;
}

void decoder_leave_raw(struct decoder *decoder, bool raw)
{
	decoder->leaves_raw = raw;
}

void decoder_close(struct decoder *decoder)
{
	if (!decoder)
		return;
	remote_close(decoder->remote);
	close_format(decoder);
	format_converter_free(decoder->converter);
	tags_done(&decoder->tags);
	source_close(decoder->source);
	free(decoder);
}

const struct stream_facts *decoder_facts(const struct decoder *decoder)
{
	return decoder->remote ? remote_facts(decoder->remote) : &decoder->shown;
}

const struct tags *decoder_tags(const struct decoder *decoder)
{
	return decoder->remote ? remote_tags(decoder->remote) : &decoder->tags;
}

const struct decoder_damage *decoder_damage(const struct decoder *decoder)
{
	return decoder->remote ? remote_damage(decoder->remote) : &decoder->damage;
}

/* ---- clean samples ---------------------------------------------------------------------- */

enum { CLEAN_BLOCK = 64 };

static int32_t bits_of(float value)
{
	int32_t bits;

	memcpy(&bits, &value, sizeof(bits));
	return bits;
}

/* Four numbers at once, wherever they lie, in the compiler's own terms. */
typedef int32_t four __attribute__((vector_size(16), aligned(4), may_alias));

/* Floats without their sign order like integers (IEEE 754), NaN and Inf above all numbers: a
 * negative difference tells that something is too large. */
static bool block_is_clean(const float *samples)
{
	const int32_t limit = bits_of(DECODER_LARGEST);
	const four *bits = (const four *)(const void *)samples;
	four sign = {0};

	for (int i = 0; i < CLEAN_BLOCK / 4; i++)
		sign |= limit - (bits[i] & INT32_MAX);
	return (sign[0] | sign[1] | sign[2] | sign[3]) >= 0;
}

static void clean_samples(float *samples, size_t n)
{
	const int32_t limit = bits_of(DECODER_LARGEST), infinite = 0x7f800000;

	for (size_t i = 0; i < n; i++) {
		int32_t magnitude = bits_of(samples[i]) & INT32_MAX;

		if (magnitude >= infinite)
			samples[i] = 0;
		else if (magnitude > limit)
			samples[i] = samples[i] < 0 ? -DECODER_LARGEST : DECODER_LARGEST;
	}
}

static void clean(float *samples, size_t n)
{
	size_t i = 0;

	for (; i + CLEAN_BLOCK <= n; i += CLEAN_BLOCK)
		if (!block_is_clean(samples + i))
			clean_samples(samples + i, CLEAN_BLOCK);
	clean_samples(samples + i, n - i);
}

/* Block by block, so that samples are looked at while they are at hand. */
void decoder_copy_clean(float *to, const float *from, size_t n)
{
	size_t i = 0;

	for (; i + CLEAN_BLOCK <= n; i += CLEAN_BLOCK) {
		memcpy(to + i, from + i, CLEAN_BLOCK * sizeof(*to));
		if (!block_is_clean(to + i))
			clean_samples(to + i, CLEAN_BLOCK);
	}
	memcpy(to + i, from + i, (n - i) * sizeof(*to));
	clean_samples(to + i, n - i);
}

/* ---- reading ---------------------------------------------------------------------------- */

/* The format has announced a part of another rate or channel count, or stands in one after a
 * seek. */
static enum status begin_part(struct decoder *decoder, struct error *error)
{
	const struct stream_facts *part = &decoder->part, *facts = &decoder->facts;

	format_converter_free(decoder->converter);
	decoder->converter = NULL;
	decoder->changing = false;
	if (decoder_check_facts(part, NULL) != STATUS_OK) {
		damage_add(decoder->handle.damage, 0, "goes on in a format that cannot be played");
		decoder->ended = true;
		return STATUS_OK;
	}
	if (part->sample_rate_hz != facts->sample_rate_hz &&
	        decoder->position < decoder->converted_from)
		decoder->converted_from = decoder->position;
	if (part->sample_rate_hz == facts->sample_rate_hz && part->channels == facts->channels)
		return STATUS_OK;
	decoder->converter = format_converter_new(
	        part->sample_rate_hz, part->channels, facts->sample_rate_hz, facts->channels);
	if (!decoder->converter)
		return error_set(error, STATUS_NO_MEMORY, "out of memory");
	return STATUS_OK;
}

/* From the format, clean, in the part's own format.  No frames: `changing` or `ended` is set. */
static enum status read_part(
        struct decoder *decoder, float *to, size_t max_frames, size_t *n_frames)
{
	const struct stream_facts before = decoder->part;

	for (int i = 0; i < MOST_EMPTY_READS; i++) {
		enum status status;

		*n_frames = 0;
		status = decoder->format->read(&decoder->handle, to, max_frames, n_frames);
		if (status == STATUS_NO_MEMORY || status == STATUS_IO)
			return status;
		decoder->ended = status != STATUS_OK;
		decoder->changing = before.channels != decoder->part.channels ||
		                    before.sample_rate_hz != decoder->part.sample_rate_hz;
		if (decoder->ended || decoder->changing)
			*n_frames = 0;
		if (!decoder->leaves_raw || decoder->converter)
			clean(to, *n_frames * (size_t)before.channels);
		if (decoder->ended || decoder->changing || *n_frames > 0)
			return STATUS_OK;
	}
	damage_add(decoder->handle.damage, 0, "no music for a long while");
	decoder->ended = true;
	return STATUS_OK;
}

/* One step: frames, or a little nearer to them. */
static enum status step_converted(struct decoder *decoder, float *to, size_t max_frames,
        size_t *n_frames, struct error *error)
{
	bool over = decoder->changing || decoder->ended;
	size_t room, got;
	float *input;

	TRY(format_converter_take(decoder->converter, to, max_frames, n_frames));
	clean(to, *n_frames * (size_t)decoder->facts.channels);
	input = format_converter_input(decoder->converter, &room);
	if (*n_frames > 0 || (room == 0 && !over))
		return STATUS_OK;
	if (!over) {
		TRY(read_part(decoder, input, room, &got));
		format_converter_fill(decoder->converter, got);
		return STATUS_OK;
	}
	if (decoder->changing)
		return begin_part(decoder, error);
	format_converter_free(decoder->converter);
	decoder->converter = NULL;
	return STATUS_OK;
}

static enum status step(struct decoder *decoder, float *to, size_t max_frames, size_t *n_frames,
        struct error *error)
{
	if (decoder->converter)
		return step_converted(decoder, to, max_frames, n_frames, error);
	if (decoder->changing)
		return begin_part(decoder, error);
	return read_part(decoder, to, max_frames, n_frames);
}

/* A file that is shorter than it says was cut.  Where the claim is absurd, no loss is estimated. */
static void note_short_file(struct decoder *decoder)
{
	int64_t claimed = decoder->facts.frames, got = decoder->position;

	if (decoder->furthest > got || decoder->converted_from != INT64_MAX ||
	        claimed <= got + decoder->facts.sample_rate_hz / 10)
		return;
	damage_add(&decoder->damage, claimed / 16 > got ? 0 : claimed - got,
	        "ends early: %.1f of %.1f s", (double)got / decoder->facts.sample_rate_hz,
	        (double)claimed / decoder->facts.sample_rate_hz);
	decoder->furthest = INT64_MAX; /* say it once */
}

static enum status read_frames(struct decoder *decoder, float *to, size_t max_frames,
        size_t *n_frames, struct error *error)
{
	*n_frames = 0;
	if (max_frames == 0)
		return STATUS_OK;
	decoder->handle.error = error;
	decoder->handle.damage =
	        decoder->position < decoder->furthest ? &decoder->ignored : &decoder->damage;
	while (*n_frames == 0) {
		if (!decoder->format || (decoder->ended && !decoder->converter)) {
			note_short_file(decoder);
			return STATUS_END;
		}
		TRY(step(decoder, to, max_frames, n_frames, error));
	}
	decoder->position += (int64_t)*n_frames;
	if (decoder->furthest < decoder->position)
		decoder->furthest = decoder->position;
	return STATUS_OK;
}

enum status decoder_read(struct decoder *decoder, float *to, size_t max_frames, size_t *n_frames,
        struct error *error)
{
	struct error ignored = {0};
	int64_t left = decoder->to - decoder->position;

	*n_frames = 0;
	if (decoder->remote)
		return remote_read(
		        decoder->remote, to, max_frames, n_frames, error ? error : &ignored);
	if (left <= 0)
		return STATUS_END;
	if ((uint64_t)left < max_frames)
		max_frames = (size_t)left;
	return read_frames(decoder, to, max_frames, n_frames, error ? error : &ignored);
}

/* ---- seeking ---------------------------------------------------------------------------- */

/* Opens the same format again.  A file that has changed in the meantime may not let us. */
static enum status rewind_decoder(struct decoder *decoder, struct error *error)
{
	const struct decoder_format *format = decoder->format;
	struct tags again = {0};
	enum status status;

	close_format(decoder);
	decoder->position = 0;
	decoder->ended = false;
	status = open_format(decoder, format, &again, &decoder->ignored, error);
	decoder->handle.tags = &decoder->tags;
	tags_done(&again);
	if (status != STATUS_OK) {
		close_format(decoder);
		return status == STATUS_NO_MEMORY ? status : (error->status = STATUS_IO);
	}
	return begin_part(decoder, error);
}

/* STATUS_END: the format cannot, and its place is lost. */
static enum status seek_in_format(struct decoder *decoder, int64_t frame, struct error *error)
{
	enum status status;

	decoder->handle.error = error;
	decoder->handle.damage = &decoder->ignored;
	status = decoder->format->seek(&decoder->handle, frame);
	if (status == STATUS_NO_MEMORY || status == STATUS_IO)
		return status;
	if (status != STATUS_OK || decoder->part.sample_rate_hz != decoder->facts.sample_rate_hz)
		return STATUS_END;
	decoder->position = frame;
	decoder->ended = false;
	return begin_part(decoder, error);
}

static enum status drop_until(struct decoder *decoder, int64_t frame, struct error *error)
{
	size_t sample_bytes = sizeof(float) * (size_t)decoder->facts.channels;
	float *dropped = malloc(DROP_FRAMES * sample_bytes);
	enum status status = STATUS_OK;

	if (!dropped)
		return error_set(error, STATUS_NO_MEMORY, "out of memory");
	while (status == STATUS_OK && decoder->position < frame) {
		int64_t left = frame - decoder->position;
		size_t got;

		status = read_frames(decoder, dropped,
		        left < DROP_FRAMES ? (size_t)left : DROP_FRAMES, &got, error);
	}
	free(dropped);
	return status == STATUS_END ? STATUS_OK : status;
}

static enum status seek_to(struct decoder *decoder, int64_t frame, struct error *error)
{
	bool lost = decoder->position > frame;

	if (frame < decoder->from)
		return error_set(error, STATUS_USAGE, "negative position");
	if (frame == decoder->position || !decoder->format)
		return STATUS_OK;
	if (decoder->format->seek && frame < decoder->converted_from) {
		enum status status = seek_in_format(decoder, frame, error);
		if (status != STATUS_END)
			return status;
		lost = true;
	}
	if (lost)
		TRY(rewind_decoder(decoder, error));
	return drop_until(decoder, frame, error);
}

enum status decoder_seek(struct decoder *decoder, int64_t frame, struct error *error)
{
	struct error ignored = {0};

	if (decoder->remote && frame >= 0)
		return remote_seek(decoder->remote, frame, error ? error : &ignored);
	if (__builtin_add_overflow(frame, decoder->from, &frame))
		frame = INT64_MAX;
	return seek_to(decoder, frame, error ? error : &ignored);
}

/* ---- watching: the sandbox's child does it ------------------------------------------------ */

bool decoder_watch(struct decoder *decoder)
{
	decoder->watched = decoder->remote && remote_watch(decoder->remote);
	return decoder->watched;
}

static enum status check_watched(const struct decoder *decoder, struct error *error)
{
	return decoder->watched ? STATUS_OK : error_set(error, STATUS_USAGE, "it is not watched");
}

enum status decoder_pass_over(struct decoder *decoder, size_t *n_frames, struct error *error)
{
	struct error ignored = {0};

	*n_frames = 0;
	TRY(check_watched(decoder, error));
	return remote_pass_over(decoder->remote, n_frames, error ? error : &ignored);
}

enum status decoder_report(
        struct decoder *decoder, uint8_t **bytes, size_t *n_bytes, struct error *error)
{
	struct error ignored = {0};

	*bytes = NULL;
	*n_bytes = 0;
	TRY(check_watched(decoder, error));
	return remote_report(decoder->remote, bytes, n_bytes, error ? error : &ignored);
}
