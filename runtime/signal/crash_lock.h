// SPDX-License-Identifier: BSD-3-Clause
// Lets one thread at a time report a crash: either this library for a C thread, or Go for a
// thread that Go knows. A C thread's report does not end the process until the other crashing
// threads have reported too. All waits are bounded, because a reporting thread may hang.
#ifndef RCGO_CRASH_LOCK_H
#define RCGO_CRASH_LOCK_H

#include <stdbool.h>

#include "compat.h"

// Acquires the crash lock. If another thread holds it for 3 s, takes it over. Returns false if
// the calling thread already holds it.
// Safety: MT-Safe AS-Safe | stack=signal g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN RCGO_COLD bool rcgo__crash_lock_acquire(void);

// Releases the crash lock.
// Safety: MT-Safe AS-Safe | stack=signal g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN RCGO_COLD void rcgo__crash_lock_release(void);

// Waits until no thread holds the crash lock or waits for it, for at most 3 s.
// Safety: MT-Safe AS-Safe | stack=signal g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN RCGO_COLD void rcgo__crash_lock_wait_for_others(void);

#endif // RCGO_CRASH_LOCK_H
