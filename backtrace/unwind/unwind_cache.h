// SPDX-License-Identifier: BSD-3-Clause
// The unwind cache: entries of 64 bits, looked up by program counter. An entry describes how to get
// from a frame to its caller.
//
//   bits    0-3     4         5         6         7-10    12-27    28-45    46-63
//           kind    fp saved  ra in lr  signal    add     fp       cfa      ra
//
// Offsets are signed and in words. cfa is relative to the base register. fp is relative to the CFA,
// which is the value of the stack pointer before the call. ra is relative to the base register too,
// because the next frame depends on it. For entries that load the CFA, ra is relative to the CFA.
// If fp is not saved, its offset is that of the return address, so the word can be read anyway.
#ifndef RCGO_UNWIND_CACHE_H
#define RCGO_UNWIND_CACHE_H

#include <stdbool.h>
#include <stdint.h>

#include "arch.h"
#include "compat.h"

// Entries based on sp are odd. The fast path handles every entry that is not RCGO_UNWIND_ENTRY_NONE
// and has no bit of RCGO_UNWIND_ENTRY_RARE.
enum rcgo_unwind_entry_kind {
	RCGO_UNWIND_ENTRY_NONE = 0,	  // not in the cache
	RCGO_UNWIND_ENTRY_SP = 1,	  // CFA = sp + cfa
	RCGO_UNWIND_ENTRY_FP = 2,	  // CFA = fp + cfa
	RCGO_UNWIND_ENTRY_SP_LOAD = 5,	  // CFA = *(sp + cfa) + add
	RCGO_UNWIND_ENTRY_FP_LOAD = 6,	  // CFA = *(fp + cfa) + add
	RCGO_UNWIND_ENTRY_SIGNAL = 8,	  // the frame that the kernel made for a handler
	RCGO_UNWIND_ENTRY_END = 9,	  // the outermost frame
	RCGO_UNWIND_ENTRY_SLOW = 10,	  // needs other registers, or more than fits here
	RCGO_UNWIND_ENTRY_HEURISTIC = 11, // no unwind information
	RCGO_UNWIND_ENTRY_BOUNDARY = 12,  // code where unwinding ends
	RCGO_UNWIND_ENTRY_IS_FACT = 15,	  // a cached fact, see rcgo__cached_fact_store
};
#define RCGO_UNWIND_ENTRY_RARE (0xcU | RCGO_UNWIND_ENTRY_RA_IN_LR | RCGO_UNWIND_ENTRY_INTERRUPTED)

#define RCGO_UNWIND_ENTRY_KIND(entry) ((unsigned)((entry) % 16))
#define RCGO_UNWIND_ENTRY_LOADS(entry) (((entry)&4) != 0) // for entries with a CFA
#define RCGO_UNWIND_ENTRY_FP_SAVED 0x10U
#define RCGO_UNWIND_ENTRY_RA_IN_LR 0x20U
// A signal interrupted the caller at the frame's return address: it is exact and follows no call.
#define RCGO_UNWIND_ENTRY_INTERRUPTED 0x40U

// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
RCGO_ALWAYS_INLINE uintptr_t
rcgo__unwind_entry_word(uint64_t entry, unsigned low, unsigned bits)
{
	return (uintptr_t)((int64_t)(entry << (64 - low - bits)) >> (64 - bits)) * RCGO_WORD_SIZE;
}

#define RCGO_UNWIND_ENTRY_ADD_AT 7
#define RCGO_UNWIND_ENTRY_ADD(entry) (((entry) >> RCGO_UNWIND_ENTRY_ADD_AT & 15) * RCGO_WORD_SIZE)
#define RCGO_UNWIND_ENTRY_FIELD_FP 12, 16
#define RCGO_UNWIND_ENTRY_FIELD_CFA 28, 18
#define RCGO_UNWIND_ENTRY_FIELD_RA 46, 18
#define RCGO_UNWIND_ENTRY_FP_AT(entry) rcgo__unwind_entry_word((entry), RCGO_UNWIND_ENTRY_FIELD_FP)
#define RCGO_UNWIND_ENTRY_RA_AT(entry) rcgo__unwind_entry_word((entry), RCGO_UNWIND_ENTRY_FIELD_RA)
#define RCGO_UNWIND_ENTRY_CFA(entry) rcgo__unwind_entry_word((entry), RCGO_UNWIND_ENTRY_FIELD_CFA)

// Stores value, in bytes, into bits of *entry. Returns false if it does not fit.
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
RCGO_ALWAYS_INLINE bool
rcgo__unwind_entry_put_word(uint64_t *entry, unsigned low, unsigned bits, int64_t value)
{
	int64_t words = value / (int64_t)RCGO_WORD_SIZE;
	int64_t limit = (int64_t)1 << (bits - 1);

	if (words * (int64_t)RCGO_WORD_SIZE != value || words < -limit || words >= limit) {
		return false;
	}
	*entry |= ((uint64_t)words & (((uint64_t)1 << bits) - 1)) << low;
	return true;
}

#define RCGO_UNWIND_ENTRY_MIX 0x9e3779b97f4a7c15U

// Returns the cache key of pc in the module with this hash. The function is a bijection that
// spreads pc over all bits. Two keys of one cache slot therefore differ in a way that no two
// entries do.
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
RCGO_ALWAYS_INLINE uint64_t
rcgo__unwind_cache_key(uintptr_t pc, uint64_t module_hash)
{
	return (pc + module_hash) * RCGO_UNWIND_ENTRY_MIX;
}

// A slot of the cache. A pair that two writers have torn does not match its key, so it counts as
// absent.
struct rcgo_cached_entry {
	uint64_t mixed; // key ^ entry; entry is the entry
	uint64_t entry;
};
#define RCGO_UNWIND_CACHE_BITS 12
// owner: any thread; lock: none; ordering: see unwind_cache.c
RCGO_INTERN struct rcgo_cached_entry rcgo__entry_cache[1 << RCGO_UNWIND_CACHE_BITS];

// Returns the first slot of an entry. The others of its cache line are slot ^ 1, 2 and 3.
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
RCGO_ALWAYS_INLINE size_t
rcgo__unwind_cache_slot(uintptr_t hash_pc)
{
	return (hash_pc ^ hash_pc >> RCGO_UNWIND_CACHE_BITS) % RCGO_COUNTOF(rcgo__entry_cache);
}

// Returns the entry with this key in the other slots of the cache line.
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN uint64_t rcgo__unwind_cache_find_in_other_ways(size_t slot, uint64_t key);

// Returns the entry with this key, or 0 if there is none. hash_pc selects the slot: it is the
// address of the call in a frame or the one after it. The slot depends on few bits of hash_pc and
// on nothing that must be computed first, because the unwinder waits for this load.
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
RCGO_ALWAYS_INLINE uint64_t
rcgo__unwind_cache_find(uintptr_t hash_pc, uint64_t key)
{
	size_t slot = rcgo__unwind_cache_slot(hash_pc);
	uint64_t entry = rcgo_load_rlx(&rcgo__entry_cache[slot].entry);

	if (RCGO_LIKELY((rcgo_load_rlx(&rcgo__entry_cache[slot].mixed) ^ entry) == key)) {
		return entry;
	}
	return rcgo__unwind_cache_find_in_other_ways(slot, key);
}

// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN void rcgo__unwind_cache_store(uintptr_t hash_pc, uint64_t key, uint64_t entry);

// Facts that are cached about an object that is never unmapped.
enum rcgo_cached_fact {
	RCGO_FACT_SEEN,	 // a page or, with bit 0 set, a sorted table is readable
	RCGO_FACT_TABLE, // the location of the sorted table
	RCGO_FACT_CIE,
};
#define RCGO_FACT_SHIFT 4 // the lowest bits of a fact are RCGO_UNWIND_ENTRY_IS_FACT

// Caches a fact of this kind about the address what.
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN void rcgo__cached_fact_store(uintptr_t what, enum rcgo_cached_fact kind, uint64_t fact);

// Returns the cached fact of this kind, or 0 if there is none.
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN uint64_t rcgo__cached_fact_load(uintptr_t what, enum rcgo_cached_fact kind);

// Clears all entries and, if facts_too is set, all cached facts. For tests and benchmarks.
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN void rcgo__unwind_cache_clear(bool facts_too);

#endif // RCGO_UNWIND_CACHE_H
