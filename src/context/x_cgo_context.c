// SPDX-License-Identifier: BSD-3-Clause
// Context Management, the edge: the ends of a C->Go call and the registration of hooks.
// Stacks: see rcgo_context.h.
// Re-read runtime/cgo/callbacks.go, runtime/cgocall.go and cmd/cgo/out.go.

#include "rcgo_context.h"
#include "rcgo_contexts.h"
#include "rcgo_edge.h"
#include "rcgo_signal.h"
#include "rcgo_stats.h"
#include "rcgo_thread.h"
#include "rcgo_thread_record.h"

// Begins a C context: the value that names this C stack until Go returns to it.
// Indirect: the program's context function, on the C thread's own stack.
static uintptr_t
context_begin(rcgo_context_fn begin)
{
	struct cgoContextArg arg = {.Context = 0};

	begin(&arg);
	return arg.Context;
}

uintptr_t
_cgo_wait_runtime_init_done(void)
{
	uintptr_t gate = rcgo__latch_gate();

	if (RCGO_UNLIKELY(gate == 0)) {
		gate = rcgo__latch_wait();
	}
	if (RCGO_LIKELY(gate == RCGO_GATE_OPEN)) {
		return 0;
	}
	// Up to Go 1.20 nobody else tells of a thread's first call.
	if (x_crosscall2_ptr == NULL && rcgo__thread_record() == NULL) {
		rcgo__thread_enters();
		rcgo__signal_sweep_due();
	}
	if (gate == RCGO_GATE_COUNTS) {
		rcgo_add_rlx(&rcgo__stats()->callbacks, 1);
		gate = (uintptr_t)rcgo__hooks_context();
	}
	if (gate == 0 || gate == RCGO_GATE_ENTER) {
		return 0;
	}
	if (gate == (uintptr_t)rcgo__contexts_release) {
		// What the caller will have in its registers until Go returns to it.
		return rcgo__contexts_begin(
			(uintptr_t)__builtin_extract_return_addr(__builtin_return_address(0)),
			(uintptr_t)__builtin_dwarf_cfa(),
			*(const uintptr_t *)__builtin_frame_address(0));
	}
	return context_begin((rcgo_context_fn)gate);
}

// Indirect: the program's context function, on the C thread's own stack.
void
_cgo_release_context(uintptr_t context)
{
	rcgo_context_fn release;
	struct cgoContextArg arg = {.Context = context};

	if (RCGO_LIKELY(context == 0)) {
		return;
	}
	release = rcgo__hooks_context();
	if (release != NULL) {
		release(&arg);
	}
}

void
x_cgo_notify_runtime_init_done(RCGO_UNUSED void *unused)
{
	rcgo__bind_init(true);
	rcgo__latch_open();
}

void
x_cgo_set_context_function(rcgo_context_fn context)
{
	rcgo__hooks_set(NULL, context, NULL);
}

void
x_cgo_set_traceback_functions(const struct cgoSetTracebackFunctionsArg *arg)
{
	rcgo__hooks_set(arg->Traceback, arg->Context, arg->Symbolizer);
}
