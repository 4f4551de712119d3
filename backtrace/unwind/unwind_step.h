// SPDX-License-Identifier: BSD-3-Clause
// Traceback Generation, unwind: what a walk knows, and its steps: the common one by a rule
// (unwind_cached.c), the slow one with all registers (unwind_slow.c), and the guess
// (unwind_slow.c).
#ifndef RCGO_UNWIND_STEP_H
#define RCGO_UNWIND_STEP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cfi_fast.h"
#include "compat.h"
#include "debug_frame.h"
#include "dwarf_expr.h"
#include "module.h"
#include "stack_reader.h"
#include "unwinder.h"

// A frame: where it is and what the walk needs of its registers.
struct rcgo_unwind_frame {
	uintptr_t pc; // the interrupted instruction when exact, else a return address
	uintptr_t sp;
	uintptr_t fp;
	uintptr_t lr; // of an exact frame only, and only where RCGO_HAS_LR
	bool pc_is_precise;
};

// An object, and what stands for it in the keys of rules.
struct rcgo_unwind_object {
	struct rcgo_module module;
	uintptr_t size;
	uint64_t module_hash;
};

// How many of the outermost frames are kept of a stack that has too many.
#define RCGO_FOLD_KEEP 10

// Frames that there is no room for; see fold.c.
struct rcgo_fold {
	bool counts;	 // the mark says how many were left out
	uintptr_t *head; // the innermost, once that is full
	size_t size;	 // its room
	size_t elided;	 // frames between it and tail
	uintptr_t tail[2 * RCGO_FOLD_KEEP];
};

struct rcgo_unwind {
	struct rcgo_unwind_frame at;
	struct rcgo_stack_reader memory;
	struct rcgo_unwind_object object[2]; // frames often go to and fro between two
	unsigned current;		     // the one that was last found
	unsigned quick_of;		     // the one that this is of:
	struct rcgo_cfi_fast *quick;	     // of a walk by rules
	uintptr_t *pcs;
	size_t n, max;
	size_t skip;		// frames that are not given
	bool unloadable;	// an object was met that may be unmapped
	bool lost;		// it ended where it could not go on
	struct rcgo_fold *fold; // NULL: the walk ends when pcs is full
};

// The address by which a frame is looked up and told of: that of the call.
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
RCGO_ALWAYS_INLINE uintptr_t
rcgo__unwind_frame_lookup_pc(const struct rcgo_unwind_frame *at)
{
	return at->pc - (at->pc_is_precise ? 0 : 1);
}

// Makes the object that holds pc the current one.
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN bool rcgo__unwind_select_object(struct rcgo_unwind *walk, uintptr_t pc);

// The rule of the walk's place, which is in the current object, when it is one of the ordinary; or
// RCGO_UNWIND_ENTRY_NONE.
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN uint64_t rcgo__unwind_fast_entry(struct rcgo_unwind *walk);

// Finds the unwind information of the function at pc, which is in the current object: what has a
// sorted table, or what rcgo__unwind_debug found. That one reads files: it is not to be called with
// the buffers of this one on the stack.
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN bool rcgo__unwind_fde(const struct rcgo_unwind *walk, uintptr_t pc,
	const struct rcgo_debug_frame *found, struct rcgo_fde *fde, struct rcgo_cfi_copy *copy);

// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN bool rcgo__unwind_debug(
	const struct rcgo_unwind *walk, uintptr_t pc, struct rcgo_debug_frame *found);

// Whether the frame at pc, which is in the current object, is that of a handler's restorer.
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN bool rcgo__unwind_is_sigreturn(const struct rcgo_unwind *walk, uintptr_t pc);

// Whether the current object carries the boundary's note, as a plugin does: its code without unwind
// information is beyond the boundary.
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN bool rcgo__unwind_object_is_opaque(const struct rcgo_unwind *walk);

// Whether pc lies in the boundary's range.
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN bool rcgo__unwind_is_boundary(uintptr_t pc);

// Makes room when pcs is full: what was found is kept, and the walk goes on in the tail. Returns
// false when it is to end.
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN bool rcgo__unwind_fold(struct rcgo_unwind *walk);

// Forgets what was found, to begin anew.
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN void rcgo__unwind_fold_again(struct rcgo_unwind *walk);

// Puts the outermost frames behind the innermost ones, with a mark between them.
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN void rcgo__unwind_unfold(struct rcgo_unwind *walk);

// Walks from *walk's place on. Returns false at a frame that needs more registers.
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN bool rcgo__unwind_cached(struct rcgo_unwind *walk);

// Where a walk starts: one of the two, the other is NULL.
struct rcgo_unwind_start {
	const void *ucontext;
	const struct rcgo_saved_regs *saved;
};

// Walks again from *walk's place on, with all registers.
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN void rcgo__unwind_slow(struct rcgo_unwind *walk, const struct rcgo_unwind_start *start);

// Goes to the caller where nothing says how: by the frame pointer, by the return address of a frame
// that was interrupted, or by the first word of the stack behind which the frames go on as they
// must. What does not look like the address behind a call is not believed.
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN bool rcgo__heuristic_step(struct rcgo_unwind *walk, struct rcgo_unwind_frame *at);

// What stands before an address, for the frame of a function that has no unwind information.
enum rcgo_call {
	RCGO_CALL_NONE,	     // no call
	RCGO_CALL_ELSEWHERE, // a call of another function
	RCGO_CALL_UNKNOWN,   // a call through a pointer
	RCGO_CALL_HERE,	     // a call of the function
};

// Where the function of a frame without unwind information may begin: in [from, pc].
struct rcgo_guess {
	struct rcgo_unwind *walk;
	uintptr_t from, pc;
	uintptr_t sp;
};

// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN enum rcgo_call rcgo__heuristic_call(const struct rcgo_guess *guess, uintptr_t ra);

// How well the frames go on behind a return address, with the stack pointer and frame pointer that
// the caller then has.
enum rcgo_lead {
	RCGO_LEAD_NO,	// there is none of its caller
	RCGO_LEAD_WEAK, // there is, but it called another function, which may have jumped to it
	RCGO_LEAD_YES,
};

// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN enum rcgo_lead rcgo__heuristic_lead(
	const struct rcgo_guess *guess, uintptr_t ra, uintptr_t sp, uintptr_t fp);

// Looks for the return address among the words of the stack from guess->sp up to limit. Stores
// where it lies, and the frame pointer that the caller has.
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN bool rcgo__heuristic_scan(
	const struct rcgo_guess *guess, uintptr_t limit, uintptr_t *ra_at, uintptr_t *fp);

// Goes from at, a return address, to its caller by the unwind information alone, and stores where
// the function of at begins. Returns false when that is not enough.
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN bool rcgo__unwind_ahead(
	struct rcgo_unwind *walk, struct rcgo_unwind_frame *at, uintptr_t *start);

// Stores where the function begins whose unwind information holds pc, which is in the current
// object.
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN bool rcgo__unwind_start(const struct rcgo_unwind *walk, uintptr_t pc, uintptr_t *start);

// Where what has no unwind information begins around pc, which is in the current object.
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN uintptr_t rcgo__unwind_gap(const struct rcgo_unwind *walk, uintptr_t pc);

// Whether pc may be code: a cheap answer, for words that mostly are not.
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN bool rcgo__unwind_may_be_code(const struct rcgo_unwind *walk, uintptr_t pc);

// Notes a restorer that was met, so that it gets its name.
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN void rcgo__unwind_note_restorer(uintptr_t pc);

// The same as rcgo__unwind_is_sigreturn outside of all objects.
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN bool rcgo__heuristic_is_sigreturn(uintptr_t pc);

// Whether there is a call before pc.
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN bool rcgo__heuristic_is_return(uintptr_t pc);

#endif // RCGO_UNWIND_STEP_H
