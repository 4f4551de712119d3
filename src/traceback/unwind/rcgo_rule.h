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
#ifndef RCGO_RULE_H
#define RCGO_RULE_H

#include <stdbool.h>
#include <stdint.h>

#include "rcgo_base.h"
#include "rcgo_unwind.h"

// Those that count from sp are odd. A rule that is not RCGO_RULE_NONE and has no bit of
// RCGO_RULE_RARE is one that the walk takes in its stride.
enum rcgo_rule_kind {
	RCGO_RULE_NONE = 0,	// not in the cache
	RCGO_RULE_SP = 1,	// CFA = sp + cfa
	RCGO_RULE_FP = 2,	// CFA = fp + cfa
	RCGO_RULE_SP_LOAD = 5,	// CFA = *(sp + cfa) + add
	RCGO_RULE_FP_LOAD = 6,	// CFA = *(fp + cfa) + add
	RCGO_RULE_SIGNAL = 8,	// the frame that the kernel made for a handler
	RCGO_RULE_END = 9,	// the outermost frame
	RCGO_RULE_SLOW = 10,	// needs other registers, or more than fits here
	RCGO_RULE_GUESS = 11,	// no unwind information
	RCGO_RULE_GO = 12,	// Go's code, before which a walk ends
	RCGO_RULE_IS_NOTE = 15, // no rule, see rcgo__rule_note
};
#define RCGO_RULE_RARE (0xcU | RCGO_RULE_RA_IN_LR | RCGO_RULE_INTERRUPTED)

#define RCGO_RULE_KIND(rule) ((unsigned)((rule) % 16))
#define RCGO_RULE_LOADS(rule) (((rule)&4) != 0) // of those that have a CFA
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

#define RCGO_RULE_ADD_AT 7
#define RCGO_RULE_ADD(rule) (((rule) >> RCGO_RULE_ADD_AT & 15) * RCGO_WORD_SIZE)
#define RCGO_RULE_FIELD_FP 12, 16
#define RCGO_RULE_FIELD_CFA 28, 18
#define RCGO_RULE_FIELD_RA 46, 18
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

// What the cache holds at near under this key; 0: nothing. near is the address in a frame, that of
// the call or the one behind it: where to look depends on few of its bits, and on nothing that has
// to be worked out first, for that is what a walk waits for.
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN uint64_t rcgo__rule_cached(uintptr_t near, uint64_t key);

// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN void rcgo__rule_keep(uintptr_t near, uint64_t key, uint64_t rule);

// What is noted, for a while, of an object that is never unmapped.
enum rcgo_rule_note {
	RCGO_NOTE_SEEN,	 // a page, or with a bit that no page's address has a table: can be read
	RCGO_NOTE_TABLE, // where its sorted table is
	RCGO_NOTE_CIE,
};
#define RCGO_NOTE_SHIFT 4 // the lowest bits of a note are RCGO_RULE_IS_NOTE

// Notes something of kind on the address what.
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN void rcgo__rule_note(uintptr_t what, enum rcgo_rule_note kind, uint64_t note);

// What is noted of that kind; 0: nothing.
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN uint64_t rcgo__rule_noted(uintptr_t what, enum rcgo_rule_note kind);

// Forgets all rules, and with notes_too all notes: for tests and benchmarks.
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN void rcgo__rule_forget(bool notes_too);

#endif // RCGO_RULE_H
