// SPDX-License-Identifier: BSD-3-Clause
// Traceback Generation, unwind: memory that a walk reads: the stack it is on, whose bounds are
// known or whose pages are probed as they come, and now and then some other place.
#ifndef RCGO_STACK_READER_H
#define RCGO_STACK_READER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "arch.h"
#include "compat.h"
#include "safe_read.h"

// Words at lo + 0, …, lo + room - 1 can be read; none with room 0.
struct rcgo_readable_range {
	uintptr_t lo, room;
};

struct rcgo_stack_reader {
	struct rcgo_readable_range stack;
	struct rcgo_readable_range other;
	bool bounded; // stack is all there is of this stack
};

// Makes the stack that sp lies on the one that is read.
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN void rcgo__stack_reader_set(struct rcgo_stack_reader *memory, uintptr_t sp);

// Whether the word at address can be read, which it then remembers.
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN bool rcgo__stack_reader_probe(struct rcgo_stack_reader *memory, uintptr_t address);

// Reads size bytes, at most those of a word, at address to where value begins.
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN bool rcgo__stack_reader_bytes(
	struct rcgo_stack_reader *memory, uintptr_t address, void *value, size_t size);

// Reads the word at address.
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
RCGO_UNINSTRUMENTED_READS static inline bool
rcgo__stack_reader_word(struct rcgo_stack_reader *memory, uintptr_t address, uintptr_t *value)
{
	if (RCGO_UNLIKELY(address - memory->stack.lo >= memory->stack.room) &&
		!rcgo__stack_reader_probe(memory, address)) {
		return false;
	}
	__builtin_memcpy(value, (const void *)address, sizeof *value);
	return true;
}

#endif // RCGO_STACK_READER_H
