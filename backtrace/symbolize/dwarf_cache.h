// SPDX-License-Identifier: BSD-3-Clause
// Traceback Generation: a cache of what was read from debug files, of capped size.
//
// It has two generations. What is used moves to the young one; when that is full, the old one is
// dropped and the young one grows old: so what was not used for a while goes, at no cost for order.
// Blocks move as bytes: they hold no pointers into themselves.
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
	uint32_t generation; // 0 when empty
};

#define RCGO_CACHE_WAYS 4
#define RCGO_CACHE_SETS 512

struct rcgo_dwarf_cache {
	struct rcgo_cache_entry *entries; // sets of ways; NULL without a cache
	uint8_t *at[2];			  // by the low bit of the generation
	size_t used;			  // of the young one
	size_t cap;			  // of each
	uint32_t generation;		  // the young one
	bool turned;			  // since the last pin
};

// Takes twice cap bytes from the arena. Without them the cache stays empty.
// Safety: MT-Unsafe AS-Safe | stack=signal g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN void rcgo__cache_init(
	struct rcgo_dwarf_cache *cache, struct rcgo_arena *arena, size_t cap);

// Blocks that are got or put from now on stay where they are until the next pin.
// Safety: MT-Unsafe AS-Safe | stack=signal g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN void rcgo__cache_pin(struct rcgo_dwarf_cache *cache);

// offset and id say what of which file; NULL when it is not there.
// Safety: MT-Unsafe AS-Safe | stack=signal g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN void *rcgo__cache_get(
	struct rcgo_dwarf_cache *cache, enum rcgo_cache_kind kind, uint16_t id, uint64_t offset);

// Room for a block of size bytes; NULL when there is none.
// Safety: MT-Unsafe AS-Safe | stack=signal g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN void *rcgo__cache_put(struct rcgo_dwarf_cache *cache, enum rcgo_cache_kind kind,
	uint16_t id, uint64_t offset, size_t size);

// Whether a block of this size can ever fit.
// Safety: MT-Safe AS-Safe | stack=signal g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN bool rcgo__cache_fits(const struct rcgo_dwarf_cache *cache, size_t size);

#endif // RCGO_DWARF_CACHE_H
