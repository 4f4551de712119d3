// SPDX-License-Identifier: BSD-3-Clause
// Traceback Generation, unwind: what a walk knows, and its steps: the common one by a rule
// (rcgo_walk.c), the slow one with all registers (rcgo_walk_full.c), and the guess (rcgo_guess.c).
#ifndef RCGO_STEP_H
#define RCGO_STEP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "rcgo_base.h"
#include "rcgo_cfi_quick.h"
#include "rcgo_debug_frame.h"
#include "rcgo_dw_op.h"
#include "rcgo_memory.h"
#include "rcgo_module.h"
#include "rcgo_walk.h"

// A frame: where it is and what the walk needs of its registers.
struct rcgo_place {
	uintptr_t pc; // the interrupted instruction when exact, else a return address
	uintptr_t sp;
	uintptr_t fp;
	uintptr_t lr; // of an exact frame only, and only where RCGO_HAS_LR
	bool exact;
};

// An object, and what stands for it in the keys of rules.
struct rcgo_object_memo {
	struct rcgo_module module;
	uintptr_t size;
	uint64_t salt;
};

struct rcgo_walk {
	struct rcgo_place at;
	struct rcgo_memory memory;
	struct rcgo_object_memo object[2]; // frames often go to and fro between two
	unsigned current;		   // the one that was last found
	unsigned quick_of;		   // the one that this is of:
	struct rcgo_cfi_quick *quick;	   // of a walk by rules
	uintptr_t *pcs;
	size_t n, max;
	size_t skip; // frames that are not given
	bool loose;  // an object was met that may be unmapped
};

// The address by which a frame is looked up and told of: that of the call.
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
RCGO_ALWAYS_INLINE uintptr_t
rcgo__place_lookup(const struct rcgo_place *at)
{
	return at->pc - (at->exact ? 0 : 1);
}

// Makes the object that holds pc the current one.
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN bool rcgo__walk_object(struct rcgo_walk *walk, uintptr_t pc);

// The rule of the walk's place, which is in the current object, when it is one of the ordinary; or
// RCGO_RULE_NONE.
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN uint64_t rcgo__walk_quick(struct rcgo_walk *walk);

// Finds the unwind information of the function at pc, which is in the current object: what has a
// sorted table, or what rcgo__walk_debug found. That one reads files: it is not to be called with
// the buffers of this one on the stack.
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN bool rcgo__walk_fde(const struct rcgo_walk *walk, uintptr_t pc,
	const struct rcgo_debug_frame *found, struct rcgo_fde *fde, struct rcgo_cfi_copy *copy);

// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN bool rcgo__walk_debug(
	const struct rcgo_walk *walk, uintptr_t pc, struct rcgo_debug_frame *found);

// Whether the frame at pc, which is in the current object, is that of a handler's restorer.
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN bool rcgo__walk_is_sigreturn(const struct rcgo_walk *walk, uintptr_t pc);

// Whether the current object is one that Go's linker made beside the program, a plugin for one:
// what has no unwind information there is Go's code.
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN bool rcgo__walk_made_by_go(const struct rcgo_walk *walk);

// Whether the text of the program's Go holds pc.
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN bool rcgo__walk_in_go(uintptr_t pc);

// Walks from *walk's place on. Returns false at a frame that needs more registers.
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN bool rcgo__walk_by_rules(struct rcgo_walk *walk);

// Where a walk starts: one of the two, the other is NULL.
struct rcgo_start {
	const void *ucontext;
	const struct rcgo_saved_regs *saved;
};

// Walks again from *walk's place on, with all registers.
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN void rcgo__walk_full(struct rcgo_walk *walk, const struct rcgo_start *start);

// Goes to the caller where nothing says how: by the frame pointer, or by the return address of a
// frame that was interrupted. What does not look like the address behind a call is not believed.
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN bool rcgo__guess_step(struct rcgo_memory *memory, struct rcgo_place *at);

// The same as rcgo__walk_is_sigreturn outside of all objects.
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN bool rcgo__guess_is_sigreturn(uintptr_t pc);

// Whether there is a call before pc.
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN bool rcgo__guess_is_return(uintptr_t pc);

#endif // RCGO_STEP_H
