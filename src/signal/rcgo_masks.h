// SPDX-License-Identifier: BSD-3-Clause
// Signal Handling: what C code may block on a thread that runs Go. A blocked fault ends the process
// without a word, where Go would make a panic of it, and while SIGURG is blocked Go cannot stop the
// goroutines that run there. So on such threads SEGV BUS FPE ILL TRAP URG are dropped from what C
// blocks, unless they are blocked already; what C asks for is answered as the kernel has it, so C
// sees that they are open. Threads that Go does not know, forked children, handlers' masks
// (sa_mask), temporary masks (sigsuspend, ppoll) and what libc blocks inside itself are as ever.
//
// State: one word, written as Go starts.
#ifndef RCGO_MASKS_H
#define RCGO_MASKS_H

#include <signal.h>

#include "rcgo_base.h"

// From now on masks are looked at, in this process.
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN void rcgo__masks_init(void);

// What is to be blocked instead of *want: that, or *room, which is then filled in.
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN const sigset_t *rcgo__masks_open(int how, const sigset_t *want, sigset_t *room);

#endif // RCGO_MASKS_H
