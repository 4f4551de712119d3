// SPDX-License-Identifier: BSD-3-Clause
// Times calls into Go in a forked child. A wait for a lock of the Go runtime does not poll, so
// fork_watch.h does not notice it. If a thread that fork did not copy held such a lock, it is never
// released, and a call that needs it never returns.
//
// Calls are timed only in a child of a process in which another M held a runtime lock at the fork,
// or may have (m_table.h). Other children pay nothing. A timed call has a timer of the kernel. It
// sends RCGO_SIGPREEMPT to its thread after one second, and later at longer intervals. The handler
// looks at what the signal interrupted. A futex without a time limit in Go's text is a wait for a
// runtime lock: all other waits of Go poll in a child. The wait is hopeless if the process has no
// other thread, or if the other threads have used no CPU time for 10 seconds.
//
// Calls are not timed if C code has a handler for that signal, if Go's handlers are installed as
// they are (RCGO=signals=off), if a sandbox may forbid timers, and on systems other than Linux.
// A thread that blocks the signal is not looked at.
#ifndef RCGO_FORK_TIMER_H
#define RCGO_FORK_TIMER_H

#include <stdbool.h>

#include "compat.h"

// Decides in a forked child whether its calls are timed. Call once in each child.
// Safety: MT-Safe AS-Unsafe | stack=c g=maybe-nil errno=set alloc=no lock=none
RCGO_INTERN RCGO_COLD void rcgo__fork_timer_decide(void);

// Returns whether calls are timed.
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN bool rcgo__fork_timer_is_on(void);

// Begins a timed call on the calling thread. Calls nest.
// Safety: MT-Safe AS-Unsafe | stack=c g=maybe-nil errno=kept alloc=libc lock=libc
RCGO_INTERN RCGO_COLD void rcgo__fork_timer_begin(void);

// Ends it. Does nothing if the call began before calls were timed.
// Safety: MT-Safe AS-Safe | stack=c g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN RCGO_COLD void rcgo__fork_timer_end(void);

#endif // RCGO_FORK_TIMER_H
