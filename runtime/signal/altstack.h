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
// State: the pool, which has no lock, and struct rcgo_altstack in each thread's record. If there
// is no memory for a stack, the thread has what it would have without this part. The same holds
// under sanitizers and with RCGO=signals=off.
#ifndef RCGO_ALTSTACK_H
#define RCGO_ALTSTACK_H

#include <stdint.h>

// All 0: this part has given the thread no stack. Only the thread itself writes it, also in
// signal handlers.
struct rcgo_altstack {
	uintptr_t lo;	  // the stack from the pool: its lowest address in the kernel
	uintptr_t c_lo;	  // the stack that C has set but that is too small; 0: none
	uintptr_t c_size; // its size
};

#endif // RCGO_ALTSTACK_H
