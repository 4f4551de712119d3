// SPDX-License-Identifier: BSD-3-Clause
// Signal Handling, the edge to C: the functions of libc that install handlers, in ours' place for
// the C code of the program and its libraries. Runs on any stack, before Go and in handlers too.

#ifndef _GNU_SOURCE
#define _GNU_SOURCE // sigset and kin
#endif

#include <errno.h>

#include "rcgo_guard.h"
#include "rcgo_guard_edge.h"
#include "rcgo_sanitizer.h"
#include "rcgo_signal.h"
#include "rcgo_signal_sight_parts.h"

#if RCGO_GUARDED

#ifndef SA_INTERRUPT
#	define SA_INTERRUPT 0x20000000
#endif

// glibc's signal blocks the signal itself by the mask, which the kernel does anyhow.
#ifdef __GLIBC__
#	define SIGNAL_SETS_MASK true
#	define SYSV_FLAGS (SA_RESETHAND | SA_NODEFER | SA_INTERRUPT)
#else
#	define SIGNAL_SETS_MASK false
#	define SYSV_FLAGS SA_RESTART
#endif

// Who called the function of libc's that this stands in.
#define CALLER ((uintptr_t)__builtin_return_address(0))

// The signals, as bits, whose calls siginterrupt(3) wants interrupted.
// owner: siginterrupt; lock: none; ordering: atomic operations
static uint64_t interrupted;

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
change(int sig, const struct sigaction *act, struct sigaction *old, uintptr_t who)
{
	int err = rcgo__guard_sigaction(sig, act, old);

	if (act != NULL && err == 0) {
		rcgo__sight_change(sig, who);
	}
	return err;
}

static rcgo_plain_handler
install(int sig, rcgo_plain_handler handler, int flags, bool mask_self, uintptr_t who)
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
	return change(sig, &act, &old, who) != 0 ? SIG_ERR : old.sa_handler;
}

static rcgo_plain_handler
install_bsd(int sig, rcgo_plain_handler handler, uintptr_t who)
{
	bool stop = is_signal(sig) && (rcgo_load_rlx(&interrupted) >> (sig - 1) & 1) != 0;

	return install(sig, handler, stop ? 0 : SA_RESTART, SIGNAL_SETS_MASK, who);
}

int
sigaction(int sig, const struct sigaction *act, struct sigaction *old)
{
	return change(sig, act, old, CALLER);
}

rcgo_plain_handler
signal(int sig, rcgo_plain_handler handler)
{
	return install_bsd(sig, handler, CALLER);
}

rcgo_plain_handler
bsd_signal(int sig, rcgo_plain_handler handler)
{
	return install_bsd(sig, handler, CALLER);
}

rcgo_plain_handler
ssignal(int sig, rcgo_plain_handler handler)
{
	return install_bsd(sig, handler, CALLER);
}

rcgo_plain_handler
sysv_signal(int sig, rcgo_plain_handler handler)
{
	return install(sig, handler, SYSV_FLAGS, false, CALLER);
}

rcgo_plain_handler
__sysv_signal(int sig, rcgo_plain_handler handler)
{
	return install(sig, handler, SYSV_FLAGS, false, CALLER);
}

rcgo_plain_handler
sigset(int sig, rcgo_plain_handler handler)
{
	struct sigaction act;
	rcgo_plain_handler before;
	sigset_t one, mask;

	if (!is_signal(sig)) {
		return SIG_ERR;
	}
	sigemptyset(&one);
	sigaddset(&one, sig);
	if (handler == SIG_HOLD) {
		if (sigprocmask(SIG_BLOCK, &one, &mask) != 0) {
			return SIG_ERR;
		}
		if (sigismember(&mask, sig) == 1) {
			return SIG_HOLD;
		}
		return rcgo__guard_sigaction(sig, NULL, &act) != 0 ? SIG_ERR : act.sa_handler;
	}
	before = install(sig, handler, 0, false, CALLER);
	if (before == SIG_ERR || sigprocmask(SIG_UNBLOCK, &one, &mask) != 0) {
		return SIG_ERR;
	}
	return sigismember(&mask, sig) == 1 ? SIG_HOLD : before;
}

int
siginterrupt(int sig, int flag)
{
	struct sigaction act;

	if (!is_signal(sig) || rcgo__guard_sigaction(sig, NULL, &act) != 0) {
		return -1;
	}
	if (flag != 0) {
		__atomic_fetch_or(&interrupted, (uint64_t)1 << (sig - 1), __ATOMIC_RELAXED);
		act.sa_flags &= ~SA_RESTART;
	} else {
		__atomic_fetch_and(&interrupted, ~((uint64_t)1 << (sig - 1)), __ATOMIC_RELAXED);
		act.sa_flags |= SA_RESTART;
	}
	return change(sig, &act, NULL, CALLER);
}

// musl has it inside only, where a static program would have it twice.
#ifdef __GLIBC__
int
__sigaction(int sig, const struct sigaction *act, struct sigaction *old)
{
	return change(sig, act, old, CALLER);
}
#endif

#endif
