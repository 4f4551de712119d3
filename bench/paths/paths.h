// SPDX-License-Identifier: BSD-3-Clause
// The C half of the measured paths.
#ifndef PATHS_H
#define PATHS_H

#include <stdint.h>

// Does nothing, so that a call costs what crossing costs.
void paths_nothing(void);

// Adds, so that a call costs what two arguments and a result cost besides.
long paths_add(long a, long b);

// Calls n times, from C, a function by pointer that calls another by pointer: the least that a
// wrapper around a C function can do.
void paths_indirect(long n);

// Calls Go n times on the calling thread: through cgo, and through a pointer that purego made.
void paths_callback(int n);
void paths_call_back(uintptr_t f, int n);

// Calls Go n times on one new thread of C. Returns 0 or an errno.
int paths_thread_callbacks(int n);

// Takes all pthread keys that are left.
void paths_take_keys(void);

// Starts n threads one after the other, each of which calls Go once. Returns 0 or an errno.
int paths_threads(int n);

// The same without calling Go: what the threads themselves cost.
int paths_threads_alone(int n);

// Sends signal sig to the calling thread n times. Returns 0 or an errno.
int paths_signals(int sig, int n);

// How often the traceback function and the context function below were called.
long paths_tracebacks(void);
long paths_contexts(void);

// Functions for runtime.SetCgoTraceback.
void paths_traceback(void *arg);
void paths_context(void *arg);

#endif // PATHS_H
