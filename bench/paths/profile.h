// SPDX-License-Identifier: BSD-3-Clause
// The cost of a CPU profile sample that interrupts C with a deep stack.
#ifndef PROFILE_H
#define PROFILE_H

// Sends SIGPROF to the calling thread n times, below this many calls. Returns 0 or an errno.
int profile_signals(int n, int depth);

// A function for runtime.SetCgoTraceback that uses libgcc's _Unwind_Backtrace, as published ones
// do.
void profile_by_libgcc(void *arg);

// The minimum number of PCs that profile_by_libgcc has stored in a call.
int profile_least(void);

#endif // PROFILE_H
