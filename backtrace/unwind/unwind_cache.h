// SPDX-License-Identifier: BSD-3-Clause
// Traceback Generation, unwind: a rule is the way from one frame to its caller in 64 bits, and the
// cache keeps rules by program counter.
//
//   bits    0-3     4         5         6         7-10    12-27    28-45    46-63
//           kind    fp saved  ra in lr  signal    add     fp       cfa      ra
//
// Offsets are in words, with sign: cfa from the base register, fp from the CFA, which is what the
// stack pointer was before the call, and ra from the base register, too: the next frame waits for
// it. Of rules that load the CFA it counts from the CFA. Where fp is not saved its offset is that
// of the return address, so that it may be read all the same.
#ifndef RCGO_UNWIND_CACHE_H
#define RCGO_UNWIND_CACHE_H

#include <stdbool.h>
#include <stdint.h>

#include "arch.h"
#include "compat.h"

// Those that count from sp are odd. A rule that is not RCGO_UNWIND_ENTRY_NONE and has no bit of
// RCGO_UNWIND_ENTRY_RARE is one that the walk takes in its stride.
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
	RCGO_UNWIND_ENTRY_BOUNDARY = 12,  // code at which unwinding ends
	RCGO_UNWIND_ENTRY_IS_FACT = 15,	  // no rule, see rcgo__cached_fact_store
};
#define RCGO_UNWIND_ENTRY_RARE (0xcU | RCGO_UNWIND_ENTRY_RA_IN_LR | RCGO_UNWIND_ENTRY_INTERRUPTED)

#define RCGO_UNWIND_ENTRY_KIND(rule) ((unsigned)((rule) % 16))
#define RCGO_UNWIND_ENTRY_LOADS(rule) (((rule)&4) != 0) // of those that have a CFA
#define RCGO_UNWIND_ENTRY_FP_SAVED 0x10U
#define RCGO_UNWIND_ENTRY_RA_IN_LR 0x20U
// The frame's return address is where a signal interrupted its caller: exact, and no call.
#define RCGO_UNWIND_ENTRY_INTERRUPTED 0x40U

// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
RCGO_ALWAYS_INLINE uintptr_t
rcgo__unwind_entry_word(uint64_t rule, unsigned low, unsigned bits)
{
	return (uintptr_t)((int64_t)(rule << (64 - low - bits)) >> (64 - bits)) * RCGO_WORD_SIZE;
}

#define RCGO_UNWIND_ENTRY_ADD_AT 7
#define RCGO_UNWIND_ENTRY_ADD(rule) (((rule) >> RCGO_UNWIND_ENTRY_ADD_AT & 15) * RCGO_WORD_SIZE)
#define RCGO_UNWIND_ENTRY_FIELD_FP 12, 16
#define RCGO_UNWIND_ENTRY_FIELD_CFA 28, 18
#define RCGO_UNWIND_ENTRY_FIELD_RA 46, 18
#define RCGO_UNWIND_ENTRY_FP_AT(rule) rcgo__unwind_entry_word((rule), RCGO_UNWIND_ENTRY_FIELD_FP)
#define RCGO_UNWIND_ENTRY_RA_AT(rule) rcgo__unwind_entry_word((rule), RCGO_UNWIND_ENTRY_FIELD_RA)
#define RCGO_UNWIND_ENTRY_CFA(rule) rcgo__unwind_entry_word((rule), RCGO_UNWIND_ENTRY_FIELD_CFA)

// Puts value, in bytes, into bits of *rule. Returns false when it does not fit.
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
RCGO_ALWAYS_INLINE bool
rcgo__unwind_entry_put_word(uint64_t *rule, unsigned low, unsigned bits, int64_t value)
{
	int64_t words = value / (int64_t)RCGO_WORD_SIZE;
	int64_t limit = (int64_t)1 << (bits - 1);

	if (words * (int64_t)RCGO_WORD_SIZE != value || words < -limit || words >= limit) {
		return false;
	}
	*rule |= ((uint64_t)words & (((uint64_t)1 << bits) - 1)) << low;
	return true;
}

#define RCGO_UNWIND_ENTRY_MIX 0x9e3779b97f4a7c15U

// The key of pc under salt, which stands for the object: a bijection that spreads them over all
// bits, so that two keys of one place in the cache differ in a way that no two rules do.
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
RCGO_ALWAYS_INLINE uint64_t
rcgo__unwind_cache_key(uintptr_t pc, uint64_t module_hash)
{
	return (pc + module_hash) * RCGO_UNWIND_ENTRY_MIX;
}

// What the cache holds at near under this key; 0: nothing. near is the address in a frame, that of
// the call or the one behind it: where to look depends on few of its bits, and on nothing that has
// to be worked out first, for that is what a walk waits for.
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN uint64_t rcgo__unwind_cache_find(uintptr_t hash_pc, uint64_t key);

// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN void rcgo__unwind_cache_store(uintptr_t hash_pc, uint64_t key, uint64_t rule);

// What is noted, for a while, of an object that is never unmapped.
enum rcgo_cached_fact {
	RCGO_FACT_SEEN,	 // a page, or with a bit that no page's address has a table: can be read
	RCGO_FACT_TABLE, // where its sorted table is
	RCGO_FACT_CIE,
};
#define RCGO_FACT_SHIFT 4 // the lowest bits of a note are RCGO_UNWIND_ENTRY_IS_FACT

// Notes something of kind on the address what.
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN void rcgo__cached_fact_store(uintptr_t what, enum rcgo_cached_fact kind, uint64_t note);

// What is noted of that kind; 0: nothing.
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN uint64_t rcgo__cached_fact_load(uintptr_t what, enum rcgo_cached_fact kind);

// Forgets all rules, and with notes_too all notes: for tests and benchmarks.
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN void rcgo__unwind_cache_clear(bool notes_too);

#endif // RCGO_UNWIND_CACHE_H
