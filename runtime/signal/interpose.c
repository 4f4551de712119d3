// SPDX-License-Identifier: BSD-3-Clause
// The interposers: the libc functions that install handlers, set alternate stacks and block
// signals, as this library defines them for C code. Runs on any stack, before Go and in signal
// handlers too.

#ifndef _GNU_SOURCE
#define _GNU_SOURCE // sigset and kin, sighold and kin
#endif
#include "interpose.h"

#include <errno.h>

#include "altstack.h"
#include "libc_signal.h"
#include "sanitizer.h"
#include "signal_dump.h"
#include "signal_handling.h"

#if RCGO_INTERPOSE

#ifndef SA_INTERRUPT
#	define SA_INTERRUPT 0x20000000
#endif

// glibc's signal(3) puts the signal itself into the mask, which the kernel blocks anyway.
#ifdef __GLIBC__
#	define SIGNAL_SETS_MASK true
#	define SYSV_FLAGS (SA_RESETHAND | SA_NODEFER | SA_INTERRUPT)
#else
#	define SIGNAL_SETS_MASK false
#	define SYSV_FLAGS SA_RESTART
#endif

// The caller of the interposer that uses this macro.
#define CALLER ((uintptr_t)__builtin_return_address(0))

// The signals that siginterrupt(3) has made interrupt system calls.
// owner: siginterrupt; lock: none; ordering: atomic operations
static go_sigset_t interrupting_signals;

static bool
is_signal(int sig)
{
	if (sig > 0 && sig <= RCGO_SIGNALS) {
		return true;
	}
	errno = EINVAL;
	return false;
}

static int
change_action(rcgo_sigaction_fn below, int sig, const struct sigaction *act, struct sigaction *old,
	uintptr_t who)
{
	int err = rcgo__interpose_sigaction_by(below, sig, act, old);

	if (act != NULL && err == 0) {
		rcgo__signal_dump_change(sig, who);
	}
	return err;
}

// Like libc's signal(3), which ends in the system call: a preloaded sigaction does not see it.
static rcgo_sighandler
install_handler(int sig, rcgo_sighandler handler, int flags, bool mask_self, uintptr_t who)
{
	struct sigaction act = {.sa_handler = handler, .sa_flags = flags};
	struct sigaction old;

	if (handler == SIG_ERR) {
		errno = EINVAL;
		return SIG_ERR;
	}
	if (!is_signal(sig)) {
		return SIG_ERR;
	}
	sigemptyset(&act.sa_mask);
	if (mask_self) {
		sigaddset(&act.sa_mask, sig);
	}
	return change_action(rcgo__kernel_sigaction, sig, &act, &old, who) != 0 ? SIG_ERR
										: old.sa_handler;
}

// Installs a handler by a preloaded library's function and then wraps the result. Until it is
// wrapped, which takes one or two microseconds, the handler behaves as in stock Go.
// Indirect: preloaded, which the program would have called without this library.
static rcgo_sighandler
install_preloaded(rcgo_signal_fn preloaded, int sig, rcgo_sighandler handler, uintptr_t who)
{
	rcgo_sighandler before = preloaded(sig, handler);
	const struct rcgo_action_slot *slot = rcgo__action_slot_of((uintptr_t)before);

	if (before == SIG_ERR || sig <= 0 || sig > RCGO_SIGNALS) {
		return before;
	}
	rcgo__interpose_rewrap(sig);
	rcgo__signal_dump_change(sig, who);
	if (slot != NULL) {
		memcpy(&before, &slot->handler, sizeof before);
	}
	return before;
}

static rcgo_sighandler
install_bsd(enum rcgo_libc_signal as, int sig, rcgo_sighandler handler, uintptr_t who)
{
	rcgo_signal_fn preloaded = rcgo__libc_preloaded(as);
	bool interrupts;

	if (RCGO_UNLIKELY(preloaded != NULL)) {
		return install_preloaded(preloaded, sig, handler, who);
	}
	interrupts = is_signal(sig) && rcgo__sigset_atomic_has(&interrupting_signals, sig);
	return install_handler(sig, handler, interrupts ? 0 : SA_RESTART, SIGNAL_SETS_MASK, who);
}

static rcgo_sighandler
install_sysv(enum rcgo_libc_signal as, int sig, rcgo_sighandler handler, uintptr_t who)
{
	rcgo_signal_fn preloaded = rcgo__libc_preloaded(as);

	if (RCGO_UNLIKELY(preloaded != NULL)) {
		return install_preloaded(preloaded, sig, handler, who);
	}
	return install_handler(sig, handler, SYSV_FLAGS, false, who);
}

int
sigaction(int sig, const struct sigaction *act, struct sigaction *old)
{
	return change_action(rcgo__libc_sigaction, sig, act, old, CALLER);
}

rcgo_sighandler
signal(int sig, rcgo_sighandler handler)
{
	return install_bsd(RCGO_LIBC_SIGNAL, sig, handler, CALLER);
}

rcgo_sighandler
bsd_signal(int sig, rcgo_sighandler handler)
{
	return install_bsd(RCGO_LIBC_BSD_SIGNAL, sig, handler, CALLER);
}

rcgo_sighandler
ssignal(int sig, rcgo_sighandler handler)
{
	return install_bsd(RCGO_LIBC_SSIGNAL, sig, handler, CALLER);
}

rcgo_sighandler
sysv_signal(int sig, rcgo_sighandler handler)
{
	return install_sysv(RCGO_LIBC_SYSV_SIGNAL, sig, handler, CALLER);
}

rcgo_sighandler
__sysv_signal(int sig, rcgo_sighandler handler)
{
	return install_sysv(RCGO_LIBC_SYSV_SIGNAL_TOO, sig, handler, CALLER);
}

rcgo_sighandler
sigset(int sig, rcgo_sighandler handler)
{
	struct sigaction act;
	rcgo_sighandler before;
	sigset_t one, mask;

	if (!is_signal(sig)) {
		return SIG_ERR;
	}
	sigemptyset(&one);
	sigaddset(&one, sig);
	if (handler == SIG_HOLD) {
		if (rcgo__signal_mask_change(SIG_BLOCK, &one, &mask) != 0) {
			return SIG_ERR;
		}
		if (sigismember(&mask, sig) == 1) {
			return SIG_HOLD;
		}
		return rcgo__interpose_sigaction_by(rcgo__kernel_sigaction, sig, NULL, &act) != 0
			       ? SIG_ERR
			       : act.sa_handler;
	}
	before = install_handler(sig, handler, 0, false, CALLER);
	if (before == SIG_ERR || rcgo__signal_mask_change(SIG_UNBLOCK, &one, &mask) != 0) {
		return SIG_ERR;
	}
	return sigismember(&mask, sig) == 1 ? SIG_HOLD : before;
}

int
siginterrupt(int sig, int flag)
{
	struct sigaction act;

	if (!is_signal(sig) ||
		rcgo__interpose_sigaction_by(rcgo__kernel_sigaction, sig, NULL, &act) != 0) {
		return -1;
	}
	rcgo__sigset_atomic_put(&interrupting_signals, sig, flag != 0);
	if (flag != 0) {
		act.sa_flags &= ~SA_RESTART;
	} else {
		act.sa_flags |= SA_RESTART;
	}
	return change_action(rcgo__kernel_sigaction, sig, &act, NULL, CALLER);
}

// musl does not export it, and a static program would have two definitions.
#ifdef __GLIBC__
int
__sigaction(int sig, const struct sigaction *act, struct sigaction *old)
{
	return change_action(rcgo__libc_other_sigaction, sig, act, old, CALLER);
}
#endif

// The interposer for sigaltstack; see altstack.h.
int
sigaltstack(const stack_t *want, stack_t *old)
{
	struct rcgo_thread_record *t = rcgo__thread_record();
	int err;

	if (t == NULL) {
		err = rcgo__libc_sigaltstack(want, old);
	} else if ((err = rcgo__altstack_change(&t->altstack, want, old)) != 0) {
		errno = -err;
		err = -1;
	}
	if (err == 0 && want != NULL) {
		rcgo__interpose_note_altstack(want);
	}
	return err;
}

// The interposers for functions that block signals; see libc_signal.h.
int
pthread_sigmask(int how, const sigset_t *want, sigset_t *old)
{
	sigset_t room;

	return rcgo__libc_thread_mask(how, rcgo__signal_mask_filter(how, want, &room), old);
}

int
sigprocmask(int how, const sigset_t *want, sigset_t *old)
{
	return rcgo__signal_mask_change(how, want, old);
}

int
sighold(int sig)
{
	sigset_t one;

	sigemptyset(&one);
	return sigaddset(&one, sig) != 0 ? -1 : rcgo__signal_mask_change(SIG_BLOCK, &one, NULL);
}

// The BSD functions know the first 32 signals.
static int
bsd_mask(int how, int mask)
{
	sigset_t want, old;

	sigemptyset(&old);
	rcgo__sigmask_from_go(&want, rcgo__sigset_from_bsd((uint32_t)mask));
	return rcgo__signal_mask_change(how, &want, &old) != 0
		       ? -1
		       : (int)rcgo__sigset_to_bsd(rcgo__sigmask_to_go(&old));
}

int
sigblock(int mask)
{
	return bsd_mask(SIG_BLOCK, mask);
}

int
sigsetmask(int mask)
{
	return bsd_mask(SIG_SETMASK, mask);
}

#endif
