// SPDX-License-Identifier: BSD-3-Clause
// Signal Handling, the guard: actions that came into the kernel's table past our sigaction. Runs on
// a thread's C stack or g0, as it begins to run Go.

#include <errno.h>

#include "rcgo_guard.h"
#include "rcgo_raw.h"
#include "rcgo_signal.h"

#ifndef RCGO_WITHOUT_SIGNALS

// The signals that come to any thread at any time, or that Go cannot do without.
static const int swept[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGURG, SIGPROF};

void
rcgo__signal_sweep(void)
{
	int saved = errno;

	for (size_t i = 0; i < RCGO_COUNTOF(swept); i++) {
		go_sigaction_t now;

		// Without libc: this is all that most threads pay.
		if (rcgo__raw(SYS_rt_sigaction, swept[i], 0, (long)&now, sizeof now.mask, 0, 0) ==
				0 &&
			now.handler > (uintptr_t)SIG_IGN &&
			(now.flags & (unsigned long)SA_ONSTACK) == 0) {
			rcgo__guard_adopt(swept[i]);
		}
	}
	errno = saved;
}

#endif
