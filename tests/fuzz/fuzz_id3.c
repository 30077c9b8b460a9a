/* fuzz_id3.c - any bytes as tags, at the start and at the end of a file. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "decode/id3.h"
#include "jukebox/text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct source *source;
	struct tags tags = {0};
	int64_t behind;

	if (source_open_memory(data, size, "fuzz", &source, NULL) != STATUS_OK)
		return 0;
	if (id3_read_v2(source, 0, &tags, &behind, NULL) == STATUS_OK && behind > (int64_t)size)
		abort();
	if (id3_read_end(source, &tags, NULL) != STATUS_OK || tags.count > TAGS_MOST)
		abort();
	for (size_t i = 0; i < tags.count; i++)
		if (!text_is_utf8(tags.items[i].value))
			abort();
	tags_done(&tags);
	source_close(source);
	return 0;
}
