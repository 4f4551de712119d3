// SPDX-License-Identifier: BSD-3-Clause
// Traceback Generation, unwind: the ways into a walk. Runs in handlers with all signals blocked.

#ifndef _GNU_SOURCE
#	define _GNU_SOURCE // names of registers in ucontext_t
#endif
#include "mark.h"
#include "module_generation.h"
#include "unwind_step.h"

// Walks from the place in *walk on; start is where it came from.
static size_t
walk_from(
	struct rcgo_unwind *walk, const struct rcgo_unwind_start *start, uintptr_t *pcs, size_t max)
{
	struct rcgo_unwind_frame from = walk->at;
	size_t skip = walk->skip;

	walk->object[0].size = 0;
	walk->object[0].module.start = 0;
	walk->object[1].size = 0;
	walk->object[1].module.start = 0;
	walk->current = 0;
	walk->unloadable = false;
	walk->lost = false;
	walk->pcs = pcs;
	walk->max = max;
	walk->n = 0;
	rcgo__stack_reader_set(&walk->memory, from.sp);
	if (!rcgo__unwind_cached(walk)) {
		walk->at = from;
		walk->skip = skip;
		walk->lost = false;
		rcgo__unwind_fold_again(walk);
		rcgo__stack_reader_set(&walk->memory, from.sp);
		rcgo__unwind_slow(walk, start);
	}
	if (RCGO_UNLIKELY(walk->fold != NULL)) {
		rcgo__unwind_unfold(walk);
	}
	return walk->n;
}

// Where the signal has interrupted that this is the context of.
RCGO_UNINSTRUMENTED_READS static size_t
walk_interrupted(struct rcgo_unwind *walk, const void *ucontext, uintptr_t *pcs, size_t max)
{
	const char *uc = ucontext;
	struct rcgo_unwind_start start = {.ucontext = ucontext, .saved = NULL};

	walk->at = (struct rcgo_unwind_frame){
		.pc = *(const uintptr_t *)(const void *)(uc + RCGO_UC_PC),
		.sp = *(const uintptr_t *)(const void *)(uc + RCGO_UC_SP),
		.fp = *(const uintptr_t *)(const void *)(uc + RCGO_UC_FP),
		.lr = *(const uintptr_t *)(const void *)(uc + RCGO_UC_LR),
		.pc_is_precise = true,
	};
	walk->skip = 0;
	return walk_from(walk, &start, pcs, max);
}

size_t
rcgo__unwind_from_handler(const void *ucontext, uintptr_t *pcs, size_t max)
{
	struct rcgo_unwind walk;

	walk.fold = NULL;
	return walk_interrupted(&walk, ucontext, pcs, max);
}

// Below so many there is no room for marks.
#define MARKS_LEAST 8

// Not all of it is made 0: that would take as long as some frames.
static struct rcgo_fold *
fold_for(struct rcgo_fold *fold, size_t max, bool counts)
{
	fold->counts = counts;
	fold->head = NULL;
	fold->elided = 0;
	return max >= MARKS_LEAST ? fold : NULL;
}

RCGO_UNINSTRUMENTED_READS static bool
fetch_failed(const ucontext_t *uc)
{
	return RCGO_UC_FETCH_FAILED(uc);
}

size_t
rcgo__unwind_report(const void *ucontext, uintptr_t *pcs, size_t max)
{
	uintptr_t pc = rcgo__unwind_pc(ucontext);
	bool not_code = max >= MARKS_LEAST && fetch_failed(ucontext);
	// A place that is 0 has no frame in a walk.
	size_t marked = not_code && pc == 0;
	struct rcgo_fold fold;
	struct rcgo_unwind walk;
	size_t n;

	walk.fold = fold_for(&fold, max, true);
	n = marked + walk_interrupted(&walk, ucontext, pcs + marked, max - marked);
	if (not_code && (marked || (n > 0 && pcs[0] == pc))) {
		pcs[0] = rcgo__mark(RCGO_MARK_NOT_CODE, pc);
	}
	if (walk.lost && n < max && max >= MARKS_LEAST) {
		pcs[n++] = rcgo__mark(RCGO_MARK_LOST, 0);
	}
	return n;
}

size_t
rcgo__unwind_sample(const void *ucontext, uintptr_t *pcs, size_t max)
{
	struct rcgo_fold fold;
	struct rcgo_unwind walk;
	size_t n;

	walk.fold = fold_for(&fold, max, false);
	n = walk_interrupted(&walk, ucontext, pcs, max);
	if (walk.unloadable) {
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
walk_saved(const struct rcgo_saved_regs *saved, size_t skip, uintptr_t *pcs, size_t max)
{
	struct rcgo_unwind_start start = {.ucontext = NULL, .saved = saved};
	struct rcgo_unwind walk;

	walk.fold = NULL;
	walk.at = (struct rcgo_unwind_frame){
		.pc = rcgo__arch_strip(saved->pc),
		.sp = saved->sp,
		.fp = saved->fp,
	};
	walk.skip = skip;
	return walk_from(&walk, &start, pcs, max);
}

size_t
rcgo__unwind_saved(const struct rcgo_saved_regs *saved, uintptr_t *pcs, size_t max)
{
	return walk_saved(saved, 0, pcs, max);
}

__attribute__((noinline)) size_t
rcgo__unwind_here(uintptr_t *pcs, size_t max)
{
	struct rcgo_saved_regs saved;
	size_t n;

	rcgo__regs_capture(&saved);
	n = walk_saved(&saved, 1, pcs, max);
	// No tail call: this frame is walked.
	__asm__("" : "+r"(n));
	return n;
}

// The boundary: code at which unwinding ends. The program gives the bounds of one range. In other
// objects of the same origin it is the code without unwind information, which every C compiler
// emits.

// owner: rcgo__unwind_set_boundary, before there are signals whose stacks are unwound; lock: none;
// ordering: relaxed, the size is stored last
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

// Which objects carry the note, by module key: the key with its lowest bit replaced by the answer.
// owner: any; lock: none; ordering: relaxed, each word stands for itself
static uintptr_t noted_objects[16];

static bool
carries_note(const struct rcgo_module *m)
{
	uintptr_t key = m->key & ~(uintptr_t)1;
	uintptr_t *cached = &noted_objects[key / 2 % RCGO_COUNTOF(noted_objects)];
	uintptr_t answer = rcgo_load_rlx(cached);

	if ((answer & ~(uintptr_t)1) != key) {
		answer = key | rcgo__module_has_note(m, &boundary.note);
		rcgo_store_rlx(cached, answer);
	}
	return (answer & 1) != 0;
}

// The object that holds the range itself is not opaque: there, C code without unwind information
// may lie anywhere, and the boundary is known exactly.
bool
rcgo__unwind_object_is_opaque(const struct rcgo_unwind *walk)
{
	const struct rcgo_module *m = &walk->object[walk->current].module;
	uintptr_t start = rcgo_load_rlx(&boundary.start);

	return boundary.note.type != 0 && m->eh_frame_hdr != NULL &&
	       start - m->start >= m->end - m->start && carries_note(m);
}
