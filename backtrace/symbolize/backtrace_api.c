// SPDX-License-Identifier: BSD-3-Clause
// The public functions of rcgo_backtrace.h.

#include "module.h"
#include "rcgo_backtrace.h"
#include "symbolizer.h"
#include "unwinder.h"

void
rcgo_backtrace_init(void)
{
	rcgo__modules_init();
	rcgo__modules_refresh();
}

// The frames start at the caller, so this function itself is not among them.
size_t
rcgo_backtrace(uintptr_t *pcs, size_t max)
{
	struct rcgo_saved_regs regs;

	rcgo__regs_capture_caller(&regs);
	return rcgo__unwind_saved(&regs, NULL, pcs, max);
}

size_t
rcgo_backtrace_from_context(const void *ucontext, uintptr_t *pcs, size_t max)
{
	return rcgo__unwind_from_handler(ucontext, NULL, pcs, max);
}

size_t
rcgo_symbolize(uintptr_t pc, struct rcgo_frame *frames, size_t max, char *text, size_t size)
{
	return rcgo__symbolize_into(pc, frames, max, text, size);
}
