// SPDX-License-Identifier: BSD-3-Clause
// Signal Handling, the guard: what C installs, what the kernel gets for it and what C sees of it.
// Runs on any stack, in handlers too.

#include <errno.h>
#include <time.h>

#include "interpose.h"
#include "raw_syscall.h"
#include "sanitizer.h"
#include "sigframe.h"
#include "signal_chain.h"
#include "signal_dump_internal.h"
#include "signal_handling.h"

#ifndef RCGO_WITHOUT_SIGNALS

// Flags that the kernel's action may have though C did not ask for them.
#	define FORCED_FLAGS (SA_ONSTACK | SA_SIGINFO)

// owner: rcgo__interpose_set_mode, as Go starts; lock: none; ordering: a word
static enum rcgo_interpose_mode interpose_mode = RCGO_INTERPOSE_FULL;

// The record that was installed for a signal, NULL when the last action needed none: what a
// one-shot action was, of which the kernel keeps only the flags.
// owner: who installs; lock: none; ordering: release and acquire
static const struct rcgo_action_slot *last_slot[RCGO_SIGNALS + 1];

bool
rcgo__interpose_deliver_to_go(int sig)
{
	return sig == SIGSEGV || sig == SIGBUS || sig == SIGFPE || sig == SIGURG;
}

// Whether a handler without SA_ONSTACK is installed.
static bool
is_bare(const struct sigaction *act)
{
	return act->sa_handler != SIG_DFL && act->sa_handler != SIG_IGN &&
	       (act->sa_flags & SA_ONSTACK) == 0;
}

static void
show(struct sigaction *act, const struct rcgo_action_slot *slot)
{
	unsigned ours = (unsigned)FORCED_FLAGS | (unsigned)SA_RESETHAND;

	act->sa_flags = (int)(((unsigned)act->sa_flags & ~ours) | (slot->flags & ours));
	rcgo__sigmask_from_go(&act->sa_mask, slot->mask);
}

// one_shot is the record that the kernel may have made a default action of.
static void
view(int sig, struct sigaction *act, const struct rcgo_action_slot *one_shot)
{
	const struct rcgo_action_slot *slot = rcgo__action_slot_of(rcgo__action_handler(act));

	if (slot != NULL) {
		show(act, slot);
		rcgo__action_set_handler(act, slot->handler);
		return;
	}
	// What the kernel leaves of a one-shot action is its flags and its mask, all signals.
	if (one_shot != NULL && act->sa_handler == SIG_DFL && (act->sa_flags & SA_RESETHAND) != 0 &&
		(act->sa_flags & SA_ONSTACK) != 0 && sigismember(&act->sa_mask, sig) == 1) {
		show(act, one_shot);
	}
}

void
rcgo__interpose_view(int sig, struct sigaction *act)
{
	view(sig, act, rcgo_load_acq(&last_slot[sig]));
}

// Makes *act, which C wants to install, what the kernel is to have. Returns its record, if it
// needs one.
static const struct rcgo_action_slot *
guard(int sig, struct sigaction *act)
{
	const struct rcgo_action_slot *slot = rcgo__action_slot_of(rcgo__action_handler(act));
	bool native_mask;

	if (slot != NULL) { // taken from the kernel, past us
		show(act, slot);
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
		// What Go takes must not use up C's one shot.
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
	struct sigaction ours;
	int err;

	if (sig <= 0 || sig > RCGO_SIGNALS) {
		return below(sig, act, old);
	}
	before = rcgo_load_acq(&last_slot[sig]);
	if (act != NULL && rcgo_load_rlx(&interpose_mode) != RCGO_INTERPOSE_OFF) {
		ours = *act;
		slot = guard(sig, &ours);
		if (slot != before) {
			rcgo_store_rel(&last_slot[sig], slot);
		}
		act = &ours;
	}
	err = below(sig, act, old);
	if (err == 0 && old != NULL) {
		view(sig, old, before);
	}
	if (err == 0) {
		rcgo__interpose_revalidate_masks(sig, slot);
	}
	return err;
}

int
rcgo__interpose_restore(int sig, const struct sigaction *act, bool past_us)
{
	const struct rcgo_action_slot *slot = NULL;
	struct sigaction ours = *act;
	int err;

	if (rcgo_load_rlx(&interpose_mode) != RCGO_INTERPOSE_OFF &&
		!(past_us && rcgo__host_keeps(sig, act))) {
		slot = guard(sig, &ours);
	}
	// Without a stub, goroutines need the flag, as Go itself sees to it.
	if (slot == NULL && ours.sa_handler != SIG_DFL && ours.sa_handler != SIG_IGN) {
		ours.sa_flags |= SA_ONSTACK;
	}
	rcgo_store_rel(&last_slot[sig], slot);
	err = rcgo__libc_sigaction(sig, &ours, NULL);
	if (err == 0) {
		rcgo__interpose_revalidate_masks(sig, slot);
	}
	return err;
}

// What C has installed before the mode was known becomes what it would be in that mode.
static RCGO_COLD void
revert_action(void)
{
	struct sigaction act;
	int saved = errno;

	for (int sig = 1; sig <= RCGO_SIGNALS; sig++) {
		if (rcgo__libc_sigaction(sig, NULL, &act) == 0 &&
			rcgo__action_slot_of(rcgo__action_handler(&act)) != NULL) {
			rcgo__interpose_view(sig, &act);
			rcgo__interpose_restore(sig, &act, false);
		}
	}
	errno = saved;
}

void
rcgo__interpose_set_mode(enum rcgo_interpose_mode m)
{
	rcgo_store_rlx(&interpose_mode, m);
	if (m != RCGO_INTERPOSE_FULL) {
		revert_action();
	}
}

bool
rcgo__interpose_rewrap_seen(int sig, const struct sigaction *seen)
{
	struct sigaction ours = *seen, old;
	const struct rcgo_action_slot *slot = guard(sig, &ours);

	if ((ours.sa_flags & SA_ONSTACK) == 0 || rcgo__libc_sigaction(sig, &ours, &old) != 0) {
		return false;
	}
	if (rcgo__action_handler(&old) != rcgo__action_handler(seen)) {
		// Somebody has installed another one meanwhile, which is the later one.
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
		if (rcgo__libc_sigaction(sig, NULL, &act) != 0 || !is_bare(&act)) {
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

// Signal Handling, the guard: which signals the kernel blocks while a stub moves a frame. Runs on
// any stack, in handlers too.

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
rcgo__interpose_has_native_mask(int sig, const struct sigaction *act)
{
	// A handler that can be entered anew is one that its mask does not hold off. The others of
	// these have more to do before C's handler may run.
	unsigned never = (unsigned)SA_NODEFER | (unsigned)SA_RESETHAND | (unsigned)SA_ONSTACK;
	bool own = false;

	if (((unsigned)act->sa_flags & (unsigned)SA_ONSTACK) == 0) {
		add(&guard_moved, rcgo__sig_bit(sig));
	}
	if (((unsigned)act->sa_flags & never) == 0 && !rcgo__interpose_deliver_to_go(sig)) {
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
	const struct rcgo_action_slot *slot;
	struct sigaction act;

	for (int tries = 0; tries < RCGO_REWRAP_TRIES; tries++) {
		if (rcgo__libc_sigaction(sig, NULL, &act) != 0) {
			return;
		}
		slot = rcgo__action_slot_of(rcgo__action_handler(&act));
		if (slot == NULL || (slot->flags & RCGO_NATIVE_MASK) == 0 ||
			holds_off_moved(sig, slot->mask) ||
			rcgo__interpose_rewrap_seen(sig, &act)) {
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
rcgo__interpose_revalidate_masks(int sig, const struct rcgo_action_slot *slot)
{
	if (slot == NULL) {
		return;
	}
	check_all(__atomic_load_n(&guard_own_masks, __ATOMIC_SEQ_CST) & ~rcgo__sig_bit(sig));
	if ((slot->flags & RCGO_NATIVE_MASK) != 0 && !holds_off_moved(sig, slot->mask)) {
		check(sig);
	}
}

void
rcgo__interpose_note_altstack(const stack_t *st)
{
	if ((st->ss_flags & SS_DISABLE) == 0 && st->ss_size < ROOMY_STACK) {
		add(&guard_moved, ~UINT64_C(0));
		check_all(__atomic_load_n(&guard_own_masks, __ATOMIC_SEQ_CST));
	}
}

#endif

// Signal Handling, the guard: actions that came into the kernel's table past our sigaction. Runs on
// a thread's C stack or g0, as it begins to run Go.

#ifndef RCGO_WITHOUT_SIGNALS

// The signals that come to any thread at any time, or that Go cannot do without.
static const int swept[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGURG, SIGPROF};

// How often the actions are looked at, in nanoseconds.
#	define SWEEP_INTERVAL ((uint64_t)1000000000)

void
rcgo__signal_rescan(void)
{
	int saved = errno;

	for (size_t i = 0; i < RCGO_COUNTOF(swept); i++) {
		go_sigaction_t now;

		// Without libc: this is all that most threads pay.
		if (rcgo__raw_syscall(SYS_rt_sigaction, swept[i], 0, (long)&now, sizeof now.mask, 0,
			    0) == 0 &&
			now.handler > (uintptr_t)SIG_IGN &&
			(now.flags & (unsigned long)SA_ONSTACK) == 0) {
			rcgo__interpose_rewrap(swept[i]);
		}
	}
	errno = saved;
}

// When the last sweep began, by the coarse clock; 0: there was none.
// owner: rcgo__signal_rescan_ratelimited; lock: none; ordering: relaxed, a sweep more or less does
// no harm
static uint64_t swept_at;
// Whether a thread of C has called Go.
// owner: as swept_at; lock: none; ordering: as swept_at
static bool swept_for_c;

void
rcgo__signal_rescan_ratelimited(bool is_foreign)
{
	struct timespec coarse = {0};
	uint64_t now, last = rcgo_load_rlx(&swept_at);
	bool first_of_c = is_foreign && !rcgo_load_rlx(&swept_for_c);

	clock_gettime(CLOCK_MONOTONIC_COARSE, &coarse); // no system call, nothing of the hardware
	now = (uint64_t)coarse.tv_sec * 1000000000u + (uint64_t)coarse.tv_nsec;
	if (!first_of_c && last != 0 && now - last < SWEEP_INTERVAL) {
		return;
	}
	rcgo_store_rlx(&swept_at, now);
	// The first threads of Go start just after Go has read every action itself.
	if (is_foreign) {
		rcgo_store_rlx(&swept_for_c, true);
	} else if (last == 0) {
		return;
	}
	rcgo__signal_rescan();
}

#endif
