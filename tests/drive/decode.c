/* decode.c - one decoder: FILE to a WAV of floats.  Without OUT: only what it finds.
 *
 *     decode FILE [OUT.wav [FROM_FRAME]]
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "jukebox/decoder.h"
#include "jukebox/log.h"

enum { BLOCK_FRAMES = 8192 };

static void put32(uint8_t *at, uint32_t value)
{
	for (int i = 0; i < 4; i++)
		at[i] = (uint8_t)(value >> 8 * i);
}

/* A header for `n_bytes` of floats; what does not fit in 32 bits is marked as streamed. */
static int write_header(FILE *out, const struct stream_facts *facts, uint64_t n_bytes)
{
	uint8_t header[44] = "RIFF\0\0\0\0WAVEfmt \20\0\0\0\3\0";
	uint32_t size = n_bytes < UINT32_MAX - 36 ? (uint32_t)n_bytes : UINT32_MAX - 36;
	uint32_t frame = (uint32_t)facts->channels * 4;

	put32(header + 4, size + 36);
	header[22] = (uint8_t)facts->channels;
	put32(header + 24, (uint32_t)facts->sample_rate_hz);
	put32(header + 28, (uint32_t)facts->sample_rate_hz * frame);
	header[32] = (uint8_t)frame;
	header[34] = 32;
	memcpy(header + 36, "data", 4);
	put32(header + 40, size);
	return fseek(out, 0, SEEK_SET) == 0 && fwrite(header, 44, 1, out) == 1 ? 0 : -1;
}

static enum status copy_frames(
        struct decoder *decoder, FILE *out, int64_t *n_copied, struct error *error)
{
	size_t channels = (size_t)decoder_facts(decoder)->channels, got;
	float *block = malloc(BLOCK_FRAMES * channels * sizeof(*block));
	enum status status;

	if (!block)
		return error_set(error, STATUS_NO_MEMORY, "out of memory");
	while ((status = decoder_read(decoder, block, BLOCK_FRAMES, &got, error)) == STATUS_OK) {
		*n_copied += (int64_t)got;
		if (out && fwrite(block, channels * sizeof(*block), got, out) != got) {
			status = error_set(error, STATUS_IO, "cannot write");
			break;
		}
	}
	free(block);
	return status == STATUS_END ? STATUS_OK : status;
}

static enum status write_file(
        struct decoder *decoder, const char *path, int64_t *n_copied, struct error *error)
{
	const struct stream_facts *facts = decoder_facts(decoder);
	FILE *out = path ? fopen(path, "wb") : NULL;
	enum status status;

	if (path && !out)
		return error_set(error, STATUS_IO, "cannot write to %s", path);
	if (out && write_header(out, facts, 0) != 0)
		status = error_set(error, STATUS_IO, "cannot write");
	else
		status = copy_frames(decoder, out, n_copied, error);
	if (status == STATUS_OK && *n_copied == 0)
		status = error_set(error, STATUS_BAD_DATA, "no music in it");
	if (out) {
		uint64_t n_bytes = (uint64_t)*n_copied * (uint64_t)facts->channels * 4;
		if (write_header(out, facts, n_bytes) != 0 && status == STATUS_OK)
			status = error_set(error, STATUS_IO, "cannot write");
		if (fclose(out) != 0 && status == STATUS_OK)
			status = error_set(error, STATUS_IO, "cannot write");
	}
	return status;
}

static void tell(struct log *log, const char *path, const struct decoder *decoder, int64_t n_frames)
{
	const struct stream_facts *facts = decoder_facts(decoder);
	const struct decoder_damage *damage = decoder_damage(decoder);
	const struct tags *tags = decoder_tags(decoder);

	log_file(log, LOG_INFO, path,
	        "%s, %d Hz, %d channels, %" PRId64 " frames (announced: %" PRId64 ")", facts->codec,
	        facts->sample_rate_hz, facts->channels, n_frames, facts->frames);
	for (size_t i = 0; i < tags->count; i++)
		log_file(log, LOG_INFO, path, "%s=%s", tags->items[i].name, tags->items[i].value);
	if (damage->events > 0)
		log_file(log, LOG_WARNING, path,
		        "damaged: %s (%" PRId64 " events, about %" PRId64 " frames lost)",
		        damage->text, damage->events, damage->lost_frames);
}

int main(int argc, char **argv)
{
	struct log *log = log_new(2, LOG_INFO, false);
	struct decoder *decoder = NULL;
	struct error error = {0};
	int64_t n_frames = 0;
	enum status status;

	if (argc < 2 || argc > 4) {
		log_print(log, LOG_ERROR, "usage: decode FILE [OUT.wav [FROM_FRAME]]");
		log_free(log);
		return 2;
	}
	status = decoder_open(argv[1], &decoder, &error);
	if (status == STATUS_OK && argc > 3)
		status = decoder_seek(decoder, strtoll(argv[3], NULL, 10), &error);
	if (status == STATUS_OK)
		status = write_file(decoder, argc > 2 ? argv[2] : NULL, &n_frames, &error);
	if (status == STATUS_OK)
		tell(log, argv[1], decoder, n_frames);
	else
		log_file(log, LOG_ERROR, argv[1], "%s", error.text);
	decoder_close(decoder);
	log_free(log);
	return status == STATUS_OK ? 0 : 1;
}
