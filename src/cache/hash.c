/* hash.c - XXH64 as in Yann Collet's specification (xxHash fast digest algorithm, version 0.1.1,
 * chapter "XXH64"), in one call for bytes at hand.
 *
 * Own code, because the library would be one more dependency for these few lines.  What is hashed, and
 * against what it is held, is the affair of database.c and fingerprint.c. */
#include "hash.h"

#include <endian.h>
#include <string.h>

#define PRIME_1 UINT64_C(0x9E3779B185EBCA87)
#define PRIME_2 UINT64_C(0xC2B2AE3D27D4EB4F)
#define PRIME_3 UINT64_C(0x165667B19E3779F9)
#define PRIME_4 UINT64_C(0x85EBCA77C2B2AE63)
#define PRIME_5 UINT64_C(0x27D4EB2F165667C5)

enum { LANES = 4, STRIPE_BYTES = 8 * LANES };

static uint64_t rotate(uint64_t value, int by)
{
	return value << by | value >> (64 - by);
}

static uint64_t load_u64(const uint8_t *at)
{
	uint64_t value;

	memcpy(&value, at, sizeof value);
	return le64toh(value);
}

static uint64_t load_u32(const uint8_t *at)
{
	uint32_t value;

	memcpy(&value, at, sizeof value);
	return le32toh(value);
}

static uint64_t round_of(uint64_t lane, uint64_t input)
{
	return rotate(lane + input * PRIME_2, 31) * PRIME_1;
}

static uint64_t hash_stripes(const uint8_t **at, const uint8_t *end, uint64_t seed)
{
	uint64_t lane[LANES] = {seed + PRIME_1 + PRIME_2, seed + PRIME_2, seed, seed - PRIME_1};

	for (; end - *at >= STRIPE_BYTES; *at += STRIPE_BYTES)
		for (size_t i = 0; i < LANES; i++)
			lane[i] = round_of(lane[i], load_u64(*at + 8 * i));
	uint64_t hash =
	        rotate(lane[0], 1) + rotate(lane[1], 7) + rotate(lane[2], 12) + rotate(lane[3], 18);
	for (int i = 0; i < LANES; i++)
		hash = (hash ^ round_of(0, lane[i])) * PRIME_1 + PRIME_4;
	return hash;
}

static uint64_t hash_rest(uint64_t hash, const uint8_t *at, const uint8_t *end)
{
	for (; end - at >= 8; at += 8)
		hash = rotate(hash ^ round_of(0, load_u64(at)), 27) * PRIME_1 + PRIME_4;
	if (end - at >= 4) {
		hash = rotate(hash ^ load_u32(at) * PRIME_1, 23) * PRIME_2 + PRIME_3;
		at += 4;
	}
	for (; at < end; at++)
		hash = rotate(hash ^ *at * PRIME_5, 11) * PRIME_1;
	return hash;
}

static uint64_t avalanche(uint64_t hash)
{
	hash = (hash ^ hash >> 33) * PRIME_2;
	hash = (hash ^ hash >> 29) * PRIME_3;
	return hash ^ hash >> 32;
}

uint64_t hash_bytes(const void *bytes, size_t n_bytes, uint64_t seed)
{
	const uint8_t *at = bytes;

	if (n_bytes == 0)
		return avalanche(seed + PRIME_5);
	const uint8_t *end = at + n_bytes;
	uint64_t hash = n_bytes >= STRIPE_BYTES ? hash_stripes(&at, end, seed) : seed + PRIME_5;
	return avalanche(hash_rest(hash + n_bytes, at, end));
}
