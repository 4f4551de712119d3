// SPDX-License-Identifier: BSD-3-Clause
// Thread Management: was that fault the end of a C stack? Asked in the handler of a fault, on any
// thread, also one that Go does not know.
#ifndef RCGO_STACK_BOUNDS_H
#define RCGO_STACK_BOUNDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "compat.h"

// Whether the calling thread, whose stack pointer was sp, ran over the end of its C stack when it
// touched fault_address. Then buf gets what happened and what to do, one line without a newline.
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN RCGO_COLD bool rcgo__describe_stack_overflow(
	uintptr_t fault_address, uintptr_t sp, char *buf, size_t cap);

#endif // RCGO_STACK_BOUNDS_H
