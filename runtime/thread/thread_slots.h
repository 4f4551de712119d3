// SPDX-License-Identifier: BSD-3-Clause
// Thread Management: one value for each thread, as a pthread key gives it, for a process that has
// used up its keys (1,024 in glibc, 128 in musl): without it every call from C into Go would take
// and drop an M, at fifty times the cost.
#ifndef RCGO_THREAD_SLOTS_H
#define RCGO_THREAD_SLOTS_H

#include <stdbool.h>

#include "compat.h"

// Makes the table. Returns whether libc can tell when a thread ends (glibc) and there is memory.
// Safety: MT-Unsafe AS-Unsafe | stack=os g=maybe-nil errno=kept alloc=libc lock=libc
RCGO_INTERN RCGO_COLD bool rcgo__thread_slots_init(void (*ended)(void *));

// The calling thread's value, or NULL.
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN void *rcgo__thread_slot(void);

// Sets it. When the thread ends while it is not NULL, ended gets it. Returns false when there is
// no room.
// Safety: MT-Safe AS-Unsafe | stack=os g=maybe-nil errno=kept alloc=libc lock=none
RCGO_INTERN bool rcgo__thread_slot_set(void *value);

#endif // RCGO_THREAD_SLOTS_H
