// SPDX-License-Identifier: BSD-3-Clause
// Base: detects whether this process was forked from the one in which Go started. Go's other
// threads do not survive fork(2). In such a child, a call of Go works if it needs none of these
// threads, and hangs otherwise (golang/go#67174).
#ifndef RCGO_FORK_DETECT_H
#define RCGO_FORK_DETECT_H

#include <stdbool.h>
#include <stdint.h>

#include "compat.h"

// Words that read as 0 in every forked child, however it was forked: by fork(3), by clone(2) in a
// sandbox, or by a zygote process. A child that shares memory (vfork) sees the parent's words, as
// it should.
struct rcgo_wipe_on_fork {
	// Nonzero in the process that called rcgo__fork_mark.
	uintptr_t alive;
	// The state of the init barrier: see context_management.h.
	uintptr_t init_state;
	// Nonzero in a child that has been warned.
	uintptr_t warned;
};

// Marks this process as the one in which Go runs. Called while Go starts; later calls do nothing.
// If the kernel cannot wipe memory in a child, rcgo__forked compares process ids instead, and a
// child inherits init_state.
// Safety: MT-Unsafe AS-Unsafe | stack=os g=nil errno=kept alloc=no lock=none
RCGO_INTERN void rcgo__fork_mark(void);

// Returns the page of this process. It is never NULL.
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN struct rcgo_wipe_on_fork *rcgo__wipe_on_fork_page(void);

// Returns whether this process was forked from one that had called rcgo__fork_mark.
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN bool rcgo__forked(void);

// Returns whether pid is the id of this process. Makes a system call in a forked child only.
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN bool rcgo__is_own_pid(int32_t pid);

enum rcgo_fork_end {
	RCGO_FORK_ENTERS, // the child calls Go
	RCGO_FORK_WAITS,  // the child is in Go and waits for a thread that fork did not copy
};

// Ends a forked child with a message that says why it ends and what to do.
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN RCGO_COLD RCGO_NORETURN void rcgo__fork_fatal(enum rcgo_fork_end why);

// Writes a warning that a forked child has entered Go.
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=set alloc=no lock=none
RCGO_INTERN RCGO_COLD void rcgo__fork_warn(void);

// What each system supplies (process_<os>.c).

// Makes the kernel clear these pages in every child of the process. Returns whether it will.
// Safety: MT-Safe AS-Safe | stack=os g=nil errno=set alloc=no lock=none
RCGO_INTERN bool rcgo__wipe_on_fork(void *page, size_t size);

// Returns whether the process has one thread; false if unknown.
// Safety: MT-Safe AS-Safe | stack=g0 g=maybe-nil errno=set alloc=no lock=none
RCGO_INTERN bool rcgo__process_has_one_thread(void);

#endif // RCGO_FORK_DETECT_H
