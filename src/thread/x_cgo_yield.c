// SPDX-License-Identifier: BSD-3-Clause
// Thread Management, the edge: lets TSAN's interceptors deliver signals that they hold back.
// Called on g0 while a thread of Go waits. Re-read runtime/proc.go (_cgo_yield).

#include <string.h>

#include "rcgo_edge.h"
#include "rcgo_sanitizer.h"

#if RCGO_TSAN

// An intercepted call without effect. The operands are external variables, or the compiler sees
// that nothing is copied and drops the call (golang/go#21196).
// owner: nobody, they are never written; lock: none; ordering: none
RCGO_HIDDEN char rcgo__yield_from[1];
RCGO_HIDDEN char rcgo__yield_to[1];
RCGO_HIDDEN size_t rcgo__yield_size;

static void
yield(void)
{
	strncpy(rcgo__yield_to, rcgo__yield_from, rcgo__yield_size);
}

void (*const _cgo_yield)(void) = yield;

#else

void (*const _cgo_yield)(void) = NULL;

#endif
