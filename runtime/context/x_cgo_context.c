// SPDX-License-Identifier: BSD-3-Clause
// ABI entry points: the begin and end of a C->Go call, and the registration of hooks. Stacks: see
// context_management.h.
// Re-read runtime/cgo/callbacks.go, runtime/cgocall.go and cmd/cgo/out.go.

#include "c_context.h"
#include "context_management.h"
#include "fork_timer.h"
#include "go_entry_points.h"
#include "signal_handling.h"
#include "stats_page.h"
#include "thread_management.h"
#include "thread_record.h"

// Begins a C context: a value that identifies this C stack until Go returns to it.
// Indirect: the program's context function, on the C thread's own stack.
static uintptr_t
context_begin(rcgo_context_fn begin)
{
	struct cgoContextArg arg = {.Context = 0};

	begin(&arg);
	return arg.Context;
}

// What a caller keeps in its registers until Go returns to it.
struct caller {
	uintptr_t pc, cfa, fp;
};

// Counts the call if calls are counted, and times it if calls are timed. If C code was called by
// package leaf, tells Go's scheduler that this thread is in C, as an ordinary cgo call would have
// done.
static void
enter_slowly(void)
{
	rcgo_leaf_fn enter = rcgo__init_barrier_leaf_enter();

	if (rcgo__stats_flag(RCGO_STATS_PAGE_CALLBACKS)) {
		rcgo_add_rlx(&rcgo__stats()->callbacks, 1);
	}
	if (rcgo__fork_timer_is_on()) {
		rcgo__fork_timer_begin();
	}
	if (enter != NULL) {
		enter();
	}
}

// Begins a call if there is more to do than to go on. It is apart from its caller, so that the
// usual call saves no registers.
static __attribute__((noinline)) uintptr_t
begin_call(uintptr_t init_state, const struct caller *caller)
{
	if (RCGO_UNLIKELY(init_state == 0)) {
		init_state = rcgo__init_barrier_wait();
	}
	if (init_state == RCGO_INIT_STATE_OPEN) {
		return 0;
	}
	// Up to Go 1.20 this is the only notice of a thread's first call.
	if (x_crosscall2_ptr == NULL && rcgo__thread_record() == NULL) {
		rcgo__thread_attach();
		rcgo__signal_rescan_ratelimited(true);
	}
	if (init_state == RCGO_INIT_STATE_SLOW) {
		enter_slowly();
		init_state = (uintptr_t)rcgo__init_barrier_context();
	}
	if (init_state == 0 || init_state == RCGO_INIT_STATE_ENTER) {
		return 0;
	}
	if (init_state == (uintptr_t)rcgo__contexts_release) {
		return rcgo__contexts_begin(caller->pc, caller->cfa, caller->fp);
	}
	return context_begin((rcgo_context_fn)init_state);
}

uintptr_t
_cgo_wait_runtime_init_done(void)
{
	uintptr_t init_state = rcgo__init_barrier_state();

	if (RCGO_UNLIKELY(init_state != RCGO_INIT_STATE_OPEN)) {
		struct caller caller = {
			.pc = (uintptr_t)__builtin_extract_return_addr(__builtin_return_address(0)),
			.cfa = RCGO_OWN_CFA(),
			.fp = RCGO_SAVED_FP((const uintptr_t *)__builtin_frame_address(0)),
		};

		return begin_call(init_state, &caller);
	}
	return 0;
}

// Ends a context.
// Indirect: the program's context function, on the C thread's own stack.
static __attribute__((noinline)) void
context_end(uintptr_t context)
{
	rcgo_context_fn release = rcgo__init_barrier_context();
	struct cgoContextArg arg = {.Context = context};

	if (release != NULL) {
		release(&arg);
	}
}

// Indirect: package leaf's function and that which ends a timed call, on the C thread's own stack.
void
_cgo_release_context(uintptr_t context)
{
	rcgo_leaf_fn leave = rcgo__init_barrier_leave();

	if (RCGO_UNLIKELY(leave != NULL)) {
		leave();
	}
	if (RCGO_UNLIKELY(context != 0)) {
		context_end(context);
	}
}

void
x_cgo_notify_runtime_init_done(RCGO_UNUSED void *unused)
{
	rcgo__m_binding_init(true);
	rcgo__init_barrier_open();
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
