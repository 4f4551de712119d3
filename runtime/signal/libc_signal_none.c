// SPDX-License-Identifier: BSD-3-Clause
// The functions behind the interposers in a program without them: the C library's. Runs on any
// stack, also in signal handlers.

#include "libc_signal.h"

#include "interpose.h"

#if !RCGO_INTERPOSE

int
rcgo__libc_sigaction(int sig, const struct sigaction *act, struct sigaction *old)
{
	return sigaction(sig, act, old);
}

void
rcgo__libc_init(void)
{
}

int
rcgo__libc_sigaltstack(const stack_t *want, stack_t *old)
{
	return sigaltstack(want, old);
}

int
rcgo__libc_thread_mask(int how, const sigset_t *want, sigset_t *old)
{
	return pthread_sigmask(how, want, old);
}

int
rcgo__libc_sigprocmask(int how, const sigset_t *want, sigset_t *old)
{
	return sigprocmask(how, want, old);
}

#endif
