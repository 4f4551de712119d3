// SPDX-License-Identifier: BSD-3-Clause
// Base: is this process a fork of the one that Go started in? Go's other threads do not survive
// fork(2): in such a child a call works that needs none of them, and any other hangs
// (golang/go#67174).
#ifndef RCGO_FORK_DETECT_H
#define RCGO_FORK_DETECT_H

#include <stdbool.h>
#include <stdint.h>

#include "compat.h"

// Words that read as 0 in every forked child, whoever forked and however: fork(3), clone(2) from
// a sandbox, a zygote. A child that shares memory (vfork) sees the parent's words, as it should.
struct rcgo_wipe_on_fork {
	// Not 0 in the process that called rcgo__fork_mark.
	uintptr_t alive;
	// For the init latch: see context_management.h.
	uintptr_t init_state;
	// In a child: whether it has been warned.
	uintptr_t warned;
};

// Marks this process as the one Go lives in. Called as Go starts; later calls do nothing.
// Where the system cannot wipe memory in a child, rcgo__forked compares process ids instead and
// the gate stays set in a child.
// Safety: MT-Unsafe AS-Unsafe | stack=os g=nil errno=kept alloc=no lock=none
RCGO_INTERN void rcgo__fork_mark(void);

// The page of this process, never NULL.
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN struct rcgo_wipe_on_fork *rcgo__wipe_on_fork_page(void);

// Whether this process was forked from one that had called rcgo__fork_mark.
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN bool rcgo__forked(void);

// Whether pid is this process's id. Asks the kernel only in a forked child.
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN bool rcgo__is_own_pid(int32_t pid);

enum rcgo_fork_end {
	RCGO_FORK_ENTERS, // it wants to enter Go
	RCGO_FORK_WAITS,  // it is in Go and waits for a thread that it does not have
};

// Ends a forked child, with a message that says why and what to do.
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN RCGO_COLD RCGO_NORETURN void rcgo__fork_fatal(enum rcgo_fork_end why);

// Says that a forked child has entered Go.
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=set alloc=no lock=none
RCGO_INTERN RCGO_COLD void rcgo__fork_warn(void);

#endif // RCGO_FORK_DETECT_H
