// SPDX-License-Identifier: BSD-3-Clause
// The cache of data parsed from debug files (dwarf_cache.h). Runs on any stack, also in signal
// handlers.

#include "dwarf_cache.h"

#include <string.h>

#include "compat.h"

void
rcgo__cache_init(struct rcgo_dwarf_cache *cache, struct rcgo_arena *arena, size_t cap)
{
	size_t mark = rcgo__arena_mark(arena);
	size_t bytes = RCGO_CACHE_SETS * RCGO_CACHE_WAYS * sizeof(struct rcgo_cache_entry);

	// New pages of the arena are zero, but this memory may have been used and released before.
	*cache = (struct rcgo_dwarf_cache){.generation = 1, .cap = cap};
	cache->entries = rcgo__arena_zalloc(arena, bytes);
	cache->at[0] = rcgo__arena_alloc(arena, cap);
	cache->at[1] = rcgo__arena_alloc(arena, cap);
	if (cache->entries == NULL || cache->at[0] == NULL || cache->at[1] == NULL) {
		rcgo__arena_release(arena, mark);
		*cache = (struct rcgo_dwarf_cache){0};
	}
}

void
rcgo__cache_pin(struct rcgo_dwarf_cache *cache)
{
	cache->rotated = false;
}

bool
rcgo__cache_fits(const struct rcgo_dwarf_cache *cache, size_t size)
{
	return cache->entries != NULL && size <= cache->cap;
}

static struct rcgo_cache_entry *
cache_set(struct rcgo_dwarf_cache *cache, uint64_t key)
{
	uint64_t hash = key * UINT64_C(0x9e3779b97f4a7c15);

	return cache->entries + (hash >> 32) % RCGO_CACHE_SETS * RCGO_CACHE_WAYS;
}

static uint64_t
cache_key(enum rcgo_cache_kind kind, uint16_t id, uint64_t offset)
{
	// No file that can be mapped has an offset beyond 2^44.
	return ((uint64_t)kind + 1) << 60 | (uint64_t)id << 44 | (offset & 0xfffffffffff);
}

// Allocates space in the young generation. If it is full, starts a new generation, at most once
// between two pins.
static uint8_t *
cache_alloc(struct rcgo_dwarf_cache *cache, size_t size)
{
	size_t rounded = (size + RCGO_ARENA_ALIGN - 1) & ~(size_t)(RCGO_ARENA_ALIGN - 1);
	uint8_t *block;

	if (size > cache->cap || rounded > cache->cap) {
		return NULL;
	}
	if (rounded > cache->cap - cache->used) {
		if (cache->rotated) {
			return NULL;
		}
		cache->rotated = true;
		cache->generation++;
		cache->used = 0;
	}
	block = cache->at[cache->generation & 1] + cache->used;
	cache->used += rounded;
	return block;
}

static bool
cache_is_live(const struct rcgo_dwarf_cache *cache, const struct rcgo_cache_entry *entry)
{
	return entry->generation != 0 && entry->generation + 1 >= cache->generation;
}

void *
rcgo__cache_get(
	struct rcgo_dwarf_cache *cache, enum rcgo_cache_kind kind, uint16_t id, uint64_t offset)
{
	uint64_t key = cache_key(kind, id, offset);
	struct rcgo_cache_entry *set;

	if (cache->entries == NULL) {
		return NULL;
	}
	set = cache_set(cache, key);
	for (int way = 0; way < RCGO_CACHE_WAYS; way++) {
		struct rcgo_cache_entry *entry = &set[way];

		if (entry->key != key || !cache_is_live(cache, entry)) {
			continue;
		}
		if (entry->generation != cache->generation) {
			// Moving a block must not start a new generation: that would drop the block
			// being moved.
			if (entry->size > cache->cap - cache->used) {
				cache->rotated = true;
				return entry->block;
			}
			uint8_t *block = cache_alloc(cache, entry->size);

			if (block == NULL) {
				cache->rotated = true;
				return entry->block;
			}
			memcpy(block, entry->block, entry->size);
			entry->block = block;
			entry->generation = cache->generation;
		}
		return entry->block;
	}
	return NULL;
}

void *
rcgo__cache_put(struct rcgo_dwarf_cache *cache, enum rcgo_cache_kind kind, uint16_t id,
	uint64_t offset, size_t size)
{
	uint64_t key = cache_key(kind, id, offset);
	struct rcgo_cache_entry *set, *victim;
	uint8_t *block;

	if (cache->entries == NULL) {
		return NULL;
	}
	block = cache_alloc(cache, size);
	if (block == NULL) {
		return NULL;
	}
	set = cache_set(cache, key);
	victim = set;
	for (int way = 0; way < RCGO_CACHE_WAYS; way++) {
		if (set[way].key == key) {
			victim = &set[way];
			break;
		}
		if (set[way].generation < victim->generation) {
			victim = &set[way];
		}
	}
	*victim = (struct rcgo_cache_entry){
		.key = key, .block = block, .size = size, .generation = cache->generation};
	return block;
}
