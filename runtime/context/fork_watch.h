// SPDX-License-Identifier: BSD-3-Clause
// Context Management: a forked child calls Go. The child has the thread that forked and none of
// Go's others. Most short calls need no other thread and work; a call that waits for one never
// returns.
//
// RCGO=fork= chooses what is done:
//   auto   the call is let in, and the child ends with a message once it is certain that the call
//          never returns
//   stock  the call is let in
//   warn   the call is let in, and the child's first one is told on standard error
//   end    the child ends with a message at its first call
//
// How auto is certain: Go calls _cgo_yield, if there is one, every 10 ms while one of its threads
// waits for another. A thread of C is in Go only during a call, and its M runs nothing else
// meanwhile. So when such a thread waits and the process has no other thread, nobody can wake it.
// A collection that waits for a processor which a lost thread held asks in a tight loop instead;
// that loop is certain when the other threads of the child have done nothing for 10 seconds. Waits
// for a lock of the runtime's that a lost thread held are not seen: they hang, as with stock.
#ifndef RCGO_FORK_WATCH_H
#define RCGO_FORK_WATCH_H

#include "compat.h"

// The first call into Go of a forked child. Returns when the call is to go on.
// Safety: MT-Safe AS-Unsafe | stack=c g=nil errno=kept alloc=no lock=none
RCGO_INTERN RCGO_COLD void rcgo__fork_enter(void);

#endif // RCGO_FORK_WATCH_H
