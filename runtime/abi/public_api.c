// SPDX-License-Identifier: BSD-3-Clause
// Traceback Generation, default, the edge to C code in the program: what runtime_cgo.h promises it.
// Runs on any stack.

#include "default_hooks.h"
#include "runtime_cgo.h"
#include "symbolizer.h"
#include "unwinder.h"

// Begins at the caller: nobody wants to see this function.
size_t
rcgo_backtrace(uintptr_t *pcs, size_t max)
{
	struct rcgo_saved_regs regs;

	rcgo__regs_capture_caller(&regs);
	return rcgo__unwind_saved(&regs, pcs, max);
}

size_t
rcgo_backtrace_from_context(const void *ucontext, uintptr_t *pcs, size_t max)
{
	return rcgo__unwind_from_handler(ucontext, pcs, max);
}

size_t
rcgo_symbolize(uintptr_t pc, struct rcgo_frame *frames, size_t max, char *text, size_t size)
{
	return rcgo__symbolize_into(pc, frames, max, text, size);
}
