// SPDX-License-Identifier: BSD-3-Clause
// Entry points of the unwinder, and the boundary. Runs in signal handlers with all signals blocked.

#ifndef _GNU_SOURCE
#	define _GNU_SOURCE // names of registers in ucontext_t
#endif
#include "mark.h"
#include "module_generation.h"
#include "unwind_step.h"

// Unwinds from the frame in *unwind; start is where its registers came from.
static size_t
unwind_from_frame(struct rcgo_unwind *unwind, const struct rcgo_unwind_start *start, uintptr_t *pcs,
	size_t max)
{
	struct rcgo_unwind_frame from = unwind->frame;
	size_t skip = unwind->skip;

	unwind->object[0].size = 0;
	unwind->object[0].module.start = 0;
	unwind->object[1].size = 0;
	unwind->object[1].module.start = 0;
	unwind->current = 0;
	unwind->unloadable = false;
	unwind->lost = false;
	unwind->pcs = pcs;
	unwind->max = max;
	unwind->n = 0;
	rcgo__stack_reader_init(&unwind->reader, start->stack, from.sp);
	if (!rcgo__unwind_cached(unwind)) {
		unwind->frame = from;
		unwind->skip = skip;
		unwind->lost = false;
		rcgo__unwind_fold_again(unwind);
		rcgo__stack_reader_set(&unwind->reader, from.sp);
		rcgo__unwind_slow(unwind, start);
	}
	if (RCGO_UNLIKELY(unwind->fold != NULL)) {
		rcgo__unwind_unfold(unwind);
	}
	return unwind->n;
}

// Unwinds from the location that the signal with this ucontext_t interrupted.
RCGO_UNINSTRUMENTED_READS static size_t
unwind_from_ucontext(struct rcgo_unwind *unwind, const void *ucontext,
	const struct rcgo_stack_bounds *stack, uintptr_t *pcs, size_t max)
{
	const char *uc = ucontext;
	struct rcgo_unwind_start start = {.ucontext = ucontext, .saved = NULL, .stack = stack};

	unwind->frame = (struct rcgo_unwind_frame){
		.pc = *(const uintptr_t *)(const void *)(uc + RCGO_UC_PC),
		.sp = *(const uintptr_t *)(const void *)(uc + RCGO_UC_SP),
		.fp = *(const uintptr_t *)(const void *)(uc + RCGO_UC_FP),
		.lr = *(const uintptr_t *)(const void *)(uc + RCGO_UC_LR),
		.pc_is_precise = true,
	};
	unwind->skip = 0;
	return unwind_from_frame(unwind, &start, pcs, max);
}

size_t
rcgo__unwind_from_handler(
	const void *ucontext, const struct rcgo_stack_bounds *stack, uintptr_t *pcs, size_t max)
{
	struct rcgo_unwind unwind;

	unwind.fold = NULL;
	return unwind_from_ucontext(&unwind, ucontext, stack, pcs, max);
}

// A smaller array has no room for marks.
#define MARKS_MIN 8

// Only these fields are initialized: clearing the whole struct would take as long as several
// frames.
static struct rcgo_fold *
fold_init(struct rcgo_fold *fold, size_t max, bool counts)
{
	fold->counts = counts;
	fold->head = NULL;
	fold->elided = 0;
	return max >= MARKS_MIN ? fold : NULL;
}

RCGO_UNINSTRUMENTED_READS static bool
fetch_failed(const ucontext_t *uc)
{
	return RCGO_UC_FETCH_FAILED(uc);
}

size_t
rcgo__unwind_report(
	const void *ucontext, const struct rcgo_stack_bounds *stack, uintptr_t *pcs, size_t max)
{
	uintptr_t pc = rcgo__unwind_pc(ucontext);
	bool not_code = max >= MARKS_MIN && fetch_failed(ucontext);
	// A program counter of 0 has no frame in the result.
	size_t marked = not_code && pc == 0;
	struct rcgo_fold fold;
	struct rcgo_unwind unwind;
	size_t n;

	unwind.fold = fold_init(&fold, max, true);
	n = marked + unwind_from_ucontext(&unwind, ucontext, stack, pcs + marked, max - marked);
	if (not_code && (marked || (n > 0 && pcs[0] == pc))) {
		pcs[0] = rcgo__mark(RCGO_MARK_NOT_CODE, pc);
	}
	if (unwind.lost && n < max && max >= MARKS_MIN) {
		pcs[n++] = rcgo__mark(RCGO_MARK_LOST, 0);
	}
	return n;
}

size_t
rcgo__unwind_sample(
	const void *ucontext, const struct rcgo_stack_bounds *stack, uintptr_t *pcs, size_t max)
{
	struct rcgo_fold fold;
	struct rcgo_unwind unwind;
	size_t n;

	unwind.fold = fold_init(&fold, max, false);
	n = unwind_from_ucontext(&unwind, ucontext, stack, pcs, max);
	if (unwind.unloadable) {
		rcgo__generations_tag(pcs, n);
	}
	return n;
}

uintptr_t
rcgo__unwind_pc(const void *ucontext)
{
	return *(const uintptr_t *)(const void *)((const char *)ucontext + RCGO_UC_PC);
}

static size_t
unwind_from_saved(const struct rcgo_saved_regs *saved, const struct rcgo_stack_bounds *stack,
	size_t skip, uintptr_t *pcs, size_t max)
{
	struct rcgo_unwind_start start = {.ucontext = NULL, .saved = saved, .stack = stack};
	struct rcgo_unwind unwind;

	unwind.fold = NULL;
	unwind.frame = (struct rcgo_unwind_frame){
		.pc = rcgo__arch_strip(saved->pc),
		.sp = saved->sp,
		.fp = saved->fp,
	};
	unwind.skip = skip;
	return unwind_from_frame(&unwind, &start, pcs, max);
}

size_t
rcgo__unwind_saved(const struct rcgo_saved_regs *saved, const struct rcgo_stack_bounds *stack,
	uintptr_t *pcs, size_t max)
{
	return unwind_from_saved(saved, stack, 0, pcs, max);
}

__attribute__((noinline)) size_t
rcgo__unwind_here(const struct rcgo_stack_bounds *stack, uintptr_t *pcs, size_t max)
{
	struct rcgo_saved_regs saved;
	size_t n;

	rcgo__regs_capture(&saved);
	n = unwind_from_saved(&saved, stack, 1, pcs, max);
	// Prevents a tail call: this frame must be on the stack.
	__asm__("" : "+r"(n));
	return n;
}

// The boundary: code at which unwinding ends. The program gives the bounds of one range. In other
// objects of the same origin the boundary is all code without unwind information, because every C
// compiler emits unwind information.

// owner: rcgo__unwind_set_boundary, before the first signal whose stack is unwound; lock: none;
// ordering: the size is stored last, with release
static struct {
	uintptr_t start, size;
	struct rcgo_note_kind note;
} boundary;

void
rcgo__unwind_set_boundary(const struct rcgo_unwind_boundary *wanted)
{
	boundary.note = wanted->note;
	rcgo_store_rlx(&boundary.start, wanted->start);
	rcgo_store_rel(&boundary.size, wanted->end - wanted->start);
}

bool
rcgo__unwind_is_boundary(uintptr_t pc)
{
	return pc - rcgo_load_rlx(&boundary.start) < rcgo_load_rlx(&boundary.size);
}

// Caches which objects carry the note: the module key with its lowest bit replaced by the answer.
// owner: any thread; lock: none; ordering: relaxed, each word is independent
static uintptr_t opaque_objects[16];

static bool
carries_note(const struct rcgo_module *m)
{
	uintptr_t key = m->key & ~(uintptr_t)1;
	uintptr_t *cached = &opaque_objects[key / 2 % RCGO_COUNTOF(opaque_objects)];
	uintptr_t answer = rcgo_load_rlx(cached);

	if ((answer & ~(uintptr_t)1) != key) {
		answer = key | rcgo__module_has_note(m, &boundary.note);
		rcgo_store_rlx(cached, answer);
	}
	return (answer & 1) != 0;
}

// The object that contains the range itself is not opaque: its C code without unwind information
// may be anywhere, and the boundary is known exactly.
bool
rcgo__unwind_object_is_opaque(const struct rcgo_unwind *unwind)
{
	const struct rcgo_module *m = &unwind->object[unwind->current].module;
	uintptr_t start = rcgo_load_rlx(&boundary.start);

	return boundary.note.type != 0 && m->eh_frame_hdr != NULL &&
	       start - m->start >= m->end - m->start && carries_note(m);
}
