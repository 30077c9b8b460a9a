/* hash.h - XXH64: a fast 64-bit hash that tells damage and difference, not malice. */
#ifndef CACHE_HASH_H
#define CACHE_HASH_H

#include <stddef.h>
#include <stdint.h>

/* The same on every machine.  `seed`: 0, or an earlier hash that this one goes on from. */
uint64_t hash_bytes(const void *bytes, size_t n_bytes, uint64_t seed);

#endif
