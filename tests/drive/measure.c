/* FILE... -> each record as one line of JSON; with --curves also the curves.  With --time the CPU seconds of
 * all, and no records. */
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <jansson.h>

#include "jukebox/measure.h"

static json_t *number(double value)
{
	return isfinite(value) ? json_real(round(value * 1e6) / 1e6) : json_null();
}

static json_t *bytes(const uint8_t *values, size_t count)
{
	json_t *array = json_array();

	for (size_t i = 0; i < count; i++)
		json_array_append_new(array, json_integer(values[i]));
	return array;
}

static json_t *levels(const int16_t *values, size_t count)
{
	json_t *array = json_array();

	for (size_t i = 0; i < count; i++)
		json_array_append_new(array, number(record_level_lufs(values[i])));
	return array;
}

static json_t *edge(const struct record_edge *e)
{
	return json_pack("{s:I, s:o}", "from_block", (json_int_t)e->from_block, "levels",
	        levels(e->level_clu, e->count));
}

static void add_curves(json_t *object, const struct record *r)
{
	const struct record_curves *c = &r->curves;

	json_object_set_new(object, "levels", levels(c->level_clu, c->count));
	json_object_set_new(object, "peak", bytes(c->peak, c->count));
	json_object_set_new(object, "onset", bytes(c->onset, c->count));
	json_object_set_new(object, "flatness", bytes(c->flatness, c->count));
	json_object_set_new(object, "centroid", bytes(c->centroid, c->count));
	json_object_set_new(object, "bass", bytes(c->bass, c->count));
	json_object_set_new(object, "side", bytes(c->side, c->count));
	json_object_set_new(object, "head", edge(&r->head));
	json_object_set_new(object, "tail", edge(&r->tail));
}

static json_t *to_json(const char *path, const struct record *r)
{
	return json_pack(
	        "{s:s, s:s, s:i, s:i, s:I, s:o, s:o, s:o, s:o, s:o, s:[o,o], s:o, s:o, s:o, "
	        "s:I, s:I, s:I, s:I, s:I, s:I}",
	        "path", path, "codec", r->codec, "sample_rate", r->sample_rate_hz, "channels",
	        r->channels, "frames", (json_int_t)r->frames, "duration",
	        number(record_duration(r)), "loudness_lufs", number(r->loudness_lufs),
	        "loudness_range_lu", number(r->loudness_range_lu), "true_peak_dbtp",
	        number(r->true_peak_dbtp), "sample_peak_dbfs", number(r->sample_peak_dbfs),
	        "offset", number(r->offset[0]), number(r->offset[1]), "bpm", number(r->bpm),
	        "bpm_confidence", number(r->bpm_confidence), "first_beat", number(r->first_beat_s),
	        "first_frames", (json_int_t)r->first.n_frames, "last_frames",
	        (json_int_t)r->last.n_frames, "head_from", (json_int_t)r->head.from_block,
	        "tail_from", (json_int_t)r->tail.from_block, "damage", (json_int_t)r->damage_events,
	        "blocks", (json_int_t)r->curves.count);
}

static void print_record(const char *path, const struct record *record, bool with_curves)
{
	json_t *object = to_json(path, record);

	if (object && with_curves)
		add_curves(object, record);
	json_dumpf(object, stdout, JSON_COMPACT | JSON_PRESERVE_ORDER);
	putchar('\n');
	json_decref(object);
}

int main(int argc, char **argv)
{
	bool with_curves = false, only_time = false, failed = false;

	for (int i = 1; i < argc; i++) {
		struct record record;
		struct error error = {0};

		if (strcmp(argv[i], "--curves") == 0) {
			with_curves = true;
		} else if (strcmp(argv[i], "--time") == 0) {
			only_time = true;
		} else if (measure_file(argv[i], &record, NULL, &error) != STATUS_OK) {
			fprintf(stderr, "%s: %s\n", argv[i], error.text);
			failed = true;
		} else {
			if (!only_time)
				print_record(argv[i], &record, with_curves);
			record_done(&record);
		}
	}
	if (only_time)
		printf("%.3f\n", (double)clock() / CLOCKS_PER_SEC);
	return failed;
}
