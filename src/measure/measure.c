/* measure.c - one music file, decoded once, into its record.  What the numbers are is the analyser's affair, many
 * files at a time the pool's. */
#include "jukebox/measure.h"

#include <stdlib.h>
#include <string.h>

#include "analyser.h"

enum { READ_FRAMES = 2048 };

static enum status analyse_all(struct decoder *decoder, struct analyser *analyser, float *frames,
        const atomic_bool *cancel, struct error *error)
{
	enum status status = STATUS_OK;

	while (status == STATUS_OK) {
		size_t n_frames = 0;

		if (cancel && atomic_load_explicit(cancel, memory_order_relaxed))
			return error_set(error, STATUS_CANCELLED, "cancelled");
		status = decoder_read(decoder, frames, READ_FRAMES, &n_frames, error);
		if (status == STATUS_OK && analyser_add(analyser, frames, n_frames) != STATUS_OK)
			return error_set(error, STATUS_NO_MEMORY, "out of memory");
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

static enum status measure_with(struct decoder *decoder, struct analyser *analyser, float *frames,
        struct record *record, const atomic_bool *cancel, struct error *error)
{
	TRY(analyse_all(decoder, analyser, frames, cancel, error));
	if (analyser_finish(analyser, record) != STATUS_OK)
		return error_set(error, STATUS_NO_MEMORY, "out of memory");
	if (record->frames == 0)
		return error_set(error, STATUS_BAD_DATA, "there is no sound in it");
	return fill_facts(decoder, record, error);
}

enum status measure_decoder(struct decoder *decoder, struct record *record,
        const atomic_bool *cancel, struct error *error)
{
	const struct stream_facts *facts = decoder_facts(decoder);
	struct analyser *analyser = analyser_new(facts->sample_rate_hz, facts->channels);
	float *frames = malloc(READ_FRAMES * (size_t)facts->channels * sizeof(*frames));
	enum status status;

	*record = (struct record){0};
	if (analyser && frames)
		status = measure_with(decoder, analyser, frames, record, cancel, error);
	else
		status = error_set(error, STATUS_NO_MEMORY, "out of memory");
	if (status != STATUS_OK)
		record_done(record);
	free(frames);
	analyser_free(analyser);
	return status;
}

enum status measure_file(
        const char *path, struct record *record, const atomic_bool *cancel, struct error *error)
{
	struct decoder *decoder;
	enum status status;

	*record = (struct record){0};
	TRY(decoder_open(path, &decoder, error));
	status = measure_decoder(decoder, record, cancel, error);
	decoder_close(decoder);
	return status;
}
