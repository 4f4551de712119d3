// SPDX-License-Identifier: BSD-3-Clause
// The unwinder. It finds the C frames of a stack from the unwind information that compilers emit
// for every object. It works in signal handlers, with all signals blocked and any lock held.
//
// State: one cache of 4096 entries (64 KiB) per process, which all threads read and write without a
// lock; and the boundary, which is set once when Go starts.
//
// Algorithm: the program counter selects a cache entry of 64 bits; a missing entry is computed from
// the object's .eh_frame. It gives the caller's CFA and where the return address and frame pointer
// were saved. About one frame in a thousand needs another register (the lazy-binding resolver,
// vfork, longjmp, assembly); unwinding then restarts with all registers. Frames without unwind
// information are found heuristically, with checks. Unwinding never faults: it reads a stack only
// within known bounds or in probed pages, and objects as module.h describes.
//
// The program counters are those of the calls: the interrupted instruction itself, and the return
// address minus one in all other frames. Unwinding ends at the boundary that the program has set,
// and no program counter beyond it is reported.
//
// Callers and stacks: signal handlers, and functions that want their own stack. At most 4 KiB of
// stack is used.
//
// A port must supply arch_<cpu>.h.
#ifndef RCGO_UNWINDER_H
#define RCGO_UNWINDER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "compat.h"
#include "module.h"
#include "saved_regs.h"

// The bounds [lo, hi) of a stack; 0, 0 if unknown.
struct rcgo_stack_bounds {
	uintptr_t lo, hi;
};

// Stores at most max program counters, innermost first, of the code that the signal with this
// ucontext_t interrupted. Returns their number. stack is the calling thread's stack, which is then
// read without a check: all memory from the stack pointer to hi must stay mapped during the unwind.
// NULL: its bounds are unknown, and pages are probed.
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
RCGO_SHARED size_t rcgo__unwind_from_handler(
	const void *ucontext, const struct rcgo_stack_bounds *stack, uintptr_t *pcs, size_t max);

// Unwinds like rcgo__unwind_from_handler, for crash reports. It inserts marks (mark.h): for a call
// of an address that is not code, for frames that do not fit, between the innermost and outermost
// ones, and where the rest of the stack is unknown.
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
RCGO_SHARED size_t rcgo__unwind_report(
	const void *ucontext, const struct rcgo_stack_bounds *stack, uintptr_t *pcs, size_t max);

// Unwinds like rcgo__unwind_from_handler, for a profile sample, which is symbolized later
// (module_generation.h). It inserts a mark for frames that do not fit.
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
RCGO_SHARED size_t rcgo__unwind_sample(
	const void *ucontext, const struct rcgo_stack_bounds *stack, uintptr_t *pcs, size_t max);

// Returns the interrupted program counter, without unwinding.
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
RCGO_SHARED uintptr_t rcgo__unwind_pc(const void *ucontext);

// Unwinds from saved registers, of any thread whose stack does not change meanwhile.
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
RCGO_SHARED size_t rcgo__unwind_saved(const struct rcgo_saved_regs *saved,
	const struct rcgo_stack_bounds *stack, uintptr_t *pcs, size_t max);

// Unwinds a thread that waits in a leaf function. Its stack pointer is known. Its return address is
// not, because it is in a register. The first program counter is that of the caller's caller.
// Returns 0 if there is none, and on CPUs whose calls store the return address on the stack.
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
RCGO_SHARED size_t rcgo__unwind_past_leaf(uintptr_t sp, uintptr_t *pcs, size_t max);

// Unwinds the calling thread. The first program counter is that of the call of this function.
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
RCGO_SHARED size_t rcgo__unwind_here(
	const struct rcgo_stack_bounds *stack, uintptr_t *pcs, size_t max);

// Where unwinding ended: the first frame that was not reported, such as the one beyond the
// boundary.
struct rcgo_unwind_end {
	uintptr_t pc;  // a return address, or 0
	uintptr_t sp;  // the stack pointer after the return to it
	uintptr_t fp;  // the frame pointer register after the return to it
	bool boundary; // that frame is beyond the boundary
};

// Unwinds like rcgo__unwind_here. Stores where unwinding ended in *end.
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
RCGO_SHARED size_t rcgo__unwind_here_end(const struct rcgo_stack_bounds *stack, uintptr_t *pcs,
	size_t max, struct rcgo_unwind_end *end);

// Reports whether pc, minus one as the unwinder reports it, is in a signal restorer that an earlier
// unwind found.
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
RCGO_SHARED bool rcgo__unwind_is_handler_frame(uintptr_t pc);

// The boundary: code of another language's runtime, where unwinding ends. It is all code in [start,
// end) and, in other objects that carry the note, all code without unwind information.
struct rcgo_unwind_boundary {
	uintptr_t start, end;
	struct rcgo_note_kind note; // type 0: no such objects
};

// Sets the boundary of this process. *boundary is copied.
// Safety: MT-Unsafe AS-Unsafe | stack=any g=maybe-nil errno=kept alloc=no lock=none
RCGO_SHARED void rcgo__unwind_set_boundary(const struct rcgo_unwind_boundary *boundary);

#endif // RCGO_UNWINDER_H
