/* analyser.c - one pass over a track's frames, as the programme will carry them (stereo), into a record.
 * Loudness is meter.c's, spectra features.c's, the ends edges.c's, the beat tempo.c's: here they are fed and
 * their blocks turned into curves. */
#include "analyser.h"

#include <math.h>
#include <stdlib.h>

#include "jukebox/downmix.h"
#include "jukebox/meter.h"

#include "edges.h"
#include "features.h"
#include "tempo.h"

enum {
	CHUNK_FRAMES = 2048, /* what all parts see in turn: 16 KB stay in the first-level cache */
};
/* -100 dBFS: below it is decoders' rounding, not sound. */
#define DIGITAL_SILENCE_LIN 1e-5f
/* Lower levels are silence to the record: filters ringing out. */
#define LOWEST_LUFS (-160.0)

struct analyser {
	int rate_hz, channels, width; /* width: channels that are analysed, 1 or 2 */
	int64_t n_frames;
	struct meter *meter;
	struct features *features;
	struct edges *edges;
	struct edges_block fine; /* of the block being filled */
	struct record_curves curves;
	size_t room, n_features; /* blocks: allocated; already with features */
	float mixed[2 * CHUNK_FRAMES];
};

/* ---- curves -------------------------------------------------------------------------------- */

static enum status resize(uint8_t **array, size_t count)
{
	uint8_t *larger = realloc(*array, count);

	if (!larger)
		return STATUS_NO_MEMORY;
	*array = larger;
	return STATUS_OK;
}

static enum status resize_curves(struct record_curves *c, size_t count)
{
	int16_t *levels = realloc(c->level_clu, count * sizeof(*levels));

	if (!levels)
		return STATUS_NO_MEMORY;
	c->level_clu = levels;
	TRY(resize(&c->peak, count));
	TRY(resize(&c->onset, count));
	TRY(resize(&c->flatness, count));
	TRY(resize(&c->centroid, count));
	TRY(resize(&c->bass, count));
	return resize(&c->side, count);
}

static enum status make_room(struct analyser *a)
{
	if (a->curves.count < a->room)
		return STATUS_OK;
	a->room += a->room / 4 + 60 * RECORD_BLOCKS_PER_SECOND;
	return resize_curves(&a->curves, a->room);
}

static int16_t level_clu(double energy)
{
	double lufs = meter_energy_to_lufs(energy);

	return lufs < LOWEST_LUFS ? RECORD_SILENCE_CLU : (int16_t)lrint(100 * lufs);
}

static uint8_t peak_byte(float peak)
{
	double steps;

	if (!(peak > 0))
		return 255;
	steps = floor((20 - 20 * log10((double)peak)) * 2);
	return steps < 0 ? 0 : steps > 254 ? 254 : (uint8_t)steps;
}

static enum status take_fine(void *user, double energy)
{
	struct analyser *a = user;

	a->fine.fine[a->fine.count++] = level_clu(energy);
	return STATUS_OK;
}

static enum status take_block(void *user, const struct meter_block *block)
{
	struct analyser *a = user;

	TRY(make_room(a));
	a->curves.level_clu[a->curves.count] = level_clu(block->energy);
	a->curves.peak[a->curves.count] = peak_byte(block->true_peak_lin);
	a->curves.count++;
	edges_add_block(a->edges, &a->fine, block->true_peak_lin < DIGITAL_SILENCE_LIN);
	a->fine.count = 0;
	return STATUS_OK;
}

/* Runs behind take_block, so that there is room. */
static enum status take_features(void *user, const struct block_features *block)
{
	struct analyser *a = user;
	size_t i = a->n_features++;

	a->curves.onset[i] = block->onset;
	a->curves.flatness[i] = block->flatness;
	a->curves.centroid[i] = block->centroid;
	a->curves.bass[i] = block->bass;
	a->curves.side[i] = block->side;
	return STATUS_OK;
}

/* ---- the interface ------------------------------------------------------------------------- */

struct analyser *analyser_new(int sample_rate_hz, int channels)
{
	static const double both_sides = 2;
	struct analyser *a = calloc(1, sizeof(*a));

	if (!a)
		return NULL;
	a->rate_hz = sample_rate_hz;
	a->channels = channels;
	a->width = channels == 1 ? 1 : 2;
	a->meter = meter_new(sample_rate_hz, a->width, a->width == 1 ? &both_sides : NULL);
	a->features = features_new(sample_rate_hz, a->width, take_features, a);
	a->edges = edges_new(a->width);
	if (a->meter && a->features && a->edges) {
		meter_on_blocks(a->meter, take_block, take_fine, a);
		return a;
	}
	analyser_free(a);
	return NULL;
}

static void free_curves(struct record_curves *c)
{
	free(c->level_clu);
	free(c->peak);
	free(c->onset);
	free(c->flatness);
	free(c->centroid);
	free(c->bass);
	free(c->side);
}

void analyser_free(struct analyser *analyser)
{
	if (!analyser)
		return;
	meter_free(analyser->meter);
	features_free(analyser->features);
	edges_free(analyser->edges);
	free_curves(&analyser->curves);
	free(analyser);
}

static enum status add_chunk(struct analyser *a, const float *frames, size_t n_frames)
{
	if (a->channels > 2) {
		downmix_to_stereo(frames, a->channels, n_frames, a->mixed);
		frames = a->mixed;
	}
	a->n_frames += (int64_t)n_frames;
	edges_add_frames(a->edges, frames, n_frames);
	TRY(meter_add(a->meter, frames, n_frames));
	return features_add(a->features, frames, n_frames);
}

enum status analyser_add(struct analyser *analyser, const float *frames, size_t n_frames)
{
	while (n_frames > 0) {
		size_t n = n_frames < CHUNK_FRAMES ? n_frames : CHUNK_FRAMES;

		TRY(add_chunk(analyser, frames, n));
		frames += n * (size_t)analyser->channels;
		n_frames -= n;
	}
	return STATUS_OK;
}

static double lin_to_db(double lin)
{
	return lin > 0 ? 20 * log10(lin) : -HUGE_VAL;
}

static void fill_whole(const struct analyser *a, struct record *record)
{
	record->sample_rate_hz = a->rate_hz;
	record->channels = a->channels;
	record->frames = a->n_frames;
	record->loudness_lufs = meter_integrated_lufs(a->meter);
	record->loudness_range_lu = meter_range_lu(a->meter);
	record->true_peak_dbtp = lin_to_db(meter_true_peak_lin(a->meter));
	record->sample_peak_dbfs = lin_to_db(meter_sample_peak_lin(a->meter));
	features_offset(a->features, record->offset);
}

static enum status fill_tempo(const struct analyser *a, struct record *record)
{
	size_t count;
	double rate_hz;
	const float *envelope = features_envelope(a->features, &count, &rate_hz);
	struct tempo tempo;

	TRY(tempo_find(envelope, count, rate_hz, &tempo));
	record->bpm = tempo.bpm;
	record->bpm_confidence = tempo.confidence;
	record->first_beat_s = tempo.first_beat_s;
	return STATUS_OK;
}

enum status analyser_finish(struct analyser *analyser, struct record *record)
{
	TRY(meter_finish(analyser->meter));
	TRY(features_finish(analyser->features, analyser->curves.count));
	fill_whole(analyser, record);
	if (analyser->curves.count > 0)
		TRY(resize_curves(&analyser->curves, analyser->curves.count));
	record->curves = analyser->curves;
	analyser->curves = (struct record_curves){0};
	TRY(edges_finish(analyser->edges, record));
	return fill_tempo(analyser, record);
}
