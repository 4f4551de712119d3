// SPDX-License-Identifier: BSD-3-Clause
// Traceback Generation, unwind: the walker. It finds the C frames of a stack from the unwind
// information that compilers leave in every object, in a signal handler, with all signals blocked
// and any lock held.
//
// State: one cache of 4096 rules (64 KiB) for the process, read and written by every walk without
// a lock; and what the two functions at the end set, once, as Go starts.
//
// How it walks: the program counter names a rule of 64 bits, in the cache or worked out from the
// object's .eh_frame: where the caller's frame begins, and where the return address and the frame
// pointer were saved. The one frame in a thousand that needs another register (the resolver of
// lazy symbols, vfork, longjmp, assembly) makes the walk start again with all of them. Frames
// without unwind information are guessed, with checks. A walk never faults: it reads a stack only
// within known bounds or in pages that were probed, objects as module.h says.
//
// Program counters that it gives are those of the calls: the interrupted instruction itself, and
// the return address less one of all other frames. Unwinding ends at the boundary that
// the program has set, and no program counter beyond it is given.
//
// Callers and stacks: handlers of signals; whoever wants its own stack; at most 4 KiB of it.
//
// A port must supply rcgo_regs_<arch>.h and rcgo_unwind_<arch>.h, which say what.
#ifndef RCGO_UNWINDER_H
#define RCGO_UNWINDER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "compat.h"
#include "module.h"
#include "saved_regs.h"

// Stores at most max program counters, innermost first, of what the signal interrupted whose
// ucontext_t this is. Returns how many.
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
RCGO_SHARED size_t rcgo__unwind_from_handler(const void *ucontext, uintptr_t *pcs, size_t max);

// The same for who reads the stack of a crash: with marks (mark.h) for a call of what is no
// code, for frames that there is no room for, between the innermost and the outermost ones, and
// where the stack is lost.
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
RCGO_SHARED size_t rcgo__unwind_report(const void *ucontext, uintptr_t *pcs, size_t max);

// The same for a sample of a profile, which is named later (module_generation.h), with a mark for
// frames that there is no room for.
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
RCGO_SHARED size_t rcgo__unwind_sample(const void *ucontext, uintptr_t *pcs, size_t max);

// The first of them alone, at no cost to the stack.
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
RCGO_SHARED uintptr_t rcgo__unwind_pc(const void *ucontext);

// The same from registers that were kept, of any thread whose stack does not change meanwhile.
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
RCGO_SHARED size_t rcgo__unwind_saved(
	const struct rcgo_saved_regs *saved, uintptr_t *pcs, size_t max);

// The same for the calling thread. The first is that of the call of this function.
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
RCGO_SHARED size_t rcgo__unwind_here(uintptr_t *pcs, size_t max);

// Whether pc, less one as a walk gives it, is that of a frame that the kernel made for a handler,
// in a walk that there was.
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
RCGO_SHARED bool rcgo__unwind_is_handler_frame(uintptr_t pc);

// The code of another language's runtime, where unwinding ends: all code in [start, end), and in
// other objects that carry the note all code without unwind information.
struct rcgo_unwind_boundary {
	uintptr_t start, end;
	struct rcgo_note_kind note; // type 0: there are no such objects
};

// Sets the boundary of this process, which *boundary need not outlive.
// Safety: MT-Unsafe AS-Unsafe | stack=any g=maybe-nil errno=kept alloc=no lock=none
RCGO_SHARED void rcgo__unwind_set_boundary(const struct rcgo_unwind_boundary *boundary);

// Gives the walker a function that knows the stack that sp lies on: [lo, hi), all of which is
// mapped and stays so during a walk: no guard page, and of a stack that grows only what it has
// grown to. It returns false when it does not know; then the walker probes pages. AS-Safe.
typedef bool (*rcgo_stack_bounds_fn)(uintptr_t sp, uintptr_t *lo, uintptr_t *hi);

// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
RCGO_SHARED void rcgo__unwind_set_bounds(rcgo_stack_bounds_fn fn);

#endif // RCGO_UNWINDER_H
