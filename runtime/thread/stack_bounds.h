// SPDX-License-Identifier: BSD-3-Clause
// The bounds of the calling thread's C stack, and its overflow, which the handler of a fault
// detects on any thread, including threads that Go does not know.
#ifndef RCGO_STACK_BOUNDS_H
#define RCGO_STACK_BOUNDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "compat.h"

// Stores the lowest usable address and the end of the calling thread's stack in bounds; 0, 0 if
// the system does not report them. The main thread's stack may grow down to the lowest address.
// Safety: MT-Safe AS-Unsafe | stack=c g=maybe-nil errno=kept alloc=libc lock=libc
RCGO_INTERN void rcgo__stack_bounds(uintptr_t bounds[2]);

// Returns whether the calling thread overflowed its C stack. sp is its stack pointer and
// fault_address is the address that it accessed. If true, buf gets one line, without a newline,
// that says what happened and what to do.
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN RCGO_COLD bool rcgo__describe_stack_overflow(
	uintptr_t fault_address, uintptr_t sp, char *buf, size_t cap);

#endif // RCGO_STACK_BOUNDS_H
