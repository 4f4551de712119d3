// SPDX-License-Identifier: BSD-3-Clause
// Traceback Generation, default, the edge: C frames in a program that brings no functions for them.
// Runs on g0, in signal handlers, and on the signal stack while Go is crashing.
// Re-read runtime/traceback.go (SetCgoTraceback, cgoContextPCs, callCgoSymbolizer).

#include <signal.h>
#include <stdbool.h>
#include <ucontext.h>

#include "c_context.h"
#include "crash_report.h"
#include "crash_reporter.h"
#include "default_hooks.h"
#include "hook_registry.h"
#include "module.h"
#include "module_generation.h"
#include "options.h"
#include "signal_dump.h"
#include "symbolizer.h"
#include "thread_record.h"
#include "traceback_generation.h"
#include "unwinder.h"

// What a walk may need of a stack, and half as much again for code that is not optimised.
#define DEFAULT_ROOM 6144

// Whether it is us who describes C frames.
// owner: x_cgo_default_start; lock: none; ordering: release on writing, acquire on reading
static bool default_ready;

// Go's threads run C on stacks that do not change while they run.
static bool
default_bounds(uintptr_t sp, uintptr_t *lo, uintptr_t *hi)
{
	const struct rcgo_thread_record *r = rcgo__thread_record();

	if (r == NULL || r->kind != RCGO_THREAD_GO || sp < r->stack_lo || sp >= r->stack_hi) {
		return false;
	}
	*lo = sp;
	*hi = r->stack_hi;
	return true;
}

// Whether the program may have functions of its own. Who asks for ours in any case has said that it
// has not.
static bool
default_yields(const struct rcgo_go_module *m)
{
	static const char name[] = "\0runtime.SetCgoTraceback";

	if (rcgo__option_is("traceback", "always")) {
		return !rcgo__go_module_known(m);
	}
	return !rcgo__option_is("traceback", "on") || !rcgo__go_module_known(m) ||
	       rcgo__go_module_has(m, name, sizeof name);
}

// Not inlined: what it has on the stack must not be there while a handler walks.
static __attribute__((noinline)) size_t
context_walk(uintptr_t context, uintptr_t *pcs, size_t max)
{
	const struct rcgo_context_record *note = (const struct rcgo_context_record *)context;
	struct rcgo_saved_regs regs = {.pc = note->pc, .sp = note->sp, .fp = note->fp};

	return rcgo__unwind_saved(&regs, pcs, max);
}

// Whether there is room for a walk below sp, if that is on the signal stack of a thread of C: one
// of SIGSTKSZ may have little left behind the registers that the kernel saves.
static bool
default_has_room(const ucontext_t *uc, uintptr_t sp)
{
	uintptr_t above = sp - (uintptr_t)uc->uc_stack.ss_sp;

	return above >= uc->uc_stack.ss_size || above >= DEFAULT_ROOM;
}

// Indirect: one of the walks from a handler.
static size_t
handler_walk(uintptr_t context, uintptr_t *pcs, size_t max,
	size_t (*walk)(const void *ucontext, uintptr_t *pcs, size_t max))
{
	const ucontext_t *uc = (const ucontext_t *)context;

	if (default_has_room(uc, (uintptr_t)__builtin_frame_address(0)) || max == 0) {
		return walk(uc, pcs, max);
	}
	pcs[0] = rcgo__unwind_pc(uc);
	return 1;
}

static void
give(struct cgoTracebackArg *arg, size_t n)
{
	if (n < arg->Max) {
		arg->Buf[n] = 0;
	}
}

// A signal has interrupted C code: for a profile, for a crash, or for neither, when nobody looks.
static void
default_for_signals(struct cgoTracebackArg *arg, uintptr_t sig)
{
	size_t n;

	if (sig == SIGPROF) {
		n = handler_walk(arg->SigContext, arg->Buf, arg->Max, rcgo__unwind_sample);
	} else {
		if (sig == SIGSEGV || sig == SIGBUS || sig == SIGFPE || sig == SIGILL ||
			sig == SIGTRAP || sig == SIGABRT || sig == SIGSYS) {
			rcgo__generations_stop();
		}
		n = handler_walk(arg->SigContext, arg->Buf, arg->Max, rcgo__unwind_report);
	}
	give(arg, n);
}

// C code ends where Go's begins. Plugins and shared objects of Go packages carry the note of Go's
// linker.
static void
end_unwinding_at_go(const struct rcgo_go_module *module)
{
	const struct rcgo_unwind_boundary boundary = {
		.start = rcgo__go_module_text(module),
		.end = module->etext,
		.note = {.name = "Go", .type = 4},
	};

	rcgo__unwind_set_boundary(&boundary);
}

void
x_cgo_default_start(const struct rcgo_default_start *arg)
{
	rcgo_context_fn context = NULL;

	// The walker serves C and the report of a crash too, whoever describes C frames to Go.
	rcgo__modules_init();
	if (rcgo__go_module_known(arg->module)) {
		end_unwinding_at_go(arg->module);
	}
	rcgo__symbolize_set_mangled(rcgo__option_is("demangle", "off"));
	rcgo__unwind_set_bounds(default_bounds);
	rcgo__crash_init(arg->crash_fd);
	rcgo__signal_dump_start(rcgo__symbolize_callback);
	if (default_yields(arg->module)) {
		*arg->traceback = NULL;
		*arg->symbolizer = NULL;
		return;
	}
	if (rcgo__option_is("contexts", "on") && rcgo__contexts_init() == 0) {
		context = rcgo__contexts_release;
	}
	rcgo_store_rel(&default_ready, true);
	rcgo__signal_chain_set_quit(rcgo__callers_gather);
	rcgo__hooks_set_async_traceback(x_cgo_default_traceback, default_for_signals);
	rcgo__hooks_set(x_cgo_default_traceback, context, x_cgo_default_symbolizer);
}

void
x_cgo_default_traceback(struct cgoTracebackArg *arg)
{
	size_t n = 0;

	if (rcgo_load_acq(&default_ready)) {
		if (arg->SigContext != 0) {
			n = handler_walk(arg->SigContext, arg->Buf, arg->Max, rcgo__unwind_report);
		} else if (arg->Context != 0) {
			n = context_walk(arg->Context, arg->Buf, arg->Max);
		} else {
			n = rcgo__unwind_here(arg->Buf, arg->Max);
		}
	}
	give(arg, n);
}

void
x_cgo_default_symbolizer(struct cgoSymbolizerArg *arg)
{
	rcgo__default_symbolizer(arg);
}
