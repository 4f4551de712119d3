// SPDX-License-Identifier: BSD-3-Clause
// Traceback Generation, Go ABI: the default hooks, which describe C frames in a program that
// registers no hooks. Runs on g0, in signal handlers, and on the signal stack while Go is crashing.
// Re-read runtime/traceback.go (SetCgoTraceback, cgoContextPCs, callCgoSymbolizer).

#include <signal.h>
#include <stdbool.h>
#include <ucontext.h>

#include "c_context.h"
#include "crash_report.h"
#include "crash_reporter.h"
#include "default_dump.h"
#include "default_hooks.h"
#include "go_text.h"
#include "hook_registry.h"
#include "m_table.h"
#include "module.h"
#include "module_generation.h"
#include "options.h"
#include "signal_dump.h"
#include "symbolizer.h"
#include "thread_record.h"
#include "traceback_generation.h"
#include "unwinder.h"

// The stack that an unwind may need, and half as much again for builds without optimisation.
#define DEFAULT_STACK_NEED 6144

// Whether the default hooks describe C frames.
// owner: x_cgo_default_start; lock: none; ordering: release on writing, acquire on reading
static bool default_ready;

// Stores the bounds of the calling thread's stack if Go started it. Such a stack does not
// change while C runs.
static const struct rcgo_stack_bounds *
own_stack(struct rcgo_stack_bounds *stack)
{
	const struct rcgo_thread_record *r = rcgo__thread_record();

	if (r == NULL || r->kind != RCGO_THREAD_GO) {
		return NULL;
	}
	*stack = (struct rcgo_stack_bounds){.lo = r->stack_lo, .hi = r->stack_hi};
	return stack;
}

// Returns whether the program may register hooks of its own. With RCGO=traceback=always the user
// states that it does not.
static bool
default_is_overridden(const struct rcgo_go_module *m)
{
	static const char name[] = "\0runtime.SetCgoTraceback";

	if (rcgo__option_is("traceback", "always")) {
		return !rcgo__go_module_known(m);
	}
	return !rcgo__option_is("traceback", "on") || !rcgo__go_module_known(m) ||
	       rcgo__go_module_has(m, name, sizeof name);
}

// Not inlined: its locals must not be on the stack while a signal handler unwinds.
static __attribute__((noinline)) size_t
context_unwind(uintptr_t context, uintptr_t *pcs, size_t max)
{
	const struct rcgo_context_record *record = (const struct rcgo_context_record *)context;
	struct rcgo_saved_regs regs = {
		.pc = record->pc, .sp = RCGO_SP_OF_CFA(record->cfa), .fp = record->fp};

	struct rcgo_stack_bounds stack;

	return rcgo__unwind_saved(&regs, own_stack(&stack), pcs, max);
}

// Returns whether there is room for an unwind below sp, if sp is on the signal stack of a C thread.
// A signal stack of SIGSTKSZ bytes may have little room below the registers that the kernel saves.
static bool
default_has_room(const ucontext_t *uc, uintptr_t sp)
{
	uintptr_t above = sp - (uintptr_t)uc->uc_stack.ss_sp;

	return above >= uc->uc_stack.ss_size || above >= DEFAULT_STACK_NEED;
}

// Indirect: one of the unwinder's functions for signal handlers.
static size_t
handler_unwind(uintptr_t context, uintptr_t *pcs, size_t max,
	size_t (*unwind)(const void *ucontext, const struct rcgo_stack_bounds *stack,
		uintptr_t *pcs, size_t max))
{
	const ucontext_t *uc = (const ucontext_t *)context;
	struct rcgo_stack_bounds stack;

	if (default_has_room(uc, (uintptr_t)__builtin_frame_address(0)) || max == 0) {
		return unwind(uc, own_stack(&stack), pcs, max);
	}
	pcs[0] = rcgo__unwind_pc(uc);
	return 1;
}

static void
terminate_pcs(struct cgoTracebackArg *arg, size_t n)
{
	if (n < arg->Max) {
		arg->Buf[n] = 0;
	}
}

// The async traceback hook: a signal has interrupted C code. SIGPROF needs a sample and a crash
// needs a report; for other signals the frames are normally not used.
static void
default_for_signals(struct cgoTracebackArg *arg, uintptr_t sig)
{
	size_t n;

	if (sig == SIGPROF) {
		n = handler_unwind(arg->SigContext, arg->Buf, arg->Max, rcgo__unwind_sample);
	} else {
		if (sig == SIGSEGV || sig == SIGBUS || sig == SIGFPE || sig == SIGILL ||
			sig == SIGTRAP || sig == SIGABRT || sig == SIGSYS) {
			rcgo__generations_stop();
		}
		n = handler_unwind(arg->SigContext, arg->Buf, arg->Max, rcgo__unwind_report);
	}
	terminate_pcs(arg, n);
}

// Makes unwinding stop at Go code. Plugins and shared objects of Go packages are recognised by the
// ELF note of Go's linker.
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

// SIGQUIT normally ends the process, so waits that the signal ends do no harm.
static void
gather_for_quit(void)
{
	rcgo__callers_gather(false);
}

// Gives Go the M of this thread, which Go pins to find out where m.locks is.
static void
pass_m(struct rcgo_default_start *arg)
{
	const G *g = rcgo__current_g();

	arg->m = g != NULL ? g->m : 0;
	rcgo__m_table_set_locks(&arg->locks_offset);
}

void
x_cgo_default_start(struct rcgo_default_start *arg)
{
	rcgo_context_fn context = NULL;

	// The unwinder also serves C code and crash reports, whichever hooks describe C frames to
	// Go.
	rcgo__modules_init();
	pass_m(arg);
	if (rcgo__go_module_known(arg->module)) {
		end_unwinding_at_go(arg->module);
	}
	rcgo__symbolize_set_mangled(rcgo__option_is("demangle", "off"));
	rcgo__crash_init(arg->crash_fd);
	rcgo__dump_init();
	rcgo__signal_dump_start(rcgo__symbolize_callback);
	if (rcgo__option_is("traceback", "off")) {
		rcgo__callers_want_always();
	}
	if (default_is_overridden(arg->module)) {
		*arg->traceback = NULL;
		*arg->symbolizer = NULL;
		return;
	}
	if (rcgo__option_is("contexts", "on") && rcgo__contexts_init() == 0) {
		context = rcgo__contexts_release;
	}
	rcgo_store_rel(&default_ready, true);
	rcgo__signal_chain_set_quit(gather_for_quit);
	rcgo__callers_set_async(x_cgo_default_traceback, default_for_signals);
	rcgo__hooks_set(x_cgo_default_traceback, context, x_cgo_default_symbolizer);
}

void
x_cgo_default_traceback(struct cgoTracebackArg *arg)
{
	struct rcgo_stack_bounds stack;
	size_t n = 0;

	if (rcgo_load_acq(&default_ready)) {
		if (arg->SigContext != 0) {
			n = handler_unwind(
				arg->SigContext, arg->Buf, arg->Max, rcgo__unwind_report);
		} else if (arg->Context != 0) {
			n = context_unwind(arg->Context, arg->Buf, arg->Max);
		} else {
			n = rcgo__unwind_here(own_stack(&stack), arg->Buf, arg->Max);
		}
	}
	terminate_pcs(arg, n);
}

void
x_cgo_default_symbolizer(struct cgoSymbolizerArg *arg)
{
	rcgo__default_symbolizer(arg);
}
