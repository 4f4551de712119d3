// SPDX-License-Identifier: BSD-3-Clause
// Thread Management, the edge: the bounds of the calling thread's C stack. Runs on g0.
// Re-read runtime/cgocall.go (callbackUpdateSystemStack).

//go:build unix

#include "rcgo_edge.h"
#include "rcgo_sanitizer.h"
#include "rcgo_thread.h"

void
x_cgo_getstackbound(uintptr_t bounds[2])
{
	uintptr_t own[2];

	rcgo__stack_bounds(own);
	// bounds lies on a Go stack, whose reuse TSAN cannot follow.
	rcgo_tsan_acquire();
	bounds[0] = own[0];
	bounds[1] = own[1];
	rcgo_tsan_release();
}
