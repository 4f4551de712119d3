// SPDX-License-Identifier: BSD-3-Clause
// The crash lock: one crash report at a time. Runs in signal handlers.

#include "crash_lock.h"

#include <pthread.h>
#include <stdint.h>
#include <time.h>

#include "raw_syscall.h"

// The longest wait of a thread, in steps of 5 ms.
#define MAX_STEPS 600
#define STEP_NS (5 * 1000 * 1000L)

// The thread that holds the lock, by pthread_self; 0: none.
// owner: the thread that stored its own; lock: itself; ordering: acquire and release
static uintptr_t crash_holder;
// owner: the threads that wait; lock: none; ordering: acquire and release
static uint32_t crash_waiters;

static void
sleep_step(void)
{
	const struct rcgo_kernel_timespec step = {.tv_nsec = STEP_NS};

	rcgo__raw_syscall(SYS_nanosleep, (long)&step, 0, 0, 0, 0, 0);
}

bool
rcgo__crash_lock_acquire(void)
{
	uintptr_t self = (uintptr_t)pthread_self();
	bool got = false;

	if (rcgo_load_acq(&crash_holder) == self) {
		return false;
	}
	rcgo_add_acq_rel(&crash_waiters, 1);
	for (int i = 0; i < MAX_STEPS && !got; i++) {
		uintptr_t nobody = 0;

		got = rcgo_cas(&crash_holder, &nobody, self);
		if (!got) {
			sleep_step();
		}
	}
	if (!got) {
		rcgo_store_rel(&crash_holder,
			self); // the holder has recovered, or hangs
	}
	rcgo_add_acq_rel(&crash_waiters, (uint32_t)-1);
	return true;
}

void
rcgo__crash_lock_release(void)
{
	rcgo_store_rel(&crash_holder, 0);
}

void
rcgo__crash_lock_wait_for_others(void)
{
	for (int i = 0; i < MAX_STEPS &&
			(rcgo_load_acq(&crash_waiters) != 0 || rcgo_load_acq(&crash_holder) != 0);
		i++) {
		sleep_step();
	}
}
