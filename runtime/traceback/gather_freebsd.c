// SPDX-License-Identifier: BSD-3-Clause
// Traceback Generation on FreeBSD: collects C frames for Go's report of all goroutines at SIGQUIT.
// All threads get Go's preemption signal. Go's handler enters x_cgo_callers on threads that run C
// code only, and it stores their frames where the report reads them (m.cgoCallers). Runs on any
// stack, also in handlers.
// Contract: thr_kill(2) with the id -1, which is all threads of the process but the caller's.

#include <time.h>

#include "clock.h"
#include "context_management.h"
#include "kernel.h"
#include "traceback_generation.h"

#define MS 1000000ull
#define GATHER_STEP_NS (long)MS
// The kernel does not tell cheaply for which threads a signal is pending. If no thread has stored
// frames for this long, all that can have.
#define GATHER_QUIET_NS (100 * MS)
#define GATHER_MOST_NS (3000 * MS)

// The number of callers that are waiting for frames.
// owner: rcgo__callers_gather; lock: none; ordering: release and acquire
static uint32_t gathering;

// The number of threads that have stored their frames.
// owner: the threads; lock: none; ordering: relaxed, only changes count
static uint32_t gathered;

bool
rcgo__callers_wanted(void)
{
	return rcgo_load_acq(&gathering) != 0;
}

void
rcgo__callers_stored(const uintptr_t *callers)
{
	(void)callers;
	__atomic_fetch_add(&gathered, 1, __ATOMIC_RELAXED);
}

void
rcgo__callers_want_always(void)
{
	__atomic_fetch_add(&gathering, 1, __ATOMIC_ACQ_REL);
}

// Waits until no thread has stored frames for a while.
static void
gather_wait(void)
{
	const struct timespec step = {.tv_nsec = GATHER_STEP_NS};
	uint64_t start = rcgo__clock_ns(CLOCK_MONOTONIC), last_change = start, now = start;
	uint32_t last = rcgo_load_rlx(&gathered);

	while (now - last_change < GATHER_QUIET_NS && now - start < GATHER_MOST_NS) {
		uint32_t count;

		rcgo__raw_syscall(SYS_nanosleep, (long)&step, 0, 0, 0, 0, 0);
		now = rcgo__clock_ns(CLOCK_MONOTONIC);
		count = rcgo_load_rlx(&gathered);
		if (count != last) {
			last = count;
			last_change = now;
		}
	}
}

void
rcgo__callers_gather(bool restarting)
{
	(void)restarting; // only thread dumps ask for that
	__atomic_fetch_add(&gathering, 1, __ATOMIC_ACQ_REL);
	if (rcgo__raw_syscall(SYS_thr_kill, -1, RCGO_SIGPREEMPT, 0, 0, 0, 0) == 0) {
		gather_wait();
	}
	__atomic_fetch_sub(&gathering, 1, __ATOMIC_ACQ_REL);
}
