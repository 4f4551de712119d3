// SPDX-License-Identifier: BSD-3-Clause
// The table of action slots: the C actions behind the trampolines. Runs on any stack, also in
// signal handlers.

#include "interpose.h"
#include "kernel.h"
#include "raw_syscall.h"
#include "sigframe.h"
#include "signal_handling.h"

#ifndef RCGO_WITHOUT_SIGNALS

// The number of slots that are probed. If all of them are used, the table is full.
#	define PROBES 64

enum slot_state { SLOT_FREE, SLOT_WRITING, SLOT_READY };

// owner: the claiming thread (SLOT_FREE to SLOT_WRITING); lock: none; ordering: state, release on
// SLOT_READY, acquire on reading; SLOT_READY is final. A trampoline that runs was installed by the
// kernel after its slot became ready: the system call orders the two, on other threads too.
RCGO_INTERN_OBJECT struct rcgo_action_slot rcgo__action_slots[RCGO_ACTION_SLOTS];

static unsigned
slot_hash(const struct rcgo_action_slot *want)
{
	uint64_t h = want->handler * 0x9e3779b97f4a7c15u;

	h ^= (rcgo__sigset_fold(want->mask) + want->flags) * 0xc2b2ae3d27d4eb4fu;
	return (unsigned)(h >> 40);
}

static bool
slot_matches(const struct rcgo_action_slot *slot, const struct rcgo_action_slot *want)
{
	return slot->handler == want->handler && rcgo__sigset_equal(slot->mask, want->mask) &&
	       slot->flags == want->flags;
}

// Returns whether slot holds, or has been claimed for, the wanted action. Skips a slot that is
// being written, because the writer may be this very thread, interrupted by a signal.
static bool
claim_slot(struct rcgo_action_slot *slot, const struct rcgo_action_slot *want)
{
	uint32_t state = SLOT_FREE;

	if (rcgo_load_acq(&slot->state) == SLOT_FREE &&
		__atomic_compare_exchange_n(&slot->state, &state, SLOT_WRITING, false,
			__ATOMIC_ACQUIRE, __ATOMIC_RELAXED)) {
		slot->handler = want->handler;
		slot->mask = want->mask;
		slot->flags = want->flags;
		rcgo_store_rel(&slot->state, SLOT_READY);
		return true;
	}
	return rcgo_load_acq(&slot->state) == SLOT_READY && slot_matches(slot, want);
}

const struct rcgo_action_slot *
rcgo__action_slot_lookup_or_insert(const struct sigaction *act, bool native_mask)
{
	struct rcgo_action_slot want = {
		.flags = (uint32_t)act->sa_flags | (native_mask ? RCGO_NATIVE_MASK : 0)};
	unsigned hash;

	memcpy(&want.handler, &act->sa_handler, sizeof want.handler);
	want.mask =
		rcgo__sigset_minus(rcgo__sigmask_to_go(&act->sa_mask), rcgo__sigset_never_masked());
	hash = slot_hash(&want);
	for (unsigned i = 0; i < PROBES; i++) {
		struct rcgo_action_slot *slot = &rcgo__action_slots[(hash + i) % RCGO_ACTION_SLOTS];

		if (claim_slot(slot, &want)) {
			return slot;
		}
	}
	return NULL;
}

const struct rcgo_action_slot *
rcgo__action_slot_of(uintptr_t handler)
{
	uintptr_t offset = handler - (uintptr_t)rcgo__trampolines;

	if (offset >= (uintptr_t)RCGO_ACTION_SLOTS * RCGO_TRAMPOLINE_SIZE ||
		offset % RCGO_TRAMPOLINE_SIZE != 0) {
		return NULL;
	}
	return &rcgo__action_slots[offset / RCGO_TRAMPOLINE_SIZE];
}

uintptr_t
rcgo__action_slot_trampoline(const struct rcgo_action_slot *slot)
{
	return (uintptr_t)rcgo__trampolines +
	       (uintptr_t)(slot - rcgo__action_slots) * RCGO_TRAMPOLINE_SIZE;
}

// Actions of a host, for example a program that loads Go, that were installed by calls that
// bypassed our wrapper. Such a host queries the kernel for its action and compares. Runs on any
// stack, also in signal handlers.

// Returns whether programs use this signal to stop their own threads: signals without another
// meaning, and realtime signals.
static bool
may_stop_threads(int sig)
{
	return sig == SIGUSR1 || sig == SIGUSR2 || sig == SIGPWR || sig == SIGXCPU ||
	       sig == SIGXFSZ || sig == SIGSTKFLT || sig > RCGO_LIBC_LAST;
}

// Returns whether another signal has the same handler.
static bool
serves_others(int sig, uintptr_t handler)
{
	for (int other = 1; other <= RCGO_SIGNALS; other++) {
		go_sigaction_t now;

		if (other != sig && rcgo__kernel_action(other, NULL, &now) == 0 &&
			now.handler == handler) {
			return true;
		}
	}
	return false;
}

// The host sees its handler and mask, and restores them, so they stay unchanged. In the flags it
// sees SA_ONSTACK, as with stock Go: without that flag the handler would overflow a goroutine's
// stack. There is one exception: a handler that stops threads for a garbage collector, which
// searches for the stack's end from its own stack pointer, is relocated. Such a handler serves
// one signal, and no host compares it. The handlers of language runtimes serve several signals.
bool
rcgo__host_keeps(int sig, const struct sigaction *act)
{
	if (rcgo__interpose_deliver_to_go(sig)) {
		return false;
	}
	return !may_stop_threads(sig) || serves_others(sig, rcgo__action_handler(act));
}

#endif
