// SPDX-License-Identifier: BSD-3-Clause
// Wrapping of actions: converts actions that C code installs to those that the kernel gets, and
// back for queries. Runs on any stack, also in signal handlers.

#include <errno.h>

#include "clock.h"
#include "interpose.h"
#include "kernel.h"
#include "sanitizer.h"
#include "sigframe.h"
#include "signal_chain.h"
#include "signal_dump.h"
#include "signal_handling.h"

#ifndef RCGO_WITHOUT_SIGNALS

// Flags that the kernel's action may have although C code did not ask for them.
#	define FORCED_FLAGS (SA_ONSTACK | SA_SIGINFO)

// owner: rcgo__interpose_set_mode, as Go starts; lock: none; ordering: a word
static enum rcgo_interpose_mode interpose_mode = RCGO_INTERPOSE_FULL;

// The slot of the last action that was installed for a signal, NULL if that action needed none.
// It identifies a one-shot action that the kernel has reset, because the kernel keeps only its
// flags and mask.
// owner: installers; lock: none; ordering: release and acquire
static const struct rcgo_action_slot *last_slot[RCGO_SIGNALS + 1];

// Returns whether act has a handler and lacks SA_ONSTACK.
static bool
lacks_onstack(const struct sigaction *act)
{
	return act->sa_handler != SIG_DFL && act->sa_handler != SIG_IGN &&
	       (act->sa_flags & SA_ONSTACK) == 0;
}

static void
show_c_action(struct sigaction *act, const struct rcgo_action_slot *slot)
{
	unsigned forced = (unsigned)FORCED_FLAGS | (unsigned)SA_RESETHAND;

	act->sa_flags = (int)(((unsigned)act->sa_flags & ~forced) | (slot->flags & forced));
	rcgo__sigmask_from_go(&act->sa_mask, slot->mask);
}

// Changes *act, the kernel's action for sig, to the action that C installed. one_shot is the slot
// of the action that was installed last. If it was one-shot, the kernel may have reset it.
static void
view_action(int sig, struct sigaction *act, const struct rcgo_action_slot *one_shot)
{
	const struct rcgo_action_slot *slot = rcgo__action_slot_of(rcgo__action_handler(act));

	if (slot != NULL) {
		show_c_action(act, slot);
		rcgo__action_set_handler(act, slot->handler);
		return;
	}
	// The kernel resets the handler of a one-shot action. Its flags and its mask, all
	// signals, remain.
	if (one_shot != NULL && act->sa_handler == SIG_DFL && (act->sa_flags & SA_RESETHAND) != 0 &&
		(act->sa_flags & SA_ONSTACK) != 0 && sigismember(&act->sa_mask, sig) == 1) {
		show_c_action(act, one_shot);
	}
}

void
rcgo__interpose_view(int sig, struct sigaction *act)
{
	view_action(sig, act, rcgo_load_acq(&last_slot[sig]));
}

// Changes *act, which C code wants to install, to the action for the kernel. Returns its slot, or
// NULL if it needs none.
static const struct rcgo_action_slot *
wrap_action(int sig, struct sigaction *act)
{
	const struct rcgo_action_slot *slot = rcgo__action_slot_of(rcgo__action_handler(act));
	bool native_mask;

	if (slot != NULL) { // read from the kernel by a call that bypassed our wrapper
		show_c_action(act, slot);
		rcgo__action_set_handler(act, slot->handler);
	}
	if (rcgo__signal_chain_wrap(sig, act) || act->sa_handler == SIG_DFL ||
		act->sa_handler == SIG_IGN ||
		((act->sa_flags & SA_ONSTACK) != 0 && !rcgo__interpose_deliver_to_go(sig))) {
		return NULL;
	}
	if (rcgo_load_rlx(&interpose_mode) == RCGO_INTERPOSE_ONSTACK) {
		act->sa_flags |= SA_ONSTACK;
		return NULL;
	}
	native_mask = rcgo__interpose_has_native_mask(sig, act);
	act->sa_flags &= ~(int)RCGO_NATIVE_MASK;
	slot = rcgo__action_slot_lookup_or_insert(act, native_mask);
	if (slot != NULL) {
		rcgo__action_set_handler(act, rcgo__action_slot_trampoline(slot));
		act->sa_flags |= FORCED_FLAGS;
		// A signal that goes to Go must not consume C's one-shot action.
		act->sa_flags &= rcgo__interpose_deliver_to_go(sig) ? ~(int)SA_RESETHAND : ~0;
		if (!native_mask) {
			sigfillset(&act->sa_mask);
		}
	}
	return slot;
}

int
rcgo__interpose_sigaction(int sig, const struct sigaction *act, struct sigaction *old)
{
	return rcgo__interpose_sigaction_by(rcgo__libc_sigaction, sig, act, old);
}

int
rcgo__interpose_sigaction_by(
	rcgo_sigaction_fn below, int sig, const struct sigaction *act, struct sigaction *old)
{
	const struct rcgo_action_slot *slot = NULL, *before;
	struct sigaction wrapped;
	int err;

	if (sig <= 0 || sig > RCGO_SIGNALS) {
		return below(sig, act, old);
	}
	before = rcgo_load_acq(&last_slot[sig]);
	if (act != NULL && rcgo_load_rlx(&interpose_mode) != RCGO_INTERPOSE_OFF) {
		wrapped = *act;
		slot = wrap_action(sig, &wrapped);
		if (slot != before) {
			rcgo_store_rel(&last_slot[sig], slot);
		}
		act = &wrapped;
	}
	err = below(sig, act, old);
	if (err == 0 && old != NULL) {
		view_action(sig, old, before);
	}
	if (err == 0) {
		rcgo__interpose_revalidate_masks(sig, slot);
	}
	return err;
}

int
rcgo__interpose_restore(int sig, const struct sigaction *act, bool bypassed)
{
	const struct rcgo_action_slot *slot = NULL;
	struct sigaction wrapped = *act;
	int err;

	if (rcgo_load_rlx(&interpose_mode) != RCGO_INTERPOSE_OFF &&
		!(bypassed && rcgo__host_keeps(sig, act))) {
		slot = wrap_action(sig, &wrapped);
	}
	// Without a trampoline, SA_ONSTACK is needed to protect goroutines' stacks. Go sets it
	// too.
	if (slot == NULL && wrapped.sa_handler != SIG_DFL && wrapped.sa_handler != SIG_IGN) {
		wrapped.sa_flags |= SA_ONSTACK;
	}
	rcgo_store_rel(&last_slot[sig], slot);
	err = rcgo__libc_sigaction(sig, &wrapped, NULL);
	if (err == 0) {
		rcgo__interpose_revalidate_masks(sig, slot);
	}
	return err;
}

// Reinstalls the actions that C code installed before the mode was known, as the mode requires.
static RCGO_COLD void
revert_actions(enum rcgo_interpose_mode mode)
{
	struct sigaction act;
	int saved = errno;

	for (int sig = 1; sig <= RCGO_SIGNALS; sig++) {
		if (rcgo_load_acq(&last_slot[sig]) != NULL &&
			rcgo__libc_sigaction(sig, NULL, &act) == 0 &&
			rcgo__action_slot_of(rcgo__action_handler(&act)) != NULL) {
			rcgo__interpose_view(sig, &act);
			if (mode == RCGO_INTERPOSE_OFF) {
				rcgo__libc_sigaction(sig, &act, NULL);
			} else {
				rcgo__interpose_restore(sig, &act, false);
			}
		}
	}
	errno = saved;
}

void
rcgo__interpose_set_mode(enum rcgo_interpose_mode mode)
{
	rcgo_store_rlx(&interpose_mode, mode);
	if (mode != RCGO_INTERPOSE_FULL) {
		revert_actions(mode);
	}
}

bool
rcgo__interpose_rewrap_seen(int sig, const struct sigaction *seen)
{
	struct sigaction wrapped = *seen, old;
	const struct rcgo_action_slot *slot = wrap_action(sig, &wrapped);

	if ((wrapped.sa_flags & SA_ONSTACK) == 0 ||
		rcgo__libc_sigaction(sig, &wrapped, &old) != 0) {
		return false;
	}
	if (rcgo__action_handler(&old) != rcgo__action_handler(seen)) {
		// Another thread has installed a later action in the meantime. Restore it.
		rcgo__libc_sigaction(sig, &old, NULL);
		return false;
	}
	rcgo_store_rel(&last_slot[sig], slot);
	return true;
}

void
rcgo__interpose_rewrap(int sig)
{
	struct sigaction act;

	if (RCGO_SANITIZED || rcgo_load_rlx(&interpose_mode) == RCGO_INTERPOSE_OFF) {
		return;
	}
	for (int tries = 0; tries < RCGO_REWRAP_TRIES; tries++) {
		if (rcgo__libc_sigaction(sig, NULL, &act) != 0 || !lacks_onstack(&act)) {
			return;
		}
		if (rcgo__interpose_rewrap_seen(sig, &act)) {
			rcgo__interpose_revalidate_masks(sig, rcgo_load_acq(&last_slot[sig]));
			rcgo__signal_dump_change(sig, RCGO_BY_RESCAN);
			return;
		}
	}
}

#endif

// Native masks: the signals that the kernel blocks while a trampoline moves a frame. Runs on any
// stack, also in signal handlers.
//
// Why no installer is missed: let A install an action with a native mask, and B a handler whose
// signal that mask does not block. A sets its bit in native_mask_signals, installs, then loads
// relocatable_signals. B sets its bit in relocatable_signals, installs, then loads
// native_mask_signals and reads the actions that it names from the kernel. The four accesses are
// sequentially consistent, so A sees B's bit or B sees A's. If B sees A's bit and then reads an
// action from before A's, the kernel's lock orders B's read, and B's bit, before A's installation:
// A's load sees it. Either way one of the two revalidates A's action. An add that finds its bit set
// does not write: that load is sequentially consistent too, and stands for the write it reads.

#ifndef RCGO_WITHOUT_SIGNALS

// The size of an alternate stack that holds two frames of the largest CPU state, and Go's
// handler.
#	define ROOMY_STACK ((size_t)32 * 1024)

// The signals that have had a relocatable handler. All signals if the alternate stack of any
// thread has no room for a second frame.
// owner: installers; lock: none; ordering: sequential, beside the kernel's table
static go_sigset_t relocatable_signals;

// The signals that have had an action with a native mask.
// owner: installers; lock: none; ordering: sequential, beside the kernel's table
static go_sigset_t native_mask_signals;

static bool
blocks_relocatable(int sig, go_sigset_t mask)
{
	go_sigset_t open = rcgo__sigset_minus(rcgo__sigset_atomic_load(&relocatable_signals), mask);

	rcgo__sigset_remove(&open, sig);
	return rcgo__sigset_is_empty(open);
}

bool
rcgo__interpose_has_native_mask(int sig, const struct sigaction *act)
{
	// A handler with SA_NODEFER can be entered again, because its mask does not block its own
	// signal. For the other flags the trampoline has more to do before C's handler may run.
	unsigned never = (unsigned)SA_NODEFER | (unsigned)SA_RESETHAND | (unsigned)SA_ONSTACK;
	bool native = false;

	if (((unsigned)act->sa_flags & (unsigned)SA_ONSTACK) == 0) {
		rcgo__sigset_atomic_add(&relocatable_signals, rcgo__sigset_of(sig));
	}
	if (((unsigned)act->sa_flags & never) == 0 && !rcgo__interpose_deliver_to_go(sig)) {
		native = blocks_relocatable(sig, rcgo__sigmask_to_go(&act->sa_mask));
	}
	if (native) {
		rcgo__sigset_atomic_add(&native_mask_signals, rcgo__sigset_of(sig));
	}
	return native;
}

// Makes the kernel block all signals for the action of sig if its native mask no longer blocks
// all relocatable signals.
static void
revalidate_mask(int sig)
{
	const struct rcgo_action_slot *slot;
	struct sigaction act;

	for (int tries = 0; tries < RCGO_REWRAP_TRIES; tries++) {
		if (rcgo__libc_sigaction(sig, NULL, &act) != 0) {
			return;
		}
		slot = rcgo__action_slot_of(rcgo__action_handler(&act));
		if (slot == NULL || (slot->flags & RCGO_NATIVE_MASK) == 0 ||
			blocks_relocatable(sig, slot->mask) ||
			rcgo__interpose_rewrap_seen(sig, &act)) {
			return;
		}
	}
}

static void
revalidate_mask_set(go_sigset_t signals)
{
	RCGO_SIGSET_EACH (sig, &signals) {
		revalidate_mask(sig);
	}
}

void
rcgo__interpose_revalidate_masks(int sig, const struct rcgo_action_slot *slot)
{
	go_sigset_t others;

	if (slot == NULL) {
		return;
	}
	others = rcgo__sigset_atomic_load(&native_mask_signals);
	rcgo__sigset_remove(&others, sig);
	revalidate_mask_set(others);
	if ((slot->flags & RCGO_NATIVE_MASK) != 0 && !blocks_relocatable(sig, slot->mask)) {
		revalidate_mask(sig);
	}
}

void
rcgo__interpose_note_altstack(const stack_t *st)
{
	if ((st->ss_flags & SS_DISABLE) == 0 && st->ss_size < ROOMY_STACK) {
		rcgo__sigset_atomic_add(&relocatable_signals, rcgo__sigset_full());
		revalidate_mask_set(rcgo__sigset_atomic_load(&native_mask_signals));
	}
}

#endif

// Rescan: finds actions that were installed by calls that bypassed our wrapper. Runs on a
// thread's C stack or g0, before the thread runs Go.

#ifndef RCGO_WITHOUT_SIGNALS

// The signals that may reach any thread at any time, or that Go needs.
static const int rescan_set[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGURG, SIGPROF};

// The shortest time between two rescans, in nanoseconds.
#	define RESCAN_INTERVAL ((uint64_t)1000000000)

void
rcgo__signal_rescan(void)
{
	int saved = errno;

	for (size_t i = 0; i < RCGO_COUNTOF(rescan_set); i++) {
		go_sigaction_t now;

		// A raw system call, because for most threads this is the whole cost.
		if (rcgo__kernel_action(rescan_set[i], NULL, &now) == 0 &&
			now.handler > (uintptr_t)SIG_IGN &&
			(now.flags & (unsigned long)SA_ONSTACK) == 0) {
			rcgo__interpose_rewrap(rescan_set[i]);
		}
	}
	errno = saved;
}

// The start of the last rescan, by the coarse clock; 0: none yet.
// owner: rcgo__signal_rescan_ratelimited; lock: none; ordering: relaxed, an extra or missed
// rescan does no harm
static uint64_t last_rescan;
// Whether a foreign thread has called Go.
// owner: as last_rescan; lock: none; ordering: as last_rescan
static bool rescanned_for_foreign;

void
rcgo__signal_rescan_ratelimited(bool is_foreign)
{
	uint64_t now = rcgo__clock_coarse_ns();
	uint64_t last = rcgo_load_rlx(&last_rescan);
	bool first_foreign = is_foreign && !rcgo_load_rlx(&rescanned_for_foreign);

	if (rcgo_load_rlx(&interpose_mode) == RCGO_INTERPOSE_OFF) {
		return;
	}
	if (!first_foreign && last != 0 && now - last < RESCAN_INTERVAL) {
		return;
	}
	rcgo_store_rlx(&last_rescan, now);
	// The first threads that Go starts need no rescan: Go has just read every action itself.
	if (is_foreign) {
		rcgo_store_rlx(&rescanned_for_foreign, true);
	} else if (last == 0) {
		return;
	}
	rcgo__signal_rescan();
}

#endif
