// SPDX-License-Identifier: BSD-3-Clause
// System Calls, Go ABI: one system call on every thread, for package syscall.

#include "allthreads.h"
#include "system_calls.h"

void
_cgo_libc_all_threads(argset_t *x)
{
	const uintptr_t *args = x->args;
	struct rcgo_allthreads_failure f;

	x->retval = (uintptr_t)rcgo__allthreads_call((long)args[0], args + 1, &f);
}
