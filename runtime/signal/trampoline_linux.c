// SPDX-License-Identifier: BSD-3-Clause
// Signal Handling, the guard: a handler is entered: whether Go's comes first, and on which stack
// C's runs. Runs on the stack that the kernel chose, with all signals blocked or those of C's mask.
// Re-read runtime/runtime2.go (gobuf) and runtime/signal_unix.go (sighandler, doSigPreempt).

#include <errno.h>
#include <unistd.h>

#include "fork_detect.h"
#include "go_text.h"
#include "interpose.h"
#include "safe_read.h"
#include "sigframe.h"
#include "signal_chain.h"
#include "signal_handling.h"

#ifndef RCGO_WITHOUT_SIGNALS

#	define FIRST_PAGE 4096

static bool
within(uintptr_t sp, uintptr_t lo, uintptr_t hi)
{
	return sp > lo && sp <= hi;
}

// Whether a goroutine was interrupted on thread t: its own stack has never C on it. So Go's code is
// known that lies outside of Go's text: in a plugin, or a shared object of Go packages.
static bool
on_goroutine(const ucontext_t *uc, const struct rcgo_signal_thread *t)
{
	const G *g = rcgo__current_g();
	uintptr_t sp = RCGO_FRAME_SP(uc);

	return g != NULL && g != t->g0 && within(sp, g->stacklo, g->stackhi) &&
	       !rcgo__uc_on_altstack(uc, sp);
}

// Whether a fault is one of Go's code: there, or at a call of nothing from there.
static bool
fault_in_go(const ucontext_t *uc)
{
	uintptr_t pc = RCGO_FRAME_PC(uc), caller;
	struct rcgo_signal_thread t = {0};

	return rcgo__in_go_text(pc) ||
	       (RCGO_UNLIKELY(pc < FIRST_PAGE) && RCGO_FRAME_CALLER(uc, &caller) &&
		       rcgo__in_go_text(caller)) ||
	       (rcgo__signal_thread(&t) && on_goroutine(uc, &t));
}

// Whether C's handler is the first to see a fault of Go's code: at any address that a nil pointer
// does not lead to. A handler that C installs after Go may map pages on demand, take note of writes
// or move memory, and Go can touch such memory as C can; for Go, such a fault is the end. What the
// handler declines, by a call of the handler that it replaced, is Go's.
static bool
c_sees_first(int sig, const siginfo_t *info)
{
	return (sig == SIGSEGV || sig == SIGBUS) && (uintptr_t)info->si_addr >= FIRST_PAGE;
}

// Whether Go's handler is to have the signal and nobody else. The signal by which Go stops
// goroutines is for both, for nobody can tell it from one that C sends; Go's comes first, for it
// may change where the interrupted code goes on.
// Indirect: Go's handler, which the kernel could have called.
static bool
is_for_go(int sig, siginfo_t *info, void *context)
{
	rcgo_go_handler go = rcgo__signal_chain_go_handler(sig);

	if (go == NULL) {
		return false;
	}
	if (sig == SIGURG) {
		if (info->si_code == SI_TKILL && rcgo__is_own_pid(info->si_pid)) {
			go(sig, info, context);
		}
		return false;
	}
	return info->si_code > 0 && !c_sees_first(sig, info) && fault_in_go(context);
}

// Below which address on a stack of C's the handler's frame may lie; 0 when that is not known.
// From a goroutine's stack that is where C called Go, or Go began: a collector that looks for the
// end of the stack in its handler (libgc) finds all that C has there.
static uintptr_t
c_stack_top(const ucontext_t *uc)
{
	uintptr_t sp = RCGO_FRAME_SP(uc);
	struct rcgo_signal_thread t = {.unknown_in_go = true};

	// A thread that Go has never been on has stacks of C only.
	if (!rcgo__signal_thread(&t)) {
		return t.unknown_in_go && rcgo__in_go_text(RCGO_FRAME_PC(uc)) ? 0 : sp;
	}
	if (within(sp, t.stack_lo, t.stack_hi) || within(sp, t.alt_c_stack_lo, t.alt_c_stack_hi)) {
		return sp;
	}
	// C may have switched to a stack that nobody knows, and then its frames on its thread's own
	// begin there.
	if (t.g0 == NULL || !(rcgo__in_go_text(RCGO_FRAME_PC(uc)) || on_goroutine(uc, &t))) {
		return 0;
	}
	sp = ((const struct rcgo_gobuf *)(t.g0 + 1))->sp;
	return within(sp, t.stack_lo, t.stack_hi) ? sp : 0;
}

static void
choose_stack(struct rcgo_trampoline_frame *entry)
{
	const ucontext_t *uc = (const ucontext_t *)entry->context;
	uintptr_t top;

	// Nested on the alternate stack, the kernel too would have stayed there.
	if (!rcgo__uc_on_altstack(uc, entry->sp) || rcgo__uc_on_altstack(uc, RCGO_FRAME_SP(uc))) {
		return;
	}
	top = c_stack_top(uc);
	if (top != 0) {
		rcgo__frame_relocate(entry, top);
	}
}

// What the kernel does at the first signal of a one-shot action.
static void
consume_oneshot(int sig, const struct rcgo_action_slot *slot)
{
	struct sigaction act = {.sa_handler = SIG_DFL, .sa_flags = (int)slot->flags}, old;

	rcgo__sigmask_from_go(&act.sa_mask, slot->mask);
	if (rcgo__libc_sigaction(sig, &act, &old) == 0 &&
		rcgo__action_handler(&old) != rcgo__action_slot_trampoline(slot)) {
		// Somebody has installed another one meanwhile, which is the later one.
		rcgo__libc_sigaction(sig, &old, NULL);
	}
}

// The handler of a fault that has been dealt with.
static void
nothing_is_left(RCGO_UNUSED int sig, RCGO_UNUSED siginfo_t *info, RCGO_UNUSED void *context)
{
}

static void
open_mask(int sig, const ucontext_t *uc, const struct rcgo_action_slot *slot,
	struct rcgo_trampoline_frame *entry)
{
	entry->mask = rcgo__uc_mask(uc) | slot->mask;
	if ((slot->flags & (unsigned)SA_NODEFER) == 0) {
		entry->mask |= rcgo__sig_bit(sig);
	}
	entry->open = 1;
}

void
rcgo__trampoline_enter(int sig, siginfo_t *info, void *context, unsigned number,
	struct rcgo_trampoline_frame *entry)
{
	const struct rcgo_action_slot *slot = rcgo__action_slot_of(
		(uintptr_t)rcgo__trampolines + (uintptr_t)number * RCGO_TRAMPOLINE_SIZE);
	bool kernels = rcgo__frame_is_from_kernel(entry);
	int saved;

	entry->open = 0;
	entry->target = slot->handler;
	// The most there is: neither Go's handler nor a mask stands before C's.
	if (RCGO_LIKELY(kernels && (slot->flags & RCGO_NATIVE_MASK) != 0)) {
		choose_stack(entry);
		return;
	}
	saved = errno;
	// Called by C, maybe with the signal alone.
	if (RCGO_UNLIKELY(!kernels) &&
		!(rcgo__readable_nofault(info, sizeof *info) &&
			rcgo__readable_nofault(context, sizeof(ucontext_t)))) {
		errno = saved;
		return;
	}
	if (RCGO_UNLIKELY(info->si_code > 0) && rcgo__uc_catch_copy(context)) {
		entry->target = (uintptr_t)nothing_is_left;
		return;
	}
	if (rcgo__interpose_deliver_to_go(sig) && is_for_go(sig, info, context)) {
		entry->target = (uintptr_t)rcgo__signal_chain_go_handler(sig);
		return;
	}
	if (RCGO_UNLIKELY(!kernels)) {
		errno = saved;
		return;
	}
	open_mask(sig, context, slot, entry);
	if (rcgo__interpose_deliver_to_go(sig) && (slot->flags & (unsigned)SA_RESETHAND) != 0) {
		consume_oneshot(sig, slot);
	}
	if ((slot->flags & (unsigned)SA_ONSTACK) == 0) {
		choose_stack(entry);
	}
	errno = saved;
}

#endif
