/* record.c - the record as plain data and as bytes: little-endian, checked, the same on every machine.
 * How it comes to be is the analyser's affair, where it is kept the cache's.
 *
 * Layout: magic, version, length of all (each u32), the fields in the order of struct record, checksum (u64).
 * Curves stay plain: 80 bytes per second of music, and nothing to get wrong in reading them. */
#include "jukebox/record.h"

#include <endian.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "jukebox/measure.h"

enum {
	MAGIC = 0x4352424a, /* "JBRC" */
	HEAD_BYTES = 12,
	CHECKSUM_BYTES = 8,
	STRING_BYTES = 2 * TAG_VALUE_BYTES, /* Latin-1 grows on its way to UTF-8 */
	CODEC_BYTES = sizeof(((struct record *)0)->codec),
};

/* ---- checksum: FNV-1a (Fowler, Noll, Vo), taken eight bytes at a time ---------------------
 * Each step is a bijection of the state, so no single changed word goes unseen; and a record of 30 KB is
 * checked in some 10 us, where a bytewise CRC-32 takes 50 to 100: a warm cache should cost nothing. */

static uint64_t load_u64(const uint8_t *bytes, size_t n_bytes)
{
	uint64_t value = 0;

	for (size_t i = n_bytes; i > 0; i--)
		value = value << 8 | bytes[i - 1];
	return value;
}

static uint64_t checksum(const uint8_t *bytes, size_t n_bytes)
{
	uint64_t hash = UINT64_C(0xcbf29ce484222325);
	size_t i = 0;

	for (; i + 8 <= n_bytes; i += 8) {
		uint64_t word;

		memcpy(&word, bytes + i, sizeof(word));
		hash = (hash ^ le64toh(word)) * UINT64_C(0x100000001b3);
		hash ^= hash >> 32;
	}
	hash = (hash ^ load_u64(bytes + i, n_bytes - i)) * UINT64_C(0x100000001b3);
	return hash ^ hash >> 32;
}

/* ---- writing: the size is known before, so nothing here can fail --------------------------- */

static void put_bytes(uint8_t **at, const void *bytes, size_t n_bytes)
{
	if (n_bytes > 0)
		memcpy(*at, bytes, n_bytes);
	*at += n_bytes;
}

static void put_u16(uint8_t **at, uint16_t value)
{
	*(*at)++ = (uint8_t)value;
	*(*at)++ = (uint8_t)(value >> 8);
}

static void put_u32(uint8_t **at, uint32_t value)
{
	put_u16(at, (uint16_t)value);
	put_u16(at, (uint16_t)(value >> 16));
}

static void put_u64(uint8_t **at, uint64_t value)
{
	put_u32(at, (uint32_t)value);
	put_u32(at, (uint32_t)(value >> 32));
}

static void put_double(uint8_t **at, double value)
{
	uint64_t bits;

	memcpy(&bits, &value, sizeof(bits));
	put_u64(at, bits);
}

static void put_float(uint8_t **at, float value)
{
	uint32_t bits;

	memcpy(&bits, &value, sizeof(bits));
	put_u32(at, bits);
}

static void put_string(uint8_t **at, const char *text)
{
	size_t length = strlen(text);

	put_u16(at, (uint16_t)length);
	put_bytes(at, text, length);
}

static void put_levels(uint8_t **at, const int16_t *levels, size_t count)
{
	for (size_t i = 0; i < count; i++)
		put_u16(at, (uint16_t)levels[i]);
}

static void put_stream(uint8_t **at, const struct record *record)
{
	char codec[CODEC_BYTES] = ""; /* what is behind the NUL must not matter */

	memcpy(codec, record->codec, strnlen(record->codec, CODEC_BYTES - 1));
	put_bytes(at, codec, CODEC_BYTES);
	put_u32(at, (uint32_t)record->sample_rate_hz);
	put_u32(at, (uint32_t)record->channels);
	put_u64(at, (uint64_t)record->frames);
	put_u64(at, (uint64_t)record->damage_events);
	put_u64(at, (uint64_t)record->lost_frames);
}

static void put_tags(uint8_t **at, const struct tags *tags)
{
	put_u32(at, (uint32_t)tags->count);
	for (size_t i = 0; i < tags->count; i++) {
		put_string(at, tags->items[i].name);
		put_string(at, tags->items[i].value);
	}
}

static void put_whole(uint8_t **at, const struct record *record)
{
	put_double(at, record->loudness_lufs);
	put_double(at, record->loudness_range_lu);
	put_double(at, record->true_peak_dbtp);
	put_double(at, record->sample_peak_dbfs);
	put_double(at, record->offset[0]);
	put_double(at, record->offset[1]);
	put_double(at, record->bpm);
	put_double(at, record->bpm_confidence);
	put_double(at, record->first_beat_s);
}

static void put_curves(uint8_t **at, const struct record_curves *curves)
{
	put_u32(at, (uint32_t)curves->count);
	put_levels(at, curves->level_clu, curves->count);
	put_bytes(at, curves->peak, curves->count);
	put_bytes(at, curves->onset, curves->count);
	put_bytes(at, curves->flatness, curves->count);
	put_bytes(at, curves->centroid, curves->count);
	put_bytes(at, curves->bass, curves->count);
	put_bytes(at, curves->side, curves->count);
}

static void put_edge(uint8_t **at, const struct record_edge *edge)
{
	put_u64(at, (uint64_t)edge->from_block);
	put_u32(at, (uint32_t)edge->count);
	put_levels(at, edge->level_clu, edge->count);
}

static void put_samples(uint8_t **at, const struct record_samples *samples)
{
	size_t n = samples->n_frames * (size_t)samples->channels;

	put_u32(at, (uint32_t)samples->n_frames);
	put_u32(at, (uint32_t)samples->channels);
	for (size_t i = 0; i < n; i++)
		put_float(at, samples->frames[i]);
}

static size_t tags_bytes(const struct tags *tags)
{
	size_t n = 4;

	for (size_t i = 0; i < tags->count; i++)
		n += 4 + strlen(tags->items[i].name) + strlen(tags->items[i].value);
	return n;
}

static size_t samples_bytes(const struct record_samples *samples)
{
	return 8 + samples->n_frames * (size_t)samples->channels * 4;
}

static size_t record_bytes(const struct record *record)
{
	return HEAD_BYTES + CODEC_BYTES + 2 * 4 + 3 * 8 + tags_bytes(&record->tags) + 9 * 8 + 4 +
	       8 * record->curves.count + 2 * 12 + 2 * record->head.count + 2 * record->tail.count +
	       samples_bytes(&record->first) + samples_bytes(&record->last) + CHECKSUM_BYTES;
}

/* Counts go into 32 bits, lengths of tags into 16. */
static bool fits_the_format(const struct record *record)
{
	for (size_t i = 0; i < record->tags.count; i++)
		if (strlen(record->tags.items[i].name) > UINT16_MAX ||
		        strlen(record->tags.items[i].value) > UINT16_MAX)
			return false;
	return record->tags.count <= TAGS_MOST && record->curves.count <= UINT32_MAX / 16 &&
	       record->head.count <= UINT32_MAX / 16 && record->tail.count <= UINT32_MAX / 16 &&
	       record->first.n_frames <= RECORD_EDGE_FRAMES &&
	       record->last.n_frames <= RECORD_EDGE_FRAMES;
}

enum status record_to_bytes(const struct record *record, uint8_t **bytes, size_t *n_bytes)
{
	uint8_t *at;

	if (!fits_the_format(record))
		return STATUS_BAD_DATA;
	*n_bytes = record_bytes(record);
	at = *bytes = malloc(*n_bytes);
	if (!at)
		return STATUS_NO_MEMORY;
	put_u32(&at, MAGIC);
	put_u32(&at, RECORD_VERSION);
	put_u32(&at, (uint32_t)*n_bytes);
	put_stream(&at, record);
	put_tags(&at, &record->tags);
	put_whole(&at, record);
	put_curves(&at, &record->curves);
	put_edge(&at, &record->head);
	put_edge(&at, &record->tail);
	put_samples(&at, &record->first);
	put_samples(&at, &record->last);
	put_u64(&at, checksum(*bytes, *n_bytes - CHECKSUM_BYTES));
	return STATUS_OK;
}

/* ---- reading: anything may be in the bytes.  The first failure sticks, all later gets give 0 - */

struct reader {
	const uint8_t *at;
	size_t left;
	enum status status;
};

static void fail(struct reader *r, enum status status)
{
	if (r->status == STATUS_OK)
		r->status = status;
	r->left = 0;
}

static void require(struct reader *r, bool holds)
{
	if (!holds)
		fail(r, STATUS_BAD_DATA);
}

static const uint8_t *get_bytes(struct reader *r, size_t n_bytes)
{
	const uint8_t *bytes = r->at;

	if (r->status != STATUS_OK || r->left < n_bytes) {
		fail(r, STATUS_BAD_DATA);
		return NULL;
	}
	r->at += n_bytes;
	r->left -= n_bytes;
	return bytes;
}

static uint64_t get_uint(struct reader *r, size_t n_bytes)
{
	const uint8_t *bytes = get_bytes(r, n_bytes);

	return bytes ? load_u64(bytes, n_bytes) : 0;
}

static int64_t get_count(struct reader *r)
{
	int64_t value = (int64_t)get_uint(r, 8);

	require(r, value >= 0);
	return r->status == STATUS_OK ? value : 0;
}

/* A number; -HUGE_VAL too where there may be no sound. */
static double get_double(struct reader *r, bool or_silence)
{
	uint64_t bits = get_uint(r, 8);
	double value;

	memcpy(&value, &bits, sizeof(value));
	require(r, isfinite(value) || (or_silence && value == -HUGE_VAL));
	return value;
}

/* Room for `count` items that take `item_bytes` each in the input: never more than the input could
 * fill. NULL for none. */
static void *get_room(struct reader *r, size_t count, size_t item_bytes)
{
	void *room;

	require(r, count <= r->left / item_bytes);
	if (r->status != STATUS_OK || count == 0)
		return NULL;
	room = malloc(count * item_bytes);
	if (!room)
		fail(r, STATUS_NO_MEMORY);
	return room;
}

static int16_t *get_levels(struct reader *r, size_t count)
{
	int16_t *levels = get_room(r, count, sizeof(*levels));
	const uint8_t *bytes = levels ? get_bytes(r, 2 * count) : NULL;

	if (!bytes)
		return levels;
	memcpy(levels, bytes, 2 * count);
	for (size_t i = 0; i < count; i++) /* nothing at all on a little-endian machine */
		levels[i] = (int16_t)le16toh((uint16_t)levels[i]);
	return levels;
}

static uint8_t *get_curve(struct reader *r, size_t count)
{
	uint8_t *curve = get_room(r, count, 1);

	if (curve)
		memcpy(curve, get_bytes(r, count), count);
	return curve;
}

static void get_head(struct reader *r, size_t n_bytes)
{
	require(r, get_uint(r, 4) == MAGIC);
	require(r, get_uint(r, 4) == RECORD_VERSION);
	require(r, get_uint(r, 4) == n_bytes);
}

static void get_stream(struct reader *r, struct record *record)
{
	const uint8_t *codec = get_bytes(r, CODEC_BYTES);

	if (codec)
		memcpy(record->codec, codec, CODEC_BYTES - 1);
	record->sample_rate_hz = (int)get_uint(r, 4);
	record->channels = (int)get_uint(r, 4);
	record->frames = get_count(r);
	record->damage_events = get_count(r);
	record->lost_frames = get_count(r);
	require(r, record->sample_rate_hz >= DECODER_LOWEST_HZ &&
	                   record->sample_rate_hz <= DECODER_HIGHEST_HZ && record->channels >= 1 &&
	                   record->channels <= DECODER_MOST_CHANNELS);
}

/* `text` holds STRING_BYTES + 1. */
static void get_string(struct reader *r, char *text)
{
	size_t length = (size_t)get_uint(r, 2);
	const uint8_t *bytes;

	require(r, length <= STRING_BYTES);
	bytes = get_bytes(r, r->status == STATUS_OK ? length : 0);
	if (bytes)
		memcpy(text, bytes, length);
	text[bytes ? length : 0] = '\0';
}

static void get_tags(struct reader *r, struct tags *tags)
{
	size_t count = (size_t)get_uint(r, 4);
	char name[STRING_BYTES + 1], value[STRING_BYTES + 1];

	require(r, count <= TAGS_MOST);
	for (size_t i = 0; i < count && r->status == STATUS_OK; i++) {
		enum status status = STATUS_OK;

		get_string(r, name);
		get_string(r, value);
		if (r->status == STATUS_OK)
			status = tags_set(tags, name, value);
		if (status != STATUS_OK)
			fail(r, status);
	}
}

static void get_whole(struct reader *r, struct record *record)
{
	record->loudness_lufs = get_double(r, true);
	record->loudness_range_lu = get_double(r, false);
	record->true_peak_dbtp = get_double(r, true);
	record->sample_peak_dbfs = get_double(r, true);
	record->offset[0] = get_double(r, false);
	record->offset[1] = get_double(r, false);
	record->bpm = get_double(r, false);
	record->bpm_confidence = get_double(r, false);
	record->first_beat_s = get_double(r, false);
}

static void get_curves(struct reader *r, struct record_curves *curves)
{
	size_t count = (size_t)get_uint(r, 4);

	curves->level_clu = get_levels(r, count);
	curves->peak = get_curve(r, count);
	curves->onset = get_curve(r, count);
	curves->flatness = get_curve(r, count);
	curves->centroid = get_curve(r, count);
	curves->bass = get_curve(r, count);
	curves->side = get_curve(r, count);
	curves->count = r->status == STATUS_OK ? count : 0;
}

static void get_edge(struct reader *r, const struct record_curves *curves, struct record_edge *edge)
{
	size_t count;

	edge->from_block = get_count(r);
	require(r, edge->from_block <= (int64_t)curves->count);
	count = (size_t)get_uint(r, 4);
	edge->level_clu = get_levels(r, count);
	edge->count = r->status == STATUS_OK ? count : 0;
}

/* All of its bits set: infinite, or no number. */
#define FLOAT_EXPONENT UINT32_C(0x7f800000)

static void get_samples(struct reader *r, struct record_samples *samples)
{
	size_t n_frames = (size_t)get_uint(r, 4), channels = (size_t)get_uint(r, 4), n;
	const uint8_t *bytes;
	uint32_t bits, infinite = 0;

	require(r,
	        n_frames <= RECORD_EDGE_FRAMES && channels <= 2 && (n_frames == 0 || channels > 0));
	if (r->status != STATUS_OK)
		return;
	n = n_frames * channels;
	samples->frames = get_room(r, n, sizeof(*samples->frames));
	bytes = samples->frames ? get_bytes(r, n * sizeof(bits)) : NULL;
	for (size_t i = 0; bytes && i < n; i++) {
		memcpy(&bits, bytes + i * sizeof(bits), sizeof(bits));
		bits = le32toh(bits);
		memcpy(&samples->frames[i], &bits, sizeof(bits));
		infinite |= (bits & FLOAT_EXPONENT) == FLOAT_EXPONENT;
	}
	require(r, !infinite);
	samples->n_frames = n_frames;
	samples->channels = (int)channels;
}

static bool checksum_is_right(const uint8_t *bytes, size_t n_bytes)
{
	struct reader r = {.at = bytes + n_bytes - CHECKSUM_BYTES, .left = CHECKSUM_BYTES};

	return get_uint(&r, CHECKSUM_BYTES) == checksum(bytes, n_bytes - CHECKSUM_BYTES);
}

enum status record_from_bytes(struct record *record, const uint8_t *bytes, size_t n_bytes)
{
	*record = (struct record){0};
	if (n_bytes < HEAD_BYTES + CHECKSUM_BYTES || !checksum_is_right(bytes, n_bytes))
		return STATUS_BAD_DATA;
	return record_from_checked_bytes(record, bytes, n_bytes);
}

enum status record_from_checked_bytes(struct record *record, const uint8_t *bytes, size_t n_bytes)
{
	struct reader r = {.at = bytes};

	*record = (struct record){0};
	if (n_bytes < HEAD_BYTES + CHECKSUM_BYTES)
		return STATUS_BAD_DATA;
	r.left = n_bytes - CHECKSUM_BYTES;
	get_head(&r, n_bytes);
	get_stream(&r, record);
	get_tags(&r, &record->tags);
	get_whole(&r, record);
	get_curves(&r, &record->curves);
	get_edge(&r, &record->curves, &record->head);
	get_edge(&r, &record->curves, &record->tail);
	get_samples(&r, &record->first);
	get_samples(&r, &record->last);
	require(&r, r.left == 0);
	if (r.status != STATUS_OK)
		record_done(record);
	return r.status;
}

enum status record_tags_from_head(struct tags *tags, const uint8_t *bytes, size_t n_bytes)
{
	struct reader r = {.at = bytes, .left = n_bytes};
	struct record record = {0};

	require(&r, get_uint(&r, 4) == MAGIC);
	require(&r, get_uint(&r, 4) == RECORD_VERSION);
	(void)get_uint(&r, 4);
	get_stream(&r, &record);
	get_tags(&r, &record.tags);
	if (r.status != STATUS_OK)
		tags_done(&record.tags);
	*tags = record.tags;
	return r.status;
}

/* ---- plain data ---------------------------------------------------------------------------- */

void record_done(struct record *record)
{
	tags_done(&record->tags);
	free(record->curves.level_clu);
	free(record->curves.peak);
	free(record->curves.onset);
	free(record->curves.flatness);
	free(record->curves.centroid);
	free(record->curves.bass);
	free(record->curves.side);
	free(record->head.level_clu);
	free(record->tail.level_clu);
	free(record->first.frames);
	free(record->last.frames);
	*record = (struct record){0};
}

void record_move(struct record *to, struct record *from)
{
	*to = *from;
	*from = (struct record){0};
}

double record_duration(const struct record *record)
{
	if (record->sample_rate_hz <= 0)
		return 0;
	return (double)record->frames / record->sample_rate_hz;
}

double record_level_lufs(int16_t level_clu)
{
	return level_clu == RECORD_SILENCE_CLU ? -HUGE_VAL : level_clu / 100.0;
}
