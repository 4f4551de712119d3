// SPDX-License-Identifier: BSD-3-Clause
// Detects the overflow of a C stack. Called in the handler of a fault, on any thread, including
// threads that Go does not know.
#ifndef RCGO_STACK_BOUNDS_H
#define RCGO_STACK_BOUNDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "compat.h"

// Returns whether the calling thread overflowed its C stack. sp is its stack pointer and
// fault_address is the address that it accessed. If true, buf gets one line, without a newline,
// that says what happened and what to do.
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN RCGO_COLD bool rcgo__describe_stack_overflow(
	uintptr_t fault_address, uintptr_t sp, char *buf, size_t cap);

#endif // RCGO_STACK_BOUNDS_H
