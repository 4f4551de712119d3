// SPDX-License-Identifier: BSD-3-Clause
// Heap profiling: the bounds of the calling thread's stack, for the unwinder. Runs wherever C code
// allocates.

#include "heap_record.h"
#include "thread_record.h"
#include "unwinder.h"

bool
rcgo__heap_own_stack(struct rcgo_stack_bounds *stack)
{
	const struct rcgo_thread_record *r = rcgo__thread_record();

	if (r == NULL || r->kind != RCGO_THREAD_GO) {
		return false;
	}
	*stack = (struct rcgo_stack_bounds){.lo = r->stack_lo, .hi = r->stack_hi};
	return true;
}
