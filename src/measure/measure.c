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
	struct analyser *analyser;
	struct kept_song *song; /* NULL: the samples are not kept, or not any more */
	float *frames; /* for them then */
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

static enum status analyse_some(struct pass *p, struct error *error)
{
	size_t n_frames = 0, most = READ_FRAMES;
	float *frames = room(p, &most);

	TRY(decoder_read(p->decoder, frames, most, &n_frames, error));
	if (p->song)
		kept_add(p->song, n_frames);
	if (analyser_add(p->analyser, frames, n_frames) != STATUS_OK)
		return error_set(error, STATUS_NO_MEMORY, "out of memory");
	return STATUS_OK;
}

static enum status analyse_all(struct pass *p, struct error *error)
{
	enum status status = STATUS_OK;

	while (status == STATUS_OK) {
		if (p->cancel && atomic_load_explicit(p->cancel, memory_order_relaxed))
			return error_set(error, STATUS_CANCELLED, "cancelled");
		status = analyse_some(p, error);
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

static enum status run_pass(struct pass *p, struct record *record, struct error *error)
{
	TRY(analyse_all(p, error));
	if (analyser_finish(p->analyser, record) != STATUS_OK)
		return error_set(error, STATUS_NO_MEMORY, "out of memory");
	if (record->frames == 0)
		return error_set(error, STATUS_BAD_DATA, "there is no sound in it");
	return fill_facts(p->decoder, record, error);
}

/* Takes the song, which may be NULL. */
static enum status measure(struct decoder *decoder, struct kept_song *song, struct record *record,
        const atomic_bool *cancel, struct error *error)
{
	const struct stream_facts *facts = decoder_facts(decoder);
	struct pass p = {.decoder = decoder,
	        .analyser = analyser_new(facts->sample_rate_hz, facts->channels),
	        .song = song,
	        .frames = malloc(READ_FRAMES * (size_t)facts->channels * sizeof(float)),
	        .cancel = cancel};
	enum status status;

	*record = (struct record){0};
	if (p.analyser && p.frames)
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
	return measure(decoder, NULL, record, cancel, error);
}

enum status measure_file_keeping(const char *path, struct kept *kept, struct record *record,
        const atomic_bool *cancel, struct error *error)
{
	struct decoder *decoder;
	enum status status;

	*record = (struct record){0};
	TRY(decoder_open(path, &decoder, error));
	status = measure(
	        decoder, kept_begin(kept, path, decoder_facts(decoder)), record, cancel, error);
	decoder_close(decoder);
	return status;
}

enum status measure_file(
        const char *path, struct record *record, const atomic_bool *cancel, struct error *error)
{
	return measure_file_keeping(path, NULL, record, cancel, error);
}
