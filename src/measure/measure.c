/* measure.c - one music file, decoded once, into its record.  What the numbers are is the analyser's affair, many
 * files at a time the pool's. */
#include "jukebox/measure.h"

#include <stdlib.h>
#include <string.h>

#include "analyser.h"

enum { READ_FRAMES = 2048 };

/* What goes through the loop. */
struct pass {
	struct decoder *decoder;
	struct analyser *analyser; /* NULL: it is beside the decoder, in the sandbox */
	struct kept_song *song; /* NULL: the samples are not kept, or not any more */
	float *frames; /* for them then; NULL where there is no analyser to see them */
	int64_t n_frames;
	const atomic_bool *cancel;
};

/* Where the next frames are decoded to: where they stay, if they do. */
static float *room(struct pass *p, size_t *n_frames)
{
	float *to = p->song ? kept_room(p->song, n_frames) : NULL;

	if (!to && p->song) {
		kept_end(p->song, false);
		p->song = NULL;
	}
	return to ? to : p->frames;
}

static enum status read_some(struct pass *p, struct error *error)
{
	size_t n_frames = 0, most = READ_FRAMES;
	float *frames = room(p, &most);

	if (!p->analyser && !p->song)
		TRY(decoder_pass_over(p->decoder, &n_frames, error));
	else
		TRY(decoder_read(p->decoder, frames, most, &n_frames, error));
	p->n_frames += (int64_t)n_frames;
	if (p->song)
		kept_add(p->song, n_frames);
	if (p->analyser && analyser_add(p->analyser, frames, n_frames) != STATUS_OK)
		return error_set(error, STATUS_NO_MEMORY, "out of memory");
	return STATUS_OK;
}

static bool is_cancelled(const atomic_bool *cancel)
{
	return cancel && atomic_load_explicit(cancel, memory_order_relaxed);
}

static enum status read_all(struct pass *p, struct error *error)
{
	enum status status = STATUS_OK;

	while (status == STATUS_OK) {
		if (is_cancelled(p->cancel))
			return error_set(error, STATUS_CANCELLED, "cancelled");
		status = read_some(p, error);
	}
	return status == STATUS_END ? STATUS_OK : status;
}

static enum status fill_facts(struct decoder *decoder, struct record *record, struct error *error)
{
	const struct stream_facts *facts = decoder_facts(decoder);
	const struct decoder_damage *damage = decoder_damage(decoder);

	memcpy(record->codec, facts->codec, sizeof(record->codec));
	record->codec[sizeof(record->codec) - 1] = '\0';
	record->damage_events = damage->events;
	record->lost_frames = damage->lost_frames;
	if (tags_copy(&record->tags, decoder_tags(decoder)) != STATUS_OK)
		return error_set(error, STATUS_NO_MEMORY, "out of memory");
	return STATUS_OK;
}

/* The sandbox's word is looked at as the cache's is, and must agree with what was seen of the file. */
static enum status take_report(struct pass *p, struct record *record, struct error *error)
{
	const struct stream_facts *facts = decoder_facts(p->decoder);
	uint8_t *bytes;
	size_t n_bytes;
	enum status status;

	TRY(decoder_report(p->decoder, &bytes, &n_bytes, error));
	status = record_from_bytes(record, bytes, n_bytes);
	free(bytes);
	if (status == STATUS_NO_MEMORY)
		return error_set(error, status, "out of memory");
	if (status != STATUS_OK || record->frames != p->n_frames ||
	        record->sample_rate_hz != facts->sample_rate_hz ||
	        record->channels != facts->channels)
		return error_set(error, STATUS_BAD_DATA, "its decoder gave no sensible answer");
	return STATUS_OK;
}

static enum status run_pass(struct pass *p, struct record *record, struct error *error)
{
	TRY(read_all(p, error));
	if (p->n_frames == 0)
		return error_set(error, STATUS_BAD_DATA, "there is no sound in it");
	if (!p->analyser)
		TRY(take_report(p, record, error));
	else if (analyser_finish(p->analyser, record) != STATUS_OK)
		return error_set(error, STATUS_NO_MEMORY, "out of memory");
	return fill_facts(p->decoder, record, error);
}

/* Takes the song, which may be NULL. */
static enum status measure(struct decoder *decoder, bool watched, struct kept_song *song,
        struct record *record, const atomic_bool *cancel, struct error *error)
{
	const struct stream_facts *facts = decoder_facts(decoder);
	struct pass p = {.decoder = decoder,
	        .analyser = watched ? NULL : analyser_new(facts->sample_rate_hz, facts->channels),
	        .frames = watched ? NULL
	                          : malloc(READ_FRAMES * (size_t)facts->channels * sizeof(float)),
	        .song = song,
	        .cancel = cancel};
	enum status status;

	*record = (struct record){0};
	if (watched || (p.analyser && p.frames))
		status = run_pass(&p, record, error);
	else
		status = error_set(error, STATUS_NO_MEMORY, "out of memory");
	if (status != STATUS_OK)
		record_done(record);
	kept_end(p.song, status == STATUS_OK);
	free(p.frames);
	analyser_free(p.analyser);
	return status;
}

enum status measure_decoder(struct decoder *decoder, struct record *record,
        const atomic_bool *cancel, struct error *error)
{
	return measure(decoder, false, NULL, record, cancel, error);
}

static enum status measure_once(const char *path, bool may_watch, struct kept *kept,
        struct record *record, const atomic_bool *cancel, struct error *error)
{
	struct decoder *decoder;
	enum status status;

	TRY(decoder_open(path, &decoder, error));
	status = measure(decoder, may_watch && decoder_watch(decoder),
	        kept_begin(kept, path, decoder_facts(decoder)), record, cancel, error);
	decoder_close(decoder);
	return status;
}

enum status measure_file_keeping(const char *path, struct kept *kept, struct record *record,
        const atomic_bool *cancel, struct error *error)
{
	enum status status;

	*record = (struct record){0};
	status = measure_once(path, true, kept, record, cancel, error);
	/* The process that watched is gone, and what it saw: once more, with what outlives a process. */
	if (status == STATUS_CANCELLED && !is_cancelled(cancel))
		status = measure_once(path, false, NULL, record, cancel, error);
	return status;
}

enum status measure_file(
        const char *path, struct record *record, const atomic_bool *cancel, struct error *error)
{
	return measure_file_keeping(path, NULL, record, cancel, error);
}

/* ---- the sandbox's side --------------------------------------------------------------------- */

static void *watch_begin(const struct stream_facts *facts)
{
	return analyser_new(facts->sample_rate_hz, facts->channels);
}

static enum status watch_see(void *state, const float *frames, size_t n_frames)
{
	return analyser_add(state, frames, n_frames);
}

static enum status watch_report(void *state, uint8_t **bytes, size_t *n_bytes)
{
	struct record record = {0};
	enum status status = analyser_finish(state, &record);

	if (status == STATUS_OK)
		status = record_to_bytes(&record, bytes, n_bytes);
	record_done(&record);
	return status;
}

const struct decoder_watcher measure_watcher = {watch_begin, watch_see, watch_report};
