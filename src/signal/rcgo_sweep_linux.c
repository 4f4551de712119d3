// SPDX-License-Identifier: BSD-3-Clause
// Signal Handling, the guard: actions that came into the kernel's table past our sigaction. Runs on
// a thread's C stack or g0, as it begins to run Go.

#include <errno.h>
#include <time.h>

#include "rcgo_guard.h"
#include "rcgo_raw.h"
#include "rcgo_signal.h"

#ifndef RCGO_WITHOUT_SIGNALS

// The signals that come to any thread at any time, or that Go cannot do without.
static const int swept[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGURG, SIGPROF};

// In one tick of the kernel's coarse clock, 1 to 10 ms; then a storm of threads goes without.
#	define SWEEPS_A_TICK 8u

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

// owner: rcgo__signal_sweep_due; lock: none; ordering: relaxed, a sweep more or less does no harm
static uint64_t tick_now;
// owner: as tick_now; lock: none; ordering: as tick_now
static uint32_t sweeps_in_tick;

void
rcgo__signal_sweep_due(void)
{
	struct timespec coarse = {0};
	uint64_t tick;

	clock_gettime(CLOCK_MONOTONIC_COARSE, &coarse); // no system call, nothing of the hardware
	tick = (uint64_t)coarse.tv_sec * 1000000000u + (uint64_t)coarse.tv_nsec;
	if (tick != rcgo_load_rlx(&tick_now)) {
		rcgo_store_rlx(&tick_now, tick);
		rcgo_store_rlx(&sweeps_in_tick, 0);
	}
	if (rcgo_add_rlx(&sweeps_in_tick, 1) < SWEEPS_A_TICK) {
		rcgo__signal_sweep();
	}
}

#endif
