// SPDX-License-Identifier: BSD-3-Clause
// Stack overflow detection on FreeBSD, for threads that Go knows. Runs in signal handlers.

//rcgo:small

#include "kernel.h"
#include "stack_bounds.h"
#include "strbuf.h"
#include "thread_record.h"

// REACH: the largest distance of the fault from the end of the stack. A function with large
// arrays moves its stack pointer before it accesses them. BELOW_SP: how far below the stack
// pointer a function may write.
#define REACH ((uintptr_t)1 << 20)
#define BELOW_SP ((uintptr_t)64 << 10)

// Returns whether a thread with stack pointer sp has overflowed the stack that ends at lo.
static bool
is_overflow(uintptr_t lo, uintptr_t fault, uintptr_t sp)
{
	return lo != 0 && fault < lo && lo - fault <= REACH && fault + BELOW_SP >= sp &&
	       sp < lo + BELOW_SP;
}

bool
rcgo__describe_stack_overflow(uintptr_t fault_address, uintptr_t sp, char *buf, size_t cap)
{
	struct rcgo_strbuf t = rcgo__strbuf_init(buf, cap);
	const struct rcgo_thread_record *r = rcgo__thread_record();
	uintptr_t size;

	if (r == NULL) {
		return false;
	}
	if (is_overflow(r->alt_c_stack_lo, fault_address, sp)) {
		size = r->alt_c_stack_hi - r->alt_c_stack_lo;
	} else if (is_overflow(r->stack_lo, fault_address, sp)) {
		size = r->stack_hi - r->stack_lo;
	} else {
		return false;
	}
	rcgo__append_str(&t, "C stack overflow on thread ");
	rcgo__append_uint(&t, (uint64_t)rcgo__kernel_thread_id(), 0);
	rcgo__append_str(&t, ": its stack is ");
	rcgo__append_uint(&t, size / 1024, 0);
	rcgo__append_str(&t, " KiB; raise it with ");
	rcgo__append_str(&t, r->kind == RCGO_THREAD_FIRST ? "ulimit -s"
			     : r->kind == RCGO_THREAD_GO
				     ? "RCGO=stack=SIZE"
				     : "pthread_attr_setstacksize where C makes the thread");
	rcgo__append_str(&t, ", or look for endless recursion");
	return true;
}
