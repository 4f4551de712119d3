// SPDX-License-Identifier: BSD-3-Clause
// Thread Management: what is counted: a few additions in the life of a thread, none in a call.
#ifndef RCGO_STATS_H
#define RCGO_STATS_H

#include "rcgo_base.h"
#include "runtime_cgo.h"

// The counters. Each is an atomic that is added to.
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN struct rcgo_stats *rcgo__stats(void);

// A thread for Go runs; and it is about to end.
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN void rcgo__stats_thread_begins(void);
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN void rcgo__stats_thread_ends(void);

#endif // RCGO_STATS_H
