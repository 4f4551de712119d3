// SPDX-License-Identifier: BSD-3-Clause
// Reads memory for the unwinder: the current stack, whose bounds are known or whose pages are
// probed on demand, and occasionally another address.
#ifndef RCGO_STACK_READER_H
#define RCGO_STACK_READER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "arch.h"
#include "compat.h"
#include "safe_read.h"
#include "unwinder.h"

// Words can be read at addresses lo to lo + size - 1; none if size is 0.
struct rcgo_readable_range {
	uintptr_t lo, size;
};

struct rcgo_stack_reader {
	const struct rcgo_stack_bounds
		*known; // a stack that is mapped from its stack pointer to hi
	struct rcgo_readable_range stack;
	struct rcgo_readable_range other;
	bool bounded; // stack covers the whole stack
};

// Selects the stack that contains sp, in the middle of an unwind.
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
static inline void
rcgo__stack_reader_set(struct rcgo_stack_reader *reader, uintptr_t sp)
{
	const struct rcgo_stack_bounds *known = reader->known;
	uintptr_t hi = known != NULL ? known->hi : 0;

	reader->other = (struct rcgo_readable_range){.lo = 0, .size = 0};
	reader->bounded = hi != 0 && sp >= known->lo && sp < hi && hi - sp >= RCGO_WORD_SIZE;
	if (reader->bounded) {
		reader->stack.lo = sp;
		reader->stack.size = hi - sp - RCGO_WORD_SIZE + 1;
	} else {
		reader->stack.lo = sp & ~(uintptr_t)(RCGO_NOFAULT_PAGE - 1);
		reader->stack.size = 0;
	}
}

// Starts to read the stack that contains sp. stack is the calling thread's stack, or NULL if its
// bounds are unknown.
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
static inline void
rcgo__stack_reader_init(
	struct rcgo_stack_reader *reader, const struct rcgo_stack_bounds *stack, uintptr_t sp)
{
	reader->known = stack;
	rcgo__stack_reader_set(reader, sp);
}

// Reports whether the word at address can be read, and remembers its page.
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN bool rcgo__stack_reader_probe(struct rcgo_stack_reader *reader, uintptr_t address);

// Reads size bytes at address into value. size is at most that of a word.
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN bool rcgo__stack_reader_bytes(
	struct rcgo_stack_reader *reader, uintptr_t address, void *value, size_t size);

// Reads the word at address. Returns false if it cannot be read.
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
RCGO_UNINSTRUMENTED_READS static inline bool
rcgo__stack_reader_word(struct rcgo_stack_reader *reader, uintptr_t address, uintptr_t *value)
{
	if (RCGO_UNLIKELY(address - reader->stack.lo >= reader->stack.size) &&
		!rcgo__stack_reader_probe(reader, address)) {
		return false;
	}
	__builtin_memcpy(value, (const void *)address, sizeof *value);
	return true;
}

#endif // RCGO_STACK_READER_H
