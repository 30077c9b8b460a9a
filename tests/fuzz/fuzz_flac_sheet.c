/* fuzz_flac_sheet.c - any bytes as a FLAC file with a cue sheet in its tags. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "playlist/flac_sheet.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct source *source;
	char *sheet;

	if (source_open_memory(data, size, "fuzz", &source, NULL) != STATUS_OK)
		return 0;
	if (flac_sheet_find(source, &sheet) == STATUS_OK) {
		if (!sheet || strlen(sheet) > FLAC_SHEET_MOST_BYTES || strlen(sheet) > size)
			abort();
		free(sheet);
	} else if (sheet)
		abort();
	source_close(source);
	return 0;
}
