// SPDX-License-Identifier: BSD-3-Clause
// dwarf_cache.h: a cache of capped size for data that was parsed from debug files.
//
// The cache has two generations. A block that is used moves to the young generation. When that is
// full, the old generation is dropped and the young one becomes the old one. Blocks that were not
// used for a while are thus evicted, without the cost of an LRU list. Blocks move as bytes, so they
// contain no pointers into themselves.
#ifndef RCGO_DWARF_CACHE_H
#define RCGO_DWARF_CACHE_H

#include <stdbool.h>

#include "arena.h"

enum rcgo_cache_kind {
	RCGO_CACHE_ABBREVS,
	RCGO_CACHE_INLINE_TREES,
	RCGO_CACHE_LINES,
};

struct rcgo_cache_entry {
	uint64_t key;
	uint8_t *block;
	size_t size;
	uint32_t generation; // 0 if empty
};

#define RCGO_CACHE_WAYS 4
#define RCGO_CACHE_SETS 512

struct rcgo_dwarf_cache {
	struct rcgo_cache_entry *entries; // sets of ways; NULL without a cache
	uint8_t *at[2];			  // indexed by the low bit of the generation
	size_t used;			  // bytes used in the young generation
	size_t cap;			  // size of each generation
	uint32_t generation;		  // number of the young generation
	bool rotated;			  // a new generation began since the last pin
};

// Allocates twice cap bytes from the arena. If that fails, the cache stays empty.
// Safety: MT-Unsafe AS-Safe | stack=signal g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN void rcgo__cache_init(
	struct rcgo_dwarf_cache *cache, struct rcgo_arena *arena, size_t cap);

// Blocks returned from now on do not move until the next pin.
// Safety: MT-Unsafe AS-Safe | stack=signal g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN void rcgo__cache_pin(struct rcgo_dwarf_cache *cache);

// Returns the block of a kind for an offset in the file with this id, or NULL if it is not cached.
// Safety: MT-Unsafe AS-Safe | stack=signal g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN void *rcgo__cache_get(
	struct rcgo_dwarf_cache *cache, enum rcgo_cache_kind kind, uint16_t id, uint64_t offset);

// Allocates a block of size bytes under this key. Returns NULL if there is no space.
// Safety: MT-Unsafe AS-Safe | stack=signal g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN void *rcgo__cache_put(struct rcgo_dwarf_cache *cache, enum rcgo_cache_kind kind,
	uint16_t id, uint64_t offset, size_t size);

// Returns whether a block of this size can ever fit.
// Safety: MT-Safe AS-Safe | stack=signal g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN bool rcgo__cache_fits(const struct rcgo_dwarf_cache *cache, size_t size);

#endif // RCGO_DWARF_CACHE_H
