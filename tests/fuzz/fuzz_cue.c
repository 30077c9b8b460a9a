/* fuzz_cue.c - the parser of cue sheets over arbitrary bytes; which files there are plays no part. */
#include <stddef.h>
#include <stdint.h>

#include "support/parse_list.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	parse_list_fuzz(cue_read, data, size);
	return 0;
}
