// SPDX-License-Identifier: BSD-3-Clause
// Traceback Generation, unwind: memory that a walk reads: the stack it is on, whose bounds are
// known or whose pages are probed as they come, and now and then some other place.
#ifndef RCGO_MEMORY_H
#define RCGO_MEMORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "rcgo_base.h"
#include "rcgo_probe.h"
#include "rcgo_unwind.h"

// Words at lo + 0, …, lo + room - 1 can be read; none with room 0.
struct rcgo_window {
	uintptr_t lo, room;
};

struct rcgo_memory {
	struct rcgo_window stack;
	struct rcgo_window other;
	bool bounded; // stack is all there is of this stack
};

// Makes the stack that sp lies on the one that is read.
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN void rcgo__memory_stack(struct rcgo_memory *memory, uintptr_t sp);

// Whether the word at address can be read, which it then remembers.
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN bool rcgo__memory_probe(struct rcgo_memory *memory, uintptr_t address);

// Reads size bytes, at most those of a word, at address to where value begins.
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN bool rcgo__memory_bytes(
	struct rcgo_memory *memory, uintptr_t address, void *value, size_t size);

// Reads the word at address.
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
RCGO_RAW_READS static inline bool
rcgo__memory_word(struct rcgo_memory *memory, uintptr_t address, uintptr_t *value)
{
	if (RCGO_UNLIKELY(address - memory->stack.lo >= memory->stack.room) &&
		!rcgo__memory_probe(memory, address)) {
		return false;
	}
	__builtin_memcpy(value, (const void *)address, sizeof *value);
	return true;
}

#endif // RCGO_MEMORY_H
