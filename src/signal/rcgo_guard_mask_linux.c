// SPDX-License-Identifier: BSD-3-Clause
// Signal Handling, the guard: which signals the kernel blocks while a stub moves a frame. Runs on
// any stack, in handlers too.

#include "rcgo_guard.h"
#include "rcgo_sigframe.h"
#include "rcgo_signal.h"

#ifndef RCGO_WITHOUT_SIGNALS

// An alternate stack that holds two frames of the widest state, and Go's handler.
#	define ROOMY_STACK ((size_t)32 * 1024)

// The signals that have had a handler to be moved, as bits; all, where somebody's alternate stack
// has no room for a second frame.
// owner: who installs; lock: none; ordering: sequential, beside the kernel's table
static uint64_t guard_moved;

// The signals that have had an action with its own mask in the kernel.
// owner: who installs; lock: none; ordering: sequential, beside the kernel's table
static uint64_t guard_own_masks;

static void
add(uint64_t *set, uint64_t bits)
{
	if ((__atomic_load_n(set, __ATOMIC_SEQ_CST) & bits) != bits) {
		__atomic_fetch_or(set, bits, __ATOMIC_SEQ_CST);
	}
}

static bool
holds_off_moved(int sig, go_sigset_t mask)
{
	uint64_t held = mask | rcgo__sig_bit(sig);

	return (__atomic_load_n(&guard_moved, __ATOMIC_SEQ_CST) & ~held) == 0;
}

bool
rcgo__guard_has_own_mask(int sig, const struct sigaction *act)
{
	// A handler that can be entered anew is one that its mask does not hold off. The others of
	// these have more to do before C's handler may run.
	unsigned never = (unsigned)SA_NODEFER | (unsigned)SA_RESETHAND | (unsigned)SA_ONSTACK;
	bool own = false;

	if (((unsigned)act->sa_flags & (unsigned)SA_ONSTACK) == 0) {
		add(&guard_moved, rcgo__sig_bit(sig));
	}
	if (((unsigned)act->sa_flags & never) == 0 && !rcgo__guard_go_first(sig)) {
		own = holds_off_moved(sig, rcgo__sigmask_to_go(&act->sa_mask));
	}
	if (own) {
		add(&guard_own_masks, rcgo__sig_bit(sig));
	}
	return own;
}

// The signal's action gets all signals blocked, if its own mask no longer does.
static void
check(int sig)
{
	const struct rcgo_action *record;
	struct sigaction act;

	for (int tries = 0; tries < RCGO_GUARD_TRIES; tries++) {
		if (rcgo__libc_sigaction(sig, NULL, &act) != 0) {
			return;
		}
		record = rcgo__record_of(rcgo__action_handler(&act));
		if (record == NULL || (record->flags & RCGO_OWN_MASK) == 0 ||
			holds_off_moved(sig, record->mask) || rcgo__guard_again(sig, &act)) {
			return;
		}
	}
}

static void
check_all(uint64_t signals)
{
	for (; signals != 0; signals &= signals - 1) {
		check(__builtin_ctzll(signals) + 1);
	}
}

void
rcgo__guard_settle_masks(int sig, const struct rcgo_action *record)
{
	if (record == NULL) {
		return;
	}
	check_all(__atomic_load_n(&guard_own_masks, __ATOMIC_SEQ_CST) & ~rcgo__sig_bit(sig));
	if ((record->flags & RCGO_OWN_MASK) != 0 && !holds_off_moved(sig, record->mask)) {
		check(sig);
	}
}

void
rcgo__guard_note_altstack(const stack_t *st)
{
	if ((st->ss_flags & SS_DISABLE) == 0 && st->ss_size < ROOMY_STACK) {
		add(&guard_moved, ~UINT64_C(0));
		check_all(__atomic_load_n(&guard_own_masks, __ATOMIC_SEQ_CST));
	}
}

#endif
