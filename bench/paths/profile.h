// SPDX-License-Identifier: BSD-3-Clause
// What a sample of a CPU profile costs that interrupts C, deep in its calls.
#ifndef PROFILE_H
#define PROFILE_H

// Sends SIGPROF to the calling thread n times, below this many calls. Returns 0 or an errno.
int profile_signals(int n, int depth);

// A function for runtime.SetCgoTraceback that walks by libgcc's _Unwind_Backtrace, as those do that
// are to be had.
void profile_by_libgcc(void *arg);

// The least number of PCs that profile_by_libgcc stored in a call.
int profile_least(void);

#endif // PROFILE_H
