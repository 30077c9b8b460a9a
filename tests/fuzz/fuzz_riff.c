/* fuzz_riff.c - any bytes as the chunks of a WAV or AIFF file, and as a file with ID3 in it or of unknown length. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "decode/riff.h"
#include "jukebox/decoder.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Always ahead, never past what there is, and not for ever. */
static void walk(struct source *source, int64_t start)
{
	struct view view;
	struct riff riff;
	int64_t from = 12;
	int n = 0;

	view_init(&view, source, start);
	if (!riff_begin(&riff, &view))
		return;
	for (; riff_next(&riff); n++) {
		if (n >= RIFF_MOST_CHUNKS || riff.body != from + 8 || riff.n_bytes < 0 ||
		        riff.body > view_size(&view) || riff.next < riff.body)
			abort();
		from = riff.next;
	}
}

/* What the decoder makes of the chunks: it may change the header that the library sees. */
static void open(struct source *source)
{
	struct decoder *decoder;
	float block[512];
	size_t got;

	if (decoder_open_source(source, &decoder, NULL) != STATUS_OK)
		return;
	if (decoder_facts(decoder)->frames < -1 || decoder_tags(decoder)->count > TAGS_MOST)
		abort();
	if (decoder_facts(decoder)->channels <= 8)
		(void)!decoder_read(decoder, block, 64, &got, NULL);
	decoder_close(decoder);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct source *source;

	if (source_open_memory(data, size, "fuzz", &source, NULL) != STATUS_OK)
		return 0;
	walk(source, 0);
	walk(source, 3);
	if (source_seek(source, 0) == 0)
		open(source); /* which is its owner now */
	else
		source_close(source);
	return 0;
}
