// SPDX-License-Identifier: BSD-3-Clause
// A replacement for a pthread key: one value for each thread, for a process that has no free key
// (1,024 in glibc, 128 in musl). Without it every call from a foreign thread into Go would take
// and drop an M, which costs fifty times as much.
#ifndef RCGO_THREAD_SLOTS_H
#define RCGO_THREAD_SLOTS_H

#include <stdbool.h>

#include "compat.h"

// Creates the table. Returns whether libc can report the end of a thread (glibc) and there is
// memory.
// Safety: MT-Unsafe AS-Unsafe | stack=os g=maybe-nil errno=kept alloc=libc lock=libc
RCGO_INTERN RCGO_COLD bool rcgo__thread_slots_init(void (*ended)(void *));

// Returns the calling thread's value, or NULL.
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN void *rcgo__thread_slot(void);

// Sets the calling thread's value. If it is not NULL when the thread ends, ended is called with
// it. Returns false if the table is full.
// Safety: MT-Safe AS-Unsafe | stack=os g=maybe-nil errno=kept alloc=libc lock=none
RCGO_INTERN bool rcgo__thread_slot_set(void *value);

#endif // RCGO_THREAD_SLOTS_H
