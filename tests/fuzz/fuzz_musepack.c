/* fuzz_musepack.c - any bytes as the first ones of a Musepack file. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "modules/libav/musepack.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	size_t n_bytes = size < MUSEPACK_HEAD_BYTES ? size : MUSEPACK_HEAD_BYTES;
	/* Of its own size: a byte too far is seen. */
	uint8_t *head = malloc(n_bytes ? n_bytes : 1);

	if (!head)
		return 0;
	memcpy(head, data, n_bytes);
	int64_t frames = musepack_frames(head, n_bytes);
	if (frames < 0 || frames >= (int64_t)1 << 56)
		abort();
	free(head);
	return 0;
}
