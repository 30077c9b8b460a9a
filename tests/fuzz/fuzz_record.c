/* Any bytes as a record: refused or read, never a crash; what is read must write itself back.
 * The input is tried as it is and with the frame (magic, version, length, checksum) put right, since no
 * fuzzer guesses a checksum. */
#include <stdlib.h>
#include <string.h>

#include "jukebox/record.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n_bytes);

static void read_and_write_back(const uint8_t *bytes, size_t n_bytes)
{
	struct record record, again;
	uint8_t *out;
	size_t n_out;

	if (record_from_bytes(&record, bytes, n_bytes) != STATUS_OK)
		return;
	if (record_to_bytes(&record, &out, &n_out) != STATUS_OK)
		abort();
	if (record_from_bytes(&again, out, n_out) != STATUS_OK)
		abort();
	free(out);
	record_done(&record);
	record_done(&again);
}

static uint64_t word(const uint8_t *bytes, size_t n_bytes)
{
	uint64_t value = 0;

	for (size_t i = n_bytes; i > 0; i--)
		value = value << 8 | bytes[i - 1];
	return value;
}

static uint64_t checksum(const uint8_t *bytes, size_t n_bytes)
{
	uint64_t hash = UINT64_C(0xcbf29ce484222325);

	for (size_t i = 0;; i += 8) {
		size_t n = n_bytes - i < 8 ? n_bytes - i : 8;

		hash = (hash ^ word(bytes + i, n)) * UINT64_C(0x100000001b3);
		hash ^= hash >> 32;
		if (n < 8)
			return hash;
	}
}

static void put(uint8_t *at, uint64_t value, int n_bytes)
{
	for (int i = 0; i < n_bytes; i++)
		at[i] = (uint8_t)(value >> (8 * i));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n_bytes)
{
	uint8_t *framed;

	read_and_write_back(data, n_bytes);
	if (n_bytes < 20)
		return 0;
	framed = malloc(n_bytes);
	if (!framed)
		return 0;
	memcpy(framed, data, n_bytes);
	put(framed, 0x4352424a, 4);
	put(framed + 4, RECORD_VERSION, 4);
	put(framed + 8, n_bytes, 4);
	put(framed + n_bytes - 8, checksum(framed, n_bytes - 8), 8);
	read_and_write_back(framed, n_bytes);
	free(framed);
	return 0;
}
