// SPDX-License-Identifier: BSD-3-Clause
// The state of an unwind, and its steps: the fast one by a cached entry (unwind.c), the slow
// one with all registers (unwind_slow.c), and the heuristic one (heuristic.c).
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

// A frame: its location and the registers that the unwinder needs.
struct rcgo_unwind_frame {
	uintptr_t pc; // the interrupted instruction if precise, else a return address
	uintptr_t sp;
	uintptr_t fp;
	uintptr_t lr; // set only in a precise frame, and only if RCGO_HAS_LR
	bool pc_is_precise;
};

// An object, and its hash in cache keys.
struct rcgo_unwind_object {
	struct rcgo_module module;
	uintptr_t size;
	uint64_t module_hash;
};

// The number of outermost frames that are kept of a stack that has too many.
#define RCGO_FOLD_KEEP 10

// Folding of a stack with more frames than fit; see fold.c.
struct rcgo_fold {
	bool counts;	 // the mark gives the number of elided frames
	uintptr_t *head; // the innermost frames, once the caller's array is full
	size_t size;	 // capacity of head
	size_t elided;	 // number of frames between head and tail
	uintptr_t tail[2 * RCGO_FOLD_KEEP];
};

struct rcgo_unwind {
	struct rcgo_unwind_frame frame;
	struct rcgo_stack_reader reader;
	struct rcgo_unwind_object object[2]; // frames often alternate between two objects
	unsigned current;		     // index of the last object found
	unsigned fast_object;		     // index of the object that fast describes
	struct rcgo_cfi_fast *fast;	     // set during a cached unwind
	uintptr_t *pcs;
	size_t n, max;
	size_t skip;		// number of innermost frames to omit
	bool unloadable;	// code that may go away was found
	bool lost;		// it ended before the outermost frame
	bool opaque;		// it ended in an object that carries the boundary's note
	struct rcgo_fold *fold; // NULL: unwinding ends when pcs is full
};

// Returns the address by which a frame is looked up and reported: that of the call.
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
RCGO_ALWAYS_INLINE uintptr_t
rcgo__unwind_frame_lookup_pc(const struct rcgo_unwind_frame *frame)
{
	return frame->pc - (frame->pc_is_precise ? 0 : 1);
}

// Makes one of the two objects of the unwind the current one if it contains pc.
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
static inline bool
rcgo__unwind_reselect_object(struct rcgo_unwind *unwind, uintptr_t pc)
{
	for (unsigned i = 0; i < RCGO_COUNTOF(unwind->object); i++) {
		if (pc - unwind->object[i].module.start < unwind->object[i].size) {
			unwind->current = i;
			return true;
		}
	}
	return false;
}

// Makes the object that was not current the current one. The caller fills it in.
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
static inline struct rcgo_unwind_object *
rcgo__unwind_replace_object(struct rcgo_unwind *unwind)
{
	unwind->current = (unwind->current + 1) % RCGO_COUNTOF(unwind->object);
	if (unwind->fast_object == unwind->current) {
		unwind->fast_object = RCGO_COUNTOF(unwind->object);
	}
	return &unwind->object[unwind->current];
}

// Finds the object that contains pc and makes it the current one. Precondition: none of the objects
// that unwind holds contains pc. Returns false if no object contains it.
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN bool rcgo__unwind_find_object(struct rcgo_unwind *unwind, uintptr_t pc);

// Makes the object that contains pc the current one. Returns false if there is none.
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
static inline bool
rcgo__unwind_select_object(struct rcgo_unwind *unwind, uintptr_t pc)
{
	return rcgo__unwind_reselect_object(unwind, pc) || rcgo__unwind_find_object(unwind, pc);
}

// Computes the cache entry of the current frame, which is in the current object, by the fast path.
// Returns RCGO_UNWIND_ENTRY_NONE if the fast path cannot.
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN uint64_t rcgo__unwind_fast_entry(struct rcgo_unwind *unwind);

// Computes the cache entry of the current frame, which is in the current object, and stores it.
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN uint64_t rcgo__unwind_add_entry(struct rcgo_unwind *unwind);

// Reports whether the current frame is in the current object.
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
static inline bool
rcgo__unwind_in_current(const struct rcgo_unwind *unwind)
{
	const struct rcgo_unwind_object *object = &unwind->object[unwind->current];

	return rcgo__unwind_frame_lookup_pc(&unwind->frame) - object->module.start < object->size;
}

// Returns the entry of the current frame, which may be in another object. missed means that
// the entry is known not to be in the cache.
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN uint64_t rcgo__unwind_find_entry(struct rcgo_unwind *unwind, bool missed);

// Steps to the caller by an entry with a CFA. A frame that was not interrupted has pushed or saved
// its return address, so its caller's stack pointer is above its own.
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN bool rcgo__unwind_step_cfa(
	struct rcgo_stack_reader *reader, struct rcgo_unwind_frame *frame, uint64_t entry);

// Finds the unwind information of the function at pc, in the current object. It uses the sorted
// table, or what rcgo__unwind_debug found if found is not NULL. rcgo__unwind_debug reads files: do
// not call it with the buffers of this function on the stack.
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN bool rcgo__unwind_fde(const struct rcgo_unwind *unwind, uintptr_t pc,
	const struct rcgo_debug_frame *found, struct rcgo_fde *fde, struct rcgo_cfi_copy *copy);

// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN bool rcgo__unwind_debug(
	const struct rcgo_unwind *unwind, uintptr_t pc, struct rcgo_debug_frame *found);

// Reports whether pc, in the current object, is in a signal restorer.
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN bool rcgo__unwind_is_sigreturn(const struct rcgo_unwind *unwind, uintptr_t pc);

// Reports whether the current object carries the boundary's note, as a plugin does. Its code
// without unwind information is beyond the boundary.
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN bool rcgo__unwind_object_is_opaque(const struct rcgo_unwind *unwind);

// The boundary.
struct rcgo_boundary {
	uintptr_t start, size;
	struct rcgo_note_kind note;
};
// owner: rcgo__unwind_set_boundary; lock: none; ordering: see boundary.c
RCGO_INTERN struct rcgo_boundary rcgo__boundary;

// Reports whether pc is in the boundary's range.
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
static inline bool
rcgo__unwind_is_boundary(uintptr_t pc)
{
	return pc - rcgo_load_rlx(&rcgo__boundary.start) < rcgo_load_rlx(&rcgo__boundary.size);
}

// Makes room when pcs is full: the frames found are kept, and later frames go into the tail.
// Returns false if unwinding must end.
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN bool rcgo__unwind_fold(struct rcgo_unwind *unwind);

// Discards the frames found, to start again.
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN void rcgo__unwind_fold_again(struct rcgo_unwind *unwind);

// Appends the outermost frames to the innermost ones, with a mark between them. The stack must have
// been folded: unwind->fold->head is set.
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN RCGO_COLD void rcgo__unwind_unfold(struct rcgo_unwind *unwind);

// Unwinds from the current frame with cached entries. Returns false at a frame that needs more
// registers.
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN bool rcgo__unwind_cached(struct rcgo_unwind *unwind);

// The start of an unwind. Of ucontext and saved one is set, the other is NULL.
struct rcgo_unwind_start {
	const void *ucontext;
	const struct rcgo_saved_regs *saved;
	const struct rcgo_stack_bounds *stack; // the calling thread's; NULL: unknown
};

// Unwinds again from the current frame, with all registers.
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN void rcgo__unwind_slow(
	struct rcgo_unwind *unwind, const struct rcgo_unwind_start *start);

// Steps to the caller without unwind information. It tries the frame pointer, the return address of
// an interrupted frame, and the first word of the stack from which the frames continue plausibly. A
// candidate must be the address after a call.
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN bool rcgo__heuristic_step(struct rcgo_unwind *unwind, struct rcgo_unwind_frame *frame);

// The instruction before a return address, relative to a function without unwind information.
enum rcgo_call {
	RCGO_CALL_NONE,	     // not a call
	RCGO_CALL_ELSEWHERE, // a call of another function
	RCGO_CALL_UNKNOWN,   // an indirect call
	RCGO_CALL_HERE,	     // a call of this function
};

// A frame without unwind information. Its function may start anywhere in [from, pc].
struct rcgo_heuristic {
	struct rcgo_unwind *unwind;
	uintptr_t from, pc;
	uintptr_t sp;
};

// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN enum rcgo_call rcgo__heuristic_call(const struct rcgo_heuristic *h, uintptr_t ra);

// How plausibly the frames continue from a return address, given the caller's stack pointer and
// frame pointer.
enum rcgo_lead {
	RCGO_LEAD_NO,	// no frame of its caller was found
	RCGO_LEAD_WEAK, // found, but it called another function, which may have tail-called
	RCGO_LEAD_YES,
};

// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN enum rcgo_lead rcgo__heuristic_lead(
	const struct rcgo_heuristic *h, uintptr_t ra, uintptr_t sp, uintptr_t fp);

// Searches the words of the stack from h->sp to limit for the return address. Stores its
// location and the caller's frame pointer.
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN bool rcgo__heuristic_scan(
	const struct rcgo_heuristic *h, uintptr_t limit, uintptr_t *ra_at, uintptr_t *fp);

// Steps from frame, a return address, to its caller by unwind information alone. Stores the start
// of the function that contains the return address. Returns false if the unwind information is not
// sufficient.
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN bool rcgo__unwind_ahead(
	struct rcgo_unwind *unwind, struct rcgo_unwind_frame *frame, uintptr_t *start);

// Stores the start of the function whose unwind information covers pc, in the current object.
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN bool rcgo__unwind_start(
	const struct rcgo_unwind *unwind, uintptr_t pc, uintptr_t *start);

// Returns the start of the range without unwind information around pc, in the current object; 0 if
// unknown.
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN uintptr_t rcgo__unwind_gap(const struct rcgo_unwind *unwind, uintptr_t pc);

// Reports whether pc may be code. A cheap check, for words that mostly are not.
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN bool rcgo__unwind_may_be_code(const struct rcgo_unwind *unwind, uintptr_t pc);

// Records a signal restorer that unwinding found, so that it can be named.
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN void rcgo__unwind_note_restorer(uintptr_t pc);

// Reports whether pc, outside of all objects, is in a signal restorer.
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN bool rcgo__code_is_sigreturn(uintptr_t pc);

// Reports whether a call instruction ends at pc.
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN bool rcgo__code_is_return(uintptr_t pc);

#endif // RCGO_UNWIND_STEP_H
