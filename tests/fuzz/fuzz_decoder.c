/* fuzz_decoder.c - any bytes as a music file: refused or played, with what decoder.h promises of frames. */
#include <math.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "jukebox/decoder.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { BLOCK_FRAMES = 1000, MOST_BLOCKS = 200 };

static void read_some(struct decoder *decoder, float *block, int n_blocks)
{
	int channels = decoder_facts(decoder)->channels;
	size_t got;

	for (int b = 0; b < n_blocks; b++) {
		enum status status = decoder_read(decoder, block, BLOCK_FRAMES, &got, NULL);
		if (status != STATUS_OK)
			return;
		if (got == 0 || got > BLOCK_FRAMES)
			abort();
		for (size_t i = 0; i < got * (size_t)channels; i++)
			if (!(fabsf(block[i]) <= DECODER_LARGEST))
				abort();
	}
}

static void use(struct decoder *decoder)
{
	const struct stream_facts *facts = decoder_facts(decoder);
	float *block = malloc(BLOCK_FRAMES * (size_t)facts->channels * sizeof(*block));

	if (!block)
		return;
	if (facts->sample_rate_hz < DECODER_LOWEST_HZ || facts->channels < 1 ||
	        facts->sample_rate_hz > DECODER_HIGHEST_HZ ||
	        facts->channels > DECODER_MOST_CHANNELS)
		abort();
	read_some(decoder, block, MOST_BLOCKS);
	if (decoder_seek(decoder, 777, NULL) == STATUS_OK)
		read_some(decoder, block, 3);
	if (decoder_seek(decoder, 20000, NULL) == STATUS_OK)
		read_some(decoder, block, 3);
	free(block);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct source *source;
	struct decoder *decoder;

	if (source_open_memory(data, size, "fuzz", &source, NULL) != STATUS_OK)
		return 0;
	if (decoder_open_source(source, &decoder, NULL) == STATUS_OK) {
		use(decoder);
		decoder_close(decoder);
	}
	return 0;
}
