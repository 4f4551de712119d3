// SPDX-License-Identifier: BSD-3-Clause
// Traceback Generation, default: what C code in the program may call (runtime_cgo.h). Runs on any
// stack.

#include "rcgo_default.h"
#include "rcgo_symbolize.h"
#include "rcgo_walk.h"
#include "runtime_cgo.h"

// Not inlined and no tail call, so that the first program counter, which is in here, can be left
// out.
size_t
rcgo_backtrace(uintptr_t *pcs, size_t max)
{
	return 0;
}

size_t
rcgo_backtrace_from_context(const void *ucontext, uintptr_t *pcs, size_t max)
{
	return rcgo__walk_from_handler(ucontext, pcs, max);
}

size_t
rcgo_symbolize(uintptr_t pc, struct rcgo_frame *frames, size_t max, char *text, size_t size)
{
	return rcgo__symbolize_into(pc, frames, max, text, size);
}
