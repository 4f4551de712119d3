// SPDX-License-Identifier: BSD-3-Clause
// Thread Management: spare threads (RCGO=spare=N; off by default), which wait for Go to start one.
// Who starts a thread then wakes one that is there: neither it nor the new thread waits for clone.
//
// A spare has never run anything. One that has is not used again: Go lets a thread end to be rid of
// what was done to it (runtime.LockOSThread). Spares are made by one more thread, the keeper, which
// is made as Go starts its first; so they have that one's scheduling, CPUs and name.
//
// State: a table of SPARES_MOST places; each is changed by compare and swap.
#ifndef RCGO_PRESPAWN_H
#define RCGO_PRESPAWN_H

#include <stdbool.h>

#include "thread_management.h"

// As Go starts: how many are wanted, and what a thread runs.
// Safety: MT-Unsafe AS-Unsafe | stack=os g=nil errno=kept alloc=no lock=none
RCGO_INTERN void rcgo__prespawn_init(void (*run)(const struct rcgo_thread_start *));

// Has a spare thread run *ts. Returns whether there was one.
// Safety: MT-Safe AS-Unsafe | stack=g0 g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN bool rcgo__prespawn_take(const ThreadStart *ts);

// After a thread had to be started for want of a spare: has some made. None are where there are no
// more threads to be had, which is no failure.
// Safety: MT-Safe AS-Unsafe | stack=g0 g=maybe-nil errno=kept alloc=libc lock=libc
RCGO_INTERN void rcgo__prespawn_missed(void);

#endif // RCGO_PRESPAWN_H
