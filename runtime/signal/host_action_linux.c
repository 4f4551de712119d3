// SPDX-License-Identifier: BSD-3-Clause
// Actions of a host, for example a program that loads Go, that were installed by calls that
// bypassed our wrapper. Such a host queries the kernel for its action and compares. Runs on any
// stack, also in signal handlers.

#include "interpose.h"
#include "raw_syscall.h"
#include "sigframe.h"
#include "signal_handling.h"

#ifndef RCGO_WITHOUT_SIGNALS

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

		if (other != sig &&
			rcgo__raw_syscall(SYS_rt_sigaction, other, 0, (long)&now, sizeof now.mask,
				0, 0) == 0 &&
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
