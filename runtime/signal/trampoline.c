// SPDX-License-Identifier: BSD-3-Clause
// Entry of a wrapped handler: decides whether Go's handler comes first, and on which stack C's
// handler runs. Runs on the stack that the kernel chose, with all signals blocked or those of C's
// mask.
// Re-read runtime/runtime2.go (gobuf) and runtime/signal_unix.go (sighandler, doSigPreempt).

#include <errno.h>
#include <unistd.h>

#include "fork_detect.h"
#include "go_text.h"
#include "interpose.h"
#include "kernel.h"
#include "safe_read.h"
#include "sigframe.h"
#include "signal_chain.h"
#include "signal_handling.h"
#include "thread_record.h"

#ifndef RCGO_WITHOUT_SIGNALS

#	define FIRST_PAGE 4096

static bool
within(uintptr_t sp, uintptr_t lo, uintptr_t hi)
{
	return sp > lo && sp <= hi;
}

// Returns whether a goroutine was interrupted on thread t. C code never runs on a goroutine's
// stack. This also identifies Go code outside the main Go text: in a plugin, or a shared object
// of Go packages.
static bool
on_goroutine_stack(const ucontext_t *uc, const struct rcgo_thread_record *t)
{
	const G *g = rcgo__current_g();
	uintptr_t sp = RCGO_FRAME_SP(uc);

	return g != NULL && g != t->g0 && within(sp, g->stacklo, g->stackhi) &&
	       !rcgo__uc_on_altstack(uc, sp);
}

// Returns whether a fault is in Go code, or at a call through a nil function pointer from Go
// code.
static bool
is_go_fault(const ucontext_t *uc)
{
	uintptr_t pc = RCGO_FRAME_PC(uc), caller;
	const struct rcgo_thread_record *t;

	if (rcgo__in_go_text(pc) ||
		(RCGO_UNLIKELY(pc < FIRST_PAGE) && RCGO_FRAME_CALLER(uc, &caller) &&
			rcgo__in_go_text(caller))) {
		return true;
	}
	t = rcgo__thread_record();
	return t != NULL && on_goroutine_stack(uc, t);
}

// Returns whether C's handler sees a fault in Go code first: at any address that dereferencing a
// nil pointer does not reach. A handler that C installs after Go may map pages on demand, track
// writes or move memory, and Go code may access such memory too. For Go such a fault is fatal. If
// C's handler does not handle the fault, it calls the handler that it replaced, which is Go's.
static bool
c_handler_first(int sig, const siginfo_t *info)
{
	return (sig == SIGSEGV || sig == SIGBUS) && (uintptr_t)info->si_addr >= FIRST_PAGE;
}

// Returns whether only Go's handler gets the signal. SIGURG, by which Go preempts goroutines,
// goes to both handlers, because it cannot be told from one that C code sends. Go's handler is
// called first, because it may change where the interrupted code resumes.
// Indirect: Go's handler, which the kernel could have called.
static bool
deliver_to_go_first(int sig, siginfo_t *info, void *context)
{
	rcgo_go_handler go = rcgo__signal_chain_go_handler(sig);

	if (go == NULL) {
		return false;
	}
	if (sig == SIGURG) {
		if (info->si_code == RCGO_SI_THREAD && rcgo__is_own_pid(info->si_pid)) {
			go(sig, info, context);
		}
		return false;
	}
	return info->si_code > 0 && !c_handler_first(sig, info) && is_go_fault(context);
}

// Returns the address on a C stack below which the handler's frame may be placed; 0 if unknown.
// If a goroutine was interrupted, that is the point where C called Go, or where Go began. A
// collector that looks for the end of the stack in its handler (libgc) then finds all C frames.
static uintptr_t
c_stack_top(const ucontext_t *uc)
{
	uintptr_t sp = RCGO_FRAME_SP(uc);
	const struct rcgo_thread_record *t = rcgo__thread_record();

	// A thread on which Go has never run has only C stacks.
	if (t == NULL) {
		bool in_go =
			!rcgo__thread_records_are_complete() && rcgo__in_go_text(RCGO_FRAME_PC(uc));

		return in_go ? 0 : sp;
	}
	if (within(sp, t->stack_lo, t->stack_hi) ||
		within(sp, t->alt_c_stack_lo, t->alt_c_stack_hi)) {
		return sp;
	}
	// C code may have switched to an unknown stack. Then its frames on the thread's own stack
	// begin at this point.
	if (t->g0 == NULL || !(rcgo__in_go_text(RCGO_FRAME_PC(uc)) || on_goroutine_stack(uc, t))) {
		return 0;
	}
	sp = ((const struct rcgo_gobuf *)(t->g0 + 1))->sp;
	return within(sp, t->stack_lo, t->stack_hi) ? sp : 0;
}

static void
choose_stack(struct rcgo_trampoline_frame *entry)
{
	const ucontext_t *uc = (const ucontext_t *)entry->context;
	uintptr_t top;

	// If the signal is nested on the alternate stack, the kernel would have stayed there too.
	if (!rcgo__uc_on_altstack(uc, entry->sp) || rcgo__uc_on_altstack(uc, RCGO_FRAME_SP(uc))) {
		return;
	}
	top = c_stack_top(uc);
	if (top != 0) {
		rcgo__frame_relocate(entry, top);
	}
}

// Resets a one-shot action, as the kernel does at its first signal.
static void
consume_oneshot(int sig, const struct rcgo_action_slot *slot)
{
	struct sigaction act = {.sa_handler = SIG_DFL, .sa_flags = (int)slot->flags}, old;

	rcgo__sigmask_from_go(&act.sa_mask, slot->mask);
	if (rcgo__libc_sigaction(sig, &act, &old) == 0 &&
		rcgo__action_handler(&old) != rcgo__action_slot_trampoline(slot)) {
		// Another thread has installed a later action in the meantime. Restore it.
		rcgo__libc_sigaction(sig, &old, NULL);
	}
}

// The handler for a fault that has already been handled.
static void
empty_handler(RCGO_UNUSED int sig, RCGO_UNUSED siginfo_t *info, RCGO_UNUSED void *context)
{
}

static void
set_handler_mask(int sig, const ucontext_t *uc, const struct rcgo_action_slot *slot,
	struct rcgo_trampoline_frame *entry)
{
	entry->mask = rcgo__sigset_union(rcgo__uc_mask(uc), slot->mask);
	if ((slot->flags & (unsigned)SA_NODEFER) == 0) {
		rcgo__sigset_add(&entry->mask, sig);
	}
	entry->open = 1;
}

void
rcgo__trampoline_enter(int sig, siginfo_t *info, void *context, unsigned number,
	struct rcgo_trampoline_frame *entry)
{
	const struct rcgo_action_slot *slot = &rcgo__action_slots[number];
	bool from_kernel = rcgo__frame_is_from_kernel(entry);
	int saved;

	entry->open = 0;
	entry->target = slot->handler;
	// The usual case: C's handler is called without Go's handler first and without a change
	// of the mask.
	if (RCGO_LIKELY(from_kernel && (slot->flags & RCGO_NATIVE_MASK) != 0)) {
		choose_stack(entry);
		return;
	}
	saved = errno;
	// C code called the trampoline, perhaps with the signal number as its only argument.
	if (RCGO_UNLIKELY(!from_kernel) &&
		!(rcgo__readable_nofault(info, sizeof *info) &&
			rcgo__readable_nofault(context, sizeof(ucontext_t)))) {
		errno = saved;
		return;
	}
	if (RCGO_UNLIKELY(info->si_code > 0) && rcgo__uc_catch_copy(context)) {
		entry->target = (uintptr_t)empty_handler;
		return;
	}
	if (rcgo__interpose_deliver_to_go(sig) && deliver_to_go_first(sig, info, context)) {
		entry->target = (uintptr_t)rcgo__signal_chain_go_handler(sig);
		return;
	}
	if (RCGO_UNLIKELY(!from_kernel)) {
		errno = saved;
		return;
	}
	set_handler_mask(sig, context, slot, entry);
	if (rcgo__interpose_deliver_to_go(sig) && (slot->flags & (unsigned)SA_RESETHAND) != 0) {
		consume_oneshot(sig, slot);
	}
	if ((slot->flags & (unsigned)SA_ONSTACK) == 0) {
		choose_stack(entry);
	}
	errno = saved;
}

#endif
