// SPDX-License-Identifier: BSD-3-Clause
// The C side of the measured paths.
#ifndef PATHS_H
#define PATHS_H

#include <stdint.h>

// Does nothing, to measure the crossing alone.
void paths_nothing(void);

// Adds two numbers, to measure arguments and a result as well.
long paths_add(long a, long b);

// Calls, n times from C, a function by pointer that calls another one by pointer: the minimum cost
// of a wrapper around a C function.
void paths_indirect(long n);

// Calls Go n times on the calling thread: through cgo, and through a pointer that purego made.
void paths_callback(int n);
void paths_call_back(uintptr_t f, int n);

// Calls Go n times on one new C thread. Returns 0 or an errno.
int paths_thread_callbacks(int n);

// Uses up all pthread keys.
void paths_take_keys(void);

// Starts n threads one after the other, each of which calls Go once. Returns 0 or an errno.
int paths_threads(int n);

// The same, which measures the calls; how long all of them took, in ns.
int paths_threads_first(int n);
long paths_first_took(void);

// The same without calling Go: the cost of the threads themselves.
int paths_threads_alone(int n);

// Sends signal sig to the calling thread n times. Returns 0 or an errno.
int paths_signals(int sig, int n);

// The number of calls of the traceback function and of the context function below.
long paths_tracebacks(void);
long paths_contexts(void);

// Functions for runtime.SetCgoTraceback.
void paths_traceback(void *arg);
void paths_context(void *arg);

#endif // PATHS_H
