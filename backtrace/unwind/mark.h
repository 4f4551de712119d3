// SPDX-License-Identifier: BSD-3-Clause
// Marks: pseudo program counters that carry a message for the reader of a stack: frames were left
// out, the rest of the stack is unknown, or the called address is not code. No processor of 64 bits
// has such addresses. Others use all addresses, so there the marks lie in the first page, which
// never has code. The symbolizer turns them into text.
#ifndef RCGO_MARK_H
#define RCGO_MARK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "compat.h"

// Module generations use smaller values of the highest byte (module_generation.h).
#if UINTPTR_MAX > UINT32_MAX
#	define RCGO_MARK_FIRST 0x90
#	define RCGO_MARK_SHIFT 56
#else
#	define RCGO_MARK_FIRST 1
#	define RCGO_MARK_SHIFT 10
#endif

enum rcgo_mark {
	RCGO_MARK_ELIDED = RCGO_MARK_FIRST, // value: number of frames; 0: unknown number
	RCGO_MARK_LOST,			    // after the last known frame
	RCGO_MARK_NOT_CODE,		    // value: the called address
};

// Returns a mark with this value. A value that does not fit becomes 0.
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
RCGO_ALWAYS_INLINE uintptr_t
rcgo__mark(enum rcgo_mark mark, uintptr_t value)
{
	return (uintptr_t)mark << RCGO_MARK_SHIFT | (value >> RCGO_MARK_SHIFT == 0 ? value : 0);
}

// Reports whether pc is a mark.
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
RCGO_ALWAYS_INLINE bool
rcgo__mark_is(uintptr_t pc)
{
	return (pc >> RCGO_MARK_SHIFT) - RCGO_MARK_ELIDED <= RCGO_MARK_NOT_CODE - RCGO_MARK_ELIDED;
}

// Writes the text of a mark, such as "[12 frames elided]".
// Safety: MT-Safe AS-Safe | stack=signal g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN __attribute__((noinline)) void rcgo__mark_text(uintptr_t mark, char *text, size_t size);

#endif // RCGO_MARK_H
