// SPDX-License-Identifier: BSD-3-Clause
// Go's own sigaction: installs Go's actions, and returns C's actions in a form that Go may keep,
// call and restore. Runs on any stack, also in signal handlers.
// Re-read runtime/signal_unix.go (initsig, sigfwdgo, raisebadsignal).

#include <errno.h>
#include <string.h>

#include "go_text.h"
#include "interpose.h"
#include "sanitizer.h"
#include "signal_chain.h"
#include "signal_handling.h"

// Whether the saved action was installed by a call that bypassed our wrapper.
// owner: Go, through x_cgo_sigaction; lock: none; ordering: atomic operations
static go_sigset_t saved_bypassed;

// SIG_DFL or SIG_IGN as Go found it for a signal, with its flags and mask, to restore. NULL if Go
// has not queried the signal, or has found a handler.
// owner: Go, through x_cgo_sigaction; lock: none; ordering: release and acquire
static const struct rcgo_action_slot *saved_defaults[RCGO_SIGNALS + 1];

// Implements a query by Go, which may keep the handler that it is shown.
static int
query_action(int sig, struct sigaction *old)
{
	int err = rcgo__libc_sigaction(sig, NULL, old) != 0 ? errno : 0;
	uintptr_t handler, kernel_handler;

	if (err != 0) {
		return err;
	}
	kernel_handler = rcgo__action_handler(old);
	rcgo__interpose_view(sig, old);
	handler = rcgo__action_handler(old);
	if (handler == (uintptr_t)rcgo__signal_chain_entry) {
		rcgo__action_set_handler(old, (uintptr_t)rcgo__signal_chain_handler());
	} else if (old->sa_handler == SIG_DFL || old->sa_handler == SIG_IGN) {
		rcgo__signal_chain_save(sig, NULL);
		rcgo_store_rel(
			&saved_defaults[sig], rcgo__action_slot_lookup_or_insert(old, false));
	} else if (!rcgo__in_go_text(handler)) {
		const struct rcgo_action_slot *saved =
			rcgo__action_slot_lookup_or_insert(old, false);

		rcgo_store_rel(&saved_defaults[sig], NULL);
		if (saved != NULL) {
			rcgo__sigset_atomic_put(&saved_bypassed, sig, kernel_handler == handler);
			rcgo__signal_chain_save(sig, saved);
			rcgo__action_set_handler(old, (uintptr_t)rcgo__signal_chain_forward);
		}
	}
	return 0;
}

static void
load_slot(struct sigaction *act, const struct rcgo_action_slot *saved)
{
	memset(act, 0, sizeof *act);
	rcgo__action_set_handler(act, saved->handler);
	act->sa_flags = (int)saved->flags;
	rcgo__sigmask_from_go(&act->sa_mask, saved->mask);
}

// Restores C's action when Go does so. Go passes its own flags and mask, so the saved ones are
// used.
static int
restore_action(int sig)
{
	const struct rcgo_action_slot *saved = rcgo__signal_chain_saved(sig);
	bool bypassed = rcgo__sigset_atomic_has(&saved_bypassed, sig);
	struct sigaction act = {.sa_handler = SIG_DFL};

	sigemptyset(&act.sa_mask);
	if (saved != NULL) {
		load_slot(&act, saved);
	}
	return rcgo__interpose_restore(sig, &act, bypassed) != 0 ? errno : 0;
}

// Sets the flags and mask in *act to the saved ones if Go restores SIG_DFL or SIG_IGN.
static void
restore_default(int sig, struct sigaction *act)
{
	const struct rcgo_action_slot *saved = rcgo_load_acq(&saved_defaults[sig]);

	if (saved != NULL && saved->handler == rcgo__action_handler(act)) {
		load_slot(act, saved);
	}
}

// Whether Go's actions go to libc unchanged.
// owner: rcgo__signal_chain_off, as Go starts; lock: none; ordering: a word
static bool chain_is_off = RCGO_SANITIZED;

void
rcgo__signal_chain_off(void)
{
	rcgo_store_rlx(&chain_is_off, true);
}

int
rcgo__signal_chain_sigaction(int sig, const struct sigaction *act, struct sigaction *old)
{
	struct sigaction wrapped;
	uintptr_t handler, start, end;
	int err;

	if (rcgo_load_rlx(&chain_is_off) || sig <= 0 || sig > RCGO_SIGNALS ||
		!rcgo__go_text(&start, &end)) {
		return rcgo__libc_sigaction(sig, act, old) != 0 ? errno : 0;
	}
	if (old != NULL && (err = query_action(sig, old)) != 0) {
		return err;
	}
	if (act == NULL) {
		return 0;
	}
	wrapped = *act;
	handler = rcgo__action_handler(act);
	if (handler == (uintptr_t)rcgo__signal_chain_forward) {
		return restore_action(sig);
	}
	if (rcgo__in_go_text(handler)) {
		rcgo__signal_chain_set_handler((rcgo_go_handler)handler);
		rcgo__signal_chain_wrap(sig, &wrapped);
	} else {
		restore_default(sig, &wrapped);
	}
	if (rcgo__libc_sigaction(sig, &wrapped, NULL) != 0) {
		return errno;
	}
	rcgo__signal_chain_set_installed(sig, rcgo__in_go_text(handler));
	return 0;
}
