// SPDX-License-Identifier: BSD-3-Clause
// Time.
#ifndef RCGO_CLOCK_H
#define RCGO_CLOCK_H

#include <stdint.h>
#include <time.h>

#include "compat.h"

#define RCGO_MS 1000000u // nanoseconds

// Returns the time of a clock in nanoseconds, or 0 if the system does not have the clock.
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
static inline uint64_t
rcgo__clock_ns(clockid_t clock)
{
	struct timespec t = {0, 0};

	clock_gettime(clock, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

// Returns the CPU time of all threads of this process except the calling one, in nanoseconds. Two
// clocks are read in turn, so a later result may be smaller by some microseconds.
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
static inline int64_t
rcgo__clock_other_threads_ns(void)
{
	return (int64_t)rcgo__clock_ns(CLOCK_PROCESS_CPUTIME_ID) -
	       (int64_t)rcgo__clock_ns(CLOCK_THREAD_CPUTIME_ID);
}

// Returns monotonic time in nanoseconds with the precision of a timer tick. It makes no system call
// and reads no hardware.
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
static inline uint64_t
rcgo__clock_coarse_ns(void)
{
	return rcgo__clock_ns(CLOCK_MONOTONIC_COARSE);
}

#endif // RCGO_CLOCK_H
