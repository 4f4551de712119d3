// SPDX-License-Identifier: BSD-3-Clause
// Signal Handling: one report of a crash at a time: ours of a thread of C, or Go's of a thread that
// Go knows. A report of C's does not end the process before the other threads that crash have
// reported. All waits are bounded, for who reports may never end.
#ifndef RCGO_CRASH_LOCK_H
#define RCGO_CRASH_LOCK_H

#include <stdbool.h>

#include "compat.h"

// Waits for the turn; one that is not given back for 3 s passes on. Returns false when the calling
// thread has it already.
// Safety: MT-Safe AS-Safe | stack=signal g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN RCGO_COLD bool rcgo__crash_lock_acquire(void);

// Gives it back.
// Safety: MT-Safe AS-Safe | stack=signal g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN RCGO_COLD void rcgo__crash_lock_release(void);

// Waits until nobody has the turn or wants it, 3 s at most.
// Safety: MT-Safe AS-Safe | stack=signal g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN RCGO_COLD void rcgo__crash_lock_wait_for_others(void);

#endif // RCGO_CRASH_LOCK_H
