// SPDX-License-Identifier: BSD-3-Clause
// Traceback Generation, unwind: a rule is the way from one frame to its caller in 64 bits, and the
// cache keeps rules by program counter.
//
//   bits    0-3     4         5         6         8-11    16-29    30-43    44-63
//           kind    fp saved  ra in lr  signal    add     fp       ra       cfa
//
// Offsets are in words, with sign: cfa from the base register, fp and ra from the CFA, which is
// what the stack pointer was before the call. Where fp is not saved its offset is that of ra, so
// that it may be read all the same.
#ifndef RCGO_RULE_H
#define RCGO_RULE_H

#include <stdbool.h>
#include <stdint.h>

#include "rcgo_base.h"
#include "rcgo_unwind.h"

// Those that count from sp are odd. A rule that is not RCGO_RULE_NONE and has no bit of
// RCGO_RULE_RARE is one that the walk takes in its stride.
enum rcgo_rule_kind {
	RCGO_RULE_NONE = 0,    // not in the cache
	RCGO_RULE_SP = 1,      // CFA = sp + cfa
	RCGO_RULE_FP = 2,      // CFA = fp + cfa
	RCGO_RULE_SP_LOAD = 5, // CFA = *(sp + cfa) + add
	RCGO_RULE_FP_LOAD = 6, // CFA = *(fp + cfa) + add
	RCGO_RULE_SIGNAL = 8,  // the frame that the kernel made for a handler
	RCGO_RULE_END = 9,     // the outermost frame
	RCGO_RULE_SLOW = 10,   // needs other registers, or more than fits here
	RCGO_RULE_GUESS = 11,  // no unwind information
};
#define RCGO_RULE_RARE (0xcU | RCGO_RULE_RA_IN_LR | RCGO_RULE_INTERRUPTED)

#define RCGO_RULE_KIND(rule) ((unsigned)((rule) % 16))
#define RCGO_RULE_FP_SAVED 0x10U
#define RCGO_RULE_RA_IN_LR 0x20U
// The frame's return address is where a signal interrupted its caller: exact, and no call.
#define RCGO_RULE_INTERRUPTED 0x40U

// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
RCGO_ALWAYS_INLINE uintptr_t
rcgo__rule_word(uint64_t rule, unsigned low, unsigned bits)
{
	return (uintptr_t)((int64_t)(rule << (64 - low - bits)) >> (64 - bits)) * RCGO_WORD_SIZE;
}

#define RCGO_RULE_ADD(rule) (((rule) >> 8 & 15) * RCGO_WORD_SIZE)
#define RCGO_RULE_FIELD_FP 16, 14
#define RCGO_RULE_FIELD_RA 30, 14
#define RCGO_RULE_FIELD_CFA 44, 20
#define RCGO_RULE_FP_AT(rule) rcgo__rule_word((rule), RCGO_RULE_FIELD_FP)
#define RCGO_RULE_RA_AT(rule) rcgo__rule_word((rule), RCGO_RULE_FIELD_RA)
#define RCGO_RULE_CFA(rule) rcgo__rule_word((rule), RCGO_RULE_FIELD_CFA)

// Puts value, in bytes, into bits of *rule. Returns false when it does not fit.
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
RCGO_ALWAYS_INLINE bool
rcgo__rule_put_word(uint64_t *rule, unsigned low, unsigned bits, int64_t value)
{
	int64_t words = value / (int64_t)RCGO_WORD_SIZE;
	int64_t limit = (int64_t)1 << (bits - 1);

	if (words * (int64_t)RCGO_WORD_SIZE != value || words < -limit || words >= limit) {
		return false;
	}
	*rule |= ((uint64_t)words & (((uint64_t)1 << bits) - 1)) << low;
	return true;
}

#define RCGO_RULE_MIX 0x9e3779b97f4a7c15U

// The key of pc under salt, which stands for the object: a bijection that spreads them over all
// bits, so that two keys of one place in the cache differ in a way that no two rules do.
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
RCGO_ALWAYS_INLINE uint64_t
rcgo__rule_key(uintptr_t pc, uint64_t salt)
{
	return (pc + salt) * RCGO_RULE_MIX;
}

// What the cache holds for pc under this key; 0: nothing. The place depends on pc alone, and on few
// of its bits, for that is what a walk waits for.
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN uint64_t rcgo__rule_cached(uintptr_t pc, uint64_t key);

// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN void rcgo__rule_keep(uintptr_t pc, uint64_t key, uint64_t rule);

// Remembers for a while that something of an object that is never unmapped was found readable: a
// page, by its address, or a table, by a number that is no page's.
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN void rcgo__rule_see(uintptr_t what);

// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN bool rcgo__rule_seen(uintptr_t what);

// Forgets all rules, and with seen_too which bytes can be read: for tests and benchmarks.
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN void rcgo__rule_forget(bool seen_too);

#endif // RCGO_RULE_H
