// SPDX-License-Identifier: BSD-3-Clause
// The unwind cache: entries of one process, and cached facts about non-unloadable objects. Safe in
// signal handlers, also in handlers that interrupt each other.

#include "unwind_cache.h"

#define WAYS 4 // the entries of one processor cache line

// owner: any thread; lock: none; ordering: relaxed, a pair whose words match is valid: each word
// carries the whole entry, so no reordering of the two can make a pair of two writers match, unless
// the 64 bits of key and entry of both collide
RCGO_INTERN_OBJECT struct rcgo_cached_entry rcgo__entry_cache[1 << RCGO_UNWIND_CACHE_BITS]
	__attribute__((aligned(64)));

_Static_assert(sizeof rcgo__entry_cache == 64 << 10, "64 KiB");

// Not inlined, so that the lookup in the first slot is.
__attribute__((noinline)) uint64_t
rcgo__unwind_cache_find_in_other_ways(size_t slot, uint64_t key)
{
	for (size_t way = 1; way < WAYS; way++) {
		uint64_t entry = rcgo_load_rlx(&rcgo__entry_cache[slot ^ way].entry);

		if ((rcgo_load_rlx(&rcgo__entry_cache[slot ^ way].mixed) ^ entry) == key) {
			return entry;
		}
	}
	return RCGO_UNWIND_ENTRY_NONE;
}

// The entry in the first slot moves to the next one, and so on up to a free slot.
void
rcgo__unwind_cache_store(uintptr_t hash_pc, uint64_t key, uint64_t entry)
{
	size_t slot = rcgo__unwind_cache_slot(hash_pc);
	size_t free_way = 0;

	while (free_way < WAYS - 1 &&
		rcgo_load_rlx(&rcgo__entry_cache[slot ^ free_way].entry) != 0) {
		free_way++;
	}
	for (size_t way = free_way; way > 0; way--) {
		const struct rcgo_cached_entry *from = &rcgo__entry_cache[slot ^ (way - 1)];
		struct rcgo_cached_entry *to = &rcgo__entry_cache[slot ^ way];

		rcgo_store_rlx(&to->entry, rcgo_load_rlx(&from->entry));
		rcgo_store_rlx(&to->mixed, rcgo_load_rlx(&from->mixed));
	}
	rcgo_store_rlx(&rcgo__entry_cache[slot].entry, entry);
	rcgo_store_rlx(&rcgo__entry_cache[slot].mixed, key ^ entry);
}

// Facts share the cache with entries. Their hash seeds differ from the hash of any module.
#define FACT_HASH_SEED 0x5851f42d4c957f2dU

static uint64_t
fact_key(uintptr_t what, enum rcgo_cached_fact kind)
{
	return rcgo__unwind_cache_key(what, FACT_HASH_SEED * (kind + 1));
}

// Adjacent pages would fill whole cache lines, so the address is hashed.
static uintptr_t
fact_hash_pc(uintptr_t what)
{
	return (uintptr_t)(what * RCGO_UNWIND_ENTRY_MIX >> 20);
}

uint64_t
rcgo__cached_fact_load(uintptr_t what, enum rcgo_cached_fact kind)
{
	return rcgo__unwind_cache_find(fact_hash_pc(what), fact_key(what, kind));
}

void
rcgo__cached_fact_store(uintptr_t what, enum rcgo_cached_fact kind, uint64_t fact)
{
	rcgo__unwind_cache_store(
		fact_hash_pc(what), fact_key(what, kind), fact | RCGO_UNWIND_ENTRY_IS_FACT);
}

void
rcgo__unwind_cache_clear(bool facts_too)
{
	for (size_t i = 0; i < RCGO_COUNTOF(rcgo__entry_cache); i++) {
		if (facts_too ||
			RCGO_UNWIND_ENTRY_KIND(rcgo_load_rlx(&rcgo__entry_cache[i].entry)) !=
				RCGO_UNWIND_ENTRY_IS_FACT) {
			rcgo_store_rlx(&rcgo__entry_cache[i].entry, 0);
			rcgo_store_rlx(&rcgo__entry_cache[i].mixed, 0);
		}
	}
}
