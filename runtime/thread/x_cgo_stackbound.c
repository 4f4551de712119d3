// SPDX-License-Identifier: BSD-3-Clause
// ABI entry point: the bounds of the calling thread's C stack. Runs on g0.
// Re-read runtime/cgocall.go (callbackUpdateSystemStack).

//go:build unix

#include "go_entry_points.h"
#include "sanitizer.h"
#include "thread_management.h"
#include "thread_record.h"

void
x_cgo_getstackbound(uintptr_t bounds[2])
{
	// Go calls this before it looks for the thread's signal stack.
	const struct rcgo_thread_record *record = rcgo__thread_attach();
	uintptr_t here = (uintptr_t)__builtin_frame_address(0);
	uintptr_t own_bounds[2];

	if (record != NULL && here >= record->alt_c_stack_lo && here < record->alt_c_stack_hi) {
		own_bounds[0] = record->alt_c_stack_lo;
		own_bounds[1] = record->alt_c_stack_hi;
	} else if (record != NULL && here >= record->stack_lo && here < record->stack_hi) {
		own_bounds[0] = record->stack_lo;
		own_bounds[1] = record->stack_hi;
	} else {
		rcgo__stack_bounds(own_bounds);
	}
	// bounds is on a Go stack, whose reuse TSAN cannot follow.
	rcgo_tsan_acquire();
	bounds[0] = own_bounds[0];
	bounds[1] = own_bounds[1];
	rcgo_tsan_release();
}
