// SPDX-License-Identifier: BSD-3-Clause
// Pre-spawned threads (RCGO=spare=N; off by default). They wait until Go starts a thread. Go then
// wakes an idle thread, and neither the starting thread nor the new one waits for clone.
//
// A pre-spawned thread has never run anything. A thread that has run is not reused: Go ends a
// thread to discard changes to its state (runtime.LockOSThread). One more thread, the spawner,
// creates the pre-spawned threads. It is created when Go starts its first thread, so they inherit
// that thread's scheduling, CPUs and name.
//
// State: a table of PRESPAWN_MAX entries. Each entry changes by compare-and-swap.
#ifndef RCGO_PRESPAWN_H
#define RCGO_PRESPAWN_H

#include <stdbool.h>

#include "thread_management.h"

// Call while Go starts. Reads how many threads are wanted. run is the function that each thread
// runs.
// Safety: MT-Unsafe AS-Unsafe | stack=os g=nil errno=kept alloc=no lock=none
RCGO_INTERN void rcgo__prespawn_init(void (*run)(const struct rcgo_thread_start *));

// Hands *ts to an idle pre-spawned thread. Returns whether there was one.
// Safety: MT-Safe AS-Unsafe | stack=g0 g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN bool rcgo__prespawn_take(const ThreadStart *ts);

// Call after a thread was started because no pre-spawned thread was idle. Requests more of them.
// If no more threads can be created, that is not an error.
// Safety: MT-Safe AS-Unsafe | stack=g0 g=maybe-nil errno=kept alloc=libc lock=libc
RCGO_INTERN void rcgo__prespawn_missed(void);

#endif // RCGO_PRESPAWN_H
