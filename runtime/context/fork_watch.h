// SPDX-License-Identifier: BSD-3-Clause
// Calls into Go from a forked child. The child has the thread that forked and none of Go's other
// threads. Most short calls need no other thread and work. A call that waits for one never
// returns.
//
// RCGO=fork= chooses the behaviour:
//   auto   the call proceeds, and the child ends with a message once it is certain that the call
//          never returns
//   stock  the call proceeds
//   warn   the call proceeds, and the child's first call writes a warning to standard error
//   end    the child ends with a message at its first call
//
// How auto decides: Go calls _cgo_yield, if it is set, every 10 ms while one of its threads waits
// for another. A foreign thread is in Go only during a call, and its M runs nothing else during
// that call. So if such a thread waits and the process has no other thread, no thread can wake it.
// A garbage collection that waits for a P of a lost thread polls in a tight loop instead. That loop
// is hopeless if the child's other threads have used no CPU time for 10 seconds. Waits for a
// runtime lock that a lost thread held do not poll: see fork_timer.h.
#ifndef RCGO_FORK_WATCH_H
#define RCGO_FORK_WATCH_H

#include "compat.h"

// Handles the first call into Go in a forked child. Returns if the call is to proceed.
// Safety: MT-Safe AS-Unsafe | stack=c g=nil errno=kept alloc=no lock=none
RCGO_INTERN RCGO_COLD void rcgo__fork_enter(void);

#endif // RCGO_FORK_WATCH_H
