// SPDX-License-Identifier: BSD-3-Clause
// The Ms that threads run on, for a forked child: it asks whether a thread that fork did not copy
// held a lock of the Go runtime. Such a lock is never released in the child.
//
// State: a table of g0s, from which an M is found. A thread adds and removes its own. A child gets
// the table as it was at the fork. If the table is full, or the M of a thread is not known, the
// answer is "perhaps".
#ifndef RCGO_M_TABLE_H
#define RCGO_M_TABLE_H

#include <stdbool.h>
#include <stdint.h>

#include "compat.h"
#include "go_types.h"

// Adds the M of g0. Returns the number of its place, for rcgo__m_table_remove; 0 if there is none.
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN uint32_t rcgo__m_table_add(const G *g0);

// Removes the M at place. 0 is an M that was not added.
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN void rcgo__m_table_remove(uint32_t place);

// Sets where the offset of m.locks in an M is stored, in bytes. It is 0 while it is unknown. Go
// counts in m.locks the runtime locks that the M holds or waits for.
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
RCGO_SHARED void rcgo__m_table_set_locks(const uintptr_t *offset);

// Returns whether an M may hold a lock of the Go runtime. Meaningful in a forked child, before a
// thread of it has entered Go.
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN RCGO_COLD bool rcgo__m_table_may_hold_locks(void);

#endif // RCGO_M_TABLE_H
