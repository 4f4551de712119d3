// SPDX-License-Identifier: BSD-3-Clause
// Part 1, Context Management: whether Go is up, which hooks the program has registered, and which
// C context a call from C into Go carries (cgoContextArg).
// Re-read runtime/cgo/gcc_libinit.c (gcc_libinit_unix.c from 1.27) and gcc_context.c.
//
// State, and who writes it:
//   init_state  one word that answers both questions of a C->Go call at once:
//               0: wait, Go is not up. RCGO_INIT_STATE_OPEN, RCGO_INIT_STATE_ENTER: continue, there
//               is no context function. RCGO_INIT_STATE_SLOW: continue, and ask what else is to
//               do. Any other value: continue, after calling the context function at that address.
//               Written under the init barrier's lock, read by one acquire load. It is in a page
//               that the kernel wipes in a forked child, where it reads as 0.
//   the hooks   three function pointers. Written by runtime.SetCgoTraceback, which Go allows once;
//               each is stored with release and read with acquire independently.
//
// Callers and stacks:
//   _cgo_wait_runtime_init_done    generated code of every //export, on the C thread's own stack
//   _cgo_release_context           the same code, when Go has returned
//   x_cgo_notify_runtime_init_done runtime.main by cgocall, once, on g0
//   x_cgo_set_*_function(s)        runtime.SetCgoTraceback by cgocall, on g0
//
// Safety: the init state and the hooks may be read on any stack, also in signal handlers; waiting
// and registering lock a mutex.
//
// Differences between Go versions: up to 1.25 only the context function is registered here, and
// Go calls traceback and symbolizer itself; from 1.26 all three are registered here and Go calls
// them through part 3, so that TSAN sees the crossing.
//
// A port must: 1. supply the init barrier (init_barrier.c serves every Unix); 2. supply
// fork_detect.h's page or its process-id fallback.
#ifndef RCGO_CONTEXT_MANAGEMENT_H
#define RCGO_CONTEXT_MANAGEMENT_H

#include <stdint.h>

#include "compat.h"
#include "fork_detect.h"
#include "go_types.h"
#include "hook_registry.h"

#define RCGO_INIT_STATE_OPEN ((uintptr_t)1)
// Open, but a foreign thread must be attached first: before 1.22, Go does not ask for that on
// entry.
#define RCGO_INIT_STATE_ENTER ((uintptr_t)2)
// Open, and there may be more to do than this word says: calls are counted or timed, or package
// leaf has registered functions. The context function is found in the hooks.
#define RCGO_INIT_STATE_SLOW ((uintptr_t)3)

// Returns the init state described above.
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
static inline uintptr_t
rcgo__init_barrier_state(void)
{
	return rcgo_load_acq(&rcgo__wipe_on_fork_page()->init_state);
}

// Waits until Go is up and returns the init state, never 0. In a forked child, see fork_watch.h.
// Safety: MT-Safe AS-Unsafe | stack=c g=nil errno=kept alloc=no lock=init
RCGO_INTERN RCGO_COLD uintptr_t rcgo__init_barrier_wait(void);

// Call when Go is up. Opens the init barrier and wakes all waiting threads.
// Safety: MT-Safe AS-Unsafe | stack=g0 g=set errno=kept alloc=no lock=init
RCGO_INTERN void rcgo__init_barrier_open(void);

// Stores the address of context in the init state; NULL removes it.
// Safety: MT-Safe AS-Unsafe | stack=g0 g=set errno=kept alloc=no lock=init
RCGO_INTERN void rcgo__init_barrier_set_context(rcgo_context_fn context);

// Returns that context function, or NULL.
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN rcgo_context_fn rcgo__init_barrier_context(void);

// Package leaf of the Go module calls C without telling Go's scheduler. When such C code calls an
// exported Go function, the scheduler must be told first. Only the generated code of that function
// can do it unseen: it calls _cgo_wait_runtime_init_done before Go and _cgo_release_context after.
typedef void (*rcgo_leaf_fn)(void);

// Returns the function that package leaf has registered for the begin of a call, or NULL.
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN rcgo_leaf_fn rcgo__init_barrier_leaf_enter(void);

// Returns the function to call when a call from C to Go returns, or NULL. This is the function of
// package leaf, or a function that calls that one and then ends the timing of the call.
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN rcgo_leaf_fn rcgo__init_barrier_leave(void);

// The registered hooks. NULL if none is registered.
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN rcgo_traceback_fn rcgo__hooks_traceback(void);
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN rcgo_symbolizer_fn rcgo__hooks_symbolizer(void);

#endif // RCGO_CONTEXT_MANAGEMENT_H
