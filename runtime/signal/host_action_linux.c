// SPDX-License-Identifier: BSD-3-Clause
// Signal Handling: the actions of a host that were installed past our functions, as by a program
// that loads Go. Such a host asks the kernel what it has installed, and compares. Runs on any
// stack, in handlers too.

#include "interpose.h"
#include "raw_syscall.h"
#include "sigframe.h"
#include "signal_handling.h"

#ifndef RCGO_WITHOUT_SIGNALS

// The signals by which programs stop their own threads: those that mean nothing else, and the
// realtime ones.
static bool
may_stop_threads(int sig)
{
	return sig == SIGUSR1 || sig == SIGUSR2 || sig == SIGPWR || sig == SIGXCPU ||
	       sig == SIGXFSZ || sig == SIGSTKFLT || sig > RCGO_LIBC_LAST;
}

// Whether another signal has the same handler.
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

// The host sees its handler and its mask, and puts them back, so they stay. Of its flags it sees
// SA_ONSTACK, as with stock Go: without that flag the handler would run over the end of a
// goroutine's stack. There is one exception, a handler that stops threads for a collector, which
// looks for the stack's end from where it runs itself: it is guarded. Such a handler has a signal
// for itself, and no host compares it; the handlers of language runtimes serve several signals.
bool
rcgo__host_keeps(int sig, const struct sigaction *act)
{
	if (rcgo__interpose_deliver_to_go(sig)) {
		return false;
	}
	return !may_stop_threads(sig) || serves_others(sig, rcgo__action_handler(act));
}

#endif
