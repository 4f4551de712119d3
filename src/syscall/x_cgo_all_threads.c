// SPDX-License-Identifier: BSD-3-Clause
// System Calls, the edge: one system call on every thread, for C. Runs on the caller's stack.

#include "rcgo_allthreads.h"
#include "rcgo_syscall.h"

long
rcgo_syscall_all_threads(long number, const uintptr_t args[6], struct rcgo_all_threads_why *why)
{
	struct rcgo_all_failure f;
	long result = rcgo__all_threads(number, args, &f);

	if (why != NULL) {
		rcgo__all_explain(&f, why);
	}
	return result;
}

void
_cgo_libc_all_threads(argset_t *x)
{
	const uintptr_t *args = x->args;
	struct rcgo_all_failure f;

	x->retval = (uintptr_t)rcgo__all_threads((long)args[0], args + 1, &f);
}
