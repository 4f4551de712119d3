// SPDX-License-Identifier: BSD-3-Clause
// Signal Handling: the alternate signal stacks of threads that run Go. Go's own are 32 KiB of its
// heap: a handler that needs more overwrites what lies below without a word, and C code that turns
// the thread's stack off leaves Go with none (golang/go#7227). Ours are 64 KiB or more, with a
// guard below, and Go adopts them, for it takes the one that a thread has (minitSignalStack).
//
// A thread's stack is set before Go looks: in the first function of a thread of Go's, and at the
// first call into Go of a thread of C's. A stack that C has given the thread itself stays, unless
// a handler would hardly fit; then C still sees its own when it asks. What C sets later is used
// likewise. When C turns its stack off while Go may run on the thread, ours takes its place; it is
// off in earnest when the thread ends, and ours goes back to a pool, whose mappings are kept.
//
// State: a pool, without a lock; and of each thread what struct rcgo_altstack says, in its record.
// Where no memory is left for a stack of ours, the thread has what it would have without us. So it
// is under sanitizers, and with RCGO=signals=off.
#ifndef RCGO_ALTSTACK_H
#define RCGO_ALTSTACK_H

#include <stdint.h>

// All 0: the thread has none of ours. Written by its own thread only, also in handlers.
struct rcgo_altstack {
	uintptr_t lo;	  // of ours, as the kernel is told
	uintptr_t c_lo;	  // what C has given the thread, but is too small to be used; 0: nothing
	uintptr_t c_size; // its size
};

#endif // RCGO_ALTSTACK_H
