// SPDX-License-Identifier: BSD-3-Clause
// ABI entry point: lets TSAN's interceptors deliver signals that they have deferred. Called on g0
// while a thread that Go started waits. Re-read runtime/proc.go (_cgo_yield).

#include <string.h>

#include "go_entry_points.h"
#include "sanitizer.h"

#if RCGO_TSAN

// An intercepted call without effect: it copies no byte. The empty assembly hides that from the
// compiler, which would drop the call (golang/go#21196).
static void
yield(void)
{
	char byte = 0;
	char *to = &byte;
	const char *from = &byte;
	size_t size = 0;

	__asm__("" : "+r"(to), "+r"(from), "+r"(size));
	strncpy(to, from, size);
}

// owner: nobody; lock: none; ordering: it does not change
void (*_cgo_yield)(void) = yield;

#else

// owner: rcgo__fork_enter, in a forked child; lock: none; ordering: a word
void (*_cgo_yield)(void) = NULL;

#endif
