// SPDX-License-Identifier: BSD-3-Clause
// Signal Handling: one report of a crash at a time. Runs in signal handlers.

#include "crash_lock.h"

#include <pthread.h>
#include <stdint.h>
#include <time.h>

#include "raw_syscall.h"

// How long a thread waits: so many steps of 5 ms.
#define STEPS_MOST 600
#define STEP_NS (5 * 1000 * 1000L)

// The thread that reports, as pthread_self tells it; 0: none.
// owner: the thread that stored its own; lock: itself; ordering: acquire and release
static uintptr_t reporting;
// owner: the threads that wait; lock: none; ordering: acquire and release
static uint32_t waiting;

static void
wait_a_step(void)
{
	const struct timespec step = {.tv_nsec = STEP_NS};

	rcgo__raw_syscall(SYS_nanosleep, (long)&step, 0, 0, 0, 0, 0);
}

bool
rcgo__crash_lock_acquire(void)
{
	uintptr_t self = (uintptr_t)pthread_self();
	bool got = false;

	if (rcgo_load_acq(&reporting) == self) {
		return false;
	}
	rcgo_add_acq_rel(&waiting, 1);
	for (int i = 0; i < STEPS_MOST && !got; i++) {
		uintptr_t nobody = 0;

		got = rcgo_cas(&reporting, &nobody, self);
		if (!got) {
			wait_a_step();
		}
	}
	if (!got) {
		rcgo_store_rel(&reporting,
			self); // the thread that had it goes on without a crash, or hangs
	}
	rcgo_add_acq_rel(&waiting, (uint32_t)-1);
	return true;
}

void
rcgo__crash_lock_release(void)
{
	rcgo_store_rel(&reporting, 0);
}

void
rcgo__crash_lock_wait_for_others(void)
{
	for (int i = 0;
		i < STEPS_MOST && (rcgo_load_acq(&waiting) != 0 || rcgo_load_acq(&reporting) != 0);
		i++) {
		wait_a_step();
	}
}
