// SPDX-License-Identifier: BSD-3-Clause
// Signal Handling, the guard: what C installs, what the kernel gets for it and what C sees of it.
// Runs on any stack, in handlers too.

#include "rcgo_guard.h"

#include <errno.h>

#include "rcgo_front_parts.h"
#include "rcgo_sanitizer.h"
#include "rcgo_signal.h"
#include "rcgo_signal_sight_parts.h"

#ifndef RCGO_WITHOUT_SIGNALS

// Flags that the kernel's action may have though C did not ask for them.
#	define FORCED_FLAGS (SA_ONSTACK | SA_SIGINFO)

// owner: rcgo__guard_set_mode, as Go starts; lock: none; ordering: a word
static enum rcgo_guard_mode guard_mode = RCGO_GUARD_FULL;

// The record that was installed for a signal, NULL when the last action needed none: what a
// one-shot action was, of which the kernel keeps only the flags.
// owner: who installs; lock: none; ordering: release and acquire
static const struct rcgo_action *last_record[RCGO_SIGNALS + 1];

bool
rcgo__guard_go_first(int sig)
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
show(struct sigaction *act, const struct rcgo_action *record)
{
	unsigned ours = (unsigned)FORCED_FLAGS | (unsigned)SA_RESETHAND;

	act->sa_flags = (int)(((unsigned)act->sa_flags & ~ours) | (record->flags & ours));
	rcgo__sigmask_from_go(&act->sa_mask, record->mask);
}

// one_shot is the record that the kernel may have made a default action of.
static void
view(int sig, struct sigaction *act, const struct rcgo_action *one_shot)
{
	const struct rcgo_action *record = rcgo__record_of(rcgo__action_handler(act));

	if (record != NULL) {
		show(act, record);
		rcgo__action_set_handler(act, record->handler);
		return;
	}
	// What the kernel leaves of a one-shot action is its flags and its mask, all signals.
	if (one_shot != NULL && act->sa_handler == SIG_DFL && (act->sa_flags & SA_RESETHAND) != 0 &&
		(act->sa_flags & SA_ONSTACK) != 0 && sigismember(&act->sa_mask, sig) == 1) {
		show(act, one_shot);
	}
}

void
rcgo__guard_view(int sig, struct sigaction *act)
{
	view(sig, act, rcgo_load_acq(&last_record[sig]));
}

// Makes *act, which C wants to install, what the kernel is to have. Returns its record, if it
// needs one.
static const struct rcgo_action *
guard(int sig, struct sigaction *act)
{
	const struct rcgo_action *record = rcgo__record_of(rcgo__action_handler(act));
	bool own_mask;

	if (record != NULL) { // taken from the kernel, past us
		show(act, record);
		rcgo__action_set_handler(act, record->handler);
	}
	if (rcgo__front_guard(sig, act) || act->sa_handler == SIG_DFL ||
		act->sa_handler == SIG_IGN ||
		((act->sa_flags & SA_ONSTACK) != 0 && !rcgo__guard_go_first(sig))) {
		return NULL;
	}
	if (rcgo_load_rlx(&guard_mode) == RCGO_GUARD_ONSTACK) {
		act->sa_flags |= SA_ONSTACK;
		return NULL;
	}
	own_mask = rcgo__guard_has_own_mask(sig, act);
	act->sa_flags &= ~(int)RCGO_OWN_MASK;
	record = rcgo__record_intern(act, own_mask);
	if (record != NULL) {
		rcgo__action_set_handler(act, rcgo__record_stub(record));
		act->sa_flags |= FORCED_FLAGS;
		// What Go takes must not use up C's one shot.
		act->sa_flags &= rcgo__guard_go_first(sig) ? ~(int)SA_RESETHAND : ~0;
		if (!own_mask) {
			sigfillset(&act->sa_mask);
		}
	}
	return record;
}

int
rcgo__guard_sigaction(int sig, const struct sigaction *act, struct sigaction *old)
{
	const struct rcgo_action *record = NULL, *before;
	struct sigaction ours;
	int err;

	if (sig <= 0 || sig > RCGO_SIGNALS) {
		return rcgo__libc_sigaction(sig, act, old);
	}
	before = rcgo_load_acq(&last_record[sig]);
	if (act != NULL && rcgo_load_rlx(&guard_mode) != RCGO_GUARD_OFF) {
		ours = *act;
		record = guard(sig, &ours);
		if (record != before) {
			rcgo_store_rel(&last_record[sig], record);
		}
		act = &ours;
	}
	err = rcgo__libc_sigaction(sig, act, old);
	if (err == 0 && old != NULL) {
		view(sig, old, before);
	}
	if (err == 0) {
		rcgo__guard_settle_masks(sig, record);
	}
	return err;
}

int
rcgo__guard_restore(int sig, const struct sigaction *act)
{
	const struct rcgo_action *record = NULL;
	struct sigaction ours = *act;
	int err;

	if (rcgo_load_rlx(&guard_mode) != RCGO_GUARD_OFF) {
		record = guard(sig, &ours);
	}
	// Without a stub, goroutines need the flag, as Go itself sees to it.
	if (record == NULL && ours.sa_handler != SIG_DFL && ours.sa_handler != SIG_IGN) {
		ours.sa_flags |= SA_ONSTACK;
	}
	rcgo_store_rel(&last_record[sig], record);
	err = rcgo__libc_sigaction(sig, &ours, NULL);
	if (err == 0) {
		rcgo__guard_settle_masks(sig, record);
	}
	return err;
}

// What C has installed before the mode was known becomes what it would be in that mode.
static RCGO_COLD void
take_back(void)
{
	struct sigaction act;
	int saved = errno;

	for (int sig = 1; sig <= RCGO_SIGNALS; sig++) {
		if (rcgo__libc_sigaction(sig, NULL, &act) == 0 &&
			rcgo__record_of(rcgo__action_handler(&act)) != NULL) {
			rcgo__guard_view(sig, &act);
			rcgo__guard_restore(sig, &act);
		}
	}
	errno = saved;
}

void
rcgo__guard_set_mode(enum rcgo_guard_mode m)
{
	rcgo_store_rlx(&guard_mode, m);
	if (m != RCGO_GUARD_FULL) {
		take_back();
	}
}

bool
rcgo__guard_again(int sig, const struct sigaction *seen)
{
	struct sigaction ours = *seen, old;
	const struct rcgo_action *record = guard(sig, &ours);

	if ((ours.sa_flags & SA_ONSTACK) == 0 || rcgo__libc_sigaction(sig, &ours, &old) != 0) {
		return false;
	}
	if (rcgo__action_handler(&old) != rcgo__action_handler(seen)) {
		// Somebody has installed another one meanwhile, which is the later one.
		rcgo__libc_sigaction(sig, &old, NULL);
		return false;
	}
	rcgo_store_rel(&last_record[sig], record);
	return true;
}

void
rcgo__guard_adopt(int sig)
{
	struct sigaction act;

	if (RCGO_SANITIZED || rcgo_load_rlx(&guard_mode) == RCGO_GUARD_OFF) {
		return;
	}
	for (int tries = 0; tries < RCGO_GUARD_TRIES; tries++) {
		if (rcgo__libc_sigaction(sig, NULL, &act) != 0 || !is_bare(&act)) {
			return;
		}
		if (rcgo__guard_again(sig, &act)) {
			rcgo__guard_settle_masks(sig, rcgo_load_acq(&last_record[sig]));
			rcgo__sight_change(sig, RCGO_BY_SWEEP);
			return;
		}
	}
}

#endif
