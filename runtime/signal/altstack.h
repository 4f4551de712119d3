// SPDX-License-Identifier: BSD-3-Clause
// The alternate signal stacks of threads that run Go. Go's own signal stacks are 32 KiB of its
// heap: a handler that needs more silently overwrites the memory below. C code that disables the
// thread's alternate stack leaves Go without one (golang/go#7227). The stacks of this part are 64
// KiB or more and have a guard area below. Go uses them, because it takes the alternate stack
// that a thread already has (minitSignalStack).
//
// A thread's stack is set before Go looks for one: in the first function of a thread that Go
// starts, and at the first call into Go of a foreign thread. A stack that C code has set itself
// is kept if it is large enough for a handler. Otherwise it is replaced, and C code that queries
// the stack still sees its own. The same rules apply to a stack that C code sets later. If C code
// disables the stack while Go may run on the thread, a stack of this part replaces it. At thread
// exit the alternate stack is disabled and the stack is returned to a pool that is never
// unmapped.
//
// State: the pool, which has no lock, and struct rcgo_altstack (thread_record.h) of each thread. If
// there is no memory for a stack, the thread has what it would have without this part. The same
// holds under sanitizers and with RCGO=signals=off.
#ifndef RCGO_ALTSTACK_H
#define RCGO_ALTSTACK_H

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>

#include "compat.h"
#include "thread_record.h"

// Gives the calling thread an alternate stack, unless it has one that is large enough.
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN void rcgo__altstack_begin(struct rcgo_altstack *self);

// Disables the calling thread's stack and returns it to the pool. Go must not run on the thread
// after this call.
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN void rcgo__altstack_end(struct rcgo_altstack *self);

// Implements sigaltstack(2) for C code on a thread that has a record. Returns 0 or -errno.
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN int rcgo__altstack_change(
	struct rcgo_altstack *self, const stack_t *want, stack_t *old);

// Stops giving stacks to threads.
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN void rcgo__altstack_off(void);

// Returns the usable size of a pool stack in bytes.
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN uintptr_t rcgo__altstack_size(void);

// Takes a stack from the pool. Returns its lowest usable address, or 0 if there is no memory.
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN uintptr_t rcgo__altstack_take(void);
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN void rcgo__altstack_give(uintptr_t lo);

// Whether a stack that was taken is still mapped as it was: C may have unmapped what it found.
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN RCGO_COLD bool rcgo__altstack_is_mapped(uintptr_t lo);

#endif // RCGO_ALTSTACK_H
