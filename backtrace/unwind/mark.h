// SPDX-License-Identifier: BSD-3-Clause
// Traceback Generation, unwind: program counters that stand for no place in the code but for what a
// reader of the stack has to be told: that frames were left out, that the stack is lost, that what
// was called is no code. No processor has such addresses; the symbolizer gives their text.
#ifndef RCGO_MARK_H
#define RCGO_MARK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "compat.h"

enum rcgo_mark {
	RCGO_MARK_ELIDED = 0x90,   // value: how many frames; 0: some
	RCGO_MARK_LOST = 0x91,	   // behind the last frame that is known
	RCGO_MARK_NOT_CODE = 0x92, // value: what was called
};

// Editions have numbers below those (module_generation.h).
#define RCGO_MARK_SHIFT (sizeof(uintptr_t) * 8 - 8)

// The mark for value; what does not fit becomes 0.
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
RCGO_ALWAYS_INLINE uintptr_t
rcgo__mark(enum rcgo_mark mark, uintptr_t value)
{
	return (uintptr_t)mark << RCGO_MARK_SHIFT | (value >> RCGO_MARK_SHIFT == 0 ? value : 0);
}

// Whether pc is one.
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
RCGO_ALWAYS_INLINE bool
rcgo__mark_is(uintptr_t pc)
{
	return (pc >> RCGO_MARK_SHIFT) - RCGO_MARK_ELIDED <= RCGO_MARK_NOT_CODE - RCGO_MARK_ELIDED;
}

// Writes what a mark says, such as "[12 frames elided]".
// Safety: MT-Safe AS-Safe | stack=signal g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN __attribute__((noinline)) void rcgo__mark_text(uintptr_t mark, char *text, size_t size);

#endif // RCGO_MARK_H
