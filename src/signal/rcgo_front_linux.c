// SPDX-License-Identifier: BSD-3-Clause
// Signal Handling, the front: Go's sigaction, and what Go calls of C's. Runs on any stack, in
// handlers too. Re-read runtime/signal_unix.go (initsig, sigfwdgo, raisebadsignal).

#include "rcgo_front_parts.h"

#include <errno.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "rcgo_crash_look.h"
#include "rcgo_gotext.h"
#include "rcgo_guard.h"
#include "rcgo_sanitizer.h"
#include "rcgo_sigframe.h"
#include "rcgo_signal.h"

// Go's one handler for all signals.
// owner: Go, through x_cgo_sigaction; lock: none; ordering: release and acquire
static rcgo_go_handler go_handler;

// The signals, as bits, that Go's handler has been installed for.
// owner: as go_handler; lock: none; ordering: atomic or
static uint64_t go_signals;

// What C has had for a signal when Go asked, for Go to call (rcgo__forward) or to put back; NULL
// when C had no handler, and spent when it had one for a single signal, which has come.
// owner: as go_handler, and forward; lock: none; ordering: release and acquire
static const struct rcgo_action *saved_of[RCGO_SIGNALS + 1];
static const struct rcgo_action spent_action;

// Whether ours stands before Go's handler.
static bool
is_fronted(int sig)
{
	return sig == SIGSEGV || sig == SIGBUS || sig == SIGFPE || sig == SIGILL ||
	       sig == SIGTRAP || sig == SIGABRT || sig == SIGSYS;
}

rcgo_go_handler
rcgo__front_go_handler(int sig)
{
	bool has = (rcgo_load_acq(&go_signals) & rcgo__sig_bit(sig)) != 0;

	return has ? rcgo_load_rlx(&go_handler) : NULL;
}

// The kernel enters this for a signal of crashes, on the alternate stack with all signals blocked.
// Indirect: Go's handler, which the kernel would have called.
static void
front(int sig, siginfo_t *info, void *context)
{
	if (RCGO_UNLIKELY(!rcgo__in_go_text(RCGO_FRAME_PC((const ucontext_t *)context)))) {
		// What C's handler makes of it is its own affair.
		if (rcgo__front_saved(sig) == NULL) {
			rcgo__crash_look(sig, info, context);
		}
	}
	rcgo_load_rlx (&go_handler)(sig, info, context);
}

// The default action, once the handler of Go's that is running has returned.
static void
die_of(int sig)
{
	struct sigaction act = {.sa_handler = SIG_DFL};

	sigemptyset(&act.sa_mask);
	rcgo__libc_sigaction(sig, &act, NULL);
	syscall(SYS_tgkill, getpid(), syscall(SYS_gettid), sig);
}

// Go calls this for a signal that is not its own, in place of the handler that C had before Go.
// Go calls such handlers with all signals blocked and again and again (golang/go#32659).
// Indirect: that handler, which Go would have called.
static void
forward(int sig, siginfo_t *info, void *context)
{
	const struct rcgo_action *saved = rcgo_load_acq(&saved_of[sig]);
	go_sigset_t mask, before;
	rcgo_go_handler handler;
	int err = errno;

	if (saved == NULL) {
		return;
	}
	if (saved == &spent_action ||
		((saved->flags & (unsigned)SA_RESETHAND) != 0 &&
			!__atomic_compare_exchange_n(&saved_of[sig], &saved, &spent_action, false,
				__ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE))) {
		die_of(sig);
		return;
	}
	mask = rcgo__uc_mask(context) | saved->mask;
	if ((saved->flags & (unsigned)SA_NODEFER) == 0) {
		mask |= rcgo__sig_bit(sig);
	}
	memcpy(&handler, &saved->handler, sizeof handler);
	syscall(SYS_rt_sigprocmask, SIG_SETMASK, &mask, &before, sizeof mask);
	errno = err;
	handler(sig, info, context);
	err = errno;
	syscall(SYS_rt_sigprocmask, SIG_SETMASK, &before, NULL, sizeof before);
	errno = err;
}

bool
rcgo__front_is_gos(uintptr_t handler)
{
	uintptr_t gos = (uintptr_t)rcgo_load_acq(&go_handler);

	return gos != 0 && (handler == (uintptr_t)front || handler == gos);
}

const struct rcgo_action *
rcgo__front_saved(int sig)
{
	const struct rcgo_action *saved = rcgo_load_acq(&saved_of[sig]);

	return saved == &spent_action ? NULL : saved;
}

bool
rcgo__front_guard(int sig, struct sigaction *act)
{
	if (!rcgo__front_is_gos(rcgo__action_handler(act))) {
		return false;
	}
	if (is_fronted(sig)) {
		rcgo__action_set_handler(act, (uintptr_t)front);
	}
	// C that saw the handler by signal(3) knows no flags to put it back with, or others: in
	// strict C99 it is one-shot.
	act->sa_flags = SA_SIGINFO | SA_ONSTACK | SA_RESTART;
	sigfillset(&act->sa_mask);
	return true;
}

// Go asks what there is, and may keep the handler that it is shown.
static int
query(int sig, struct sigaction *old)
{
	int err = rcgo__libc_sigaction(sig, NULL, old) != 0 ? errno : 0;
	uintptr_t handler;

	if (err != 0) {
		return err;
	}
	rcgo__guard_view(sig, old);
	handler = rcgo__action_handler(old);
	if (handler == (uintptr_t)front) {
		rcgo__action_set_handler(old, (uintptr_t)rcgo_load_rlx(&go_handler));
	} else if (old->sa_handler == SIG_DFL || old->sa_handler == SIG_IGN) {
		rcgo_store_rel(&saved_of[sig], NULL);
	} else if (!rcgo__in_go_text(handler)) {
		const struct rcgo_action *saved = rcgo__record_intern(old, false);

		if (saved != NULL) {
			rcgo_store_rel(&saved_of[sig], saved);
			rcgo__action_set_handler(old, (uintptr_t)forward);
		}
	}
	return 0;
}

// Go puts back what C had, but with flags and a mask of its own.
static int
put_back(int sig)
{
	const struct rcgo_action *saved = rcgo__front_saved(sig);
	struct sigaction act = {.sa_handler = SIG_DFL};

	sigemptyset(&act.sa_mask);
	if (saved != NULL) {
		rcgo__action_set_handler(&act, saved->handler);
		act.sa_flags = (int)saved->flags;
		rcgo__sigmask_from_go(&act.sa_mask, saved->mask);
	}
	return rcgo__guard_restore(sig, &act) != 0 ? errno : 0;
}

int
rcgo__front_sigaction(int sig, const struct sigaction *act, struct sigaction *old)
{
	struct sigaction ours;
	uintptr_t handler, start, end;
	int err;

	if (RCGO_SANITIZED || sig <= 0 || sig > RCGO_SIGNALS || !rcgo__go_text(&start, &end)) {
		return rcgo__libc_sigaction(sig, act, old) != 0 ? errno : 0;
	}
	if (old != NULL && (err = query(sig, old)) != 0) {
		return err;
	}
	if (act == NULL) {
		return 0;
	}
	ours = *act;
	handler = rcgo__action_handler(act);
	if (handler == (uintptr_t)forward) {
		return put_back(sig);
	}
	if (rcgo__in_go_text(handler)) {
		rcgo_store_rel(&go_handler, (rcgo_go_handler)handler);
		rcgo__action_set_handler(&ours, is_fronted(sig) ? (uintptr_t)front : handler);
	}
	if (rcgo__libc_sigaction(sig, &ours, NULL) != 0) {
		return errno;
	}
	if (rcgo__in_go_text(handler)) {
		__atomic_fetch_or(&go_signals, rcgo__sig_bit(sig), __ATOMIC_RELEASE);
	} else {
		__atomic_fetch_and(&go_signals, ~rcgo__sig_bit(sig), __ATOMIC_RELEASE);
	}
	return 0;
}
